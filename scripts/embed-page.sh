#!/bin/sh
# Writes Sources/CPageFiles/page_files.c: the list of the files in dashboards/web, and Debian's chart.js beside them. The
# compiler puts their bytes into the binary (#embed), so only a file that comes or goes asks for another list. With --check
# nothing is written: the exit code says whether the list is up to date.
set -eu
cd "$(dirname "$0")/.."
file=Sources/CPageFiles/page_files.c
out=$(mktemp)
trap 'rm -f "$out"' EXIT
LC_ALL=C
export LC_ALL

for path in dashboards/web/*; do
    name=$(basename "$path")
    # They are all served at /assets/NAME.
    if [ ! -f "$path" ] || ! echo "$name" | grep -qE '^[a-z0-9][a-z0-9._-]*\.(html|css|js|json|svg|png|ico|txt|woff2)$'; then
        echo "dashboards/web/$name: files lie directly in dashboards/web and have small names with a known ending." >&2
        exit 1
    fi
done

# embed IDENTIFIER PATH
embed() {
    echo "static const unsigned char $1[] = {"
    echo "#embed \"$2\" suffix(,)"
    echo '    0};'
    echo
}

{
    echo '// Made by scripts/embed-page.sh from dashboards/web.'
    echo '#include "page_files.h"'
    echo
    echo '#pragma clang diagnostic ignored "-Wc23-extensions"'
    echo
    count=0
    for path in dashboards/web/*; do
        embed "file_$count" "../../$path"
        count=$((count + 1))
    done
    chart=/usr/share/javascript/chart.js/chart.min.js
    echo "#if !__has_embed(\"$chart\")"
    echo '#error "chart.js is missing: install the Debian package libjs-chart.js (scripts/packages.txt)"'
    echo '#endif'
    embed chart "$chart"
    echo '// Behind each there is a zero that does not belong to it, so that none is empty.'
    echo 'static const struct page_file files[] = {'
    count=0
    for path in dashboards/web/*; do
        echo "    {\"$(basename "$path")\", file_$count, sizeof file_$count - 1},"
        count=$((count + 1))
    done
    echo '    {"chart.js", chart, sizeof chart - 1},'
    echo '};'
    echo
    echo 'const struct page_file *page_file_at(size_t index) {'
    echo '    return index < sizeof files / sizeof *files ? &files[index] : NULL;'
    echo '}'
} > "$out"

if [ "${1:-}" = --check ]; then
    cmp -s "$out" "$file"
else
    cat "$out" > "$file"
fi

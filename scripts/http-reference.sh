#!/usr/bin/env bash
# Writes the reference part of docs/http.md from the table of routes; what stands above it is written by people. With
# --check nothing is written: the exit code says whether the file is up to date. Wants `swift build` before it.
set -euo pipefail
cd "$(dirname "$0")/.."
file=docs/http.md
mark='<!-- Below: made by scripts/http-reference.sh from the table of routes (Sources/EaselGateway/Api). -->'
out=$(mktemp)
trap 'rm -f "$out"' EXIT

sed "/^<!-- Below: made by/,\$d" "$file" > "$out"
{
    echo "$mark"
    echo
    "$(swift build --show-bin-path)/reference" markdown
} >> "$out"
if [ "${1:-}" = --check ]; then
    cmp -s "$out" "$file" || {
        echo 'Run scripts/http-reference.sh: docs/http.md tells other routes than the table has.' >&2
        exit 1
    }
else
    cat "$out" > "$file"
fi

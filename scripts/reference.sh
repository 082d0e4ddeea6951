#!/usr/bin/env bash
# Writes the parts of docs/http.md, docs/alerts.md, docs/metrics.md and docs/configuration.md that follow from tables in the code; what stands above them is
# written by people. With --check nothing is written: the exit code says whether the files are up to date. Wants `swift build`
# before it.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mktemp)
trap 'rm -f "$out"' EXIT
reference="$(swift build --show-bin-path)/reference"

# update FILE PART SOURCE
update() {
    sed '/^<!-- Below: made by/,$d' "$1" > "$out"
    printf '<!-- Below: made by scripts/reference.sh from %s. -->\n\n' "$3" >> "$out"
    "$reference" "$2" >> "$out"
    if [ "$mode" = --check ]; then
        cmp -s "$out" "$1" || {
            echo "Run scripts/reference.sh: $1 tells another thing than $3." >&2
            exit 1
        }
    else
        cat "$out" > "$1"
    fi
}

mode=${1:-}
update docs/http.md http 'the table of routes (Sources/EaselGateway/Api)'
update docs/alerts.md alerts 'the kinds of alerts (Sources/EaselCore/Alerts)'
update docs/metrics.md metrics 'the table of metrics (Sources/EaselGateway/Metrics)'
update docs/configuration.md configuration 'the settings (Sources/EaselCore/Settings, Sources/EaselConfiguration)'

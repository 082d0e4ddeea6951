#!/usr/bin/env bash
# Puts Debian's prometheus and promtool into .build/prometheus for the tests that want them. The package is unpacked and not
# installed: its service would start at once, which nobody asked for. Where it cannot be had, those tests are skipped and say so.
set -uo pipefail
cd "$(dirname "$0")/.."

folder=.build/prometheus
[ -x "$folder/usr/bin/promtool" ] && exit 0
command -v promtool >/dev/null && command -v prometheus >/dev/null && exit 0
mkdir -p "$folder"
if command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
    (cd "$folder" && timeout 300 apt-get download -qq prometheus && dpkg-deb -x prometheus_*.deb . && rm -f prometheus_*.deb) \
        >/dev/null 2>&1
fi
[ -x "$folder/usr/bin/promtool" ] || echo "prometheus could not be fetched; its tests are skipped" >&2
exit 0

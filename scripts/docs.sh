#!/usr/bin/env bash
# Builds the documentation of the library rooms into .build/docs. A broken link is an error.
set -euo pipefail
cd "$(dirname "$0")/.."

graphs=.build/docs-graphs
out=.build/docs
rooms=(EaselBase EaselCore EaselTransport EaselServer EaselImaging EaselConfiguration EaselProviders EaselLedger EaselMemory
    EaselReporting EaselCalls EaselGateway EaselSandbox Easel)

# The extractor is called for our rooms alone: SwiftPM's own command also visits the test runner's modules, and fails there.
swift build --quiet
bin=$(swift build --show-bin-path)
clang=()
for map in Sources/*/module.modulemap "$bin"/CLLHTTP.build/module.modulemap "$bin"/CPageFiles.build/module.modulemap; do
    clang+=(-Xcc "-fmodule-map-file=$PWD/${map#"$PWD"/}")
done
clang+=(-Xcc -ISources/CLLHTTP/include -Xcc -ISources/CPageFiles/include -I"$(pg_config --includedir)" -I/usr/include/x86_64-linux-gnu)
rm -rf "$graphs" "$out"
mkdir -p "$out"
for room in "${rooms[@]}"; do
    mkdir -p "$graphs/$room"
    swift symbolgraph-extract -module-name "$room" -target x86_64-unknown-linux-gnu -I "$bin/Modules" "${clang[@]}" \
        -minimum-access-level package -skip-synthesized-members -omit-extension-block-symbols \
        -output-dir "$graphs/$room"
    catalogue=()
    if [ -d "Sources/$room/$room.docc" ]; then catalogue=("Sources/$room/$room.docc"); fi
    docc convert "${catalogue[@]}" \
        --additional-symbol-graph-dir "$graphs/$room" \
        --output-path "$out/$room.doccarchive" \
        --fallback-display-name "$room" \
        --fallback-bundle-identifier "easel.$room" \
        --warnings-as-errors > "$graphs/$room.log" 2>&1 || {
        cat "$graphs/$room.log" >&2
        exit 1
    }
done
echo "documentation of ${#rooms[@]} rooms is in $out"

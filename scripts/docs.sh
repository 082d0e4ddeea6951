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
mkdir -p "$graphs" "$out"

# document ROOM
document() {
    local room=$1 catalogue=()
    mkdir -p "$graphs/$room"
    if [ -d "Sources/$room/$room.docc" ]; then catalogue=("Sources/$room/$room.docc"); fi
    swift symbolgraph-extract -module-name "$room" -target x86_64-unknown-linux-gnu -I "$bin/Modules" "${clang[@]}" \
        -minimum-access-level package -skip-synthesized-members -omit-extension-block-symbols \
        -output-dir "$graphs/$room" &&
        docc convert "${catalogue[@]}" \
            --additional-symbol-graph-dir "$graphs/$room" \
            --output-path "$out/$room.doccarchive" \
            --fallback-display-name "$room" \
            --fallback-bundle-identifier "easel.$room" \
            --warnings-as-errors
}

# As many at once as there are cores; what the tools say is shown for those that fail.
for room in "${rooms[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
    { document "$room" >"$graphs/$room.log" 2>&1 && touch "$graphs/$room.ok"; } &
done
wait
failed=0
for room in "${rooms[@]}"; do
    if [ ! -f "$graphs/$room.ok" ]; then
        cat "$graphs/$room.log" >&2
        failed=1
    fi
done
if [ "$failed" -ne 0 ]; then exit 1; fi
echo "documentation of ${#rooms[@]} rooms is in $out"

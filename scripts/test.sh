#!/usr/bin/env bash
# Runs every test that was built, in two lanes side by side: on two cores, groups that wait for PostgreSQL and for
# processes leave room for one that computes. Proofs measure limits of time and come last, alone. Goes on after a failure
# and closes with a count over all. `EASEL_PROVE=1` runs all cases and all proofs.
set -uo pipefail
cd "$(dirname "$0")/.."

waiting=(
    'EaselLedgerTests|LedgerConformanceTests'
    'EndToEndTests'
)
computing=(
    'EaselBaseTests|EaselCoreTests|EaselConfigurationTests|EaselReportingTests|EaselImagingTests|EaselProvidersTests'
    'EaselTransportTests|EaselSandboxTests'
    'EaselCallsTests|EaselGatewayTests|EaselTests'
    'ConformanceTests'
)
alone=(
    'ProofTests'
)
program=$(swift build --show-bin-path)/easelPackageTests.xctest
width=16
logs=$(mktemp -d)
trap 'rm -rf "$logs"; kill 0 2>/dev/null' EXIT

# lane NAME GROUP...: one group after the other, each told as a whole when it has ended.
lane() {
    local name=$1 number=0 group log code began
    shift
    for group in "$@"; do
        number=$((number + 1))
        log="$logs/$name-$number"
        began=$SECONDS
        # The program that SwiftPM built, called as SwiftPM calls it: the lanes would wait for each other in SwiftPM. Not all
        # tests of a group at once: where each gets a share of two cores that is too small, limits of time measure nothing.
        "$program" --testing-library swift-testing --filter "^($group)\." \
            --experimental-maximum-parallelization-width "$width" >"$log.running" 2>&1
        code=$?
        # One line a test; the runner's line over all begins with "Test run".
        local ok bad
        ok=$(grep -E '^(✔|━) Test .* passed after ' "$log.running" | grep -vc ' Test run with ')
        bad=$(grep -E '^✘ Test .* failed after ' "$log.running" | grep -vc ' Test run with ')
        if [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
        if [ "$ok" -eq 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
        {
            flock 9
            grep -vE '^(◇|↳|✔ Test )' "$log.running"
            if [ "$ok" -eq 0 ] && [ "$code" -eq 0 ]; then echo "no test ran for: $group" >&2; fi
            echo "$group: $ok passed, $bad failed, $((SECONDS - began)) s"
        } 9>"$logs/lock"
        echo "$ok $bad" >"$log.count"
    done
}

lane waiting "${waiting[@]}" &
lane computing "${computing[@]}" &
wait
lane alone "${alone[@]}"
passed=0
failed=0
for count in "$logs"/*.count; do
    read -r ok bad <"$count"
    passed=$((passed + ok))
    failed=$((failed + bad))
done
# A lane that died told nothing.
groups=("${waiting[@]}" "${computing[@]}" "${alone[@]}")
told=$(find "$logs" -name '*.count' | wc -l)
failed=$((failed + ${#groups[@]} - told))
trap 'rm -rf "$logs"' EXIT
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

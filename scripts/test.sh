#!/usr/bin/env bash
# Runs every test that was built, one depth after the other: on two cores, tests that compute for seconds would make those
# that wait for a network look slow. Goes on after a failure and closes with a count over all.
set -uo pipefail
cd "$(dirname "$0")/.."

groups=(
    'EaselBaseTests|EaselCoreTests|EaselConfigurationTests|EaselReportingTests|EaselImagingTests|EaselProvidersTests'
    'EaselTransportTests|EaselSandboxTests'
    'ConformanceTests'
    'EaselLedgerTests'
    'EaselCallsTests|EaselGatewayTests'
    'EndToEndTests'
    'ProofTests'
)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
for group in "${groups[@]}"; do
    swift test --skip-build --disable-xctest --filter "^($group)\." 2>&1 | tee "$log" | grep -vE '^(◇|↳|✔ Test )'
    code=${PIPESTATUS[0]}
    # One line a test; the runner's line over all begins with "Test run".
    ok=$(grep -E '^(✔|━) Test .* passed after ' "$log" | grep -vc ' Test run with ')
    bad=$(grep -E '^✘ Test .* failed after ' "$log" | grep -vc ' Test run with ')
    if [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if [ "$ok" -eq 0 ] && [ "$bad" -eq 0 ]; then
        echo "no test ran for: $group" >&2
        bad=1
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

#!/usr/bin/env bash
# Small rules of CONTRIBUTING that no formatter knows: no machine's paths, no postponed work, embedded migrations up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

fail=0
complain() {
    echo "$1" >&2
    fail=1
}

roots='work|farm|root|home'
if git grep -nE "(^|[^A-Za-z0-9_.])/($roots)/" -- . ':!scripts/check-text.sh'; then
    complain 'Paths of a machine do not belong in the project.'
fi
marks='TO''DO|FIX''ME|XX''X|HA''CK'
if git grep -nwE "$marks" -- '*.swift' '*.sql' '*.sh' Makefile; then
    complain 'Finish it, or open an issue.'
fi
if ! scripts/embed-migrations.sh --check; then
    complain 'Run scripts/embed-migrations.sh: the binary carries other migrations than migrations/ holds.'
fi
exit "$fail"

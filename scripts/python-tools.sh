#!/usr/bin/env bash
# Fetches what tests want of others' making in Python: an implementation of the Standard Webhooks specification that is not
# ours. Where it cannot be had, the test that wants it is skipped and says so.
set -uo pipefail
cd "$(dirname "$0")/.."

folder=.build/python
[ -d "$folder/standardwebhooks" ] && exit 0
mkdir -p "$folder"
if python3 -m pip --version >/dev/null 2>&1; then
    timeout 120 python3 -m pip install --quiet --disable-pip-version-check --target "$folder" 'standardwebhooks==1.1.0' \
        >/dev/null 2>&1
fi
[ -d "$folder/standardwebhooks" ] || echo "standardwebhooks for Python could not be fetched; its test is skipped" >&2
exit 0

#!/usr/bin/env bash
# Fetches what tests want of others' making in Python: an implementation of the Standard Webhooks specification and an
# HTTP/2 server that are not ours, what checks an OpenAPI document and a server against it, the official readers of metrics and
# traces, and what looks at the page, with the browser for it. Where one cannot be had, the test that wants it is skipped and
# says so.
set -uo pipefail
cd "$(dirname "$0")/.."

folder=.build/python
mkdir -p "$folder"

# fetch MODULE REQUIREMENT
fetch() {
    [ -d "$folder/$1" ] && return
    if python3 -m pip --version >/dev/null 2>&1; then
        timeout 120 python3 -m pip install --quiet --disable-pip-version-check --target "$folder" "$2" >/dev/null 2>&1
    fi
    [ -d "$folder/$1" ] || echo "$1 for Python could not be fetched; its test is skipped" >&2
}

fetch standardwebhooks 'standardwebhooks==1.1.0'
fetch h2 'h2==4.1.0'
fetch openapi_spec_validator 'openapi-spec-validator==0.9.0'
fetch schemathesis 'schemathesis==4.32.5'
fetch playwright 'playwright==1.65.2'
fetch axe_playwright_python 'axe-playwright-python==0.1.8'
fetch prometheus_client 'prometheus-client==0.26.0'
fetch opentelemetry 'opentelemetry-proto==1.45.2'
scripts/install-packages.sh scripts/packages-browser.txt \
    || echo 'chromium could not be installed; the test of the page is skipped' >&2
exit 0

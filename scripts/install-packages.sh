#!/usr/bin/env bash
# Installs the Debian packages of the given lists that are missing. Quick and silent when none is.
set -euo pipefail

missing=()
for list in "$@"; do
    while read -r name; do
        case "$name" in '' | '#'*) continue ;; esac
        if ! dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -q '^installed$'; then
            missing+=("$name")
        fi
    done < "$list"
done
if [ "${#missing[@]}" -eq 0 ]; then exit 0; fi

echo "Installing Debian packages: ${missing[*]}" >&2
run=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo > /dev/null; then
        echo "These packages are missing and there is no sudo here. As root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    run=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
# Debian would start a cluster of its own at once, which nobody asked for.
if [ ! -e /etc/postgresql-common/createcluster.conf ] && [ ! -d /etc/postgresql-common ]; then
    "${run[@]}" mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | "${run[@]}" tee /etc/postgresql-common/createcluster.conf > /dev/null
fi
"${run[@]}" apt-get update -qq
"${run[@]}" apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}" > /dev/null

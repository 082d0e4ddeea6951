#!/bin/sh
# Writes Sources/EaselLedger/Migrations/MigrationFiles.swift from migrations/*.sql, so that the binary carries them.
set -eu
cd "$(dirname "$0")/.."
file=Sources/EaselLedger/Migrations/MigrationFiles.swift
out=$(mktemp)
trap 'rm -f "$out"' EXIT
{
    echo '// Made by scripts/embed-migrations.sh from migrations/; a test compares the two.'
    echo '// swift-format-ignore-file'
    echo
    echo '/// The migrations that this program carries, in order.'
    echo 'enum MigrationFiles {'
    echo '    static let all: [Migration] = ['
    for source in migrations/[0-9]*.sql; do
        name=$(basename "$source" .sql)
        version=$(echo "$name" | cut -d_ -f1 | sed 's/^0*//')
        echo '        Migration('
        echo "            version: $version,"
        echo "            name: \"$name\","
        echo '            sql: ##"""'
        cat "$source"
        echo
        echo '"""##'
        echo '        ),'
    done
    echo '    ]'
    echo '}'
} > "$out"

# With --check nothing is written: the exit code says whether the file is up to date.
if [ "${1:-}" = --check ]; then
    cmp -s "$out" "$file"
else
    cat "$out" > "$file"
fi

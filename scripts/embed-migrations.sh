#!/bin/sh
# Writes Sources/EaselLedger/Migrations/MigrationFiles.swift from migrations/*.sql, so that the binary carries them.
set -eu
cd "$(dirname "$0")/.."
out=Sources/EaselLedger/Migrations/MigrationFiles.swift
{
    echo '// Made by scripts/embed-migrations.sh from migrations/; a test compares the two.'
    echo '// swift-format-ignore-file'
    echo
    echo '/// The migrations that this program carries, in order.'
    echo 'enum MigrationFiles {'
    echo '    static let all: [Migration] = ['
    for file in migrations/[0-9]*.sql; do
        name=$(basename "$file" .sql)
        version=$(echo "$name" | cut -d_ -f1 | sed 's/^0*//')
        echo '        Migration('
        echo "            version: $version,"
        echo "            name: \"$name\","
        echo '            sql: ##"""'
        cat "$file"
        echo
        echo '"""##'
        echo '        ),'
    done
    echo '    ]'
    echo '}'
} > "$out"

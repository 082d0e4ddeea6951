#!/usr/bin/env bash
# Runs the benchmarks and leaves bench/results/*.json and a table. One machine, one run: read the ratios, not the figures.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p bench/results
swift build -c release --product planner-bench
.build/release/planner-bench | tee bench/results/planner.json
exec python3 Benchmarks/proxy.py --easel .build/release/easel --out bench/results "$@"

#!/usr/bin/env bash
# snat-analyze beside the manual recipe, one-pass counts, DuckDB and bare decompression, on one generated log.
#
#   benches/compare/run.sh                     2,000,000 lines, each command five times in turn: medians, ratios, truth
#   LINES=200000 RUNS=3 benches/compare/run.sh
#   STREAM=50000000 benches/compare/run.sh     so many lines through a pipe: peak memory beside that of 2,000,000
#   WORK=DIR                                   keeps the input there
#   BIN, GENERATE, INFLATE                     programs that are built already
#
# Prints Markdown. Fails where a command fails or the counts differ from the generator's truth. Tools that are not there
# (mawk, gawk, the Python package duckdb, GNU time) are left out, with a line that says so.
set -euo pipefail
cd "$(dirname "$0")/../.."
target="${CARGO_TARGET_DIR:-target}/release"
if [ -n "${WORK:-}" ]; then mkdir -p "$WORK"; else WORK=$(mktemp -d) && trap 'rm -rf "$WORK"' EXIT; fi

[ -n "${BIN:-}" ] || cargo build --release --locked --quiet -p snat-cli
[ -n "${GENERATE:-}" ] || cargo build --release --locked --quiet -p benches --bin generate-log
[ -n "${INFLATE:-}" ] || [ -n "${STREAM:-}" ] || cargo build --release --locked --quiet -p benches --bin inflate
export WORK BIN="${BIN:-$target/snat-analyze}" GENERATE="${GENERATE:-$target/generate-log}"
export INFLATE="${INFLATE:-$target/inflate}"

if [ -n "${STREAM:-}" ]; then
    python3 benches/compare/compare.py stream "$STREAM"
else
    python3 benches/compare/compare.py runs "${LINES:-2000000}" "${RUNS:-5}"
fi

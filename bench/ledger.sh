#!/usr/bin/env bash
# bench/ledger.sh BUILD [ENTRIES]: durable journals a second beside SQLite, then proofs and verification
# with so many entries (10,000,000), on the disk of the build folder.
set -euo pipefail
store=$(mktemp -d "$1/bench-ledger.XXXXXX")
trap 'rm -rf "$store"' EXIT
"$1/bench/ledger_bench" "$store" "${2:-10000000}"

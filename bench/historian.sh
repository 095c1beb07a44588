#!/usr/bin/env bash
# bench/historian.sh BUILD: durable appends in process, on the disk of the build folder.
set -euo pipefail
store=$(mktemp -d "$1/bench-store.XXXXXX")
trap 'rm -rf "$store"' EXIT
"$1/bench/historian_bench" "$store/history"

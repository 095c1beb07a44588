#!/usr/bin/env bash
# bench/load.sh BUILD [SECONDS]: what a sample costs with a thousand to a million tags, and with ten to a hundred
# million samples (LOAD_SAMPLES="..." chooses others, 1000000000 takes some minutes and 2 GB); then a plant of a million
# tags at 1 Hz for SECONDS (600).
set -euo pipefail
load() {  # options...
  local store
  store=$(mktemp -d "$build/bench-store.XXXXXX")
  "$build/bench/load_bench" "$store/history" "$@"
  rm -rf "$store"
}
build=$1
trap 'rm -rf "$build"/bench-store.*' EXIT
echo "-- twenty million samples of ever more tags"
for tags in 1000 10000 100000 1000000; do load --tags "$tags" --samples 20000000; done
echo "-- a thousand tags with ever more samples"
for samples in ${LOAD_SAMPLES:-10000000 100000000}; do load --tags 1000 --samples "$samples"; done
echo "-- a million tags at 1 Hz"
load --tags 1000000 --seconds "${2:-600}"

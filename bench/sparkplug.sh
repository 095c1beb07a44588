#!/usr/bin/env bash
# bench/sparkplug.sh BUILD [RATE...]: metrics a second that a Sparkplug host takes from Mosquitto and has on disk, at
# the rates at which an edge node publishes them (300,000).
set -euo pipefail
build=$1/bench
shift
port=18830
"$(dirname "$0")/../tools/mosquitto" -p "$port" > /dev/null 2>&1 &
broker=$!
store=$(mktemp -d "$build/bench-store.XXXXXX")
trap 'kill "$broker"; rm -rf "$store"' EXIT
for rate in "${@:-300000}"; do
  rm -rf "$store/history"
  "$build/sparkplug_bench" "$store/history" --port "$port" --rate "$rate"
done

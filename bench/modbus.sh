#!/usr/bin/env bash
# bench/modbus.sh BUILD: polling 100 machines with 1,000 floats each once a second, one of them dead,
# and writes under that load; without and with the historian behind; then libmodbus, doing less.
set -euo pipefail
build=$1/bench
store=$(mktemp -d "$1/bench-store.XXXXXX")
trap 'rm -rf "$store"' EXIT

echo "-- polling alone, values counted and dropped"
"$build/modbus_bench"
echo "-- the same with every value durable in the historian"
"$build/modbus_bench" --store "$store/history"
if [[ -x $build/libmodbus_poll ]]; then
  echo "-- libmodbus"
  "$build/modbus_bench" --run "$build/libmodbus_poll 100 1000 20 16100"
fi

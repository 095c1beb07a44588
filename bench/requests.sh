#!/usr/bin/env bash
# bench/requests.sh BUILD: Modbus requests of 125 registers over ten connections, as fast as they are answered, in one
# thread: ours, then libmodbus against the same servers.
set -euo pipefail
build=$1/bench
"$build/requests_bench"
if [[ -x $build/libmodbus_requests ]]; then
  "$build/requests_bench" --run "$build/libmodbus_requests 10 125 5 16400"
fi

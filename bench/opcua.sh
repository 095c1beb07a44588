#!/usr/bin/env bash
# bench/opcua.sh BUILD: values that clients read from our OPC UA server and changes that it tells a subscriber; our
# client collecting 100,000 tags a second, polled and subscribed.
set -euo pipefail
build=$1/bench
for what in read notify poll subscribe; do "$build/opcua_bench" "$what"; done

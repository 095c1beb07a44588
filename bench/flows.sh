#!/usr/bin/env bash
# bench/flows.sh BUILD: values a second through a flow of each kind that serves, 5,000 tags each, without a client.
set -euo pipefail
"$1/bench/flows_bench"

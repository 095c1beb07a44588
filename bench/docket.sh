#!/usr/bin/env bash
# bench/docket.sh BUILD: deadlines of a million cases, in process.
set -euo pipefail
"$1/bench/docket_bench"

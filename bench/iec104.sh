#!/usr/bin/env bash
# bench/iec104.sh BUILD: listening to 100 stations of IEC 60870-5-104, 1,000 points each, every one told once a second.
set -euo pipefail
"$1/bench/iec104_bench"

#!/usr/bin/env bash
# bench/codec.sh BUILD: size of columns, speed of writing and reading them, with the vectors of this
# machine and with fewer.
set -euo pipefail
"$1/bench/codec_bench" "$(dirname "$0")/../../shared/data" all

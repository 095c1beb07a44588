#!/usr/bin/env bash
# bench/hostile.sh BUILD: fifty hostile peers of all protocols among two hundred connections: when the others are polled.
set -euo pipefail
for hostile in 0 1; do "$1/bench/hostile_bench" --hostile "$hostile"; done

#!/usr/bin/env bash
# bench/access.sh BUILD: what a decision about a right costs, with up to ten thousand grants.
set -euo pipefail
"$1/bench/access_bench"

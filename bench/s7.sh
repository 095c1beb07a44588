#!/usr/bin/env bash
# bench/s7.sh BUILD: polling 100 CPUs with 1,000 REALs each once a second, with the PDU of an S7-300 or
# 1200 and with that of a 1500, and a hundred writes at once under that load.
set -euo pipefail
build=$1/bench
"$build/s7_bench" --pdu 240
"$build/s7_bench" --pdu 960

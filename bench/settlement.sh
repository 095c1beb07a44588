#!/usr/bin/env bash
# bench/settlement.sh BUILD: a settlement of a million usage lines, 1,000 assets linked ten deep, 200
# payees; Shapley's value of 20 and of 24 parties. One core.
set -euo pipefail
"$1/bench/settlement_bench"

#!/usr/bin/env bash
# bench/console_trend.sh BUILD: how long a step of zoom or pan takes in a trend over a year of eight
# tags, from the key to the picture on the screen, in Chromium against that build. Prints ms.
set -euo pipefail
LINESHAFT_BINARY=$(realpath "$1/lineshaft")
export LINESHAFT_BINARY
cd "$(dirname "$0")/.."
tools/setup build test
exec console/node_modules/.bin/node --disable-warning=ExperimentalWarning bench/console_trend.ts

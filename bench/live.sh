#!/usr/bin/env bash
# bench/live.sh BUILD: from the change at a device to the value in a browser, see bench/live.py.
exec "$(dirname "$0")/../.tools/venv/bin/python" "$(dirname "$0")/live.py" "$1/lineshaft"

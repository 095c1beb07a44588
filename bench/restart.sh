#!/usr/bin/env bash
# bench/restart.sh BUILD: from SIGKILL at full load to the first answer, see bench/restart.py.
exec python3 "$(dirname "$0")/restart.py" "$1"

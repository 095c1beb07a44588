#!/usr/bin/env bash
# bench/server.sh BUILD: the whole server in front of the demo plant, see bench/server.py.
exec python3 "$(dirname "$0")/server.py" "$1/lineshaft"

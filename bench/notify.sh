#!/usr/bin/env bash
# bench/notify.sh BUILD: changes that the OPC UA server of the whole program tells a subscriber, see bench/notify.py.
exec python3 "$(dirname "$0")/notify.py" "$1"

#!/usr/bin/env bash
# bench/slow_peers.sh BUILD: five thousand peers that are slow on purpose, a thousand WebSockets that keep silent,
# and fifteen thousand clients that come back at once, see bench/slow_peers.py.
exec python3 "$(dirname "$0")/slow_peers.py" "$1"

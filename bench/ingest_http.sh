#!/usr/bin/env bash
# bench/ingest_http.sh BUILD: binary batches and line protocol over HTTPS, see bench/ingest_http.py.
exec python3 "$(dirname "$0")/ingest_http.py" "$1"

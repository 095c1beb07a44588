#!/usr/bin/env bash
# bench/encryption.sh BUILD [options of encryption_bench]: history and ledger with and without encryption at
# rest (vault.encryption), in the same run, on the disk of the build folder.
set -euo pipefail
store=$(mktemp -d "$1/bench-store.XXXXXX")
trap 'rm -rf "$store"' EXIT
"$1/bench/encryption_bench" "$store" "${@:2}"

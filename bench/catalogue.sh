#!/usr/bin/env bash
# bench/catalogue.sh BUILD: a million tags, made, opened again and asked for; then a million whose
# signals all have names of their own.
set -euo pipefail
store=$(mktemp -d "$1/bench-store.XXXXXX")
trap 'rm -rf "$store"' EXIT
for form in "" --numbered; do
  echo "-- a million tags $form"
  "$1/bench/catalogue_bench" make "$store/history$form" $form
  ls -l "$store/history$form" | awk '/\.tags/ { printf "%-58s %10.3f MB\n", "file " $NF, $5 / 1e6 }'
  "$1/bench/catalogue_bench" ask "$store/history$form"
done

#!/usr/bin/env bash
# bench/peers.sh BUILD [SOURCE...]: historians side by side on the same samples, one after the other, so
# often as PEERS_ROUNDS says (1). Prints a table for each SOURCE: "synthetic", or a folder of tables
# (bench/corpus.cpp); both if none is given. PEERS="duckdb chdb" runs only those.
# What each peer does: bench/peers/README.md.
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")/.."
sources=("${@:2}")
data=${LINESHAFT_SHARED:-../shared}/data
if ((${#sources[@]} == 0)); then
  sources=(synthetic)
  if [[ -d $data ]]; then sources+=("$data"); else echo "no $data: the synthetic corpus alone" >&2; fi
fi
tools/setup build bench

peers=$PWD/bench/peers
debian=.tools/peers/debian
work=$(mktemp -d "$build/bench-peers.XXXXXX")
trap 'rm -rf "$work"' EXIT
results=$build/bench-peers.jsonl # stays: what the tables are made of
: > "$results"

node() { console/node_modules/.bin/node --disable-warning=ExperimentalWarning "$@"; }
debian_version() { sed 's/[+~].*//' "$debian/$1.version"; }

run() {  # name command...
  local name=$1 result
  [[ " ${PEERS:-$name} " == *" $name "* ]] || return 0
  echo "$(date +%T) $name, $source" >&2
  if result=$("${@:2}"); then :; else echo "$name: failed or a wrong answer" >&2; fi
  if [[ -n $result ]]; then printf '{"source": "%s", "result": %s}\n' "$source" "${result//$'\n'/ }" >> "$results"; fi
}

run_all() {  # corpus-file
  run victoria_metrics node "$peers/victoria_metrics.mjs" "$1" "$work" \
    "$debian/usr/bin/victoria-metrics" "$(debian_version victoria-metrics)"
  if [[ -x .tools/peers/go/victoria-metrics ]]; then
    run victoria_metrics node "$peers/victoria_metrics.mjs" "$1" "$work" .tools/peers/go/victoria-metrics \
      "$(sed -n 's#.*VictoriaMetrics/VictoriaMetrics v\([0-9.]*\).*#\1#p' "$peers/go.mod")"
  fi
  run influxdb node "$peers/influxdb.mjs" "$1" "$work" "$debian/usr/bin/influxd" "$(debian_version influxdb)"
  run duckdb node "$peers/duckdb.mjs" "$1" "$work"
  for codec in "ALP" "ALP, ZSTD(1)" "ZSTD(1)"; do
    run chdb node "$peers/chdb.mjs" "$1" "$work" "$codec"
  done
  for jar in "$PWD"/.tools/peers/maven/questdb-*.jar; do
    run questdb node "$peers/questdb.mjs" "$1" "$work" "$jar" "$(basename "${jar#*questdb-}" .jar)"
  done
  if ((round == 0)); then # bytes alone, the same in every round
    for codec in "GORILLA LZ4" "PLAIN ZSTD" "TS_2DIFF ZSTD"; do
      # shellcheck disable=SC2086 # two words
      run iotdb_tsfile .tools/peers/venv/bin/python "$peers/iotdb_tsfile.py" "$1" "$work" $codec
    done
  fi
  if "$build/lineshaft" bench historian --help > "$work/help" 2>&1; then
    run lineshaft "$build/lineshaft" bench historian --data "$source" -o json
  fi
}

for ((round = 0; round < ${PEERS_ROUNDS:-1}; ++round)); do
  for source in "${sources[@]}"; do
    "$build/bench/corpus" "$source" --out "$work/corpus"
    run_all "$work/corpus"
  done
done
node "$peers/table.mjs" "$results"

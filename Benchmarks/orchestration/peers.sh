#!/bin/sh
# Brings the peers of `make bench-orchestration` into Benchmarks/.venv-orchestration, once.
set -eu
cd "$(dirname "$0")/../.."
sh scripts/setup.sh python3 python3-venv
peers="snakemake==9.27.1 hyperqueue==0.27.0 py-experimenter==1.4.2 doit==0.37.0"
folder=Benchmarks/.venv-orchestration
if [ "$(cat "$folder/peers" 2>/dev/null)" != "$peers" ]; then
  rm -rf "$folder"
  python3 -m venv "$folder"
  # shellcheck disable=SC2086 # a word each
  "$folder/bin/pip" install --quiet $peers
  echo "$peers" > "$folder/peers"
fi

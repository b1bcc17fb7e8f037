#!/bin/sh
# Brings the peers of `make bench-report` into Benchmarks/.venv-report, once.
set -eu
cd "$(dirname "$0")/../.."
sh scripts/setup.sh python3 python3-venv
peers="pandas==3.1.1 matplotlib==3.11.2 scipy==1.17.1"
folder=Benchmarks/.venv-report
if [ "$(cat "$folder/peers" 2>/dev/null)" != "$peers" ]; then
  rm -rf "$folder"
  python3 -m venv "$folder"
  # shellcheck disable=SC2086 # a word each
  "$folder/bin/pip" install --quiet $peers
  echo "$peers" > "$folder/peers"
fi

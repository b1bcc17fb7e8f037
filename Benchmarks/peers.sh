#!/bin/sh
# Brings peers into a virtual environment of their own, once: peers.sh FOLDER PACKAGE==VERSION...
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh python3 python3-venv
folder=$1
shift
if [ "$(cat "$folder/peers" 2>/dev/null)" != "$*" ]; then
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$folder/bin/pip" install --quiet "$@"
  echo "$*" > "$folder/peers"
fi

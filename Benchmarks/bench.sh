#!/bin/sh
# `make bench`: brings the peers (PyTorch 2.13 and timm) into Benchmarks/.venv once, then measures. A table a part.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh python3 python3-venv
python="${GRAFT_PEER_PYTHON:-Benchmarks/.venv/bin/python}"
if [ ! -x "$python" ]; then
  python3 -m venv Benchmarks/.venv
  Benchmarks/.venv/bin/pip install --quiet torch==2.13.0 timm
fi
[ "${1:-}" != --only-setup ] || exit 0
"$python" Benchmarks/bench.py
"$python" Benchmarks/train/train_step.py --worker .build/release/graft-worker

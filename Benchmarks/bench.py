#!/usr/bin/env python3
"""Measures Graft as its user meets it, against a peer where there is one, in one run on this machine.

    python3 Benchmarks/bench.py [--only start,overhead] [--runs 20]

Prints a table and writes it to Benchmarks/results/bench.md. Times are of whole processes; CPU is user + system of a
process and all of its descendants. The training step has a script of its own, Benchmarks/train/train_step.py.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GRAFT = ROOT / ".build/release/graft"


def run(command, **options):
    """Runs a command; gives wall seconds and CPU seconds, those of every descendant it waited for included."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{errors.decode()}")
    return wall, usage.ru_utime + usage.ru_stime


def start_times(runs):
    study = ROOT / "grids/quickstart.yaml"
    rows = []
    for name in ("status", "plan"):
        run([GRAFT, name, study])
        walls = [run([GRAFT, name, study])[0] for _ in range(runs)]
        rows.append((f"graft {name}, quickstart, wall", f"{statistics.median(walls) * 1e3:.1f} ms", "limit 50 ms", ""))
    return rows


def overhead(runs):
    """1,000 stages that do nothing, on two worker processes, against xargs starting `true` as often."""
    count = 1000
    ours, theirs = [], []
    for _ in range(max(3, runs // 4)):
        workspace = tempfile.mkdtemp(prefix="graft-bench-")
        try:
            ours.append(run([GRAFT, "noop", "--count", str(count), "--jobs", "2", "--workspace", workspace])[1])
        finally:
            shutil.rmtree(workspace)
        theirs.append(run(["sh", "-c", f"seq {count} | xargs -P2 -n1 true"])[1])
    mine, peer = statistics.median(ours) / count, statistics.median(theirs) / count
    ratio = statistics.median(a / b for a, b in zip(ours, theirs))
    return [
        ("CPU a stage, 1,000 noop stages, 2 jobs", f"{mine * 1e3:.2f} ms", f"xargs -P2 -n1 true: {peer * 1e3:.2f} ms",
         f"{ratio:.2f}"),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="start,overhead")
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    rows = []
    if "start" in wanted:
        rows += start_times(arguments.runs)
    if "overhead" in wanted:
        rows += overhead(arguments.runs)
    lines = ["| what | Graft | against | ratio |", "|---|---:|---:|---:|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    text = "\n".join(lines) + "\n"
    print(text)
    folder = ROOT / "Benchmarks/results"
    folder.mkdir(exist_ok=True)
    (folder / "bench.md").write_text(text)


if __name__ == "__main__":
    main()

"""What orchestration costs with Graft and with its peers: the same graph, on the same machine, in one run, in turns.

    Benchmarks/.venv-orchestration/bin/python Benchmarks/orchestration/orchestration.py [--quick]

Writes Benchmarks/results/bench-orchestration.md and the figure beside it. `--quick` takes minutes and small sizes, and
its file says so; without it the sizes are those at which the numbers were asked for. `--only` takes some of the parts, and
prints them only.
"""

import argparse
import os
import pathlib
import platform
import shutil
import signal
import sys
import time

import doit_side
import experimenter_side
import hyperqueue_side
import parts
import plot
import snakemake_side
from doit_side import Doit
from experimenter_side import PyExperimenter
from graft_side import Graft
from hyperqueue_side import HyperQueue, Xargs
from sizes import FULL, QUICK
from snakemake_side import Snakemake
from tables import target_table

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "results"

# In this order: what a part needs is made by those before it.
PARTS = {
    "plan": [parts.planning],
    "noop": [parts.doing_nothing],
    "study": [
        parts.finishing, parts.nothing_to_do, parts.reporting, parts.state, parts.growing,
    ],
}


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def crowded():
    """A warning where the machine has other work: times on the wall are then not those of the tools alone."""
    return " **The machine had other work: look at CPU, not at wall times.**" if os.getloadavg()[0] > os.cpu_count() / 2 else ""


def introduction(options):
    yield "# What orchestration costs (`make bench-orchestration`)\n"
    if options.quick:
        yield (
            "**A quick run (`--quick`): small sizes and few repetitions, to see that everything is measured. Not for"
            " quoting.**\n"
        )
    yield (
        f"Snakemake {snakemake_side.VERSION}, doit {doit_side.VERSION}, PyExperimenter {experimenter_side.VERSION}, HyperQueue"
        f" {hyperqueue_side.VERSION} (Python API), Python {platform.python_version()}; {os.cpu_count()} cores ({processor()})."
        f" {os.getloadavg()[0]:.1f} processes ran or waited to run when it began.{crowded()}"
        " Each tool is given what it does best, and the sizes that it can bear in bounded time. All are measured in turns, and"
        " what stands here are medians of the number of runs in the last column. Ratios are of CPU time for a unit, to Graft's"
        " at the nearest size.\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    path = lambda text: pathlib.Path(text).resolve()
    parser.add_argument("--graft", type=path, default=path(".build/release/graft"))
    parser.add_argument("--worker", type=path, default=path(".build/release/graft-hollow-worker"))
    parser.add_argument("--folder", type=path, default=path(".build/bench-orchestration"), help="emptied before and after")
    parser.add_argument("--quick", action="store_true", help="a few minutes")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; prints, and writes no file")
    options = parser.parse_args()
    for program in (options.graft, options.worker):
        if not os.access(program, os.X_OK):
            sys.exit(f"there is no {program}: `make build` makes it")
    programs = pathlib.Path(sys.executable).parent
    shutil.rmtree(options.folder, ignore_errors=True)
    sides = [
        Graft(options.graft, options.worker, options.folder / "graft"),
        Snakemake(programs, options.folder / "snakemake"),
        Doit(programs, options.folder / "doit", "dbm"),
        Doit(programs, options.folder / "doit", "sqlite3"),
        PyExperimenter(programs, options.folder / "experimenter"),
        HyperQueue(programs, options.folder / "hyperqueue"),
        Xargs(options.folder / "xargs"),
    ]
    bench = parts.Bench({side.name: side for side in sides}, QUICK if options.quick else FULL)
    begun = list(introduction(options))
    # A terminated run ends what it measures and removes its folder, as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        begin = time.monotonic()
        body = []
        for name in options.only or PARTS:
            for part in PARTS[name]:
                print(f"{time.monotonic() - begin:6.0f} s  {part.__doc__}", file=sys.stderr, flush=True)
                body += part(bench)
        minutes = (time.monotonic() - begin) / 60
    finally:
        shutil.rmtree(options.folder, ignore_errors=True)
    head = [*begun, *target_table(bench.targets), "", f"The whole run took {minutes:.0f} minutes.\n"]
    text = "\n".join([*head, *body]) + "\n"
    print(text)
    if options.only:
        return
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "bench-orchestration.md").write_text(text)
    title = "Planning a study" + (" (quick run)" if options.quick else "")
    (RESULTS / "bench-orchestration.svg").write_text(plot.log_log(bench.growth, title, "cells", "wall time, s"))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped; nothing was written")

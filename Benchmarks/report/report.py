"""What a report costs with Graft, and with pandas and matplotlib from the same CSV files: on one machine, in one run, in turns.

    Benchmarks/.venv-report/bin/python Benchmarks/report/report.py [--quick]

Runs a study of 100,000 cells whose tests have ten metrics (10,000 cells with `--quick`) by a worker whose stages compute nothing,
and reports it. Graft reads its own state; the peer reads the cells.csv and history.csv that Graft wrote, which spares it the
state. Both write all of cells, settings, gains and history, and draw four figures of at most 120 panels each; Graft writes
its further tables, figures and its page besides. Writes Benchmarks/results/bench-report.md.
"""

import argparse
import os
import pathlib
import platform
import shutil
import statistics
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "orchestration"))

from graft_side import Graft  # noqa: E402
from measure import measured  # noqa: E402

RESULTS = HERE.parent / "results"
METRICS = 10


def median(costs, of):
    return statistics.median(of(cost) for cost in costs)


def row(name, costs):
    return (
        f"| {name} | {median(costs, lambda cost: cost.wall):.2f} s | {median(costs, lambda cost: cost.cpu):.2f} s |"
        f" {median(costs, lambda cost: cost.memory) / 1e6:.0f} MB | {len(costs)} |"
    )


def quickstart(graft, folder):
    """The time of `graft report` on the quickstart, run to its end first."""
    worker = {"GRAFT_WORKER": str(graft.program.parent / "graft-worker")}
    graft.command("run", "--quiet", "--workspace", folder / "quickstart", environment=worker)
    return lambda: graft.command(
        "report", "--workspace", folder / "quickstart", "--output", folder / "quickstart-report", environment=worker)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    path = lambda text: pathlib.Path(text).resolve()
    parser.add_argument("--graft", type=path, default=path(".build/release/graft"))
    parser.add_argument("--worker", type=path, default=path(".build/release/graft-hollow-worker"))
    parser.add_argument("--folder", type=path, default=path(".build/bench-report"), help="emptied before and after")
    parser.add_argument("--quick", action="store_true", help="10,000 cells; prints, and writes no file")
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    cells = 10_000 if options.quick else 100_000
    shutil.rmtree(options.folder, ignore_errors=True)
    graft = Graft(options.graft, options.worker, options.folder / "graft")
    graft.environment["GRAFT_HOLLOW_METRICS"] = str(METRICS)
    try:
        print(f"running {cells} cells", file=sys.stderr, flush=True)
        graft.finish(cells)
        first = graft.report(cells)
        files = options.folder / "graft" / "report"

        def report(*words):
            # Into an empty folder: a report that is there already is only compared.
            shutil.rmtree(files.parent / "fresh", ignore_errors=True)
            return graft.command(
                "report", graft.study(cells), "--workspace", graft.workspace(cells), "--output", files.parent / "fresh",
                *words)

        def peer(*words):
            return measured(
                [sys.executable, HERE / "peer_report.py", files / "cells.csv", files / "history.csv",
                 options.folder / "peer", *words],
                folder=options.folder, log=options.folder / "peer.txt")

        small = quickstart(graft, options.folder)
        sides = {
            "Graft: tables alone": lambda: report("--tables-only"), "pandas: tables alone": lambda: peer("--tables"),
            "Graft: the whole report": report, "pandas and matplotlib: tables and figures": peer,
            "Graft: the quickstart's report": small,
        }
        costs = {name: [] for name in sides}
        for number in range(options.repetitions):
            for name, run in sides.items():
                print(f"{number + 1}: {name}", file=sys.stderr, flush=True)
                costs[name].append(run())
        rows = sum(1 for _ in open(files / "cells.csv")) - 1
    finally:
        shutil.rmtree(options.folder, ignore_errors=True)

    def ratio(peer, own):
        return median(costs[peer], lambda cost: cost.wall) / median(costs[own], lambda cost: cost.wall)

    tables = median(costs["Graft: tables alone"], lambda cost: cost.wall)
    whole = median(costs["Graft: the whole report"], lambda cost: cost.wall)
    memory = median(costs["Graft: the whole report"], lambda cost: cost.memory)
    small = median(costs["Graft: the quickstart's report"], lambda cost: cost.wall)
    goals = [
        ("all tables under 5 s", f"{tables:.2f} s", tables < 5),
        ("all figures under 10 s", f"with the tables and the page {whole:.2f} s", whole < 10),
        ("1 GB", f"{memory / 1e6:.0f} MB", memory < 1e9),
        ("tables 5 times as fast as pandas", f"{ratio('pandas: tables alone', 'Graft: tables alone'):.1f} times",
         ratio("pandas: tables alone", "Graft: tables alone") >= 5),
        ("tables and figures 5 times as fast as pandas and matplotlib",
         f"{ratio('pandas and matplotlib: tables and figures', 'Graft: the whole report'):.1f} times",
         ratio("pandas and matplotlib: tables and figures", "Graft: the whole report") >= 5),
        ("the quickstart's report under 300 ms", f"{small * 1000:.0f} ms", small < 0.3),
    ]
    import matplotlib
    import pandas
    lines = [
        "# What a report costs (`make bench-report`)\n",
        f"{cells:,} cells whose tests have {METRICS} metrics: {rows:,} rows of cells.csv. pandas {pandas.__version__}, matplotlib"
        f" {matplotlib.__version__}, Python {platform.python_version()}; {os.cpu_count()} cores. Medians of runs in turns. The peer"
        " starts from Graft's CSV files and writes what `Benchmarks/report/peer_report.py` says; Graft starts from its state.\n",
        "| goal | measured | reached |", "| --- | --- | --- |",
        *(f"| {goal} | {found} | {'yes' if reached else '**no**'} |" for goal, found, reached in goals), "",
        "| | wall | CPU | memory | runs |", "| --- | ---: | ---: | ---: | ---: |",
        *(row(name, own) for name, own in costs.items()), "",
        f"The first report, right after the run, took {first.wall:.2f} s.",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if not options.quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "bench-report.md").write_text(text)


if __name__ == "__main__":
    main()

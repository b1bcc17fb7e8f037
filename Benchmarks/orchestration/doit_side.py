"""doit's side: the study's graph as tasks with Python functions, so that no process is started for a task.

Parameters are watched by `config_changed`, its own tool for that; the graph is by `task_dep`. Both of its data bases that a
user would take are measured, its default (dbm) and SQLite.
"""

import importlib.metadata

from measure import measured

VERSION = importlib.metadata.version("doit")

TASKS = """
import os

from doit.tools import config_changed

CELLS = int(os.environ["BENCH_CELLS"])
FLAT = "BENCH_FLAT" in os.environ
SHARED = ["near", "far", "shapes", "resnet", "vit"]


def nothing():
    pass


def task_study():
    if FLAT:
        for number in range(CELLS):
            yield {"name": f"noop-{number}", "actions": [nothing], "uptodate": [config_changed({"index": number})]}
        return
    for name in SHARED:
        yield {"name": name, "actions": [nothing], "uptodate": [config_changed({"name": name})]}
    shared = [f"study:{name}" for name in SHARED]
    for cell in range(CELLS):
        parameters = {"cell": cell, "rate": cell}
        yield {"name": f"train-{cell}", "actions": [nothing], "uptodate": [config_changed(parameters)], "task_dep": shared}
        for kind in ("test", "knn", "l2"):
            yield {
                "name": f"{kind}-{cell}", "actions": [nothing], "uptodate": [config_changed({"kind": kind, **parameters})],
                "task_dep": [f"study:train-{cell}"],
            }
"""


class Doit:
    def __init__(self, programs, folder, backend):
        self.program, self.folder, self.backend = programs / "doit", folder / backend, backend
        self.name = f"doit ({backend})"
        self.folder.mkdir(parents=True, exist_ok=True)

    def command(self, word, database, cells, *words, limit=None, flat=False):
        (self.folder / "dodo.py").write_text(TASKS)
        return measured(
            [self.program, word, "--backend", self.backend, "--db-file", self.folder / database, *words], folder=self.folder,
            log=self.folder / "output.txt", limit=limit,
            environment={"BENCH_CELLS": str(cells), **({"BENCH_FLAT": "1"} if flat else {})},
        )

    def clear(self, database):
        for path in self.folder.glob(f"{database}*"):
            path.unlink()

    def plan(self, cells, limit=None):
        """Lists every task and whether it would run."""
        self.clear("empty")
        return self.list("empty", cells, limit)

    def list(self, database, cells, limit=None):
        return self.command(
            "list", database, cells, "--all", "--status", "--quiet", "--sort", "definition", limit=limit)

    def run(self, database, cells, limit=None, flat=False):
        return self.command("run", database, cells, "-v0", "--reporter", "zero", limit=limit, flat=flat)

    def finish(self, cells):
        return self.run(f"study-{cells}", cells)

    def again(self, cells, limit=None):
        return self.run(f"study-{cells}", cells, limit)

    def grown_plan(self, cells, more, limit=None):
        return self.list(f"study-{cells}", cells + more, limit)

    def status(self, cells):
        return self.list(f"study-{cells}", cells)

    def noop(self, count, limit=None):
        self.clear("noop")
        return self.run("noop", count, limit, flat=True)

    def state(self, cells):
        return sum(path.stat().st_size for path in self.folder.glob(f"study-{cells}*"))

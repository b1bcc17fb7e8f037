"""Graft's side: the study, and its commands on it with a worker whose stages compute nothing."""

import shutil
import sqlite3

from measure import measured

VERSION = "this tree"

# 1,000 cells for each learning rate: 2 x 2 x 5 x 5 settings of 10 seeds. Four stages a cell, and five that all share.
STUDY = """
study: bench-orchestration
axes:
  dataset: [near, far]
  backbone: [resnet_micro, vit_micro]
  fraction: [0.1, 0.2, 0.3, 0.5, 1.0]
  init: [RI, ST, WT, WT-ST-0, WT-ST-1]
  training.optimizer.lr: [{rates}]
seeds: 10
training: {{epochs: 3, batch_size: 32, image_size: 32}}
analyses: [test, knn, l2]
datasets:
  shapes: {{format: phantom, domain: source, images: {{train: 300, val: 30, test: 30}}, size: 40, seed: 7}}
  near: {{format: phantom, domain: grading, images: {{train: 400, val: 200, test: 400}}, size: 40, seed: 8}}
  far: {{format: phantom, domain: screening, images: {{train: 400, val: 200, test: 400}}, size: 40, seed: 9}}
weights:
  resnet_micro: {{pretrain: {{dataset: shapes, epochs: 3}}}}
  vit_micro: {{pretrain: {{dataset: shapes, epochs: 3}}}}
"""
CELLS_A_RATE = 1000
STAGES_A_CELL = 4
SHARED_STAGES = 5


def stages(cells):
    return STAGES_A_CELL * cells + SHARED_STAGES


class Graft:
    name = "Graft"

    def __init__(self, program, worker, folder):
        self.program, self.folder = program, folder
        self.environment = {"GRAFT_WORKER": str(worker), "NO_COLOR": "1"}
        folder.mkdir(parents=True, exist_ok=True)

    def study(self, cells):
        """The study file of so many thousands of cells."""
        if cells % CELLS_A_RATE:
            raise ValueError(f"Graft's study has a multiple of {CELLS_A_RATE} cells, not {cells}")
        path = self.folder / f"study-{cells}.yaml"
        rates = ", ".join(f"{(number + 1) * 1e-6:.6f}" for number in range(cells // CELLS_A_RATE))
        path.write_text(STUDY.format(rates=rates))
        return path

    def command(self, *words, limit=None, environment=None):
        return measured(
            [self.program, *words], folder=self.folder, log=self.folder / "output.txt",
            environment={**self.environment, **(environment or {})}, limit=limit,
        )

    def plan(self, cells, limit=None):
        """From the file to what would run and why, in a workspace that has nothing."""
        cost = self.command("plan", self.study(cells), "--workspace", self.folder / "empty", limit=limit)
        self.expect(f"{stages(cells)} stages to run", cost)
        return cost

    def finish(self, cells):
        """Runs the study to its end, once."""
        return self.command("run", self.study(cells), "--quiet", "--jobs", 2, "--workspace", self.workspace(cells))

    def again(self, cells, limit=None):
        cost = self.command("run", self.study(cells), "--workspace", self.workspace(cells), limit=limit)
        self.expect("nothing to run", cost)
        return cost

    def status(self, cells):
        cost = self.command("status", self.study(cells), "--workspace", self.workspace(cells))
        self.expect(f"{cells} of {cells} cells", cost)
        return cost

    def grown_plan(self, cells, limit=None):
        """The plan of the finished study with 1,000 cells more."""
        cost = self.command(
            "plan", self.study(cells + CELLS_A_RATE), "--workspace", self.workspace(cells), limit=limit)
        self.expect(f"{STAGES_A_CELL * CELLS_A_RATE} stages to run", cost)
        return cost

    def run_grown(self, cells):
        """Runs what is new of the grown study; how many attempts that made."""
        before = self.attempts(cells)
        cost = self.command(
            "run", self.study(cells + CELLS_A_RATE), "--quiet", "--jobs", 2, "--workspace", self.workspace(cells))
        return cost, self.attempts(cells) - before

    def report(self, cells):
        return self.command(
            "report", self.study(cells), "--workspace", self.workspace(cells), "--output", self.folder / "report")

    def noop(self, count, limit=None):
        """Independent stages that do nothing, by Graft's own worker, each recorded."""
        workspace = self.folder / "noop"
        clear(workspace)
        return self.command(
            "noop", "--count", count, "--jobs", 2, "--workspace", workspace, limit=limit,
            environment={"GRAFT_WORKER": str(self.program.parent / "graft-worker")},
        )

    def noop_state(self):
        return state_bytes(self.folder / "noop")

    def state(self, cells):
        return state_bytes(self.workspace(cells))

    def workspace(self, cells):
        return self.folder / f"workspace-{cells}"

    def attempts(self, cells):
        with sqlite3.connect(f"file:{self.workspace(cells)}/state.sqlite?mode=ro", uri=True) as state:
            return state.execute("SELECT count(*) FROM attempt").fetchone()[0]

    @staticmethod
    def expect(text, cost):
        """A command that measured something else must not pass for fast."""
        output = getattr(cost, "output", text)
        if text not in output.replace(",", ""):
            raise AssertionError(f"'{text}' is not in what graft said:\n{output[-1000:]}")


def state_bytes(workspace):
    """The state file, and what of it still lies in the log beside it."""
    return sum(path.stat().st_size for path in workspace.glob("state.sqlite*") if not path.name.endswith("-shm"))


def clear(folder):
    shutil.rmtree(folder, ignore_errors=True)

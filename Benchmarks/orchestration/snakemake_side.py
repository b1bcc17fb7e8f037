"""Snakemake's side: the study's graph as four rules with wildcards.

Used as its manual advises for many jobs: the greedy scheduler, reruns by modification times alone, nothing printed. Its
records are files, since its SQLite of them takes longer. A job's command is a word of the shell itself, so that no second
process is started for it.
"""

import importlib.metadata
import shutil

from measure import measured

VERSION = importlib.metadata.version("snakemake")

STUDY = """
measures = ["test", "knn", "l2"]
rule all:
    input: expand("{measure}/{cell}", measure=measures, cell=range(int(config["cells"])))
rule shared:
    output: "shared/{name}"
    shell: ": > {output}"
rule train:
    input: expand("shared/{name}", name=["near", "far", "shapes", "resnet", "vit"])
    output: "train/{cell}"
    params: rate=lambda wildcards: int(wildcards.cell)
    shell: ": > {output}"
rule measure:
    input: "train/{cell}"
    output: "{measure}/{cell}"
    wildcard_constraints: measure="test|knn|l2"
    shell: ": > {output}"
"""

NOOP = """
rule all:
    input: expand("noop/{number}", number=range(int(config["cells"])))
rule noop:
    output: "noop/{number}"
    shell: ": > {output}"
"""


class Snakemake:
    name = "Snakemake"

    def __init__(self, programs, folder):
        self.program, self.folder = programs / "snakemake", folder
        folder.mkdir(parents=True, exist_ok=True)

    def command(self, folder, rules, cells, *words, limit=None):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Snakefile").write_text(rules)
        return measured(
            [
                self.program, "--cores", 2, "--quiet", "all", "--scheduler", "greedy", "--rerun-triggers", "mtime", "--nocolor",
                *words, "--config", f"cells={cells}",
            ],
            folder=folder, log=self.folder / "output.txt", limit=limit, environment={"HOME": str(self.folder)},
        )

    def plan(self, cells, limit=None):
        return self.command(self.folder / "empty", STUDY, cells, "--dry-run", limit=limit)

    def finish(self, cells):
        return self.command(self.folder / f"study-{cells}", STUDY, cells)

    def again(self, cells, limit=None):
        folder = self.folder / f"study-{cells}"
        before = (folder / "train/0").stat().st_mtime_ns
        cost = self.command(folder, STUDY, cells, limit=limit)
        if (folder / "train/0").stat().st_mtime_ns != before:
            raise AssertionError("Snakemake ran a job again")
        return cost

    def status(self, cells):
        """Its list of every file and whether it is up to date."""
        return self.command(self.folder / f"study-{cells}", STUDY, cells, "--summary")

    def grown_plan(self, cells, more, limit=None):
        return self.command(self.folder / f"study-{cells}", STUDY, cells + more, "--dry-run", limit=limit)

    def noop(self, count, limit=None):
        folder = self.folder / "noop"
        shutil.rmtree(folder, ignore_errors=True)
        return self.command(folder, NOOP, count, limit=limit)

    def state(self, cells):
        """Bytes of its own records, the files that jobs made not among them."""
        return tree_bytes(self.folder / f"study-{cells}" / ".snakemake")


def tree_bytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

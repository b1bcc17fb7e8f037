"""PyExperimenter's side: the same grid as a table of SQLite, a row a cell; it knows no stages and no graph.

Used at its best: its measuring of energy is off, and one process takes the rows. Two that take rows which do nothing end
with `database is locked`, or take as long.
"""

import importlib.metadata

from measure import measured

VERSION = importlib.metadata.version("py-experimenter")

TABLE = """
PY_EXPERIMENTER:
  n_jobs: 1
  Database:
    provider: sqlite
    database: {database}
    table:
      name: cells
      keyfields:
{keyfields}
      resultfields:
        accuracy: DOUBLE
"""

CELL = """
        dataset: {{type: VARCHAR(20), values: [near, far]}}
        backbone: {{type: VARCHAR(20), values: [resnet_micro, vit_micro]}}
        fraction: {{type: VARCHAR(20), values: ["0.1", "0.2", "0.3", "0.5", "1.0"]}}
        init: {{type: VARCHAR(20), values: [RI, ST, WT, WT-ST-0, WT-ST-1]}}
        rate: {{type: INT, values: {{start: 0, stop: {rates}, step: 1}}}}
        seed: {{type: INT, values: {{start: 0, stop: 10, step: 1}}}}
"""

NOOP = """
        number: {{type: INT, values: {{start: 0, stop: {count}, step: 1}}}}
"""

SCRIPT = """
import logging
import sys

from py_experimenter.experimenter import PyExperimenter


def nothing(parameters, results, custom):
    results.process_results({"accuracy": 0.5})


experimenter = PyExperimenter(sys.argv[1], use_codecarbon=False, log_level=logging.ERROR)
if "fill" in sys.argv:
    experimenter.fill_table_from_config()
if "execute" in sys.argv:
    experimenter.execute(nothing, max_experiments=-1)
if "table" in sys.argv:
    table = experimenter.get_table()
    settings = table.groupby(["dataset", "backbone", "fraction", "init", "rate"])["accuracy"]
    settings.agg(["count", "mean", "std", "median"]).to_csv("settings.csv")
"""

CELLS_A_RATE = 1000


class PyExperimenter:
    name = "PyExperimenter"

    def __init__(self, programs, folder):
        self.program, self.folder = programs / "python", folder
        folder.mkdir(parents=True, exist_ok=True)

    def command(self, database, cells, *words, limit=None):
        return self.on(database, CELL.format(rates=cells // CELLS_A_RATE), *words, limit=limit)

    def on(self, database, keyfields, *words, limit=None):
        (self.folder / "script.py").write_text(SCRIPT)
        table = self.folder / "table.yml"
        table.write_text(TABLE.format(database=self.folder / database, keyfields=keyfields.strip("\n")))
        return measured(
            [self.program, "script.py", table, *words], folder=self.folder, log=self.folder / "output.txt", limit=limit)

    def clear(self, database):
        (self.folder / f"{database}.db").unlink(missing_ok=True)

    def plan(self, cells, limit=None):
        """Fills the table: there is no plan apart from it."""
        self.clear("empty")
        return self.command("empty", cells, "fill", limit=limit)

    def finish(self, cells):
        self.clear(f"study-{cells}")
        return self.command(f"study-{cells}", cells, "fill", "execute")

    def again(self, cells, limit=None):
        """Fills in what is missing of the grid, which is nothing, and executes what is open, which is nothing."""
        return self.command(f"study-{cells}", cells, "fill", "execute", limit=limit)

    def grow(self, cells, limit=None):
        """The rows of 1,000 cells more; taken back afterwards."""
        original = self.folder / f"study-{cells}.db"
        content = original.read_bytes()
        cost = self.command(f"study-{cells}", cells + CELLS_A_RATE, "fill", limit=limit)
        original.write_bytes(content)
        return cost

    def noop(self, count, limit=None):
        self.clear("noop")
        self.on("noop", NOOP.format(count=count), "fill")
        return self.on("noop", NOOP.format(count=count), "execute", limit=limit)

    def report(self, cells):
        """Mean, deviation and median of each setting, as a user would take them from the table."""
        return self.command(f"study-{cells}", cells, "table")

    def state(self, cells):
        return (self.folder / f"study-{cells}.db").stat().st_size

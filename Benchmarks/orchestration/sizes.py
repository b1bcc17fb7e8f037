"""How much of what is measured: a quick run of minutes and a full one, in which each tool gets the sizes that it can bear."""

from dataclasses import dataclass, field


@dataclass
class Sizes:
    repetitions: int
    # A side that has taken so many seconds in one comparison is not repeated.
    budget: float
    # A command is ended after so many seconds.
    limit: float
    # Cells by tool.
    plan: dict = field(default_factory=dict)
    study: dict = field(default_factory=dict)
    # How many cells a finished study is grown by.
    more: dict = field(default_factory=dict)
    # Independent tasks by tool.
    noop: dict = field(default_factory=dict)


QUICK = Sizes(
    repetitions=3, budget=5, limit=60,
    plan={
        "Graft": [1_000, 10_000, 100_000], "Snakemake": [100, 1_000], "doit (dbm)": [1_000, 10_000],
        "doit (sqlite3)": [1_000, 10_000], "PyExperimenter": [1_000, 10_000], "HyperQueue": [1_000, 10_000],
    },
    study={"Graft": 5_000, "Snakemake": 50, "doit (dbm)": 1_000, "doit (sqlite3)": 1_000, "PyExperimenter": 1_000},
    more={"Graft": 1_000, "Snakemake": 5, "doit (dbm)": 100, "doit (sqlite3)": 100, "PyExperimenter": 1_000},
    noop={
        "Graft": 5_000, "xargs": 5_000, "HyperQueue": 1_000, "doit (dbm)": 5_000, "doit (sqlite3)": 5_000,
        "Snakemake": 200, "PyExperimenter": 200,
    },
)

FULL = Sizes(
    repetitions=5, budget=30, limit=600,
    plan={
        "Graft": [1_000, 10_000, 100_000, 1_000_000], "Snakemake": [100, 1_000, 5_000],
        "doit (dbm)": [1_000, 10_000, 100_000], "doit (sqlite3)": [1_000, 10_000, 100_000],
        "PyExperimenter": [1_000, 10_000, 20_000], "HyperQueue": [1_000, 10_000, 100_000],
    },
    study={
        "Graft": 100_000, "Snakemake": 1_000, "doit (dbm)": 20_000, "doit (sqlite3)": 20_000, "PyExperimenter": 5_000,
    },
    more={"Graft": 1_000, "Snakemake": 10, "doit (dbm)": 1_000, "doit (sqlite3)": 1_000, "PyExperimenter": 1_000},
    noop={
        "Graft": 100_000, "xargs": 100_000, "HyperQueue": 20_000, "doit (dbm)": 100_000, "doit (sqlite3)": 100_000,
        "Snakemake": 2_000, "PyExperimenter": 5_000,
    },
)

"""The comparisons, each a function that gives the lines of a section and adds to the list of what was to be reached."""

from graft_side import CELLS_A_RATE, SHARED_STAGES, STAGES_A_CELL, stages
from measure import NoResult, Result, in_turns, unless_it_fails
from tables import amount, megabytes, seconds, side_table


class Bench:
    """The sides by name, the sizes, and what of the targets was found."""

    def __init__(self, sides, sizes):
        self.sides, self.sizes = sides, sizes
        self.targets = []
        self.growth = {}
        # The studies that were finished, in cells by tool.
        self.study = {}

    def in_turns(self, runs):
        return in_turns(runs, self.sizes.repetitions, self.sizes.budget)

    def target(self, what, limit, measured, form):
        """A number to be reached, and what was found; None where this run is not of the size that it was asked for."""
        self.targets.append((what, limit, measured, form))

    def seconds_target(self, what, asked, cells, limit, result):
        at_size = result.wall if asked == cells and not isinstance(result, NoResult) else None
        self.target(what, limit, at_size, seconds)


def planning(bench):
    """1: from the study file to what would run and why."""
    runs = {}
    for name, sizes in bench.sizes.plan.items():
        for cells in sizes:
            side = bench.sides[name]
            runs[name, cells] = lambda side=side, cells=cells: side.plan(cells, limit=bench.sizes.limit)
    results = bench.in_turns(runs)
    for (name, cells), result in results.items():
        if not isinstance(result, NoResult):
            bench.growth.setdefault(name, []).append((cells, result.wall))
    for cells, wall, memory in [(100_000, 2, 600e6), (1_000_000, 25, 5e9)]:
        result = results.get(("Graft", cells))
        found = result is not None and not isinstance(result, NoResult)
        bench.target(f"plan of {cells:,} cells, wall", wall, result.wall if found else None, seconds)
        bench.target(f"plan of {cells:,} cells, memory", memory, result.memory if found else None, megabytes)
    yield "## Planning\n"
    yield (
        f"`graft plan` from the YAML file, keys and reasons included, beside `snakemake --dry-run`, `doit list --all --status`,"
        f" PyExperimenter's filling of its table (a row a cell, no graph) and HyperQueue's building and submitting of the graph to"
        f" a server without workers. A cell is {STAGES_A_CELL} stages, and {SHARED_STAGES} stages are shared by all."
        " Memory is that of the largest process.\n"
    )
    yield from side_table(results, "cell", memory=True)
    yield "![Wall time of planning by the number of cells](bench-orchestration.svg)\n"
    yield growth_said(bench.growth["Graft"])


def growth_said(points):
    (small, fast), (large, slow) = points[-2], points[-1]
    return (
        f"Graft from {small:,} to {large:,} cells: {large / small:.0f} times the cells, {slow / fast:.1f} times the time.\n"
    )


def finishing(bench):
    """The studies run to their ends, so that there is something finished."""
    results = {}
    for name, cells in bench.sizes.study.items():
        cost = unless_it_fails(name, lambda name=name, cells=cells: bench.sides[name].finish(cells))
        if isinstance(cost, NoResult):
            results[name, cells] = cost
        else:
            results[name, cells] = Result.of([cost])
            bench.study[name] = cells
    cells = bench.sizes.study["Graft"]
    graft = results["Graft", cells]
    yield "## A finished study\n"
    yield (
        f"Each tool first ran a study to its end, in which nothing is computed. Graft's {stages(cells):,} stages took"
        f" {graft.wall:.0f} s with two workers that leave results of the form and size of real ones:"
        f" {graft.cpu / stages(cells) * 1e3:.2f} ms CPU a stage, of which there are {STAGES_A_CELL} in a cell.\n"
    )
    yield from side_table(results, "cell")


def nothing_to_do(bench):
    """2: the same command again, and how far it is."""
    limit, study = bench.sizes.limit, bench.study
    again = bench.in_turns(
        {(name, cells): lambda name=name, cells=cells: bench.sides[name].again(cells, limit) for name, cells in study.items()})
    status = bench.in_turns(
        {
            (name, cells): lambda name=name, cells=cells: bench.sides[name].status(cells)
            for name, cells in study.items()
            if hasattr(bench.sides[name], "status")
        })
    graft = "Graft", study["Graft"]
    bench.seconds_target("nothing to do on 100,000 cells, wall", 100_000, graft[1], 1.5, again[graft])
    bench.seconds_target("`graft status` of 100,000 cells, wall", 100_000, graft[1], 0.1, status[graft])
    yield "### Nothing to do\n"
    yield "The same command once more on the finished study. PyExperimenter fills in the grid and executes what is open.\n"
    yield from side_table(again, "cell")
    yield "### How far it is\n"
    yield "`graft status`, `snakemake --summary`, `doit list --all --status`.\n"
    yield from side_table(status, "cell")


def reporting(bench):
    """6: from the state to tables and figures."""
    sides, study = bench.sides, bench.study
    results = bench.in_turns(
        {
            (name, study[name]): lambda name=name: sides[name].report(study[name])
            for name in ("Graft", "PyExperimenter")
            if name in study
        })
    graft = "Graft", study["Graft"]
    bench.seconds_target("report of 100,000 cells, wall", 100_000, graft[1], 5, results[graft])
    yield "### Report\n"
    yield (
        "`graft report`: all tables, figures and the page. PyExperimenter has no report; beside it stands what its users write:"
        " `get_table`, grouped by setting, to one CSV file of counts, means, deviations and medians.\n"
    )
    yield from side_table(results, "cell", memory=True)


def growing(bench):
    """4: the finished study with more cells."""
    limit, study, more = bench.sizes.limit, bench.study, bench.sizes.more
    runs = {}
    for name, cells in study.items():
        side = bench.sides[name]
        if name == "Graft":
            runs[name, cells] = lambda side=side, cells=cells: side.grown_plan(cells, limit)
        elif name == "PyExperimenter":
            runs[name, cells] = lambda side=side, cells=cells: side.grow(cells, limit)
        else:
            runs[name, cells] = lambda side=side, cells=cells, name=name: side.grown_plan(cells, more[name], limit)
    results = bench.in_turns(runs)
    graft = study["Graft"]
    bench.seconds_target(
        "plan of 100,000 finished cells and 1,000 more, wall", 100_000, graft, 3, results["Graft", graft])
    cost, attempts = bench.sides["Graft"].run_grown(graft)
    if attempts != STAGES_A_CELL * CELLS_A_RATE:
        raise AssertionError(f"the grown study ran {attempts} stages, not {STAGES_A_CELL * CELLS_A_RATE}")
    yield "### Growing\n"
    added = ", ".join(f"{name} {count:,}" for name, count in more.items())
    yield (
        f"The plan of the finished study with more cells ({added}). PyExperimenter fills in the new rows. Graft then ran exactly"
        f" the {attempts:,} new stages, in {cost.wall:.1f} s, and none again.\n"
    )
    yield from side_table(results, "cell")


def state(bench):
    """5: what is kept of a finished study. Before it is grown."""
    yield "### State\n"
    yield (
        "Bytes of each tool's own records of its finished study: Graft's `state.sqlite` and the log beside it, Snakemake's"
        " `.snakemake`, doit's and PyExperimenter's data bases. Graft's hold keys, parameters, inputs, attempts, costs, metrics and three validations of"
        " each training. HyperQueue's Python API starts its server without a journal: it keeps nothing.\n"
    )
    yield "| tool | cells | records of | bytes | bytes a record |\n|---|---:|---|---:|---:|"
    for name, cells in bench.study.items():
        used = bench.sides[name].state(cells)
        records, what = (cells, "cells") if name == "PyExperimenter" else (stages(cells), "stages")
        yield f"| {name} | {cells:,} | {records:,} {what} | {used:,} | {used / records:,.0f} |"
        if name == "Graft":
            at_size = used / records if cells == 100_000 else None
            bench.target("state file after 100,000 cells, bytes a stage", 1000, at_size, amount)
    yield ""


def doing_nothing(bench):
    """3: independent tasks that do nothing."""
    results = bench.in_turns(
        {
            (name, count): lambda name=name, count=count: bench.sides[name].noop(count, limit=bench.sizes.limit)
            for name, count in bench.sizes.noop.items()
        })
    count = bench.sizes.noop["Graft"]
    result = results["Graft", count]
    at_size = result.cpu / count * 1e3 if count == 100_000 and not isinstance(result, NoResult) else None
    bench.target("CPU of a stage that does nothing, of 100,000", 0.5, at_size, lambda value: f"{value:.2f} ms")
    bytes_a_stage = bench.sides["Graft"].noop_state() / count if count == 100_000 else None
    bench.target("state file after 100,000 such stages, bytes a stage", 1000, bytes_a_stage, amount)
    yield "## What a task costs\n"
    yield (
        "Independent tasks that do nothing, two at a time where the tool has that; CPU of all processes together. Graft's are"
        " `graft noop`, each stage handed to one of two workers, recorded with its attempt and costs. HyperQueue, Snakemake and xargs"
        " start a process for each task; doit and PyExperimenter call a Python function in their own process. xargs and HyperQueue"
        " record nothing on disk, and doit writes its data base when all tasks are over.\n"
    )
    yield from side_table(results, "task")

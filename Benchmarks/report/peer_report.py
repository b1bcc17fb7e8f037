"""What a researcher writes with pandas and matplotlib from the same CSV files: the tables and the figures of a report.

    peer_report.py CELLS_CSV HISTORY_CSV FOLDER [--tables|--figures]

Tables: cells, settings (n, mean, sd, median, least, greatest, t interval of each setting and metric), gains (paired by seed:
differences with t intervals, exact sign-flip p values, Holm's correction, ratios) and history. Figures, as SVG of at most 120
panels each: gains, performance with runs, means and intervals, training curves with the band over seeds, convergence. Everything
is vectorised over settings where pandas and NumPy can.
"""

import argparse
import pathlib
import sys

import numpy
import pandas
from scipy import stats

PANELS = 120
COLOURS = {"RI": "#6e6e6e", "ST": "#e39a00", "WT": "#005a9c"}


def axes_of(cells):
    """The columns that name a case: all between the data set and the initialisation."""
    columns = list(cells.columns)
    return columns[columns.index("dataset"):columns.index("init")]


def settings_table(cells, case):
    table = cells.groupby([*case, "init", "split", "metric"], sort=False, observed=True)["value"].agg(
        ["count", "mean", "std", "median", "min", "max"]).reset_index()
    reach = stats.t.ppf(0.975, table["count"] - 1) * table["std"] / numpy.sqrt(table["count"])
    return table.assign(ci_low=table["mean"] - reach, ci_high=table["mean"] + reach)


def sign_flip(differences):
    """Exact two-sided p values of rows of paired differences."""
    count = differences.shape[1]
    signs = 1 - 2 * ((numpy.arange(2 ** count)[:, None] >> numpy.arange(count)) & 1)
    sums = numpy.abs(differences @ signs.T)
    return (sums >= sums[:, :1] * (1 - 1e-12)).mean(axis=1)


def holm(p):
    order = numpy.argsort(p, kind="stable")
    corrected = numpy.empty_like(p)
    corrected[order] = numpy.minimum(1, numpy.maximum.accumulate(p[order] * (len(p) - numpy.arange(len(p)))))
    return corrected


def gains_table(cells, case):
    judged = cells[(cells["split"] == "test") & (cells["metric"] == "quadratic_kappa")]
    wide = judged.pivot_table(index=[*case, "seed"], columns="init", values="value", sort=False, observed=True)
    gains = None
    for name, first, second in [("wt_ri", "WT", "RI"), ("wt_st", "WT", "ST"), ("st_ri", "ST", "RI")]:
        difference = (wide[first] - wide[second]).unstack("seed")
        values = difference.to_numpy()
        count = values.shape[1]
        mean, sd = values.mean(axis=1), values.std(axis=1, ddof=1)
        reach = stats.t.ppf(0.975, count - 1) * sd / numpy.sqrt(count)
        p = sign_flip(values)
        part = pandas.DataFrame(
            {name: mean, f"{name}_ci_low": mean - reach, f"{name}_ci_high": mean + reach, f"{name}_p": p,
             f"{name}_p_corrected": holm(p)}, index=difference.index)
        gains = part if gains is None else gains.join(part)
    means = wide.groupby(level=list(range(len(case))), sort=False).mean()
    return gains.join(pandas.DataFrame({
        "relative_gain": means["WT"] / means["RI"], "feature_reuse": (means["WT"] - means["ST"]) / means["WT"]}))


def figure(panels, draw, path):
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    columns = 4
    rows = -(-len(panels) // columns)
    drawing, grid = pyplot.subplots(rows, columns, figsize=(10, 1.8 * rows), squeeze=False)
    for axes, panel in zip(grid.flat, panels):
        draw(axes, *panel)
    drawing.savefig(path)
    pyplot.close(drawing)


def figures(cells, history, case, settings, gains, folder):
    test = settings[(settings["split"] == "test") & (settings["metric"] == "quadratic_kappa")]
    runs = cells[(cells["split"] == "test") & (cells["metric"] == "quadratic_kappa")]
    cases = list(test.groupby(case, sort=False, observed=True).indices)[:PANELS]
    shown = pandas.MultiIndex.from_tuples(cases, names=case)
    own = test.set_index(case).loc[shown]
    own_runs = runs.set_index(case).loc[shown]
    curves = history.set_index(case).loc[shown].groupby([*case, "init", "epoch"], sort=False, observed=True)[
        "validation_metric"].agg(["mean", "min", "max"])

    def performance(axes, name):
        for place, (initialisation, row) in enumerate(own.loc[name].groupby("init", sort=False)):
            values = own_runs.loc[name]
            values = values[values["init"] == initialisation]["value"]
            colour = COLOURS.get(initialisation, "#7d4f9e")
            axes.plot([place] * len(values), values, ".", color=colour)
            axes.errorbar(
                place, row["mean"].iloc[0], yerr=(row["ci_high"] - row["mean"]).iloc[0], fmt="o", color=colour)
        axes.set_title(" ".join(map(str, name)), fontsize=6)

    def training(axes, name):
        for initialisation, curve in curves.loc[name].groupby("init", sort=False):
            curve = curve.droplevel("init")
            colour = COLOURS.get(initialisation, "#7d4f9e")
            axes.plot(curve.index, curve["mean"], color=colour)
            axes.fill_between(curve.index, curve["min"], curve["max"], color=colour, alpha=0.2)
        axes.set_title(" ".join(map(str, name)), fontsize=6)

    best = history.groupby([*case, "init", "seed"], sort=False, observed=True)["validation_metric"].transform("max")
    reached = history[history["validation_metric"] >= 0.95 * best].groupby(
        [*case, "init", "seed"], sort=False, observed=True)["epoch"].first()
    convergence_runs = reached.reset_index().set_index(case).loc[shown]

    def convergence(axes, name):
        for place, (initialisation, values) in enumerate(convergence_runs.loc[name].groupby("init", sort=False)):
            axes.plot([place] * len(values), values["epoch"], ".", color=COLOURS.get(initialisation, "#7d4f9e"))
        axes.set_title(" ".join(map(str, name)), fontsize=6)

    backbones = list(dict.fromkeys(gains.index.get_level_values("backbone")))

    def gain(axes, name):
        part = gains[gains.index.get_level_values("backbone") == name].iloc[:1000]
        axes.scatter(
            part.index.get_level_values("fraction"), part["wt_ri"], s=20 * numpy.clip(part["relative_gain"], 0.1, 3),
            c=part["feature_reuse"])
        axes.set_title(name, fontsize=6)

    figure([(name,) for name in backbones], gain, folder / "figure-1.svg")
    figure([(name,) for name in cases], performance, folder / "performance.svg")
    figure([(name,) for name in cases], training, folder / "training-curves.svg")
    figure([(name,) for name in cases], convergence, folder / "convergence.svg")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cells", type=pathlib.Path)
    parser.add_argument("history", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tables", action="store_true", help="no figures")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    names = {name: "category" for name in ("study", "dataset", "backbone", "init", "state", "split", "metric")}
    cells = pandas.read_csv(options.cells, dtype=names)
    history = pandas.read_csv(options.history, dtype={"dataset": "category", "backbone": "category", "init": "category"})
    case = axes_of(cells)
    settings = settings_table(cells, case)
    gains = gains_table(cells, case)
    cells.to_csv(options.folder / "cells.csv", index=False)
    settings.to_csv(options.folder / "settings.csv", index=False)
    gains.to_csv(options.folder / "gains.csv")
    history.to_csv(options.folder / "history.csv", index=False)
    if not options.tables:
        figures(cells, history, case, settings, gains, options.folder)
    print(f"{len(cells)} rows, {len(settings)} settings, {len(gains)} gains", file=sys.stderr)


if __name__ == "__main__":
    main()

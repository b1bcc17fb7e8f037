"""Numbers of SciPy and statsmodels that StatisticsTests compares Graft's with.

    pip install scipy statsmodels
    python Tests/ReportTests/Fixtures/statistics.py > Tests/ReportTests/Fixtures/statistics.json
"""

import itertools
import json
import sys
import types

import numpy
import scipy
import scipy.stats
import statsmodels
from statsmodels.stats.multitest import multipletests

EXACT_LIMIT = 8
DRAWS = 1_999


def mean(x, axis=-1):
    return numpy.mean(x, axis=axis)


def ratio(x, y, axis=-1):
    return numpy.sum(x, axis=axis) / numpy.sum(y, axis=axis)


def every_resample(n):
    return numpy.array(list(itertools.product(range(n), repeat=n)))


def drawn_resamples(count):
    """The resamples that the number of values leads to, by SplitMix64."""
    mask = (1 << 64) - 1
    state = count
    rows = []
    for _ in range(DRAWS):
        row = []
        for _ in range(count):
            state = (state + 0x9E3779B97F4A7C15) & mask
            mixed = state
            mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & mask
            mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & mask
            row.append(((mixed ^ (mixed >> 31)) * count) >> 64)
        rows.append(row)
    return numpy.array(rows)


def bca(samples, statistic):
    """SciPy's interval from given resamples: of few values all n^n of them."""
    samples = [numpy.asarray(sample) for sample in samples]
    n = len(samples[0])
    places = every_resample(n) if n <= EXACT_LIMIT and n**n <= 4_000_000 else drawn_resamples(n)
    replicates = statistic(*[sample[places] for sample in samples], axis=-1)
    # Equal but for rounding is equal.
    estimate = statistic(*samples)
    replicates = numpy.where(numpy.isclose(replicates, estimate, rtol=1e-12, atol=0), estimate, replicates)
    made = types.SimpleNamespace(bootstrap_distribution=replicates)
    found = scipy.stats.bootstrap(
        samples, statistic, n_resamples=0, paired=True, vectorized=True, method="BCa", bootstrap_result=made)
    return [float(found.confidence_interval.low), float(found.confidence_interval.high)]


def spearman(x, y):
    found = scipy.stats.spearmanr(x, y)
    p = float(found.pvalue)
    if len(x) <= 9:
        exact = scipy.stats.permutation_test(
            (x,), lambda moved: scipy.stats.spearmanr(moved, y).statistic, permutation_type="pairings",
            n_resamples=numpy.inf if len(x) <= 6 else 9)
        # Of more than six values SciPy would take minutes: all orders by ranks, at once.
        orders = numpy.array(list(itertools.permutations(scipy.stats.rankdata(x))))
        other = scipy.stats.rankdata(y) - (len(y) + 1) / 2
        sums = numpy.abs((orders - (len(x) + 1) / 2) @ other)
        observed = abs((scipy.stats.rankdata(x) - (len(x) + 1) / 2) @ other)
        p = float(numpy.mean(sums >= observed - 1e-9))
        if len(x) <= 6:
            assert abs(p - float(exact.pvalue)) < 1e-12, (p, exact.pvalue)
    return {"x": list(x), "y": list(y), "rho": float(found.statistic), "p": p}


def main():
    random = numpy.random.default_rng(7)
    pairs = [
        ([0.655, 0.721, 0.688, 0.702, 0.611], [0.601, 0.702, 0.690, 0.681, 0.585]),
        ([0.9, 0.91, 0.95], [0.8, 0.85, 0.83]),
        ([0.5, 0.75], [0.5, 0.5]),
        ([0.5, 0.5, 0.75, 0.5], [0.5, 0.25, 0.25, 0.5]),
    ]
    for n in [4, 6, 7, 12, 30]:
        second = random.uniform(0.5, 0.8, n).round(4)
        pairs.append(([float(v) for v in (second + random.normal(0.05, 0.03, n)).round(4)], [float(v) for v in second]))
    comparisons = []
    for first, second in pairs:
        differences = [a - b for a, b in zip(first, second)]
        comparisons.append({
            "first": first, "second": second,
            "t_p": float(scipy.stats.ttest_rel(first, second).pvalue),
            "bca_difference": bca([differences], mean),
            "bca_ratio": bca([first, second], ratio),
        })
    families = [[0.01, 0.04, 0.03, 0.2], [0.0625] * 5, [0.5], [0.001, 0.8, 0.0625, 0.0625, 0.03125, 1.0]]
    families.append([float(p) for p in random.uniform(0, 0.3, 20).round(5)])
    correlations = [
        spearman([1, 2, 3], [1, 3, 2]),
        spearman([3662, 10239, 25331, 224316, 327680], [58, 33, 65, 34, 28.5]),
        spearman([1, 2, 2, 3, 5, 5], [2, 1, 4, 4, 8, 7]),
        spearman([float(v) for v in random.uniform(size=8).round(3)], [float(v) for v in random.uniform(size=8).round(3)]),
        spearman([float(v) for v in random.integers(0, 4, 9)], [float(v) for v in random.integers(0, 4, 9)]),
        spearman([float(v) for v in random.integers(0, 9, 20)], [float(v) for v in random.integers(0, 9, 20)]),
    ]
    normal = [1e-12, 1e-5, 0.025, 0.2, 0.5, 0.8, 0.975, 1 - 1e-9]
    json.dump({
        "scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
        "comparisons": comparisons,
        "corrections": [{
            "p": family,
            "holm": [float(p) for p in multipletests(family, method="holm")[1]],
            "benjamini_hochberg": [float(p) for p in multipletests(family, method="fdr_bh")[1]],
        } for family in families],
        "correlations": correlations,
        "normal_quantiles": [{"p": p, "z": float(scipy.stats.norm.ppf(p))} for p in normal],
    }, sys.stdout, indent=1)
    print()


main()

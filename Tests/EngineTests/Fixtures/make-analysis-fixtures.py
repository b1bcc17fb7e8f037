"""Writes analysis.npz and analysis.json beside this file: features, and what NumPy, SciPy, mpmath, scikit-learn and umap-learn
make of them.

Needs numpy, scipy, mpmath, scikit-learn and umap-learn:  python make-analysis-fixtures.py
"""

import json
import pathlib
import warnings

import mpmath
import numpy
import scipy.linalg
import sklearn
import umap
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from umap.umap_ import find_ab_params, fuzzy_simplicial_set

HERE = pathlib.Path(__file__).parent
mpmath.mp.dps = 50


def exact(a, b):
    """The Fréchet distance of float32 features, in 50 digits: with centred rows X and Y, the trace of (S_a S_b)^(1/2) is the sum
    of the singular values of X Y^T / sqrt((n - 1) (m - 1))."""
    x, y = (mpmath.matrix(rows.astype(float).tolist()) for rows in (a, b))
    means = []
    for rows in (x, y):
        mean = [mpmath.fsum(rows[i, j] for i in range(rows.rows)) / rows.rows for j in range(rows.cols)]
        for i in range(rows.rows):
            for j in range(rows.cols):
                rows[i, j] -= mean[j]
        means.append(mean)
    traces = [
        mpmath.fsum(rows[i, j] ** 2 for i in range(rows.rows) for j in range(rows.cols)) / (rows.rows - 1)
        for rows in (x, y)
    ]
    common = mpmath.svd_r(x * y.T, compute_uv=False)
    common = mpmath.fsum(common) / mpmath.sqrt((x.rows - 1) * (y.rows - 1))
    return float(mpmath.fsum((p - q) ** 2 for p, q in zip(*means)) + sum(traces) - 2 * common)


def by_sqrtm(a, b):
    """The same as the common FID tools compute it."""
    a, b = a.astype(float), b.astype(float)
    (mu, nu), (s, t) = [rows.mean(0) for rows in (a, b)], [numpy.cov(rows, rowvar=False) for rows in (a, b)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = scipy.linalg.sqrtm(s @ t)
    return float(((mu - nu) ** 2).sum() + numpy.trace(s) + numpy.trace(t) - 2 * numpy.trace(root.real))


def features(generator, n, d, scale=1.0, offset=0.0):
    mixing = generator.normal(size=(d, d)) * numpy.logspace(0, -2, d)[:, None]
    return (generator.normal(size=(n, d)) @ mixing * scale + offset + generator.normal(size=d)).astype(numpy.float32)


generator = numpy.random.default_rng(20260)
arrays, result = {}, {}

d = 12
arrays["full_a"], arrays["full_b"] = features(generator, 60, d), features(generator, 50, d, 1.5)
arrays["far_a"], arrays["far_b"] = features(generator, 40, d, 0.01, 1000), features(generator, 40, d, 0.01, 1000)
arrays["few_a"], arrays["few_b"] = features(generator, 7, d), features(generator, 5, d)
arrays["constant_a"], arrays["constant_b"] = features(generator, 30, d), features(generator, 30, d)
arrays["constant_a"][:, 3] = 0.1
arrays["constant_b"][:, 3] = 0.1
arrays["constant_b"][:, 5] = 7
result["frechet"] = [
    {
        "name": name,
        "exact": exact(arrays[f"{name}_a"], arrays[f"{name}_b"]),
        "sqrtm": by_sqrtm(arrays[f"{name}_a"], arrays[f"{name}_b"]),
    }
    for name in ("full", "far", "few", "constant")
]
result["statistics"] = {
    name: {
        "mean": arrays[name].astype(float).mean(0).tolist(),
        "covariance": numpy.cov(arrays[name].astype(float), rowvar=False).ravel().tolist(),
    }
    for name in ("full_a", "far_a", "few_a")
}


def components(rows):
    """Two principal components, each turned so that its greatest loading is positive."""
    pca = PCA(n_components=2, svd_solver="full").fit(rows.astype(float))
    signs = [numpy.sign(axis[numpy.abs(axis).argmax()]) for axis in pca.components_]
    places = pca.transform(rows.astype(float)) * signs
    return {"places": places.ravel().tolist(), "ratios": pca.explained_variance_ratio_.tolist()}


# More images than features, fewer, and one feature that is constant.
result["components"] = {name: components(arrays[name]) for name in ("full_a", "few_a", "constant_b")}

arrays["plane"] = generator.normal(size=(60, 2))
result["trustworthiness"] = [
    {"k": k, "value": float(trustworthiness(arrays["full_a"].astype(float), arrays["plane"], n_neighbors=k))}
    for k in (1, 5, 15, 29)
]

result["curves"] = [
    {"min_dist": least, "spread": spread, "ab": [float(x) for x in find_ab_params(spread, least)]}
    for least, spread in ((0.1, 1.0), (0.0, 1.0), (0.5, 1.0), (0.99, 1.0), (0.1, 2.5), (0.25, 0.5))
]

for metric in ("euclidean", "cosine"):
    graph, _, _ = fuzzy_simplicial_set(arrays["full_a"], 15, numpy.random.RandomState(0), metric)
    arrays[f"graph_{metric}"] = graph.toarray().astype(numpy.float32)

digits = load_digits().data[:600]
arrays["digits"] = digits.astype(numpy.uint8)
result["umap"] = {"version": umap.__version__, "sklearn": sklearn.__version__, "runs": []}
for metric in ("euclidean", "cosine"):
    for seed in range(5):
        places = umap.UMAP(random_state=seed, metric=metric, n_jobs=1).fit_transform(digits)
        result["umap"]["runs"].append(
            {
                "metric": metric,
                "seed": seed,
                "trustworthiness": {
                    str(k): float(trustworthiness(digits, places.astype(float), n_neighbors=k)) for k in (5, 15)
                },
            }
        )

numpy.savez_compressed(HERE / "analysis.npz", **arrays)
(HERE / "analysis.json").write_text(json.dumps(result, indent=1) + "\n")

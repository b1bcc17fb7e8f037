"""Writes representations.json beside this file: neighbours' votes by scikit-learn, and CKA and weight distances by
plain float64 numpy, of inputs that the tests compute by the same formula.

Needs numpy and scikit-learn:  python representations.py
"""

import json
import pathlib

import numpy
from sklearn.neighbors import KNeighborsClassifier

HERE = pathlib.Path(__file__).parent
TEMPERATURE = 0.1


def formula(name, count):
    """Numbers in [-1, 1): SplitMix64 of the FNV-1a hash of the name plus the index."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) % 2**64
    with numpy.errstate(over="ignore"):
        z = numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(seed)
        z = z * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z = z ^ (z >> numpy.uint64(31))
    return (z >> numpy.uint64(40)).astype(numpy.float64) / 2.0**23 - 1


def rows(name, *shape):
    return formula(name, int(numpy.prod(shape))).reshape(shape)


# Neighbours

BANK, QUERIES, WIDTH, CLASSES = 70, 9, 6, 4


def features():
    """Rows 10 to 14 of the bank are 20 to 24 again, of other classes; row 30 and the last query have length 0."""
    result = {}
    for part in ("cls", "patches"):
        bank, queries = rows(f"{part} of the bank", BANK, WIDTH), rows(f"{part} of the queries", QUERIES, WIDTH)
        if part == "patches":
            bank, queries = bank * 3, queries * 0.25
        bank[10:15] = bank[20:25]
        bank[30] = 0
        queries[-1] = 0
        result[part] = tuple(x.astype(numpy.float32).astype(numpy.float64) for x in (bank, queries))
    result["all"] = tuple(numpy.concatenate(pair, axis=1) for pair in zip(result["cls"], result["patches"]))
    return result


def cosines(queries, bank):
    def unit(x):
        lengths = numpy.linalg.norm(x, axis=1, keepdims=True)
        return x / numpy.where(lengths == 0, 1, lengths)

    return unit(queries) @ unit(bank).T


def votes():
    labels = numpy.array([(7 * i + i // 5) % CLASSES for i in range(BANK)])
    # 1, 0 and -1 for unknown; nobody knows the third class of any image.
    targets = numpy.floor(rows("targets", BANK, 3) * 1.5 + 0.5).clip(-1, 1)
    targets[:, 2] = -1
    result = []
    for part, (bank, queries) in features().items():
        for k in (19, BANK):
            # A query of length 0 is equally far from everything: scikit-learn does not define who votes unless all do.
            asked = queries if k == BANK else queries[:-1]
            similarities = cosines(asked, bank)
            order = numpy.argsort(-similarities, axis=1, kind="stable")
            ranked = numpy.take_along_axis(similarities, order, axis=1)
            if k < BANK:
                assert (ranked[:, k - 1] - ranked[:, k] > 1e-5).all(), "equal ones at the edge"
            classifier = KNeighborsClassifier(
                k, metric="cosine", algorithm="brute", weights=lambda d: numpy.exp((1 - d) / TEMPERATURE)
            )
            single = classifier.fit(bank, labels).predict_proba(asked)
            several = numpy.zeros((len(asked), 3))
            for query, neighbours in enumerate(order[:, :k]):
                weights = numpy.exp(similarities[query, neighbours] / TEMPERATURE)
                for c in range(3):
                    known = targets[neighbours, c] >= 0
                    if known.any():
                        several[query, c] = (weights * targets[neighbours, c])[known].sum() / weights[known].sum()
            result.append(
                {
                    "part": part,
                    "k": k,
                    "queries": len(asked),
                    "labels": single.ravel().tolist(),
                    "targets": several.ravel().tolist(),
                }
            )
    return result


# CKA

# Layers' outputs without their images' axis; the second network's second layer is the first one's first, under noise.
LAYERS = {"first": [(3, 4, 4), (5, 7), (11,)], "second": [(2, 6, 6), (48,)]}
BATCHES = [12, 12, 5, 3]


def activations(network, batch, index):
    n, shape = BATCHES[batch], LAYERS[network][index]
    x = rows(f"{network} {index} batch {batch}", n, int(numpy.prod(shape)))
    if network == "second" and index == 1:
        x = 0.5 * x + activations("first", batch, 0)
    # A mean that is large beside what images differ by.
    return (x + 2).astype(numpy.float32).astype(numpy.float64)


def gram(x):
    return x @ x.T


def unbiased(k, l):
    """Song et al. (2012), eq. 5, to the letter."""
    n = len(k)
    k, l = k - numpy.diag(numpy.diag(k)), l - numpy.diag(numpy.diag(l))
    one = numpy.ones(n)
    trace = numpy.trace(k @ l)
    means = (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    mixed = 2 / (n - 2) * (one @ k @ l @ one)
    return (trace + means - mixed) / (n * (n - 3))


def debiased_ratio(k, l):
    """Centred without their diagonals, then correlated, as the code of Kornblith et al. (2019) has it."""

    def centred(g):
        n = len(g)
        g = g - numpy.diag(numpy.diag(g))
        means = g.sum(axis=0) / (n - 2)
        means = means - means.sum() / (2 * (n - 1))
        g = g - means[:, None] - means[None, :]
        return g - numpy.diag(numpy.diag(g))

    k, l = centred(k).ravel(), centred(l).ravel()
    return k @ l / (numpy.linalg.norm(k) * numpy.linalg.norm(l))


def alignment():
    result = {}
    for right in ("first", "second"):
        sums = numpy.zeros((3, len(LAYERS["first"]), len(LAYERS[right])))
        ratios = []
        for batch, n in enumerate(BATCHES):
            if n < 4:
                continue
            left_grams = [gram(activations("first", batch, i)) for i in range(len(LAYERS["first"]))]
            right_grams = [gram(activations(right, batch, i)) for i in range(len(LAYERS[right]))]
            for i, k in enumerate(left_grams):
                for j, l in enumerate(right_grams):
                    sums[:, i, j] += unbiased(k, l), unbiased(k, k), unbiased(l, l)
            ratios.append([[debiased_ratio(k, l) for l in right_grams] for k in left_grams])
        result[right] = {
            "unbiased": (sums[0] / numpy.sqrt(sums[1] * sums[2])).ravel().tolist(),
            "released": numpy.mean(ratios, axis=0).ravel().tolist(),
        }
    return result


# Distances of weights

# Names with their roles; layer.1 is no part of layer.10, nor is fc of mlp.fc1.
TENSORS = {
    "stem.weight": ("convolutionWeight", (4, 3, 3, 3)),
    "layer.1.weight": ("linearWeight", (5, 4)),
    "layer.1.bias": ("linearBias", (5,)),
    "layer.1.norm.weight": ("normScale", (5,)),
    "layer.1.norm.bias": ("normShift", (5,)),
    "layer.1.norm.running_mean": ("runningMean", (5,)),
    "layer.1.norm.running_var": ("runningVariance", (5,)),
    "layer.10.weight": ("linearWeight", (3, 7)),
    "layer.10.mlp.fc1.weight": ("linearWeight", (6, 2)),
    "norm.weight": ("normScale", (6,)),
    "positions": ("embedding", (1, 4, 2)),
    "fc.weight": ("linearWeight", (2, 6)),
    "fc.bias": ("linearBias", (2,)),
}
MODULES = ["stem", "layer.1", "layer.10", "layer.10.mlp", "norm", "fc"]


def distances():
    tensors = {}
    for name, (role, shape) in TENSORS.items():
        before, after = (formula(f"{when} {name}", int(numpy.prod(shape))).astype(numpy.float32) for when in ("a", "b"))
        difference = before.astype(numpy.float64) - after.astype(numpy.float64)
        if role not in ("normScale", "normShift", "runningMean", "runningVariance"):
            tensors[name] = float(numpy.linalg.norm(difference) / difference.size)
    modules = {}
    for module in MODULES:
        values = [value for name, value in tensors.items() if name.startswith(module + ".")]
        modules[module] = float(numpy.mean(values)) if values else None
    return {
        "names": list(TENSORS),
        "roles": {name: role for name, (role, _) in TENSORS.items()},
        "shapes": {name: shape for name, (_, shape) in TENSORS.items()},
        "asked": MODULES,
        "tensors": tensors,
        "modules": modules,
        "total": float(numpy.mean([value for value in modules.values() if value is not None])),
    }


def main():
    content = {"votes": votes(), "alignment": alignment(), "distances": distances()}
    (HERE / "representations.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""The measures one after the other, each with its own passes over the images, as the study's released code does it.

Written from a description of that code, not from the code. Where the description leaves two readings, the one that
costs less is taken, and an option takes the other: `pass_per_layer` (layer-wise k-NN fills its banks in a pass of
their own for each layer, instead of one pass for all) and `pass_per_comparison` (CKA runs both sides of each of its
three comparisons anew, instead of each state once a batch). What is wrong in the code is done as it was meant, at the
same cost; `faults` does it as it is: the bank of k-NN from the initial weights, one distance over all tensors for
every layer.
"""

import torch
from meter import spread
from metrics import metrics
from network import BODY, HEAD, LAYERS, PATCHES, Watching, tensors_of

COMPARISONS = [("initial", "initial"), ("trained", "initial"), ("trained", "trained")]


def test(bench):
    with bench.meter.timed("test", "passes"):
        bench.network.load(bench.states["trained"])
        return {"values": {"test": evaluated(bench)}}


def evaluated(bench):
    """Metrics of the state that is loaded, by a pass over the test images."""
    scores = [bench.network.final(images)[1].softmax(1) for images, _ in bench.test]
    return metrics(torch.cat(scores), bench.test.labels)


def vote(queries, bank, bench):
    """Shares of the classes among each query's nearest neighbours, [n, classes]; the bank's rows have length 1.

    A neighbour counts exp(cosine / temperature).
    """
    similarity = torch.nn.functional.normalize(queries, dim=1) @ bank.T
    nearest, places = similarity.topk(min(bench.k, len(bank)), dim=1)
    answers = torch.nn.functional.one_hot(bench.train.labels, bench.classes).float()[places]
    votes = ((nearest / bench.temperature).exp()[..., None] * answers).sum(1)
    return votes / votes.sum(1, keepdim=True)


def knn(bench):
    with bench.meter.timed("knn", "passes"):
        bench.network.load(bench.states["initial" if bench.faults else "trained"])
        bank = torch.cat([bench.network.final(images)[0] for images, _ in bench.train])
        bank = torch.nn.functional.normalize(bank, dim=1)
        bench.network.load(bench.states["trained"])
        scores = [vote(bench.network.final(images)[0], bank, bench) for images, _ in bench.test]
        return {"values": {"knn": metrics(torch.cat(scores), bench.test.labels)}}


def forms(layer, output):
    """The vectors that stand for a layer's output in k-NN, by name: each [n, features]."""
    if layer == HEAD:
        return {"all": output}
    if layer == PATCHES:
        return {"all": output.mean(1)}
    cls, patches = output[:, 0], output[:, 1:].mean(1)
    return {"cls": cls, "patches": patches, "all": torch.cat([cls, patches], 1)}


def layerwise_knn(bench):
    layers = spread(LAYERS, bench.layers_timed) if bench.pass_per_layer else LAYERS
    groups = [[layer] for layer in layers] if bench.pass_per_layer else [layers]
    series = []
    for state in ("trained", "initial"):
        scores = {}
        for group in groups:
            of = len(LAYERS) / len(layers) if bench.pass_per_layer else 1
            with bench.meter.timed("layerwise_knn", "passes", 1, of):
                scores |= layer_scores(bench, state, group)
        series += layer_series(bench, state, scores)
    return {"series": series}


def layer_scores(bench, state, layers):
    """Votes for the test images at each layer and form: a bank of the training images, then queries batch by batch."""
    bench.network.load(bench.states[state])
    outputs = {}
    banks, scores = {}, {}
    with Watching(bench.network, layers, outputs.__setitem__):
        for images, _ in bench.train:
            bench.network.final(images)
            for layer in layers:
                for form, vectors in forms(layer, outputs[layer]).items():
                    banks.setdefault((layer, form), []).append(vectors)
        for key, rows in banks.items():
            banks[key] = torch.nn.functional.normalize(torch.cat(rows), dim=1)
        for images, _ in bench.test:
            bench.network.final(images)
            for layer in layers:
                for form, vectors in forms(layer, outputs[layer]).items():
                    scores.setdefault((layer, form), []).append(vote(vectors, banks[layer, form], bench))
    return {key: torch.cat(rows) for key, rows in scores.items()}


def layer_series(bench, state, scores):
    """One series for each form and metric, from (layer, form) to scores."""
    found = {key: metrics(rows, bench.test.labels) for key, rows in scores.items()}
    series = []
    for form in ("cls", "patches", "all"):
        layers = [layer for layer, other in found if other == form]
        for metric in next(iter(found.values())) if layers else []:
            values = [found[layer, form][metric] for layer in layers]
            described = {"measure": "layerwise_knn", "state": state, "part": form, "metric": metric}
            series.append(described | {"layers": layers, "values": values})
    return series


def centred_gram(rows):
    """The Gram matrix of [n, features], its diagonal zero and each row and column off it made to add up to zero."""
    gram = (rows @ rows.T).fill_diagonal_(0)
    count = len(gram)
    means = gram.sum(1) / (count - 2)
    means = means - means.sum() / (2 * (count - 1))
    return (gram - means[:, None] - means[None]).fill_diagonal_(0)


def similarity(left, right):
    """CKA of two layers' outputs on one batch by debiased HSIC: Gram matrices computed anew."""
    left, right = centred_gram(left.flatten(1)), centred_gram(right.flatten(1))
    return ((left * right).sum() / (left.norm() * right.norm())).item()


def cka(bench):
    every = [(row, column) for row in BODY for column in BODY]
    pairs = spread(every, bench.pairs_timed)
    sums = {comparison: dict.fromkeys(pairs, 0.0) for comparison in COMPARISONS}
    batches = 0
    for images, _ in bench.test:
        batches += 1
        kept = {}
        for comparison in COMPARISONS:
            with bench.meter.timed("cka", "passes"):
                if bench.pass_per_comparison:
                    kept.clear()
                outputs = []
                for state in comparison:
                    if bench.pass_per_comparison or state not in kept:
                        kept[state] = activations(bench, state, images)
                    outputs.append(kept[state])
            with bench.meter.timed("cka", "pairs of layers", len(pairs), len(every)):
                for row, column in pairs:
                    sums[comparison][row, column] += similarity(outputs[0][row], outputs[1][column])
    matrices = []
    for (rows, columns), values in sums.items():
        matrices.append(
            {
                "measure": "cka",
                "metric": "cka",
                "rows": {"state": rows, "layers": BODY},
                "columns": {"state": columns, "layers": BODY},
                "values": [values[pair] / batches if pair in values else None for pair in every],
            }
        )
    return {"matrices": matrices}


def activations(bench, state, images):
    """Every body layer's output for one batch; the state is loaded for it."""
    bench.network.load(bench.states[state])
    outputs = {}
    with Watching(bench.network, BODY, outputs.__setitem__):
        bench.network.final(images)
    return outputs


def l2(bench):
    """Per tensor |initial - trained| / number of elements; the mean over a layer's tensors, and of the layers."""
    with bench.meter.timed("l2", "distances"):
        initial, trained = bench.states["initial"], bench.states["trained"]
        distances = []
        for layer in LAYERS:
            names = list(initial) if bench.faults else tensors_of(initial, layer)
            moved = [(initial[name] - trained[name]).norm().item() / initial[name].numel() for name in names]
            distances.append(sum(moved) / len(moved))
    series = {"measure": "l2", "metric": "l2", "layers": LAYERS, "values": distances}
    return {"series": [series], "values": {"l2": {"total": sum(distances) / len(distances)}}}


def layer_importance(bench):
    """The test metrics with one layer's tensors as they were before training: a pass over the test images each."""
    layers = spread(bench.importance_layers, bench.modules_timed)
    found = []
    for layer in layers:
        with bench.meter.timed("layer_importance", "modules", 1, len(bench.importance_layers) / len(layers)):
            state = torch.load(bench.folder / "trained.pth", weights_only=True)
            state |= {name: bench.states["initial"][name] for name in tensors_of(state, layer)}
            bench.network.load(state)
            found.append(evaluated(bench))
    return {"series": importance_series(layers, found)}


def importance_series(layers, found):
    described = {"measure": "layer_importance", "state": "trained", "layers": layers}
    return [described | {"metric": metric, "values": [at[metric] for at in found]} for metric in found[0]]


MEASURES = {
    "test": test,
    "knn": knn,
    "layerwise_knn": layerwise_knn,
    "cka": cka,
    "l2": l2,
    "layer_importance": layer_importance,
}

"""The measures written well in PyTorch: one pass over each split for each state, from which all of them are taken.

While a batch goes through, hooks reduce each layer's output to what is needed of it: the vectors of k-NN, and one Gram
matrix of the batch. CKA is then a product of small matrices. Re-initialisation of layers needs a pass for each layer.
The formulas are written apart from those of released.py, so that the two check each other.
"""

import math

import torch
from meter import spread
from metrics import metrics
from network import BODY, HEAD, LAYERS, PATCHES, Watching, tensors_of
from released import COMPARISONS, importance_series, layer_series

# Which passes a measure needs, (state, split), and what of the layers: k-NN's vectors, Gram matrices.
NEEDS = {
    "test": {("trained", "test"): set()},
    "knn": {("trained", "train"): set(), ("trained", "test"): set()},
    "layerwise_knn": {(state, split): {"vectors"} for state in ("trained", "initial") for split in ("train", "test")},
    "cka": {(state, "test"): {"grams"} for state in ("trained", "initial")},
}


class Pass:
    """What one pass of a state over a split leaves: `final` [n, 384], `logits`, `tokens` by layer, `grams` by batch."""

    def __init__(self, bench, state, split, kept):
        bench.network.load(bench.states[state])
        self.tokens = {layer: ([], []) for layer in LAYERS}
        self.grams = []
        final, logits = [], []
        layers = [layer for layer in LAYERS if "vectors" in kept or ("grams" in kept and layer != HEAD)]

        def see(layer, output):
            if "vectors" in kept:
                self.keep_vectors(layer, output)
            if "grams" in kept and layer != HEAD:
                self.grams[-1][layer] = centred(output.flatten(1))

        with torch.inference_mode(), Watching(bench.network, layers, see):
            for images, _ in bench.splits[split]:
                self.grams.append({})
                features, answers = bench.network.final(images)
                final.append(features)
                logits.append(answers)
        self.final, self.logits = torch.cat(final), torch.cat(logits)
        self.tokens = {
            layer: tuple(torch.cat(rows) for rows in kinds if rows) for layer, kinds in self.tokens.items() if kinds[0]
        }

    def keep_vectors(self, layer, output):
        cls, patches = self.tokens[layer]
        if layer == HEAD:
            cls.append(output)
        elif layer == PATCHES:
            cls.append(output.mean(1))
        else:
            cls.append(output[:, 0].clone())
            patches.append(output[:, 1:].mean(1))


def centred(rows):
    """The U-centred Gram matrix (Szekely and Rizzo 2014) of [n, features], float64 [n * n].

    The rows' mean is taken away first: U-centring would do it too, but after the products, at the cost of their digits.
    """
    rows = rows - rows.mean(0)
    gram = (rows @ rows.T).double().fill_diagonal_(0)
    count = len(gram)
    sums = gram.sum(1)
    gram += sums.sum() / ((count - 1) * (count - 2)) - (sums[:, None] + sums[None]) / (count - 2)
    return gram.fill_diagonal_(0).flatten()


def shares(queries, bank, bench):
    """Shares of the classes among each query's nearest neighbours, for all queries at once."""
    cosine = torch.nn.functional.normalize(queries, dim=1) @ torch.nn.functional.normalize(bank, dim=1).T
    nearest, places = cosine.topk(min(bench.k, len(bank)), dim=1)
    weights = ((nearest - nearest[:, :1]) / bench.temperature).exp()
    votes = torch.zeros(len(queries), bench.classes).scatter_add_(1, bench.train.labels[places], weights)
    return votes / weights.sum(1, keepdim=True)


def test(bench):
    with bench.meter.timed("test", "metrics"):
        logits = bench.passes["trained", "test"].logits
        return {"values": {"test": metrics(logits.softmax(1), bench.test.labels)}}


def knn(bench):
    with bench.meter.timed("knn", "votes"):
        scores = shares(bench.passes["trained", "test"].final, bench.passes["trained", "train"].final, bench)
        return {"values": {"knn": metrics(scores, bench.test.labels)}}


def layerwise_knn(bench):
    series = []
    for state in ("trained", "initial"):
        with bench.meter.timed("layerwise_knn", "votes"):
            bank, queries = bench.passes[state, "train"].tokens, bench.passes[state, "test"].tokens
            scores = {}
            for layer in LAYERS:
                if len(bank[layer]) == 2:
                    scores[layer, "cls"] = shares(queries[layer][0], bank[layer][0], bench)
                    scores[layer, "patches"] = shares(queries[layer][1], bank[layer][1], bench)
                scores[layer, "all"] = shares(torch.cat(queries[layer], 1), torch.cat(bank[layer], 1), bench)
            series += layer_series(bench, state, scores)
    return {"series": series}


def cka(bench):
    """`cka`, the mean of the batches' ratios, as released; `minibatch_cka`, the ratio of the batches' summed HSICs.

    The second is Nguyen, Raghu and Kornblith (2021), eq. 2: batches of another size count by their HSICs.
    """
    matrices = []
    for comparison in COMPARISONS:
        with bench.meter.timed("cka", "products"):
            rows, columns = (bench.passes[state, "test"].grams for state in comparison)
            ratios, cross, row_terms, column_terms = 0, 0, 0, 0
            for left, right in zip(rows, columns):
                left, right = (torch.stack([grams[layer] for layer in BODY]) for grams in (left, right))
                images = math.isqrt(left.shape[1])
                products, row_norms, column_norms = (
                    product / (images * (images - 3))
                    for product in (left @ right.T, left.square().sum(1), right.square().sum(1))
                )
                ratios += products / torch.outer(row_norms, column_norms).sqrt()
                cross, row_terms, column_terms = cross + products, row_terms + row_norms, column_terms + column_norms
            values = {"cka": ratios / len(rows), "minibatch_cka": cross / torch.outer(row_terms, column_terms).sqrt()}
        described = {"measure": "cka"} | {
            side: {"state": state, "layers": BODY} for side, state in zip(("rows", "columns"), comparison)
        }
        matrices += [described | {"metric": name, "values": table.flatten().tolist()} for name, table in values.items()]
    return {"matrices": matrices}


def l2(bench):
    with bench.meter.timed("l2", "distances"):
        initial, trained = bench.states["initial"], bench.states["trained"]
        distances = []
        for layer in LAYERS:
            pairs = [(initial[name].double(), trained[name].double()) for name in tensors_of(initial, layer)]
            moved = [torch.dist(first, last) / first.numel() for first, last in pairs]
            distances.append(torch.stack(moved).mean().item())
    series = {"measure": "l2", "metric": "l2", "layers": LAYERS, "values": distances}
    return {"series": [series], "values": {"l2": {"total": sum(distances) / len(distances)}}}


def layer_importance(bench):
    layers = spread(bench.importance_layers, bench.modules_timed)
    bench.network.load(bench.states["trained"])
    found = []
    for layer in layers:
        names = tensors_of(bench.states["trained"], layer)
        with bench.meter.timed("layer_importance", "modules", 1, len(bench.importance_layers) / len(layers)):
            with torch.inference_mode():
                put(bench, "initial", names)
                scores = [bench.network.final(images)[1].softmax(1) for images, _ in bench.test]
                put(bench, "trained", names)
            found.append(metrics(torch.cat(scores), bench.test.labels))
    return {"series": importance_series(layers, found)}


def put(bench, state, names):
    """Copies these tensors of a state into the model."""
    bench.network.model.load_state_dict({name: bench.states[state][name] for name in names}, strict=False)


def prepare(bench, measures):
    """The passes that the measures need, each once."""
    needs = {}
    for measure in measures:
        for key, kept in NEEDS.get(measure, {}).items():
            needs.setdefault(key, set()).update(kept)
    bench.passes = {}
    for (state, split), kept in needs.items():
        with bench.meter.timed("passes of all", "passes"):
            bench.passes[state, split] = Pass(bench, state, split, kept)


MEASURES = {
    "test": test,
    "knn": knn,
    "layerwise_knn": layerwise_knn,
    "cka": cka,
    "l2": l2,
    "layer_importance": layer_importance,
}

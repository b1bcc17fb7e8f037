"""The measures of feature reuse of one DeiT-S in PyTorch with timm: their values and what they cost.

    python Benchmarks/reuse/make_images.py .build/bench-reuse/images.npz
    python Benchmarks/reuse/make_states.py .build/bench-reuse .build/bench-reuse/images.npz
    python Benchmarks/reuse/peer.py .build/bench-reuse [--fair] [--full] [--threads 2] [--json FILE]

Measured are test, k-NN, layer-wise k-NN, CKA, the distance of the weights and re-initialisation layer by layer, as
the study's released code does it (released.py) or, with --fair, written well (fair.py). Prints a table, and writes
with --json every value found and every cost.

Of what is repeated many times only a share is run unless --full is given: its time is multiplied, the table says so,
and values that were not computed are null or left out. Images are bytes in memory; neither making them nor loading
weights is timed.
"""

import argparse
import json
import math
import pathlib

import fair
import meter
import released
import torch
from network import BACKBONE, BODY, HEAD, LAYERS, Images, Network, timm


class Bench:
    """All that a measure needs: the network, both states, both splits, the options, the meter."""

    def __init__(self, options):
        self.folder = pathlib.Path(options.folder)
        self.states = {
            state: torch.load(self.folder / f"{state}.pth", weights_only=True) for state in ("initial", "trained")
        }
        self.splits = {
            split: Images(
                options.images or self.folder / "images.npz",
                split,
                getattr(options, split),
                options.batch,
                options.mean,
                options.sd,
            )
            for split in ("train", "test")
        }
        self.train, self.test = self.splits["train"], self.splits["test"]
        self.classes = len(self.states["trained"]["head.bias"])
        self.network = Network(self.classes)
        self.k, self.temperature = options.k, options.temperature
        self.faults, self.pass_per_layer = options.faults, options.pass_per_layer
        self.pass_per_comparison = options.pass_per_comparison
        self.importance_layers = [*BODY, HEAD] if options.reset_head else BODY
        self.layers_timed, self.pairs_timed, self.modules_timed = (
            None if options.full else count
            for count in (options.layers_timed, options.pairs_timed, options.modules_timed)
        )
        self.meter = meter.Meter(self.network)

    def warm_up(self):
        """A batch, so that no measure pays for what the library does once."""
        images, _ = next(iter(self.test))
        self.network.final(images)
        self.network.images = 0


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="with initial.pth and trained.pth, and images.npz unless --images is given")
    parser.add_argument("--images", help="the archive of make_images.py")
    parser.add_argument("--train", type=int, help="only the first training images")
    parser.add_argument("--test", type=int, help="only the first test images")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--mean", type=float, nargs=3, default=[0.5] * 3)
    parser.add_argument("--sd", type=float, nargs=3, default=[0.25] * 3)
    parser.add_argument("--k", type=int, default=200, help="neighbours that vote")
    parser.add_argument("--temperature", type=float, default=0.1)
    parser.add_argument("--measures", nargs="+", choices=list(released.MEASURES), default=list(released.MEASURES))
    parser.add_argument("--fair", action="store_true", help="written well instead of as released")
    parser.add_argument("--faults", action="store_true", help="with the released code's faults")
    parser.add_argument("--pass-per-layer", action="store_true", help="layer-wise k-NN: passes for each layer")
    parser.add_argument("--pass-per-comparison", action="store_true", help="CKA: passes for each comparison")
    parser.add_argument("--reset-head", action="store_true", help="the head among the layers that are put back")
    parser.add_argument("--full", action="store_true", help="run everything, multiply nothing")
    parser.add_argument("--layers-timed", type=int, default=2, help="with --pass-per-layer: layers that are run")
    parser.add_argument("--pairs-timed", type=int, default=20, help="pairs of layers that CKA as released compares")
    parser.add_argument("--modules-timed", type=int, default=2, help="layers that are put back and tested")
    parser.add_argument("--json", help="the file to write")
    options = parser.parse_args()
    if options.fair and (options.faults or options.pass_per_layer or options.pass_per_comparison):
        parser.error("--fair has no --faults, --pass-per-layer or --pass-per-comparison: they are the released way's")
    for name in ("layers_timed", "pairs_timed", "modules_timed", "batch", "threads", "k"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} is at least 1")
    return options


def with_relative(result):
    """Adds what a put-back layer leaves of each test metric, where the test was run."""
    test = result["values"].get("test")
    for series in [series for series in result["series"] if series["measure"] == "layer_importance"]:
        whole = test[series["metric"]] if test else 0
        if whole:
            values = [value / whole for value in series["values"]]
            result["series"].append(series | {"metric": f"relative_{series['metric']}", "values": values})


def finite(value):
    """The same with null for what is not a finite number: a kappa where all images are of one class."""
    if isinstance(value, dict):
        return {name: finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def main():
    options = parsed()
    torch.set_num_threads(options.threads)
    bench = Bench(options)
    last = len(bench.test) % options.batch or options.batch
    if "cka" in options.measures and last < 4:
        raise SystemExit(
            f"CKA by debiased HSIC needs 4 images a batch, and the last of {len(bench.test)} test images by"
            f" {options.batch} has {last}: choose another --test or --batch"
        )
    bench.warm_up()
    result = {"series": [], "matrices": [], "values": {}}
    if options.fair:
        fair.prepare(bench, options.measures)
    ways = fair.MEASURES if options.fair else released.MEASURES
    for measure in options.measures:
        found = ways[measure](bench)
        result["series"] += found.get("series", [])
        result["matrices"] += found.get("matrices", [])
        result["values"] |= found.get("values", {})
    with_relative(result)
    costs = bench.meter.json()
    result |= {
        "way": "fair" if options.fair else "released",
        "backbone": BACKBONE,
        "layers": LAYERS,
        "images": {"train": len(bench.train), "test": len(bench.test)},
        "options": vars(options),
        "versions": {"torch": torch.__version__, "timm": timm.__version__},
        "costs": costs,
        "total": {name: meter.added(cost[name] for cost in costs.values()) for name in ("measured", "whole")},
    }
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(finite(result), indent=1) + "\n")
    print(
        f"{BACKBONE}, {len(bench.train)} training and {len(bench.test)} test images, {options.threads} threads,"
        f" {'written well' if options.fair else 'as released'}, PyTorch {torch.__version__}\n"
    )
    print(meter.markdown(result))


if __name__ == "__main__":
    main()

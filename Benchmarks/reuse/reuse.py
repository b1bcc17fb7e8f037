"""The measures of feature reuse of one DeiT-S cell: Graft beside PyTorch, as the study's released code goes about it
and written well, on the same images and the same trained weights.

    python Benchmarks/reuse/reuse.py --graft .build/release/graft --worker .build/release/graft-worker

1,000 training and 500 test images; test, knn, layerwise_knn (trained and at initialisation), cka, l2 and
layer_importance. Graft's time is that of its measure stages as it records them itself, all in one worker of two
threads. Printed are three tables: what each side took, what of Graft's time are passes that cannot be avoided, and how
far the values lie apart.
"""

import argparse
import csv
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
KINDS = ["test", "knn", "layerwise_knn", "cka", "l2", "layer_importance"]
CELL = "blobs/deit_small/1.0/WT/0"

STUDY = """
study: bench-reuse
data: .
axes: {dataset: [blobs], backbone: [deit_small], init: [WT]}
seeds: 1
training:
  epochs: 1
  batch_size: 32
  optimizer: {name: adamw, lr: 1.0e-4}
  schedule: []
  normalise: {mean: [0.5, 0.5, 0.5], sd: [0.25, 0.25, 0.25]}
  transforms: {train: [{name: resize, size: 224}], eval: [{name: resize, size: 224}]}
analyses:
  - test
  - knn
  - {name: layerwise_knn, states: [trained, initial]}
  - {name: cka}
  - l2
  - layer_importance
datasets:
  blobs: {format: npz, root: ., images: images.npz, task: multiclass, metric: accuracy, store: {mode: original}}
weights:
  deit_small: {file: initial.safetensors}
resources: {jobs: 1, threads_per_job: 2}
"""


def run(command, **options):
    print("+", " ".join(str(part) for part in command), file=sys.stderr, flush=True)
    return subprocess.run([str(part) for part in command], check=True, text=True, **options)


def graft_side(options, folder):
    """Trains the cell and measures it; the costs of its stages and every number of its layers."""
    study = folder / "study.yaml"
    study.write_text(STUDY)
    workspace = folder / "workspace"
    if not options.keep:
        shutil.rmtree(workspace, ignore_errors=True)
    environment = {**os.environ, "GRAFT_WORKER": str(options.worker), "GRAFT_WORKSPACE": str(workspace)}
    command = [options.graft]
    run([*command, "run", study, "--quiet", "--jobs", 1, "--threads", options.threads], env=environment)

    def table(name):
        text = run([*command, "export", study, "--table", name], env=environment, stdout=subprocess.PIPE).stdout
        return list(csv.DictReader(io.StringIO(text)))

    costs = {}
    for row in table("attempts"):
        if row["kind"] in KINDS and row["state"] == "done":
            wall, cpu = costs.get(row["kind"], (0, 0))
            costs[row["kind"]] = wall + float(row["seconds"]), cpu + float(row["cpu_seconds"])
    key = next(row["stage"] for row in table("attempts") if row["kind"] == "train")
    trained = workspace / "artifacts" / "train" / key / "best.safetensors"
    values = {}
    for row in table("layers"):
        layer = row["layer"] if not row["other_layer"] else (row["layer"], row["other_layer"])
        state = row["state"] if not row["other_state"] else f"{row['state']}-{row['other_state']}"
        if row["value"]:
            values[row["analysis"], state, row["part"], row["metric"], layer] = float(row["value"])
    for row in table("cells"):
        if row["split"] in ("test", "knn") and row["value"]:
            values[row["split"], "", "", row["metric"], ""] = float(row["value"])
    return costs, values, trained


def peer_values(result):
    """The peer's numbers by Graft's names for them."""
    found = {}
    for series in result["series"]:
        state = "" if series["measure"] == "l2" else series.get("state") or ""
        for layer, value in zip(series["layers"], series["values"]):
            if value is not None:
                found[series["measure"], state, series.get("part") or "", series["metric"], layer] = value
    for matrix in result["matrices"]:
        rows, columns = matrix["rows"], matrix["columns"]
        places = [(row, column) for row in rows["layers"] for column in columns["layers"]]
        # Graft's CKA is by unbiased terms summed over the batches, the second of the peer's two.
        metric = {"minibatch_cka": "cka"}.get(matrix["metric"])
        for place, value in zip(places, matrix["values"]):
            if metric and value is not None:
                found["cka", f"{rows['state']}-{columns['state']}", "", metric, place] = value
    for measure, values in result["values"].items():
        for metric, value in values.items():
            if measure in ("test", "knn"):
                found[measure, "", "", metric, ""] = value
    return found


def agreement(ours, theirs):
    yield "| measure | metric | values compared | greatest difference |\n|---|---|---:|---:|"
    groups = {}
    for key in ours:
        # The heads that the two begin with are drawn by either.
        if key in theirs and not ("initial" in key[1] and "head" in key[4]) and not (key[0] == "l2" and key[4] == "head"):
            groups.setdefault((key[0], key[3]), []).append(key)
    for (measure, metric), keys in groups.items():
        scale = [max(abs(ours[key]), abs(theirs[key]), 1e-12) if measure == "l2" else 1 for key in keys]
        worst = max(abs(ours[key] - theirs[key]) / size for key, size in zip(keys, scale))
        yield (f"| {measure} | {metric} | {len(keys)} | {worst:.1e}{' of the value' if measure == 'l2' else ''} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graft", type=lambda path: pathlib.Path(path).resolve(), default=".build/release/graft")
    parser.add_argument("--worker", type=lambda path: pathlib.Path(path).resolve(), default=".build/release/graft-worker")
    parser.add_argument("--folder", type=lambda path: pathlib.Path(path).resolve(), default=".build/bench-reuse")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--full", action="store_true", help="everything of the peers, hours of it")
    parser.add_argument("--keep", action="store_true", help="take sides that an earlier run has finished from it")
    options = parser.parse_args()
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "images.npz").exists():
        run([sys.executable, HERE / "make_images.py", folder / "images.npz"])
    if not (folder / "initial.safetensors").exists():
        run([sys.executable, HERE / "make_states.py", folder, folder / "images.npz"])
    costs, values, trained = graft_side(options, folder)
    # The peers measure what Graft trained.
    from safetensors.torch import load_file
    import torch

    torch.save(load_file(trained), folder / "trained.pth")
    alone = folder / "passes.json"
    if not (options.keep and alone.exists()):
        command = [options.worker, "--bench-pass", "deit_small", f"--threads={options.threads}"]
        alone.write_text(run(command, stdout=subprocess.PIPE).stdout)
    passes = json.loads(alone.read_text())
    peers = {}
    for way in ("fair", "released"):
        path = folder / f"{way}.json"
        # A pass for each layer, each comparison and each module; of what repeats, one or a few are timed.
        flags = ["--fair"] if way == "fair" else ["--pass-per-layer", "--pass-per-comparison", "--layers-timed", 1]
        flags += ["--full"] if options.full else ["--modules-timed", 1]
        if not (options.keep and path.exists()):
            run(
                [sys.executable, HERE / "peer.py", folder, "--threads", options.threads, "--json", path, *flags],
                stdout=subprocess.DEVNULL,
            )
        peers[way] = json.loads(path.read_text())

    whole = {way: {name: cost["whole"]["wall_s"] for name, cost in peer["costs"].items()} for way, peer in peers.items()}
    lines = []

    def say(text):
        lines.append(text)
        print(text, flush=True)

    say("# Measures of feature reuse of one DeiT-S (`make bench-reuse`)\n")
    shares = "everything run" if options.full else "of what repeats a share is run and its time multiplied"
    say(
        f"1,000 training and 500 test images of 224 x 224, {options.threads} threads, PyTorch {peers['fair']['versions']['torch']}."
        f" Graft's are whole; of the peers, {shares}.\n"
    )
    say("| measure | Graft, s | PyTorch, well written, s | PyTorch, a pass per layer, comparison and module, s |\n|---|---:|---:|---:|")
    names = KINDS + sorted({name for costs_of in whole.values() for name in costs_of} - set(KINDS))
    for name in names:
        cells = [costs.get(name, (None,))[0], whole["fair"].get(name), whole["released"].get(name)]
        say(f"| {name} | " + " | ".join("" if cell is None else f"{cell:.1f}" for cell in cells) + " |")
    total = sum(wall for wall, _ in costs.values())
    cpu = sum(cost for _, cost in costs.values())
    sums = {way: sum(of.values()) for way, of in whole.items()}
    say(f"| all | {total:.1f} | {sums['fair']:.1f} | {sums['released']:.1f} |")
    say(f"| by Graft's | 1 | {sums['fair'] / total:.2f} | {sums['released'] / total:.2f} |")
    cheaper = sums["released"] - whole["released"]["layerwise_knn"] * (1 - 1 / len(peers["released"]["layers"]))
    say(
        f"\nWith one pass for all layers of a state, the other reading of how the released code goes about it, the last"
        f" column would be {cheaper:.0f} s, {cheaper / total:.2f} by Graft's."
    )
    images = 2 * 1500
    avoidable = passes["passSeconds"] / passes["batch"] * images + passes["suffixSeconds"] / passes["batch"] * 500
    equal = images + passes["suffixSeconds"] / passes["passSeconds"] * 500
    say(
        f"\nPasses that cannot be avoided: {images:,} images through the whole network (1,500 by either state), and 500"
        f" from each of {passes['modules']} modules on, together as {equal:,.0f} whole passes of an image. Timed by themselves:"
        f" {avoidable:.1f} s. Graft's measures take {total / avoidable:.2f} times that (CPU {cpu:.0f} s)."
    )
    say("\nHow far what Graft found lies from what the well written peer found:\n")
    for line in agreement(values, peer_values(peers["fair"])):
        say(line)
    (HERE.parent / "results" / "bench-reuse.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

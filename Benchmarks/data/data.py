"""What images cost before a network sees them: Graft against its peers, in turns.

    python Benchmarks/data/data.py --worker .build/release/graft-worker [--images 1000] [--rounds 5] [--threads 2]

Each part below is a function from the options to the lines of its section; the table goes to
Benchmarks/results/bench-data.md too. Needs pillow, numpy, torch and torchvision in the Python that runs it, and cc.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

import pictures

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "train"))
from train_step import Side, take_turns  # noqa: E402

SIZE = 256


def measured(command, text=None):
    """Runs one side once; what it prints."""
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def decode_and_store(options):
    """JPEG files into a store of 256 x 256 pixels."""
    work = pathlib.Path(options.work)
    paths = pictures.make(work / "jpeg", options.images)
    listed = "".join(f"{path}\n" for path in paths)
    total = sum(len(path.read_bytes()) for path in paths)
    limit = work / "scaled_decode"
    subprocess.run(["cc", "-O2", str(HERE / "scaled_decode.c"), "-o", str(limit), "-ljpeg", "-lpthread"], check=True)
    peer = [sys.executable, str(HERE / "peer_decode.py")]
    threads = str(options.threads)
    store = ["--bench-store", str(work / "jpeg"), str(work / "images.store"), f"--size={SIZE}", f"--threads={threads}"]
    sides = {
        "Graft: decoded, resized, digested, stored": lambda: measured([options.worker, *store]),
        "libjpeg-turbo: scaled decoding alone": lambda: measured([limit, str(SIZE), threads], listed),
        "Pillow: draft mode, resized": lambda: measured([*peer, "draft", str(SIZE), threads], listed),
        "Pillow: decoded, resized": lambda: measured([*peer, "pillow", str(SIZE), threads], listed),
        "torchvision: decoded by Pillow, resized as a tensor": lambda: measured([*peer, "torchvision", str(SIZE), threads], listed),
    }
    runs = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, run in sides.items():
            runs[name].append(run())
    ours = next(iter(runs.values()))
    lines = [
        f"## {len(paths)} JPEG files to {SIZE} x {SIZE} pixels",
        "",
        f"1.0 to 1.9 megapixels, quality 90, 4:2:0, {total / len(paths) / 1000:.0f} kB on average, in the page cache;"
        f" {threads} threads (Graft, libjpeg-turbo) or processes (Python). {options.rounds} rounds, the sides in turns:"
        " medians. Ratio: the side's time over Graft's of the same round, above 1 where Graft is faster. Pillow's draft mode"
        " and Graft let libjpeg scale by 2, 4 or 8 while it decodes; the last two decode every pixel.",
        "",
        "| side | images/s | CPU ms an image | ratio of time | ratio of CPU time |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, results in runs.items():
        speed = statistics.median(run["images"] / run["seconds"] for run in results)
        cpu = statistics.median(run["cpuSeconds"] / run["images"] for run in results)
        ratio = statistics.median(run["seconds"] / own["seconds"] for run, own in zip(results, ours))
        cpu_ratio = statistics.median(run["cpuSeconds"] / own["cpuSeconds"] for run, own in zip(results, ours))
        lines.append(f"| {name} | {speed:.0f} | {cpu * 1000:.2f} | {ratio:.2f} | {cpu_ratio:.2f} |")
    return lines


def feed(options):
    """A training step's images from the store, with the paper's augmentation."""
    store = pathlib.Path(options.work) / "images.store"
    shared = ["--batch=16", f"--threads={options.threads}", f"--steps={4 * options.rounds}", "--step-by-step"]
    command = [options.worker, "--bench-step", "resnet18", *shared]
    sides = [Side(command), Side([*command, f"--store={store}"])]
    take_turns(sides)
    random, fed = (side.result for side in sides)
    added = statistics.median(b / a for a, b in zip(random["stepSeconds"], fed["stepSeconds"])) - 1
    step = statistics.median(fed["stepSeconds"])
    return [
        "## Feeding a ResNet-18 from the store",
        "",
        f"Training steps of 16 images at 224 x 224, {options.threads} threads: images from the store above through the paper's"
        f" augmentation, read and augmented between the steps, against random images in memory. {4 * options.rounds} steps of"
        " each in turns.",
        "",
        "| | |",
        "|---|---:|",
        f"| images/s, fed from the store | {fed['imagesPerSecond']:.1f} |",
        f"| time of reading and augmenting, of the step's time | {fed['feedSecondsPerStep'] / step:.2%} |",
        f"| its CPU time, of the step's CPU time | {fed['feedCPUSecondsPerStep'] / fed['cpuSecondsPerStep']:.2%} |",
        f"| a fed step's time over one of random images, by pairs | {added:+.2%} |",
    ]


def opening(options):
    """A store of PatchCamelyon's size."""
    store = str(pathlib.Path(options.work) / "hollow.store")
    runs = [measured([options.worker, "--bench-open", store]) for _ in range(options.rounds + 1)][1:]
    seconds = statistics.median(run["seconds"] for run in runs)
    listing = statistics.median(run["listingSeconds"] for run in runs)
    return [
        f"## Opening a store of {runs[0]['images']:,.0f} images of 96 x 96",
        "",
        f"{options.rounds} processes, medians, the index in the page cache; its digest is checked and every record looked at. The"
        " samples are a hole in the file.",
        "",
        f"Opened in {seconds * 1000:.0f} ms; its training images listed in {listing * 1000:.0f} ms.",
    ]


PARTS = [decode_and_store, feed, opening]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", required=True, help="the graft-worker executable")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", default=".build/bench-data", help="where the files are made")
    options = parser.parse_args()
    sections = ["\n".join(part(options)) for part in PARTS]
    text = "# Images before training (`make bench-data`)\n\n" + "\n\n".join(sections) + "\n"
    print(text)
    folder = HERE.parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / "bench-data.md").write_text(text)


if __name__ == "__main__":
    main()

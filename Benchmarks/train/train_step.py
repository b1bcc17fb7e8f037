"""Training steps of Graft against PyTorch with timm, in turns: images per second of each and their ratio.

    python Benchmarks/train/train_step.py --worker .build/release/graft-worker [--steps 8] [--threads 2] [--batch 16]

Needs torch and timm in the Python that runs it. Both sides hold their model at the same time; one step of the one is
followed by one step of the other, so that what else the machine does falls on both alike. Medians of the steps.
The table goes to Benchmarks/results too.

On a GPU, against torch.compile, in mixed bfloat16:

    python Benchmarks/train/train_step.py --worker graft-worker --device cuda:0 --bf16 --compile --batch 128 --steps 50 \\
      --warmup 10 --backbones deit_small swin_tiny resnet50 inception_v3 --name bench-train-cuda
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys


class Side:
    """A process that prints `ready` before each step and ends with a line of JSON."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.result = None

    def advance(self):
        """Waits until the side is ready for its next step, or has ended."""
        while self.result is None:
            line = self.process.stdout.readline()
            if not line:
                sys.exit(f"{self.process.args} ended early:\n{self.process.stderr.read()}")
            if line.strip() == "ready":
                return True
            if line.startswith("{"):
                self.result = json.loads(line)
        return False

    def step(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()


def take_turns(sides):
    """One step of each side after the other, until all have ended."""
    going = [side.advance() for side in sides]
    while any(going):
        for index, side in enumerate(sides):
            if going[index]:
                side.step()
                going[index] = side.advance()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", required=True, help="the graft-worker executable")
    parser.add_argument("--backbones", nargs="+", default=["resnet18", "deit_tiny"])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="where both sides compute")
    parser.add_argument("--bf16", action="store_true", help="products and convolutions of both sides in bfloat16")
    parser.add_argument("--compile", action="store_true", help="the peer's model by torch.compile")
    parser.add_argument("--no-graphs", action="store_true", help="Graft's steps operation by operation on a GPU")
    parser.add_argument("--name", default="train-step", help="of the table in Benchmarks/results")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()

    here = pathlib.Path(__file__).parent
    shared = [f"--{name}={getattr(options, name)}" for name in ("batch", "threads", "steps", "warmup", "device")]
    shared += ["--bf16"] if options.bf16 else []
    graft = ["--no-graphs"] if options.no_graphs else []
    compiled = ["--compile"] if options.compile else []
    numbers = "bfloat16" if options.bf16 else "float32"
    on_cpu = options.device == "cpu"
    memory = "peakMemory" if on_cpu else "peakDeviceMemory"
    rows = []
    for backbone in options.backbones:
        sides = [
            Side([options.worker, "--bench-step", backbone, *shared, *graft, "--step-by-step"]),
            Side([sys.executable, str(here / "peer_step.py"), backbone, *shared, *compiled, "--step-by-step"]),
        ]
        take_turns(sides)
        ours, peer = (side.result for side in sides)
        limit = max(ours["productRate"], peer["productRate"])
        share = peer["operationsPerStep"] / options.batch / limit
        ratios = [b / a for a, b in zip(ours["stepSeconds"], peer["stepSeconds"])]
        rows.append(
            {
                "backbone": backbone,
                "graft_images_per_s": ours["imagesPerSecond"],
                "peer_images_per_s": peer["imagesPerSecond"],
                "ratio": ours["imagesPerSecond"] / peer["imagesPerSecond"],
                "ratio_of_pairs": statistics.median(ratios),
                "cpu_ratio": peer["cpuSecondsPerStep"] / ours["cpuSecondsPerStep"],
                "limit_gflops": limit / 1e9,
                "graft_share": share * ours["imagesPerSecond"],
                "peer_share": share * peer["imagesPerSecond"],
                "graft_peak_mib": (ours[memory] or 0) >> 20,
                "peer_peak_mib": (peer[memory] or 0) >> 20,
                "libtorch": ours["libtorch"],
                "peer": peer["libtorch"],
            }
        )
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    lines = [
        f"Training step at 224 x 224, batch {options.batch}, {options.threads} threads{'' if on_cpu else ', ' + options.device}"
        f"{', products in ' + numbers if options.bf16 else ''}: {options.steps} steps of each side in turns, medians. Graft with"
        f" libtorch {rows[0]['libtorch']}, PyTorch {rows[0]['peer']} with timm{', compiled' if options.compile else ''}.",
        "",
        "Share of the limit: the products' and convolutions' floating-point operations, as they are defined, over the time"
        f" and the faster side's rate on a product of {'2048 x 2048' if on_cpu else '8192 x 8192'} matrices in {numbers}, measured"
        " before each step. Winograd's convolutions do with fewer, so a share may pass 1.",
        "",
        "| backbone | Graft, images/s | PyTorch, images/s | ratio | ratio by pairs of steps | ratio of CPU time"
        " | share of the limit | limit, GFLOP/s | peak memory, MiB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {row['backbone']} | {row['graft_images_per_s']:.1f} | {row['peer_images_per_s']:.1f} | {row['ratio']:.2f}"
        f" | {row['ratio_of_pairs']:.2f} | {row['cpu_ratio']:.2f}"
        f" | {row['graft_share']:.2f} against {row['peer_share']:.2f} | {row['limit_gflops']:.0f}"
        f" | {row['graft_peak_mib']} against {row['peer_peak_mib']} |"
        for row in rows
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    folder = here.parent / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{options.name}.md").write_text(text)


if __name__ == "__main__":
    main()

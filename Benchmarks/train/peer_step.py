"""One side of train_step.py: training steps of timm's model in PyTorch, timed one by one.

Prints `ready` before each step and waits for a line, so that the driver can let the two sides take turns; ends with a
line of JSON. channels_last for the convolutional network, AdamW fused over all parameters, clipping to norm 1; compiled,
in mixed bfloat16 and on a CUDA device where asked for.
"""

import argparse
import json
import resource
import sys
import time

import torch

# torchvision's compiled operators are not needed; where they do not load, registering their shapes must not fail.
_register = torch.library.register_fake


def _register_loaded(name, *arguments, **options):
    if isinstance(name, str) and name.startswith("torchvision::"):
        return lambda function: function
    return _register(name, *arguments, **options)


torch.library.register_fake = _register_loaded

import timm  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

NAMES = {
    "resnet18": "resnet18",
    "resnet50": "resnet50",
    "inception_v3": "inception_v3",
    "deit_tiny": "deit_tiny_patch16_224",
    "deit_small": "deit_small_patch16_224",
    "swin_tiny": "swin_tiny_patch4_window7_224",
}
# As Graft has them: no auxiliary head, Swin's dropped paths, Inception's dropout.
OPTIONS = {"inception_v3": {"aux_logits": False, "drop_rate": 0.5}, "swin_tiny": {"drop_path_rate": 0.2}}

parser = argparse.ArgumentParser()
parser.add_argument("backbone", choices=sorted(NAMES))
parser.add_argument("--batch", type=int, default=16)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=10)
parser.add_argument("--warmup", type=int, default=2)
parser.add_argument("--device", default="cpu")
parser.add_argument("--bf16", action="store_true", help="products and convolutions in bfloat16, by autocast")
parser.add_argument("--compile", action="store_true", help="by torch.compile, in its mode that captures CUDA graphs")
parser.add_argument("--step-by-step", action="store_true")
options = parser.parse_args()

torch.set_num_threads(options.threads)
torch.manual_seed(0)
device = torch.device(options.device)
model = timm.create_model(NAMES[options.backbone], num_classes=1000, **OPTIONS.get(options.backbone, {})).train()
model = model.to(device)
images = torch.randn(options.batch, 3, 224, 224, device=device)
labels = torch.arange(options.batch, device=device) * 37 % 1000
if options.backbone.startswith(("resnet", "inception")):
    model = model.to(memory_format=torch.channels_last)
    images = images.contiguous(memory_format=torch.channels_last)
parameters = list(model.parameters())
optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=1e-5, fused=True)
compiled = torch.compile(model, mode="reduce-overhead") if options.compile else model
numbers = torch.bfloat16 if options.bf16 else torch.float32


def wait():
    """A GPU is done when it says so."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def step(network):
    with torch.autocast(device.type, numbers, enabled=options.bf16):
        loss = torch.nn.functional.cross_entropy(network(images), labels)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    result = loss.item()
    wait()
    return result


def product_rate():
    side = 2048 if device.type == "cpu" else 8192
    matrix = torch.full((side, side), 0.5, device=device, dtype=numbers)
    wait()
    start = time.perf_counter()
    torch.mm(matrix, matrix.T)
    wait()
    return 2 * side**3 / (time.perf_counter() - start)


# Of products and convolutions, forward and backward, counted as they are defined: a multiplication and an addition a term.
with FlopCounterMode(display=False) as counter:
    step(model)
operations = counter.get_total_flops()

seconds, rates, processor = [], [], 0.0
for index in range(options.warmup + options.steps):
    if options.step_by_step:
        print("ready", flush=True)
        sys.stdin.readline()
    rate = product_rate()
    cpu, start = time.process_time(), time.perf_counter()
    loss = step(compiled)
    if index >= options.warmup:
        seconds.append(time.perf_counter() - start)
        processor += time.process_time() - cpu
        rates.append(rate)

median = sorted(seconds)[len(seconds) // 2]
print(
    json.dumps(
        {
            "stepSeconds": seconds,
            "imagesPerSecond": options.batch / median,
            "cpuSecondsPerStep": processor / options.steps,
            "peakMemory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
            "peakDeviceMemory": torch.cuda.max_memory_reserved(device) if device.type == "cuda" else None,
            "operationsPerStep": operations,
            "productRate": sorted(rates)[len(rates) // 2],
            "loss": loss,
            "libtorch": torch.__version__,
        }
    )
)

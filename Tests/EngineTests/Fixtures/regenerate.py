"""Writes resnet18.json and deit_tiny.json beside this file: what torchvision's and timm's own networks compute, in float64,
on weights and images made by the formula that FixtureFormula.swift has too.

Needs torch, torchvision and timm:  python regenerate.py
"""

import json
import math
import pathlib

import numpy
import torch

# torchvision's compiled operators are not needed; where they do not load, registering their shapes must not fail.
_register = torch.library.register_fake


def _register_loaded(name, *arguments, **options):
    if isinstance(name, str) and name.startswith("torchvision::"):
        return lambda function: function
    return _register(name, *arguments, **options)


torch.library.register_fake = _register_loaded

import timm  # noqa: E402
import torchvision  # noqa: E402

CLASSES = 10
LABELS = [3, 8]


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


def images():
    """Two images of 224 pixels: waves of their own direction and length in each channel, under noise."""
    image, channel, row, column = numpy.meshgrid(*(numpy.arange(n) for n in (2, 3, 224, 224)), indexing="ij")
    waves = numpy.sin((row * (1 + 2 * image) + column * (3 - 2 * image + channel)) * 0.05)
    values = waves + formula("images", waves.size).reshape(waves.shape) / 2
    return torch.from_numpy(values.astype(numpy.float32).astype(numpy.float64))


def weight(name, shape):
    """A tensor of a network; the kind of tensor is told from its name and rank."""
    values = formula(name, math.prod(shape))
    if name.endswith("running_var"):
        values = 1 + values / 2
    elif name.endswith("running_mean"):
        values = values / 8
    elif name in ("cls_token", "pos_embed"):
        values = values / 2
    elif len(shape) > 1:
        # A small head keeps the softmax from saturating.
        head = name in ("fc.weight", "head.weight")
        values = values * (math.sqrt(6 / math.prod(shape[1:])) / (8 if head else 1))
    elif name.endswith("weight"):
        values = 1 + values / 4
    else:
        values = values / 8
    # Both sides hold float32.
    return torch.from_numpy(values.astype(numpy.float32).astype(numpy.float64).reshape(shape))


def make(model):
    model = model.double()
    state = {}
    for name, tensor in model.state_dict().items():
        state[name] = tensor if name.endswith("num_batches_tracked") else weight(name, tuple(tensor.shape))
    model.load_state_dict(state)
    return model


def measure(model, probes, training):
    """Logits, probes, loss and gradient norms of one pass."""
    seen = {}

    def watch(name):
        def hook(module, arguments, output):
            seen[name] = output.detach()

        return hook

    hooks = [model.get_submodule(module).register_forward_hook(watch(name)) for name, module in probes.items()]
    model.train(training)
    logits = model(images())
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(LABELS))
    model.zero_grad()
    loss.backward()
    for hook in hooks:
        hook.remove()
    return {
        "logits": logits.detach().flatten().tolist(),
        "loss": loss.item(),
        "probes": {
            name: {"norm": value.norm().item(), "first": value.flatten()[:4].tolist()} for name, value in seen.items()
        },
        "gradients": {name: parameter.grad.norm().item() for name, parameter in model.named_parameters()},
    }


def write(name, make_model, probes):
    content = {
        "parameters": sum(p.numel() for p in make_model(1000).parameters()),
        "evaluation": measure(make(make_model(CLASSES)), probes, training=False),
        "training": measure(make(make_model(CLASSES)), probes, training=True),
        "versions": {"torch": torch.__version__, "timm": timm.__version__, "torchvision": torchvision.__version__},
    }
    path = pathlib.Path(__file__).parent / f"{name}.json"
    path.write_text(json.dumps(content, indent=1) + "\n")


blocks = {f"blocks.{i}.{part}": f"blocks.{i}.{part}" for i in range(12) for part in ("attn", "mlp")}
write(
    "deit_tiny",
    lambda classes: timm.create_model("deit_tiny_patch16_224", num_classes=classes),
    {"patch_embed": "patch_embed", **blocks, "head": "head"},
)
stages = {f"layer{stage}.{i}": f"layer{stage}.{i}" for stage in range(1, 5) for i in range(2)}
write(
    "resnet18",
    lambda classes: torchvision.models.resnet18(num_classes=classes),
    {"conv1": "conv1", **stages, "fc": "fc"},
)

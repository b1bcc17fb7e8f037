"""Writes Backbones/*.json beside this file: what torchvision's and timm's own networks compute, in float64, on weights and
images made by the formula that Fixture.swift has too.

Needs torch, torchvision and timm:  python regenerate.py [NAME ...]
"""

import json
import math
import pathlib
import sys

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


def images(size):
    """Two images: waves of their own direction and length in each channel, under noise."""
    image, channel, row, column = numpy.meshgrid(*(numpy.arange(n) for n in (2, 3, size, size)), indexing="ij")
    waves = numpy.sin((row * (1 + 2 * image) + column * (3 - 2 * image + channel)) * 0.05)
    values = waves + formula("images", waves.size).reshape(waves.shape) / 2
    return torch.from_numpy(values.astype(numpy.float32).astype(numpy.float64))


def is_batch_norm(name):
    return name.split(".")[-2].startswith("bn") or ".downsample.1." in name


def rectified_shift(name):
    return 1.5 if ".bn." in name else 1


def weight(name, shape):
    """A tensor of a network; the kind of tensor is told from its name and rank."""
    values = formula(name, math.prod(shape))
    if name.endswith("running_var"):
        # Without the shortcuts of a residual network, an Inception's signal would die out in evaluation.
        values = (1 + values / 2) / (3 if ".bn." in name else 1)
    elif name.endswith("running_mean"):
        values = values / 8
    elif name in ("cls_token", "pos_embed") or name.endswith("relative_position_bias_table"):
        values = values / 2
    elif len(shape) > 1:
        # A small head keeps the softmax from saturating.
        head = name in ("fc.weight", "head.weight", "head.fc.weight")
        values = values * (math.sqrt(6 / math.prod(shape[1:])) / (8 if head else 1))
    elif name.endswith("weight"):
        values = (1 + values / 4) * (0.5 if is_batch_norm(name) else 1)
    else:
        # Batch norms lift most of their outputs above zero: where many lie near it, rounding alone decides which the
        # rectifier lets through, and torch's own float32 disagrees with its float64 by a thousandth and more.
        values = values / 8 + (rectified_shift(name) if is_batch_norm(name) else 0)
    # Both sides hold float32.
    return torch.from_numpy(values.astype(numpy.float32).astype(numpy.float64).reshape(shape))


def make(model):
    model = model.double()
    state = {}
    for name, tensor in model.state_dict().items():
        fixed = name.endswith(("num_batches_tracked", "relative_position_index", "attn_mask"))
        state[name] = tensor if fixed else weight(name, tuple(tensor.shape))
    model.load_state_dict(state)
    return model


def rounded(value):
    return float(f"{value:.9g}")


def measure(model, probes, training, size):
    """Logits, probes, loss and gradient norms of one pass."""
    seen = {}

    def watch(name):
        def hook(module, arguments, output):
            seen[name] = output.detach()

        return hook

    def watch_windows(name, block):
        # What a Swin's attention module itself gives is cut into windows; this is the image it belongs to.
        inner = block._attn

        def attention(x):
            seen[name] = inner(x).detach()
            return inner(x)

        block._attn = attention

    for name, module in probes.items():
        if module.startswith("layers.") and module.endswith(".attn"):
            watch_windows(name, model.get_submodule(module.removesuffix(".attn")))
        else:
            model.get_submodule(module).register_forward_hook(watch(name))
    model.train(training)
    logits = model(images(size))
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor(LABELS))
    model.zero_grad()
    loss.backward()
    return {
        "logits": [rounded(value) for value in logits.detach().flatten().tolist()],
        "loss": rounded(loss.item()),
        "probes": {
            name: {"norm": rounded(value.norm().item()), "first": [rounded(v) for v in value.flatten()[:4].tolist()]}
            for name, value in seen.items()
        },
        "gradients": {name: rounded(parameter.grad.norm().item()) for name, parameter in model.named_parameters()},
    }


def write(name, make_model, probes, size=224):
    content = {
        "parameters": sum(p.numel() for p in make_model(1000).parameters()),
        "size": size,
        "evaluation": measure(make(make_model(CLASSES)), probes, training=False, size=size),
        "training": measure(make(make_model(CLASSES)), probes, training=True, size=size),
        "versions": {"torch": torch.__version__, "timm": timm.__version__, "torchvision": torchvision.__version__},
    }
    path = pathlib.Path(__file__).parent / "Backbones" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content) + "\n")
    print(path)


def named(*names):
    return {name: name for name in names}


def deit(depth):
    blocks = named(*(f"blocks.{i}.{part}" for i in range(depth) for part in ("attn", "mlp")))
    return {"patch_embed": "patch_embed", **blocks, "head": "head"}


def swin(depths):
    blocks = named(
        *(f"layers.{s}.blocks.{i}.{part}" for s, n in enumerate(depths) for i in range(n) for part in ("attn", "mlp"))
    )
    return {"patch_embed": "patch_embed", **blocks, "head": "head"}


def resnet(depths):
    blocks = named(*(f"layer{stage + 1}.{i}" for stage, n in enumerate(depths) for i in range(n)))
    return {"conv1": "conv1", **blocks, "fc": "fc"}


def inception(classes):
    model = torchvision.models.inception_v3(
        num_classes=classes, aux_logits=False, transform_input=False, init_weights=False
    )
    # What is dropped at random cannot be compared.
    model.dropout = torch.nn.Identity()
    return model


def timm_model(name, **options):
    return lambda classes: timm.create_model(name, num_classes=classes, **options)


def torchvision_model(name):
    return lambda classes: getattr(torchvision.models, name)(num_classes=classes)


MIXED = [f"Mixed_{name}" for name in ("5b", "5c", "5d", "6a", "6b", "6c", "6d", "6e", "7a", "7b", "7c")]
PLAIN = [f"Conv2d_{name}" for name in ("1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3")]
CASES = {
    **{f"deit_{size}": (timm_model(f"deit_{size}_patch16_224"), deit(12)) for size in ("tiny", "small", "base")},
    "deit_small5b": (
        lambda classes: timm.models.VisionTransformer(embed_dim=384, depth=5, num_heads=6, num_classes=classes),
        deit(5),
    ),
    **{
        f"swin_{size}": (timm_model(f"swin_{size}_patch4_window7_224", drop_path_rate=0.0), swin(depths))
        for size, depths in (("tiny", (2, 2, 6, 2)), ("small", (2, 2, 18, 2)), ("base", (2, 2, 18, 2)))
    },
    **{
        f"resnet{depth}": (torchvision_model(f"resnet{depth}"), resnet(blocks))
        for depth, blocks in (
            (18, (2, 2, 2, 2)),
            (34, (3, 4, 6, 3)),
            (50, (3, 4, 6, 3)),
            (101, (3, 4, 23, 3)),
            (152, (3, 8, 36, 3)),
        )
    },
    "inception_v3": (inception, named(*PLAIN, *MIXED, "fc")),
    # Windows that do not divide the image.
    "swin_tiny_256": (
        timm_model("swin_tiny_patch4_window7_224", drop_path_rate=0.0, img_size=256),
        swin((2, 2, 6, 2)),
        256,
    ),
}
for name, case in CASES.items():
    if len(sys.argv) == 1 or name in sys.argv[1:]:
        write(name, *case)

"""Writes what the tests of source weights compare with, as torch, timm and torchvision have it:

torch/*           small files of torch.save, sound and hostile
torch-files.json  what torch reads from the sound ones
source-names.json the tensors' names of real networks, in the styles of several libraries and releases
resampling.json   positions, relative biases and patch filters at other sizes, by timm's own functions
published.json    logits of timm's and torchvision's networks with real weights on real images (needs GRAFT_SHARED)

Needs torch, torchvision, timm and safetensors, and beside them a folder with timm 0.6.13, whose Swin transformer has the
official release's names:  python source-weights.py FOLDER
"""

import argparse
import collections
import json
import math
import os
import pathlib
import subprocess
import sys
import zipfile

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
import timm.layers  # noqa: E402
import torchvision  # noqa: E402

here = pathlib.Path(__file__).parent
folder = here / "torch"
folder.mkdir(exist_ok=True)
expected = {}


def write(name, content):
    (here / name).write_text(json.dumps(content) + "\n")


def save(name, value, tensors):
    """A file, and what a reader must find in it."""
    torch.save(value, folder / name)
    expected[name] = {
        key: {"shape": list(tensor.shape), "values": tensor.detach().float().contiguous().flatten().tolist()}
        for key, tensor in tensors.items()
    }


# Types of number.
types = {
    str(kind).removeprefix("torch."): torch.tensor([[-2.0, 0.0, 1.0], [3.5, 100.0, 7.0]]).to(kind)
    for kind in (
        torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
    )
}
types["uint8"] = torch.tensor([0, 1, 255], dtype=torch.uint8)
types["bool"] = torch.tensor([True, False])
save("types.pth", types, types)

# Views of shared storages.
base = torch.arange(24.0).reshape(4, 6)
line = torch.arange(2000.0)
views = {
    "base": base,
    "transposed": base.t(),
    "block": base[1:3, 2:5],
    "every-other": base[1:, ::2],
    "row": base[2],
    "expanded": torch.tensor([1.0, 2.0]).unsqueeze(0).expand(3, 2),
    "scalar": torch.tensor(5.0),
    "empty": torch.zeros(0, 4),
    "far-apart": line[7::400],
    "moved": torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1),
}
save("views.pth", views, views)

# A checkpoint as training scripts write them, with much beside the weights.
model = collections.OrderedDict(
    {
        "module.conv1.weight": torch.nn.Parameter(torch.arange(6.0).reshape(2, 3)),
        "module.bn1.num_batches_tracked": torch.tensor(9),
    }
)
model._metadata = collections.OrderedDict({"": {"version": 1}})
checkpoint = {
    "epoch": 3,
    "args": argparse.Namespace(lr=1e-3, folder=pathlib.PurePosixPath("x").name, nested={"a": [1, (2.5, None)]}),
    "best": numpy.float64(0.5),
    "curve": numpy.arange(3.0),
    "milestones": collections.Counter([30, 60]),
    "seen": {1, 2},
    "large": 2**70,
    "device": torch.device("cpu"),
    "shape": torch.Size([2, 3]),
    "type": torch.float16,
    "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    "model": model,
}
save("checkpoint.pth", checkpoint, model)
teacher = {"backbone.cls_token": torch.ones(1, 1, 2), "head.last_layer.weight_g": torch.ones(2, 1)}
save("teacher.pth", {"student": {"x": torch.zeros(1)}, "teacher": teacher, "epoch": 1}, teacher)


def repacked(source, target, change, compression=zipfile.ZIP_STORED):
    """The same archive with entries changed."""
    with zipfile.ZipFile(folder / source) as old, zipfile.ZipFile(folder / target, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))


def swapped(name, data):
    if name.endswith("/byteorder"):
        return b"big"
    return numpy.frombuffer(data, "<f4").astype(">f4").tobytes() if "/data/" in name else data


floats = {"a": base, "b": line[:5].clone()}
save("little-endian.pth", floats, floats)
repacked("little-endian.pth", "big-endian.pth", swapped)
expected["big-endian.pth"] = expected.pop("little-endian.pth")
os.remove(folder / "little-endian.pth")


class Call:
    """What a pickle can ask for."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


# Files that are refused.
torch.save({"model": {"a": base}, "extra": Call(os.system, "true")}, folder / "calls-system.pth")
torch.save({"model": Call(eval, "1")}, folder / "calls-eval.pth")
torch.save(torch.nn.Linear(2, 2), folder / "whole-module.pth")
torch.save({"a": base}, folder / "legacy.pth", _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "values": [1, 2]}, folder / "no-weights.pth")
repacked("views.pth", "compressed.pth", lambda name, data: data, zipfile.ZIP_DEFLATED)
torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), str(folder / "script.pt"))
write("torch-files.json", expected)

# Names of real networks. The official Swin release has the names of timm's Swin transformer of before 0.9.
old = subprocess.run(
    [
        sys.executable, "-c",
        "import torch, sys, types; sys.path.insert(0, sys.argv[1])\n"
        "torch.library.register_fake = lambda *a, **o: lambda f: f\n"
        "six = types.ModuleType('torch._six'); six.container_abcs = None; sys.modules['torch._six'] = six\n"
        "import collections.abc, json, timm\n"
        "assert timm.__version__ == '0.6.13'\n"
        "print(json.dumps(list(timm.create_model('swin_tiny_patch4_window7_224').state_dict())))",
        sys.argv[1],
    ],
    capture_output=True, text=True, check=False,
)
assert old.returncode == 0, old.stderr


def names(network):
    return list(network.state_dict())


write(
    "source-names.json",
    {
        "swin_tiny": names(timm.create_model("swin_tiny_patch4_window7_224")),
        "swin_tiny of the official release": json.loads(old.stdout.splitlines()[-1]),
        "swin_tiny of torchvision": names(torchvision.models.swin_t()),
        "deit_small": names(timm.create_model("deit_small_patch16_224")),
        "resnet50": names(torchvision.models.resnet50()),
        "resnet50 of timm": names(timm.create_model("resnet50")),
        "inception_v3": names(torchvision.models.inception_v3(aux_logits=False, init_weights=False)),
        "inception_v3 with its second head": names(torchvision.models.inception_v3(init_weights=False)),
        "resnet18": names(torchvision.models.resnet18()),
        "deit_tiny": names(timm.create_model("deit_tiny_patch16_224")),
    },
)

# Other sizes. The inputs are waves that the Swift side computes too.
def waves(*shape):
    count = math.prod(shape)
    return torch.sin(torch.arange(count, dtype=torch.float64) * 0.7 + 0.1).float().reshape(shape)


def numbers(tensor):
    return [float(f"{value:.8g}") for value in tensor.flatten().tolist()]


resized = []
for side in (6, 10, 24):
    values = timm.layers.resample_abs_pos_embed(waves(1, 197, 3), [side, side])
    resized.append({"kind": "positions", "from": [1, 197, 3], "to": list(values.shape), "values": numbers(values)})
for window in (4, 8, 12):
    shape = ((2 * window - 1) ** 2, 2)
    values = timm.layers.resize_rel_pos_bias_table(waves(169, 2), (window, window), shape)
    resized.append({"kind": "relative", "from": [169, 2], "to": list(values.shape), "values": numbers(values)})
for side in (8, 20, 32):
    values = timm.layers.resample_patch_embed(waves(2, 1, 16, 16), [side, side])
    resized.append({"kind": "patches", "from": [2, 1, 16, 16], "to": list(values.shape), "values": numbers(values)})
write("resampling.json", resized)

# Real weights on real images of 224 pixels, which are only normalised.
shared = os.environ.get("GRAFT_SHARED")
if shared:
    import PIL.Image
    import safetensors.torch

    images = [
        "lung-histology/lung_aca/lungaca1000.jpeg", "lung-histology/lung_scc/lungscc1168.jpeg",
        "brain-mri/glioma/Tr-gl_0045.jpg", "brain-mri/notumor/Tr-no_0084.jpg",
    ]
    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).reshape(3, 1, 1)
    pixels = []
    for image in images:
        content = numpy.asarray(PIL.Image.open(f"{shared}/data/{image}").convert("RGB")).copy()
        pixels.append((torch.from_numpy(content).permute(2, 0, 1) / 255 - mean) / deviation)
    published = {"images": images, "logits": {}}
    for name, network in {
        "resnet18": torchvision.models.resnet18(),
        "deit_tiny_patch16_224": timm.create_model("deit_tiny_patch16_224"),
    }.items():
        network.load_state_dict(safetensors.torch.load_file(f"{shared}/weights/{name}.safetensors"))
        with torch.no_grad():
            logits = network.eval().double()(torch.stack(pixels).double())
        published["logits"][name] = [numbers(row) for row in logits]
    write("published.json", published)

"""Writes initialisations.json beside this file: how torchvision and timm draw the first values of their networks, as moments
of single tensors of one network each.

Needs torch, torchvision and timm:  python initialisations.py
"""

import json
import pathlib

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

NETWORKS = {
    "resnet18": (
        lambda: torchvision.models.resnet18(),
        ["conv1.weight", "layer4.1.conv2.weight", "layer2.0.downsample.0.weight", "layer1.0.bn2.weight", "fc.weight",
         "fc.bias"],
    ),
    "deit_tiny": (
        lambda: timm.create_model("deit_tiny_patch16_224"),
        ["pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias", "blocks.3.mlp.fc1.weight",
         "blocks.3.mlp.fc1.bias", "norm.weight", "head.weight", "head.bias"],
    ),
    "resnet50": (
        lambda: torchvision.models.resnet50(),
        ["conv1.weight", "layer1.0.conv3.weight", "layer4.2.conv2.weight", "layer2.0.downsample.0.weight", "bn1.weight",
         "layer3.1.bn3.weight", "layer3.1.bn3.bias", "layer3.1.bn3.running_var", "fc.weight", "fc.bias"],
    ),
    "inception_v3": (
        lambda: torchvision.models.inception_v3(aux_logits=False, init_weights=True),
        ["Conv2d_1a_3x3.conv.weight", "Mixed_5b.branch1x1.conv.weight", "Mixed_6c.branch7x7_2.conv.weight",
         "Mixed_7c.branch3x3_2a.conv.weight", "Mixed_6c.branch7x7_2.bn.weight", "Mixed_6c.branch7x7_2.bn.bias", "fc.weight",
         "fc.bias"],
    ),
    "deit_small": (
        lambda: timm.create_model("deit_small_patch16_224"),
        ["pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias", "blocks.3.attn.qkv.weight",
         "blocks.3.attn.qkv.bias", "blocks.3.mlp.fc2.weight", "blocks.3.mlp.fc2.bias", "blocks.3.norm1.weight",
         "norm.bias", "head.weight", "head.bias"],
    ),
    "swin_tiny": (
        lambda: timm.create_model("swin_tiny_patch4_window7_224"),
        ["patch_embed.proj.weight", "patch_embed.proj.bias", "patch_embed.norm.weight",
         "layers.0.blocks.1.attn.relative_position_bias_table", "layers.3.blocks.0.attn.relative_position_bias_table",
         "layers.2.blocks.4.attn.qkv.weight", "layers.2.blocks.4.attn.qkv.bias", "layers.2.downsample.reduction.weight",
         "layers.2.downsample.norm.weight", "layers.1.blocks.0.mlp.fc1.weight", "layers.1.blocks.0.mlp.fc1.bias",
         "norm.weight", "head.fc.weight", "head.fc.bias"],
    ),
}


def moments(values):
    values = values.double().flatten()
    spread = values.std().item()
    return {
        "count": values.numel(),
        "mean": values.mean().item(),
        "sd": spread,
        # 3 for a normal distribution, 1.8 for a uniform one; 0 for a constant.
        "kurtosis": ((values - values.mean()) / spread).pow(4).mean().item() if spread > 0 else 0,
    }


torch.manual_seed(0)
content = {}
for name, (make, tensors) in NETWORKS.items():
    state = make().state_dict()
    content[name] = {tensor: moments(state[tensor]) for tensor in tensors}
content["versions"] = {"torch": torch.__version__, "timm": timm.__version__, "torchvision": torchvision.__version__}
path = pathlib.Path(__file__).parent / "initialisations.json"
path.write_text(json.dumps(content, indent=1) + "\n")

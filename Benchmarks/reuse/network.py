"""The network that is measured, the layers it is probed at, and the images it is shown.

The network is timm's deit_small_patch16_224 in float32 on the CPU. Probed are, as the study probes a DeiT: the patch
embedding, each block's attention and each block's MLP (the branches, before they are added to the residual stream), and
the head.
"""

import sys

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

# torchvision's compiled operators are not needed; where they do not load, registering their shapes must not fail.
_register = torch.library.register_fake


def _register_loaded(name, *arguments, **options):
    if isinstance(name, str) and name.startswith("torchvision::"):
        return lambda function: function
    return _register(name, *arguments, **options)


torch.library.register_fake = _register_loaded

import timm  # noqa: E402

BACKBONE = "deit_small_patch16_224"
BLOCKS = 12
HEAD = "head"
PATCHES = "patch_embed"
BODY = [PATCHES] + [f"blocks.{block}.{branch}" for block in range(BLOCKS) for branch in ("attn", "mlp")]
"""The probed layers without the head, from input to output: 25."""
LAYERS = [*BODY, HEAD]


class Network:
    """The model, and how many images have gone through it. Only one state is in it at a time."""

    def __init__(self, classes):
        self.model = timm.create_model(BACKBONE, num_classes=classes).eval()
        self.images = 0

    def load(self, state):
        """Copies every tensor of a state dict into the model."""
        self.model.load_state_dict(state)

    def module(self, layer):
        return self.model.get_submodule(layer)

    @torch.no_grad()
    def final(self, images):
        """Features behind the last norm: the class token, [n, 384]; and logits [n, classes]."""
        self.images += len(images)
        tokens = self.model.forward_features(images)
        return tokens[:, 0], self.model.forward_head(tokens)

    def watch(self, layers, see):
        """Calls see(layer, output) whenever one of the layers has an output; returns the hooks, to be removed."""

        def hook(layer):
            return lambda module, inputs, output: see(layer, output)

        return [self.module(layer).register_forward_hook(hook(layer)) for layer in layers]


class Watching:
    """Hooks for as long as a `with` lasts."""

    def __init__(self, network, layers, see):
        self.network, self.layers, self.see = network, layers, see

    def __enter__(self):
        self.hooks = self.network.watch(self.layers, self.see)

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()


def tensors_of(state, layer):
    """The names of a layer's tensors in a state dict."""
    return [name for name in state if name.startswith(layer + ".")]


class Images:
    """One split of an archive that make_images.py wrote: bytes in memory, given out in normalised batches.

    Batches keep the order of the file; the last one may be smaller.
    """

    def __init__(self, path, split, limit, batch, mean, sd):
        with np.load(path) as archive:
            images, labels = archive[f"{split}_images"][:limit], archive[f"{split}_labels"][:limit]
        if limit is not None and len(labels) < limit:
            sys.exit(f"{path} has {len(labels)} {split} images, asked for are {limit}: make it anew by make_images.py")
        self.labels = torch.from_numpy(labels)
        pixels = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
        self.loader = DataLoader(TensorDataset(pixels, self.labels), batch_size=batch)
        self.scale = 1 / (255 * torch.tensor(sd).reshape(1, -1, 1, 1))
        self.shift = -torch.tensor(mean).reshape(1, -1, 1, 1) / torch.tensor(sd).reshape(1, -1, 1, 1)

    def __len__(self):
        return len(self.labels)

    def __iter__(self):
        """Pairs of images, float32 [n, 3, height, width], and labels, int64 [n]."""
        for pixels, labels in self.loader:
            yield torch.addcmul(self.shift, pixels.float(), self.scale), labels

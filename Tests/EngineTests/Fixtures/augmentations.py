"""Writes augmentations.json beside this file: what torchvision makes of a colour and a grey image, as uint8 tensors, by the
transforms whose numbers the tests of Graft's own kernels then use.

Needs numpy, torch and torchvision:  python augmentations.py
"""

import base64
import json
import pathlib

import numpy as np
import torch

# torchvision's compiled operators are not needed; where they do not load, registering their shapes must not fail.
_register = torch.library.register_fake


def _register_loaded(name, *arguments, **options):
    if isinstance(name, str) and name.startswith("torchvision::"):
        return lambda function: function
    return _register(name, *arguments, **options)


torch.library.register_fake = _register_loaded

import torchvision.transforms.functional as F  # noqa: E402
from torchvision.transforms import InterpolationMode  # noqa: E402

HERE = pathlib.Path(__file__).parent
BILINEAR = InterpolationMode.BILINEAR


def text(tensor):
    return base64.b64encode(tensor.contiguous().numpy().tobytes()).decode()


def scene(height, width, channels):
    """Slopes, rings, an edge and a little grain: [channel][row][column]."""
    rng = np.random.default_rng(channels)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    away = np.hypot(x - 0.6 * width, y - 0.4 * height)
    planes = [
        110 + 90 * np.sin(away / 2.5),
        40 + 3.5 * x + 1.5 * y,
        220 - 4 * y - 120 * (x + 2 * y > width),
    ][:channels]
    picture = np.stack(planes) + rng.normal(0, 5, (channels, height, width))
    return torch.from_numpy(np.clip(picture, 0, 255).astype(np.uint8))


def cases(image):
    channels, height, width = image.shape
    for angle, fill in [(10, 0), (-37.5, 0), (90, 0), (180, 0), (23, 128)]:
        yield f"rotated by {angle}, {fill} around it", ["rotate", angle, fill], F.rotate(
            image, angle, BILINEAR, fill=[float(fill)] * channels if fill else None)
    for angle, shift, scale, shear, fill in [
        (12, (3, -2), 1.2, (0, 0), 0), (-30, (0, 5), 0.7, (10, -5), 0), (0, (0, 0), 1.0, (20, 0), 0),
        (5, (-4, 0), 1.0, (0, 15), 0), (0, (7, 3), 1.0, (0, 0), 0), (40, (2, 2), 0.9, (5, 5), 200),
    ]:
        yield f"affine {angle} {shift} {scale} {shear}, {fill} around it", [
            "affine", angle, *shift, scale, *shear, fill], F.affine(
            image, angle, list(shift), scale, list(shear), BILINEAR, fill=[float(fill)] * channels if fill else None)
    own = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
    for moved, fill in [
        ([(3, 2), (2, 4), (5, 1), (1, 0)], 0), ([(9, 7), (4, 12), (11, 2), (0, 6)], 0),
        ([(0, 0), (0, 0), (0, 0), (0, 0)], 0), ([(1, 6), (8, 0), (3, 3), (7, 5)], 90),
    ]:
        new = [[abs(x - dx), abs(y - dy)] for (x, y), (dx, dy) in zip(own, moved)]
        yield f"corners moved by {moved}, {fill} around it", [
            "perspective", *[number for corner in new for number in corner], fill], F.perspective(
            image, own, new, BILINEAR, fill=[float(fill)] * channels if fill else None)
    for size, sigma in [(3, 0.5), (5, 1.0), (13, 2.0), (13, 0.1), (21, 5.0)]:
        yield f"blurred by {size} of {sigma}", ["blur", size, sigma], F.gaussian_blur(image, [size, size], [sigma, sigma])
    for threshold in [0, 100.5, 128, 255]:
        yield f"solarized from {threshold}", ["solarize", threshold], F.solarize(image, threshold)
    for x, y, w, h, levels in [(3, 5, 11, 7, [0]), (20, 0, 4, 30, [90, 120, 200])]:
        value = torch.tensor(levels[:channels], dtype=torch.uint8)[:, None, None]
        yield f"erased {w} x {h}", ["erase", x, y, w, h, *levels], F.erase(image, y, x, h, w, value)
    for x, y, size, padding, fill in [(-3, 4, 24, 4, 0), (6, 10, 28, 6, 50), (2, 1, 20, 0, 0)]:
        padded = F.pad(image, [padding] * 4, fill=fill)
        yield f"{size} cut at {x}, {y} of {padding} more", ["cut", x, y, size, fill], F.crop(
            padded, y + padding, x + padding, size, size)
    for size in [20, 45]:
        yield f"shorter side {size}", ["shorter", size], F.resize(image, [size], BILINEAR, antialias=True)


pictures = []
for image in [scene(32, 40, 3), scene(44, 34, 1)]:
    pictures.append({
        "channels": image.shape[0], "height": image.shape[1], "width": image.shape[2], "pixels": text(image),
        "cases": [
            {"name": name, "step": step[0], "numbers": step[1:], "height": result.shape[1], "width": result.shape[2],
             "pixels": text(result)}
            for name, step, result in cases(image)
        ],
    })
(HERE / "augmentations.json").write_text(json.dumps(pictures, separators=(",", ":")) + "\n")

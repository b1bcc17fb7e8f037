"""Writes formats.json, transforms.json and metrics.json beside this file: what Pillow, torchvision and scikit-learn make
of fixed inputs, for the tests of Graft's data pipeline and metrics.

Needs numpy, pillow, torch, torchvision and scikit-learn:  python make-data-fixtures.py
"""

import base64
import io
import json
import math
import pathlib
import struct
import warnings
import zlib

import numpy as np
import torch
import torchvision.transforms.functional as F
from PIL import Image
from sklearn import metrics
from torchvision.transforms import InterpolationMode

HERE = pathlib.Path(__file__).parent


def text(data):
    return base64.b64encode(bytes(data)).decode()


def scene(height, width, seed):
    """A picture with slopes, an edge and some grain: [row][column][channel]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = [
        120 + 90 * np.sin(x / 7 + 0.3) * np.cos(y / 9),
        60 + 2.2 * x + 0.5 * y,
        200 - 1.5 * y + 40 * ((x - width / 2) ** 2 + (y - height / 2) ** 2 < 100),
    ]
    picture = np.stack(planes, -1) + rng.normal(0, 6, (height, width, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def planar(picture):
    picture = np.asarray(picture)
    return picture.tobytes() if picture.ndim == 2 else np.ascontiguousarray(picture.transpose(2, 0, 1)).tobytes()


def saved(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def interlaced_png(picture):
    """An Adam7 file, which Pillow does not write."""
    height, width, _ = picture.shape
    raw = b""
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        part = picture[y0::dy, x0::dx]
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in part)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def formats():
    rgb = scene(19, 26, 1)
    grey = rgb[..., 0]
    cases = []

    def add(name, data, expected, tolerance=0.0):
        expected = np.asarray(expected)
        cases.append({
            "name": name, "file": text(data), "width": expected.shape[1], "height": expected.shape[0],
            "channels": 1 if expected.ndim == 2 else 3, "pixels": text(planar(expected)), "tolerance": tolerance})

    def reread(data, mode="RGB"):
        return np.asarray(Image.open(io.BytesIO(data)).convert(mode))

    for name, image, options, mode in [
        ("jpeg rgb", Image.fromarray(rgb), {"quality": 90}, "RGB"),
        ("jpeg rgb 4:4:4 progressive", Image.fromarray(rgb), {"quality": 95, "subsampling": 0, "progressive": True}, "RGB"),
        ("jpeg grey", Image.fromarray(grey), {"quality": 90}, "L"),
    ]:
        data = saved(image, format="JPEG", **options)
        add(name, data, reread(data, mode))
    data = saved(Image.fromarray(rgb).convert("CMYK"), format="JPEG", quality=95)
    # Pillow multiplies with a shift where this program divides.
    add("jpeg cmyk", data, reread(data), 1.0)
    for orientation, turn in [
        (1, lambda a: a), (2, lambda a: a[:, ::-1]), (3, lambda a: a[::-1, ::-1]), (4, lambda a: a[::-1]),
        (5, lambda a: a.transpose(1, 0, 2)), (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: a[::-1, ::-1].transpose(1, 0, 2)), (8, lambda a: np.rot90(a)),
    ]:
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = saved(Image.fromarray(rgb), format="JPEG", quality=90, exif=exif)
        add(f"jpeg orientation {orientation}", data, turn(reread(data)))

    add("png rgb", saved(Image.fromarray(rgb), format="PNG"), rgb)
    add("png grey", saved(Image.fromarray(grey), format="PNG"), grey)
    add("png interlaced", interlaced_png(rgb), rgb)
    wide = (grey.astype(np.uint16) * 255 + np.arange(26, dtype=np.uint16) * 7)
    add("png grey 16 bit", saved(Image.fromarray(wide), format="PNG"), np.rint(wide / 257.0).astype(np.uint8))
    add("png 1 bit", saved(Image.fromarray(grey > 120), format="PNG"), ((grey > 120) * 255).astype(np.uint8))
    palette = Image.fromarray(rgb).quantize(13)
    add("png palette 4 bit", saved(palette, format="PNG", bits=4), np.asarray(palette.convert("RGB")))
    clear = palette.convert("RGB")
    seen = np.asarray(clear).copy()
    seen[np.asarray(palette) == 3] = 0
    add("png palette with a clear colour", saved(palette, format="PNG", transparency=3), seen)
    alpha = (np.mgrid[0:19, 0:26][1] * 10 % 256).astype(np.uint8)
    flat = np.floor((rgb.astype(float) * alpha[..., None] + 127) / 255).astype(np.uint8)
    add("png rgba", saved(Image.fromarray(np.dstack([rgb, alpha])), format="PNG"), flat)
    add("png grey with alpha", saved(Image.fromarray(np.dstack([grey, alpha])), format="PNG"),
        np.floor((grey.astype(float) * alpha + 127) / 255).astype(np.uint8))
    return cases


def transforms():
    picture = scene(48, 64, 2)
    tensor = torch.from_numpy(picture).permute(2, 0, 1).contiguous()
    cases = []

    def add(name, steps, result):
        cases.append({
            "name": name, "steps": steps, "height": result.shape[1], "width": result.shape[2], "pixels": text(result.numpy().tobytes())})

    def resize(image, height, width):
        return F.resize(image, [height, width], InterpolationMode.BILINEAR, antialias=True)

    for height, width in [(32, 42), (20, 51), (96, 80), (7, 5), (48, 30), (31, 64)]:
        add(f"resize {width} x {height}", [["resize", width, height]], resize(tensor, height, width))
    for x, y, width, height, size in [(5, 3, 40, 33, 28), (50, 30, 14, 18, 32), (0, 0, 64, 48, 24)]:
        add(f"crop at {x}, {y} resized {size}", [["crop", x, y, width, height], ["resize", size, size]],
            F.resized_crop(tensor, y, x, height, width, [size, size], InterpolationMode.BILINEAR, antialias=True))
    add("resize, crop", [["resize", 56, 42], ["crop", 9, 4, 32, 30]], F.crop(resize(tensor, 42, 56), 4, 9, 30, 32))
    add("flip horizontally", [["flip", 1]], F.hflip(tensor))
    add("flip vertically", [["flip", 0]], F.vflip(tensor))
    add("resize, flip, crop", [["resize", 40, 30], ["flip", 1], ["crop", 3, 2, 20, 18]],
        F.crop(F.hflip(resize(tensor, 30, 40)), 2, 3, 18, 20))
    for factor in [0.0, 0.6, 1.3, 2.0]:
        add(f"brightness {factor}", [["brightness", factor]], F.adjust_brightness(tensor, factor))
        add(f"contrast {factor}", [["contrast", factor]], F.adjust_contrast(tensor, factor))
        add(f"saturation {factor}", [["saturation", factor]], F.adjust_saturation(tensor, factor))
    for turn in [-0.5, -0.25, -0.03, 0.1, 0.37]:
        add(f"hue {turn}", [["hue", turn]], F.adjust_hue(tensor, turn))
    add("greyscale", [["grayscale"]], F.rgb_to_grayscale(tensor, 3))
    paper = resize(tensor, 40, 40)
    paper = F.resized_crop(paper, 2, 1, 35, 38, [32, 32], InterpolationMode.BILINEAR, antialias=True)
    paper = F.hflip(F.vflip(paper))
    paper = F.adjust_hue(F.adjust_contrast(F.adjust_saturation(F.adjust_brightness(paper, 1.15), 0.93), 0.85), 0.07)
    add("the paper's augmentation", [
        ["resize", 40, 40], ["crop", 1, 2, 38, 35], ["resize", 32, 32], ["flip", 0], ["flip", 1], ["brightness", 1.15],
        ["saturation", 0.93], ["contrast", 0.85], ["hue", 0.07]], paper)
    return {"width": 64, "height": 48, "pixels": text(planar(picture)), "cases": cases}


def measures():
    rng = np.random.default_rng(3)
    cases = []

    def add(name, probabilities, labels):
        probabilities = np.asarray(probabilities, np.float32)
        labels = np.asarray(labels)
        classes = probabilities.shape[1]
        predicted = probabilities.argmax(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if classes == 2:
                area = metrics.roc_auc_score(labels, probabilities[:, 1]) if len(set(labels)) == 2 else math.nan
            else:
                # One against the rest, class by class: scikit-learn refuses rows that do not sum to exactly 1.
                each = [metrics.roc_auc_score(labels == c, probabilities[:, c]) if 0 < (labels == c).sum() < len(labels)
                        else math.nan for c in range(classes)]
                area = float(np.mean(each))
            values = {
                "accuracy": metrics.accuracy_score(labels, predicted),
                "macro_recall": metrics.recall_score(labels, predicted, average="macro", zero_division=0),
                "quadratic_kappa": metrics.cohen_kappa_score(
                    labels, predicted, weights="quadratic", labels=list(range(classes))),
                "roc_auc": area,
            }
        cases.append({
            "name": name, "classes": classes, "probabilities": [float(v) for v in probabilities.ravel()],
            "labels": [int(v) for v in labels],
            "values": {k: None if math.isnan(v) else float(v) for k, v in values.items()}})

    def drawn(count, classes, skill, digits=None):
        labels = rng.integers(0, classes, count)
        scores = rng.normal(0, 1, (count, classes)) + skill * np.eye(classes)[labels]
        probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        return (probabilities if digits is None else np.round(probabilities, digits)), labels

    add("two classes", *drawn(60, 2, 1.0))
    add("two classes, ties", *drawn(80, 2, 0.8, 1))
    add("five classes", *drawn(90, 5, 1.5))
    add("five classes, ties", *drawn(90, 5, 1.0, 1))
    add("constant scores", np.full((12, 2), 0.5), [0, 1] * 6)
    probabilities, labels = drawn(50, 4, 1.0)
    add("a class without images", probabilities, np.where(labels == 2, 1, labels))
    without = probabilities.copy()
    without[:, 3] = 0
    add("a class never predicted", without, labels)
    neither = labels.copy()
    neither[neither == 3] = 0
    add("a class neither labelled nor predicted", without, neither)
    add("one class only", probabilities[:, :2], np.zeros(50, int))
    add("all right, one class", np.tile([0.9, 0.1], (7, 1)), np.zeros(7, int))
    add("all right", np.eye(3)[[0, 1, 2, 2, 1]], [0, 1, 2, 2, 1])
    add("all wrong", np.eye(3)[[1, 2, 0, 0, 2]], [0, 1, 2, 2, 1])
    add("one image", [[0.2, 0.8]], [1])
    return cases


for name, value in [("formats", formats()), ("transforms", transforms()), ("metrics", measures())]:
    (HERE / f"{name}.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")

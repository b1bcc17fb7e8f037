"""Images for the measures of feature reuse:  make_images.py FILE [--train 1000] [--val 100] [--test 500] [--size 224]

Four classes of striped blobs on a grainy ground: how many blobs there are, how fine and how slanted their stripes,
and tints say which class an image is of, each with a spread that makes neighbouring classes overlap. The file is a
NumPy archive of `{train,val,test}_images`, uint8 [n, size, size, 3], and `{train,val,test}_labels`, int64 [n], which
Graft reads as `format: npz`. An image depends on its split and number alone, the file's bytes on the arguments alone.
"""

import argparse
import pathlib

import numpy as np

CLASSES = 4
SPLITS = ["train", "val", "test"]


def blob(rng, y, x, label):
    """A soft ellipse with stripes inside: coverage and tint, each [size, size]."""
    centre = rng.uniform(0.2, 0.8, 2)
    radii = rng.uniform(0.1, 0.22, 2)
    turn = rng.uniform(0, np.pi)
    dx, dy = x - centre[0], y - centre[1]
    along, across = np.cos(turn) * dx + np.sin(turn) * dy, np.cos(turn) * dy - np.sin(turn) * dx
    coverage = 1 / (1 + np.exp(14 * (np.hypot(along / radii[0], across / radii[1]) - 1)))
    waves = rng.normal(6 + 5 * label, 1.5)
    slant = rng.normal(0.2 + 0.5 * label, 0.2)
    stripes = np.sin(2 * np.pi * waves * (np.cos(slant) * x + np.sin(slant) * y) + rng.uniform(0, 2 * np.pi))
    return coverage, stripes


def picture(split, number, size):
    """Image `number` of a split: uint8 [size, size, 3]. Its class is its number modulo the classes."""
    label = number % CLASSES
    rng = np.random.default_rng([SPLITS.index(split), number])
    y, x = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    ground = rng.normal(120, 14, 3) + np.array([18 - 12 * label, 6 * (label % 2), 12 * label - 18])
    slope = rng.normal(size=2)
    planes = ground[:, None, None] + 12 * np.sin(2 * np.pi * (slope[0] * x + slope[1] * y))
    for _ in range(1 + label // 2 + rng.integers(0, 3)):
        coverage, stripes = blob(rng, y, x, label)
        tint = np.array([40 - 14 * label, 10, -30 + 16 * label]) + rng.normal(0, 10, 3)
        planes = planes + coverage * (tint[:, None, None] + 28 * stripes)
    planes = planes + rng.normal(0, 9, (3, size, size))
    return np.clip(np.rint(planes), 0, 255).astype(np.uint8).transpose(1, 2, 0)


def make(path, counts, size):
    """Writes the archive with as many images of each split as `counts` says, unless it is there with those arrays."""
    path = pathlib.Path(path)
    shapes = {f"{split}_images": (counts[split], size, size, 3) for split in SPLITS}
    if path.exists():
        with np.load(path) as there:
            if all(name in there and there[name].shape == shape for name, shape in shapes.items()):
                return path
    arrays = {}
    for split in SPLITS:
        images = np.empty(shapes[f"{split}_images"], np.uint8)
        for number in range(counts[split]):
            images[number] = picture(split, number, size)
        arrays[f"{split}_images"] = images
        arrays[f"{split}_labels"] = np.arange(counts[split], dtype=np.int64) % CLASSES
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="the .npz file to write")
    parser.add_argument("--train", type=int, default=1000)
    parser.add_argument("--val", type=int, default=100)
    parser.add_argument("--test", type=int, default=500)
    parser.add_argument("--size", type=int, default=224)
    options = parser.parse_args()
    make(options.file, {split: getattr(options, split) for split in SPLITS}, options.size)

"""JPEG files that cost a decoder what photographs cost: detail at every scale, quality 90, 4:2:0, 1 to 2 megapixels."""

import pathlib

import numpy as np
from PIL import Image

SIZES = [(1024, 1024), (1280, 1024), (1365, 1024), (1536, 1152), (1600, 1200), (1200, 1600)]
SCENES = 12


def noise(rng, height, width, slope):
    """Random, with amplitudes that fall as frequency^-slope; mean 0, deviation 1."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1
    phases = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
    field = np.fft.irfft2(phases * frequency**-slope, (height, width))
    return (field - field.mean()) / field.std()


def scene(index):
    """A lesion-like patch on skin-like ground."""
    rng = np.random.default_rng(index)
    width, height = SIZES[index % len(SIZES)]
    y, x = np.mgrid[-1:1:height * 1j, -1:1:width * 1j]
    edge = np.hypot(x, y) + 0.12 * noise(rng, height, width, 1.8) - 0.55
    inside = 1 / (1 + np.exp(12 * edge))
    texture = noise(rng, height, width, 1.1)
    planes = []
    for ground, patch in [(205, 105), (160, 70), (145, 60)]:
        plane = ground + (patch - ground) * inside + 16 * texture + 7 * noise(rng, height, width, 1.4)
        planes.append(plane * (1 - 0.15 * (x**2 + y**2)) + rng.normal(0, 2, (height, width)))
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def make(folder, count):
    """Writes `count` files below the folder, in two classes, unless they are there."""
    folder = pathlib.Path(folder)
    paths = [folder / f"class-{index % 2}" / f"{index:05d}.jpg" for index in range(count)]
    if all(path.exists() for path in paths):
        return paths
    scenes = [scene(index) for index in range(SCENES)]
    for index, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.roll(scenes[index % SCENES], (37 * index, 53 * index), (0, 1))
        Image.fromarray(picture).save(path, quality=90, subsampling=2)
    return paths

"""Writes arrays/: small data sets in HDF5 files and NumPy archives, in the layouts of PatchCamelyon and MedMNIST, and some that
cannot be read. Images are of two classes, told apart by their brightness; every number is by a formula, so that a test can
say what it must read.

Needs h5py and numpy:  python make-arrays.py
"""

import gzip
import pathlib
import shutil

import h5py
import numpy

FOLDER = pathlib.Path(__file__).parent / "arrays"


def images(count, side, channels, start):
    """[n, side, side, channels]: image i is brighter where i is odd."""
    n, y, x, c = numpy.meshgrid(
        numpy.arange(start, start + count), numpy.arange(side), numpy.arange(side), numpy.arange(channels), indexing="ij")
    return ((n % 2) * 120 + (n * 5 + y * 3 + x * 2 + c * 7) % 100).astype(numpy.uint8)


def labels(count, start):
    return (numpy.arange(start, start + count) % 2).astype(numpy.uint8)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    start = 0
    for split, count in [("train", 24), ("valid", 8), ("test", 8)]:
        stem = FOLDER / f"camelyonpatch_level_2_split_{split}"
        with h5py.File(f"{stem}_x.h5", "w") as file:
            # More rows than a chunk has, and a last chunk that is not full.
            file.create_dataset("x", data=images(count, 12, 3, start), chunks=(5, 12, 12, 3), compression="gzip")
        with h5py.File(f"{stem}_y.h5", "w") as file:
            file.create_dataset("y", data=labels(count, start).reshape(count, 1, 1, 1))
        start += count

    medical = {}
    start = 0
    for split, count in [("train", 20), ("val", 6), ("test", 6)]:
        medical[f"{split}_images"] = images(count, 12, 1, start)[..., 0]
        medical[f"{split}_labels"] = labels(count, start).reshape(count, 1)
        start += count
    numpy.savez_compressed(FOLDER / "medical.npz", **medical)
    numpy.savez(FOLDER / "stored.npz", **medical)
    several = dict(medical)
    for name in list(several):
        if name.endswith("labels"):
            own = several[name][:, 0].astype(numpy.int64)
            several[name] = numpy.stack([own, 1 - own, (numpy.arange(len(own)) % 3 == 0).astype(numpy.int64)], axis=1)
    numpy.savez_compressed(FOLDER / "several.npz", **several)
    # Deflate ends a little behind a whole MiB: zlib then holds bytes when it has read all.
    numpy.savez_compressed(FOLDER / "black.npz", x=numpy.zeros((64, 128, 128), numpy.uint8))

    with h5py.File(FOLDER / "floats.h5", "w") as file:
        file["x"] = images(4, 6, 3, 0).astype(numpy.float32)
        file["y"] = labels(4, 0)
    with h5py.File(FOLDER / "external.h5", "w") as file:
        file.create_dataset("x", shape=(4, 6, 6, 3), dtype=numpy.uint8, external=[("/etc/hostname", 0, 432)])
    numpy.savez(FOLDER / "fortran.npz", x=numpy.asfortranarray(images(4, 6, 3, 0)))
    content = (FOLDER / "camelyonpatch_level_2_split_train_x.h5").read_bytes()
    (FOLDER / "truncated.h5").write_bytes(content[: len(content) // 2])
    (FOLDER / "train_x.h5.gz").write_bytes(gzip.compress(content, 9, mtime=0))
    (FOLDER / "truncated.h5.gz").write_bytes(gzip.compress(content, 9, mtime=0)[:-200])


main()

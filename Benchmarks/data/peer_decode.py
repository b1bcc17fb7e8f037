"""Decodes the JPEG files of a list and resizes each to SIZE x SIZE:  peer_decode.py KIND SIZE PROCESSES < LIST

KIND: pillow (decode, then resize), draft (Pillow's draft mode: scaled down by libjpeg, then resized) or torchvision
(decoded by Pillow, as its data sets do it, then resized as a tensor of bytes).
Prints JSON. The processes are there before the clock starts; each picture ends as bytes in the process that made it.
"""

import json
import multiprocessing
import resource
import sys
import time

from PIL import Image

kind, size, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

if kind == "torchvision":
    import torch

    # torchvision's compiled operators may not fit the torch beside it; none is needed here.
    torch.set_num_threads(1)
    register = torch.library.register_fake

    def harmless(name, *arguments, **options):
        if str(name).startswith("torchvision::"):
            return lambda function: function
        return register(name, *arguments, **options)

    torch.library.register_fake = harmless
    import torchvision.transforms.functional as F


def decode(path):
    picture = Image.open(path)
    if kind == "torchvision":
        pixels = F.pil_to_tensor(picture.convert("RGB"))
        return len(F.resize(pixels, [size, size], antialias=True).numpy().tobytes())
    if kind == "draft":
        picture.draft("RGB", (size, size))
    return len(picture.convert("RGB").resize((size, size), Image.Resampling.BILINEAR).tobytes())


def used():
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


def main():
    paths = sys.stdin.read().split("\n")[:-1]
    pool = multiprocessing.get_context("fork").Pool(processes)
    pool.map(decode, paths[:processes])
    before = used()
    start = time.perf_counter()
    lengths = pool.map(decode, paths, chunksize=8)
    seconds = time.perf_counter() - start
    pool.close()
    pool.join()
    assert all(length == 3 * size * size for length in lengths)
    print(json.dumps({"images": len(paths), "seconds": seconds, "cpuSeconds": used() - before}))


main()

"""Writes NAME.dcm.levels beside every DICOM file below a folder: the 8-bit levels that pydicom gives its first frame.

Needs numpy and pydicom:  python mammogram-levels.py FOLDER
"""

import pathlib
import sys

import numpy as np
import pydicom
from pydicom.pixels import apply_modality_lut, apply_windowing

for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.dcm")):
    dataset = pydicom.dcmread(path)
    values = apply_modality_lut(dataset.pixel_array, dataset).astype(float)
    if "WindowWidth" in dataset:
        share = apply_windowing(values, dataset) / (2**dataset.BitsStored - 1)
    else:
        share = (values - values.min()) / (values.max() - values.min())
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        share = 1 - share
    path.with_name(path.name + ".levels").write_bytes(np.rint(share * 255).astype(np.uint8).tobytes())

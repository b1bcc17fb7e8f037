"""Writes the fixtures of the decoders' tests as files, a folder a fuzzing target:  python seeds.py FOLDER"""

import base64
import json
import pathlib
import sys

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "EngineTests" / "Fixtures"
SIGNATURES = {"jpeg": b"\xff\xd8", "png": b"\x89PNG", "tiff": (b"II", b"MM")}

root = pathlib.Path(sys.argv[1])
for name in ("formats", "images", "dicom"):
    for index, case in enumerate(json.loads((FIXTURES / f"{name}.json").read_text())):
        data = base64.b64decode(case["file"])
        kind = "dicom" if name == "dicom" else next(k for k, s in SIGNATURES.items() if data.startswith(s))
        for target in {kind, kind if kind == "dicom" else "header"}:
            folder = root / target
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}-{index}").write_bytes(data)

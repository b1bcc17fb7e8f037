"""Writes small sound files, of the tests' fixtures and others, a folder a fuzzing target:  python seeds.py FOLDER"""

import base64
import json
import pathlib
import sys
import zipfile

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


def put(target, name, data):
    folder = root / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def without_checksums(data):
    """The ZIP file with all checksums 0 in its table of contents, as torch can save: a changed byte is then no damage."""
    data = bytearray(data)
    end = data.rindex(b"PK\5\6")
    place = int.from_bytes(data[end + 16 : end + 20], "little")
    for _ in range(int.from_bytes(data[end + 10 : end + 12], "little")):
        data[place + 16 : place + 20] = bytes(4)
        place += 46 + sum(int.from_bytes(data[place + at : place + at + 2], "little") for at in (28, 30, 32))
    return bytes(data)


for path in sorted((FIXTURES / "torch").iterdir()) + sorted((FIXTURES / "arrays").glob("*.npz")):
    if not zipfile.is_zipfile(path):
        continue
    target = "npz" if path.suffix == ".npz" else "torch"
    put(target, path.name, path.read_bytes())
    put(target, path.name + "-plain", without_checksums(path.read_bytes()))
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith("data.pkl"):
                put("pickle", path.name, archive.read(name))
            elif name.endswith(".npy"):
                put("npy", f"{path.stem}-{name}", archive.read(name))


def view(key, numbers, offset, shape, strides):
    """A pickle of one tensor in storage 0 of 8, or 1 of 24, float32: numbers of 8 bytes, so that a changed byte is any size."""
    text = lambda value: b"X" + len(value).to_bytes(4, "little") + value.encode()
    number = lambda value: b"\x8a\x08" + value.to_bytes(8, "little")
    several = lambda values: b"(" + b"".join(map(number, values)) + b"t"
    id = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu") + number(numbers) + b"tQ"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + id + number(offset) + several(shape) + several(strides)
    return b"\x80\x02}" + text("a") + tensor + b"\x89}tRs."


put("pickle", "whole", view("0", 8, 0, [2, 4], [4, 1]))
put("pickle", "transposed", view("1", 24, 0, [4, 6], [1, 4]))
put("pickle", "part", view("1", 24, 1, [3, 1, 2], [8, 8, 3]))
put("pickle", "repeated", view("0", 8, 0, [3, 2], [0, 1]))


def header_of(version, descr, shape, size):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + bytes(size)


put("npy", "signed", header_of(1, ">i4", "(3, 2)", 24))
put("npy", "long", header_of(2, "<u8", "(2,)", 16))
put("npy", "float", header_of(3, "<f4", "(1, 1, 2)", 8))
put("npy", "empty", header_of(1, "|u1", "(0, 4)", 0))


def safetensors(header, size):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(size)


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


put("safetensors", "one", safetensors({"a.weight": tensor("F32", [2, 3], 0, 24)}, 24))
put("safetensors", "texts", safetensors({"__metadata__": {"format": "pt"}, "b": tensor("F16", [], 0, 2)}, 2))
types = {"F64": 8, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
places = [sum(list(types.values())[:i]) for i in range(len(types) + 1)]
members = {name.lower(): tensor(name, [1], *places[i : i + 2]) for i, name in enumerate(types)}
put("safetensors", "types", safetensors(members | {"empty": tensor("F32", [0, 4], 26, 26)}, places[-1]))

put("table", "commas", b'image,label\r\n"a, ""b"".png",cat\r\nc.png,dog\r\n')
put("table", "semicolons", "\ufeffimage;label\n\nä.png;1\n".encode())
put("table", "tabs", b"image\tlabel\tsplit\ra.png\t\ttrain\r")

"""Writes images.json and dicom.json beside this file: small image files of every kind that the decoders read, and the
pixels that Pillow, numpy or pydicom see in them.

Needs numpy, pillow, tifffile, imagecodecs, pydicom, pyjpegls, pylibjpeg-libjpeg and DCMTK's dcmcjpeg:
python make-image-fixtures.py
"""

import base64
import io
import json
import pathlib
import struct
import subprocess
import tempfile
import zlib

import numpy as np
import pydicom
import tifffile
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, apply_windowing, convert_color_space
from pydicom.sequence import Sequence
from pydicom.uid import (
    ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGLSLossless, JPEGLSNearLossless, RLELossless,
    SecondaryCaptureImageStorage)

HERE = pathlib.Path(__file__).parent
HEIGHT, WIDTH = 13, 22


def text(data):
    return base64.b64encode(bytes(data)).decode()


def scene(seed, height=HEIGHT, width=WIDTH):
    """A picture with slopes and some grain: [row][column][channel]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = [120 + 90 * np.sin(x / 7 + 0.3) * np.cos(y / 9), 40 + 8 * x + 1.5 * y, 230 - 12 * y]
    return np.clip(np.stack(planes, -1) + rng.normal(0, 4, (height, width, 3)), 0, 255).astype(np.uint8)


RGB = scene(1)
GREY = RGB[..., 0]
WIDE = RGB.astype(np.uint16) * 255 + np.arange(WIDTH, dtype=np.uint16)[:, None] * 9
ALPHA = (np.mgrid[0:HEIGHT, 0:WIDTH][1] * 12 % 256).astype(np.uint8)


def narrowed(samples):
    """16 bits to 8."""
    return np.rint(samples / 257.0).astype(np.uint8)


def laid_over_black(samples, alpha):
    alpha = alpha[..., None] if samples.ndim == 3 else alpha
    return np.floor((samples.astype(float) * alpha + 127) / 255).astype(np.uint8)


def cmyk_seen(ink):
    light = 255 - ink.astype(float)
    return np.floor((light[..., :3] * light[..., 3:] + 127) / 255).astype(np.uint8)


class Cases(list):
    def add(self, name, data, expected, tolerance=0.0):
        expected = np.asarray(expected, np.uint8)
        pixels = expected if expected.ndim == 2 else np.ascontiguousarray(expected.transpose(2, 0, 1))
        self.append({
            "name": name, "file": text(data), "width": expected.shape[1], "height": expected.shape[0],
            "channels": 1 if expected.ndim == 2 else 3, "pixels": text(pixels.tobytes()), "tolerance": tolerance})


def saved(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def reread(data, mode="RGB"):
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, bits, colour, rows, extra=b"", interlaced=False):
    """`rows` packed as the format wants them, without filter bytes."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced)))
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def packed(indexes, bits):
    spread = (indexes[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return [np.packbits(row.reshape(-1)).tobytes() for row in spread.astype(np.uint8)]


PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def interlaced_rows(pixels, pack):
    return [row for x0, y0, dx, dy in PASSES if pixels[y0::dy, x0::dx].size for row in pack(pixels[y0::dy, x0::dx])]


def jpegs(cases):
    cmyk = Image.fromarray(RGB).convert("CMYK")
    data = saved(cmyk, format="JPEG", quality=95, subsampling=0)
    adobe = data.index(b"\xff\xee")
    length = struct.unpack(">H", data[adobe + 2:adobe + 4])[0]
    # Without Adobe's marker the samples are ink, not its complement.
    plain = data[:adobe] + data[adobe + 2 + length:]
    ink = np.asarray(Image.open(io.BytesIO(data)))
    cases.add("jpeg cmyk, not inverted", plain, cmyk_seen(255 - ink), 1.0)
    # The same samples, said to be YCCK.
    ycck = bytearray(data)
    ycck[adobe + 2 + length - 1] = 2
    cases.add("jpeg ycck", bytes(ycck), reread(bytes(ycck)), 1.0)
    progressive = saved(Image.fromarray(GREY), format="JPEG", quality=90, progressive=True)
    cases.add("jpeg grey progressive", progressive, reread(progressive, "L"))
    restarts = saved(Image.fromarray(RGB), format="JPEG", quality=90, restart_marker_blocks=1)
    cases.add("jpeg with restart markers", restarts, reread(restarts))
    for name, subsampling in [("4:2:2", 1), ("4:2:0", 2)]:
        data = saved(Image.fromarray(RGB), format="JPEG", quality=90, subsampling=subsampling)
        cases.add(f"jpeg {name}", data, reread(data))
    rgb = saved(Image.fromarray(RGB), format="JPEG", quality=95, keep_rgb=True)
    cases.add("jpeg kept as rgb", rgb, reread(rgb))


def pngs(cases):
    cases.add("png rgb 16 bit", png(WIDTH, HEIGHT, 16, 2, [r.astype(">u2").tobytes() for r in WIDE]), narrowed(WIDE))
    for bits in (2, 4):
        levels = GREY >> (8 - bits)
        cases.add(f"png grey {bits} bit", png(WIDTH, HEIGHT, bits, 0, packed(levels, bits)), levels * (255 // (2**bits - 1)))
    rng = np.random.default_rng(3)
    for bits in (1, 2, 8):
        indexes = rng.integers(0, min(2**bits, 40), GREY.shape).astype(np.uint8)
        palette = rng.integers(0, 256, (min(2**bits, 40), 3), dtype=np.uint8)
        plte = chunk(b"PLTE", palette.tobytes())
        cases.add(f"png palette {bits} bit", png(WIDTH, HEIGHT, bits, 3, packed(indexes, bits), plte), palette[indexes])
        rows = interlaced_rows(indexes, lambda part: packed(part, bits))
        cases.add(f"png palette {bits} bit interlaced", png(WIDTH, HEIGHT, bits, 3, rows, plte, True), palette[indexes])
    clear = png(WIDTH, HEIGHT, 8, 0, packed(GREY, 8), chunk(b"tRNS", struct.pack(">H", int(GREY[3, 4]))))
    cases.add("png grey with a clear level", clear, np.where(GREY == GREY[3, 4], 0, GREY))
    rgba = np.dstack([WIDE, ALPHA.astype(np.uint16) * 257])
    data = png(WIDTH, HEIGHT, 16, 6, [row.astype(">u2").tobytes() for row in rgba])
    cases.add("png rgba 16 bit", data, laid_over_black(narrowed(WIDE), ALPHA), 1.0)
    turned = saved(Image.fromarray(RGB), format="PNG", exif=orientation(6))
    cases.add("png orientation 6", turned, np.rot90(RGB, -1))


def orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def tiff(data, **options):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, data, **options)
    return buffer.getvalue()


def tiffs(cases):
    for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        data = saved(Image.fromarray(RGB), format="TIFF", compression=compression)
        cases.add(f"tiff rgb {compression or 'raw'}", data, reread(data))
    data = saved(Image.fromarray(RGB), format="TIFF", compression="jpeg", quality=90)
    cases.add("tiff rgb jpeg", data, reread(data), 1.0)
    # YCbCr with halved colours inside.
    big = scene(5, 32, 48)
    data = tiff(big, photometric="ycbcr", compression="jpeg", compressionargs={"level": 90}, subsampling=(2, 2), tile=(16, 16))
    cases.add("tiff ycbcr jpeg tiles", data, reread(data), 2.0)
    for name, options in [
        ("strips of 4 rows", {"rowsperstrip": 4}), ("big-endian", {"byteorder": ">"}), ("BigTIFF", {"bigtiff": True}),
        ("tiles", {"tile": (16, 16)}), ("predictor", {"compression": "zlib", "predictor": True}),
    ]:
        cases.add(f"tiff rgb {name}", tiff(RGB, photometric="rgb", **options), RGB)
        cases.add(f"tiff rgb 16 bit {name}", tiff(WIDE, photometric="rgb", **options), narrowed(WIDE))
    planes = np.ascontiguousarray(RGB.transpose(2, 0, 1))
    cases.add("tiff rgb planes", tiff(planes, photometric="rgb", planarconfig="separate"), RGB)
    cases.add("tiff rgb planes tiles", tiff(planes, photometric="rgb", planarconfig="separate", tile=(16, 16)), RGB)
    with_alpha = np.ascontiguousarray(np.dstack([RGB, ALPHA]).transpose(2, 0, 1))
    data = tiff(with_alpha, photometric="rgb", planarconfig="separate", extrasamples=["unassalpha"])
    cases.add("tiff rgba planes", data, laid_over_black(RGB, ALPHA))
    cases.add("tiff grey", tiff(GREY, photometric="minisblack"), GREY)
    cases.add("tiff grey 16 bit", tiff(WIDE[..., 0], photometric="minisblack"), narrowed(WIDE[..., 0]))
    cases.add("tiff grey inverted", tiff(GREY, photometric="miniswhite"), 255 - GREY)
    bilevel = GREY > 120
    cases.add("tiff 1 bit", saved(Image.fromarray(bilevel), format="TIFF"), bilevel * 255)
    data = saved(Image.fromarray(bilevel), format="TIFF", compression="group4")
    cases.add("tiff 1 bit group 4", data, reread(data, "L"))
    for bits in (2, 4):
        levels = GREY >> (8 - bits)
        cases.add(f"tiff grey {bits} bit", hand_made_tiff(packed(levels, bits), bits), levels * (255 // (2**bits - 1)))
    palette = Image.fromarray(RGB).quantize(13)
    cases.add("tiff palette", saved(palette, format="TIFF"), np.asarray(palette.convert("RGB")))
    rgba = np.dstack([RGB, ALPHA])
    cases.add("tiff rgba", tiff(rgba, photometric="rgb", extrasamples=["unassalpha"]), laid_over_black(RGB, ALPHA))
    cases.add("tiff rgba associated", tiff(rgba, photometric="rgb", extrasamples=["assocalpha"]), RGB)
    data = tiff(np.dstack([GREY, ALPHA]), photometric="minisblack", extrasamples=["unassalpha"])
    cases.add("tiff grey with alpha", data, laid_over_black(GREY, ALPHA))
    cmyk = Image.fromarray(RGB).convert("CMYK")
    cases.add("tiff cmyk", saved(cmyk, format="TIFF"), cmyk_seen(np.asarray(cmyk)))
    pages = saved(Image.fromarray(RGB), format="TIFF", save_all=True, append_images=[Image.fromarray(255 - RGB)])
    cases.add("tiff two pages", pages, RGB)
    for value, turn in [
        (2, lambda a: a[:, ::-1]), (3, lambda a: a[::-1, ::-1]), (4, lambda a: a[::-1]),
        (5, lambda a: a.transpose(1, 0, 2)), (6, lambda a: np.rot90(a, -1)),
        (7, lambda a: a[::-1, ::-1].transpose(1, 0, 2)), (8, lambda a: np.rot90(a)),
    ]:
        data = saved(Image.fromarray(RGB), format="TIFF", tiffinfo={0x0112: value})
        cases.add(f"tiff orientation {value}", data, turn(RGB))


def hand_made_tiff(rows, bits):
    """Grey of few bits, one strip."""
    pixels = b"".join(rows)
    entries = [
        (256, 4, 1, WIDTH), (257, 4, 1, HEIGHT), (258, 3, 1, bits), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, HEIGHT), (279, 4, 1, len(pixels))]
    pixels += b"\0" * (len(pixels) % 2)
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + directory + struct.pack("<I", 0)


# DICOM

def dicom(samples, syntax=ExplicitVRLittleEndian, photometric=None, stored=None, **attributes):
    samples = np.asarray(samples)
    colour = samples.ndim >= 3 and samples.shape[-1] == 3 and photometric not in ("MONOCHROME1", "MONOCHROME2")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    meta.TransferSyntaxUID = syntax
    dataset = Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.Modality = "OT"
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = photometric or ("RGB" if colour else "MONOCHROME2")
    if colour:
        dataset.PlanarConfiguration = attributes.pop("PlanarConfiguration", 0)
    rows = samples.shape[-3:-1] if colour else samples.shape[-2:]
    dataset.Rows, dataset.Columns = rows
    frames = samples.ndim - (3 if colour else 2)
    if frames:
        dataset.NumberOfFrames = samples.shape[0]
    dataset.BitsAllocated = samples.dtype.itemsize * 8
    dataset.BitsStored = stored or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(samples.dtype.kind == "i")
    for name, value in attributes.items():
        setattr(dataset, name, value)
    content = samples
    if colour and dataset.PlanarConfiguration == 1:
        content = np.moveaxis(samples, -1, -3)
    big = syntax == ExplicitVRBigEndian
    dataset.PixelData = np.ascontiguousarray(content).astype(samples.dtype.newbyteorder(">" if big else "<")).tobytes()
    if len(dataset.PixelData) % 2:
        dataset.PixelData += b"\0"
    dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 or syntax == ImplicitVRLittleEndian else "OB"
    return dataset


def written(dataset):
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def compressed(dataset, syntax, **options):
    dataset.compress(syntax, encoding_plugin="pyjpegls" if "JPEG-LS" in syntax.name else "pydicom", **options)
    return written(dataset)


def dcmtk(dataset, *options, program="dcmcjpeg"):
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/a.dcm", f"{folder}/b.dcm"
        pathlib.Path(source).write_bytes(written(dataset))
        subprocess.run([program, *options, source, target], check=True)
        return pathlib.Path(target).read_bytes()


def seen(data, first=True):
    """The first frame as pydicom shows it, 8 bits."""
    dataset = pydicom.dcmread(io.BytesIO(data), force=True)
    pixels = dataset.pixel_array
    if int(dataset.get("NumberOfFrames", 1) or 1) > 1:
        pixels = pixels[0]
    kind = dataset.PhotometricInterpretation
    if kind == "PALETTE COLOR":
        return apply_color_lut(pixels, dataset) >> 8
    if dataset.SamplesPerPixel == 3:
        # pydicom has made YBR to RGB.
        return pixels if dataset.BitsStored == 8 else np.rint(pixels / (2**dataset.BitsStored - 1) * 255)
    values = apply_modality_lut(pixels, dataset).astype(float)
    if "WindowWidth" in dataset:
        bits = dataset.BitsStored
        window = apply_windowing(apply_modality_lut(pixels, dataset), dataset)
        low, high = (-(2**(bits - 1)), 2**(bits - 1) - 1) if dataset.PixelRepresentation else (0, 2**bits - 1)
        if "RescaleSlope" in dataset:
            slope, intercept = float(dataset.RescaleSlope), float(dataset.RescaleIntercept)
            low, high = low * slope + intercept, high * slope + intercept
        share = (window - low) / (high - low)
    elif "VOILUTSequence" in dataset:
        share = apply_voi_lut(pixels, dataset) / (2**int(dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1)
    else:
        share = (values - values.min()) / (values.max() - values.min())
    if kind == "MONOCHROME1":
        share = 1 - share
    return np.rint(share * 255)


def dicoms(cases):
    twelve = (WIDE[..., 0] >> 4).astype(np.uint16)
    signed = (WIDE[..., 0].astype(np.int32) - 30000).astype(np.int16)

    def add(name, data, tolerance=1.0):
        cases.add(name, data, seen(data), tolerance)

    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian):
        for kind, samples in [("grey 8 bit", GREY), ("grey 16 bit", WIDE[..., 0]), ("signed", signed), ("rgb", RGB)]:
            add(f"dicom {kind}, {syntax.name}", written(dicom(samples, syntax)))
    add("dicom 12 bit", written(dicom(twelve, stored=12)))
    shifted = dicom(twelve << 4, stored=12)
    shifted.HighBit = 15
    cases.add("dicom 12 bit, high", written(shifted), seen(written(dicom(twelve, stored=12))), 1.0)
    add("dicom MONOCHROME1", written(dicom(twelve, stored=12, photometric="MONOCHROME1")))
    window = {"WindowCenter": 2000, "WindowWidth": 1500}
    add("dicom window", written(dicom(twelve, stored=12, **window)))
    add("dicom window, MONOCHROME1", written(dicom(twelve, stored=12, photometric="MONOCHROME1", **window)))
    add("dicom two windows", written(dicom(twelve, stored=12, WindowCenter=[1000, 3000], WindowWidth=[800, 50])))
    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        add(f"dicom window {function}", written(dicom(twelve, stored=12, VOILUTFunction=function, **window)))
    hounsfield = {"RescaleSlope": "0.5", "RescaleIntercept": "-1024", "WindowCenter": "40", "WindowWidth": "400"}
    add("dicom rescaled window", written(dicom(twelve, stored=12, **hounsfield)))
    add("dicom signed rescaled window", written(dicom(signed, **hounsfield)))
    add("dicom falling slope", written(dicom(twelve, stored=12, RescaleSlope="-1", RescaleIntercept="4095")))
    table = Dataset()
    table.LUTDescriptor = [4096, 0, 12]
    table["LUTDescriptor"].VR = "US"
    table.LUTData = np.minimum(4095, (np.arange(4096) ** 2 // 4096)).astype("<u2").tobytes()
    table["LUTData"].VR = "OW"
    add("dicom VOI table", written(dicom(twelve, stored=12, VOILUTSequence=Sequence([table]))))
    add("dicom multi-frame", written(dicom(np.stack([twelve, twelve[::-1], twelve * 0]), stored=12)))
    add("dicom rgb by plane", written(dicom(RGB, PlanarConfiguration=1)))
    ycbcr = convert_color_space(RGB, "RGB", "YBR_FULL")
    add("dicom YBR_FULL", written(dicom(ycbcr, photometric="YBR_FULL")))
    half = dicom(ycbcr, photometric="YBR_FULL_422")
    pairs = ycbcr.reshape(HEIGHT, WIDTH // 2, 2, 3)
    half.PixelData = np.stack(
        [pairs[..., 0, 0], pairs[..., 1, 0], pairs[..., 0, 1], pairs[..., 0, 2]], -1).astype(np.uint8).tobytes()
    add("dicom YBR_FULL_422", written(half))
    rng = np.random.default_rng(9)
    palette = {}
    for colour in ("Red", "Green", "Blue"):
        palette[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        palette[f"{colour}PaletteColorLookupTableData"] = rng.integers(0, 65536, 256).astype("<u2").tobytes()
    coloured = dicom(GREY, photometric="PALETTE COLOR", **palette)
    for colour in ("Red", "Green", "Blue"):
        coloured[f"{colour}PaletteColorLookupTableDescriptor"].VR = "US"
        coloured[f"{colour}PaletteColorLookupTableData"].VR = "OW"
    add("dicom palette", written(coloured))
    plain = written(dicom(twelve, stored=12, syntax=ImplicitVRLittleEndian))
    length = 132 + 12 + struct.unpack("<I", plain[140:144])[0]
    cases.add("dicom without preamble", plain[132:], seen(plain), 1.0)
    cases.add("dicom without preamble and meta information", plain[length:], seen(plain), 1.0)

    for kind, make in [
        ("grey 8 bit", lambda: dicom(GREY)), ("grey 16 bit", lambda: dicom(WIDE[..., 0])), ("signed", lambda: dicom(signed)),
        ("rgb", lambda: dicom(RGB)), ("multi-frame", lambda: dicom(np.stack([GREY, 255 - GREY]))),
    ]:
        add(f"dicom RLE {kind}", compressed(make(), RLELossless))
        add(f"dicom lossless JPEG {kind}", dcmtk(make(), "+e1"))
        add(f"dicom lossless JPEG process 14 {kind}", dcmtk(make(), "+el"))
        if kind != "multi-frame":
            add(f"dicom JPEG-LS {kind}", compressed(make(), JPEGLSLossless))
    add("dicom JPEG-LS near lossless", compressed(dicom(GREY), JPEGLSNearLossless, jls_error=2))
    def jpegls(name, dataset, *options, tolerance=1.0):
        add(f"dicom JPEG-LS {name}", dcmtk(dataset, *options, program="dcmcjpls"), tolerance)

    for name, option in [("lines", "+il"), ("samples", "+is"), ("planes", "+in")]:
        jpegls(f"rgb by {name}", dicom(RGB), "+el", option)
        jpegls(f"near lossless rgb by {name}", dicom(RGB), "+en", "+md", "3", option)
    jpegls("near lossless 12 bit", dicom(twelve, stored=12), "+en", "+md", "5")
    jpegls("with its own thresholds", dicom(WIDE[..., 0]), "+el", "+pc", "+t1", "90", "+t2", "500", "+t3", "2000", "+rs", "31")
    runs = np.kron(np.arange(20).reshape(4, 5) % 3 * 120, np.ones((9, 13))).astype(np.uint8)
    jpegls("runs", dicom(runs), "+el")
    noise = np.random.default_rng(2).integers(0, 65536, (2, 24, 40)).astype(np.uint16)
    jpegls("in fragments", dicom(noise[0]), "+el", "+fs", "1")
    jpegls("multi-frame in fragments", dicom(noise), "+el", "+fs", "1")
    add("dicom lossless JPEG in fragments", dcmtk(dicom(noise[0]), "+e1", "+fs", "1"))
    add("dicom lossless JPEG multi-frame in fragments", dcmtk(dicom(noise), "+e1", "+fs", "1"))
    # Two decoders differ by a level, which the stretch to the whole range widens.
    add("dicom JPEG baseline grey", dcmtk(dicom(GREY), "+eb", "+q", "90"), 4.0)
    add("dicom JPEG baseline colour", dcmtk(dicom(scene(5, 32, 48)), "+eb", "+q", "90", "+cy", "+s4"), 3.0)
    add("dicom JPEG extended 12 bit", dcmtk(dicom(twelve, stored=12), "+ee", "+q", "90"), 2.0)


def main():
    images, medical = Cases(), Cases()
    jpegs(images)
    pngs(images)
    tiffs(images)
    dicoms(medical)
    for name, cases in [("images", images), ("dicom", medical)]:
        (HERE / f"{name}.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


main()

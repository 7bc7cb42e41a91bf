"""Writes Tests/MMRetinalDataTests/Goldens/dicom.json: small DICOM files of each transfer syntax and photometric
interpretation, and what pydicom reads in them.

Needs pydicom 3, pylibjpeg[all], pyjpegls, pillow and numpy, and dcmcjpeg of DCMTK. Run from the root of the package.
"""

import base64
import io
import json
import subprocess
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
from pydicom import Dataset, FileMetaDataset, dcmread, dcmwrite
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi_lut, pixel_array
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian,
    JPEG2000, JPEG2000Lossless, JPEGLSLossless, JPEGLSNearLossless, RLELossless,
)

warnings.simplefilter("ignore")
ROWS, COLUMNS = 9, 12
generator = np.random.default_rng(3)
PHOTOGRAPHY_8 = "1.2.840.10008.5.1.4.1.1.77.1.5.1"
PHOTOGRAPHY_16 = "1.2.840.10008.5.1.4.1.1.77.1.5.2"
PATIENT = "Doe^Jane"


def image(top, channels=1, low=0, frames=1):
    """A smooth ground with some texture, from `low` to `top`."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    planes = [
        0.5 + 0.4 * np.sin(x / (3 + c) + c + f) * np.cos(y / (4 - 0.5 * c)) + 0.08 * generator.normal(size=x.shape)
        for f in range(frames) for c in range(channels)
    ]
    values = low + np.clip(np.stack(planes), 0, 1) * (top - low)
    values = values.reshape(frames, channels, ROWS, COLUMNS).transpose(0, 2, 3, 1).round().astype(np.int64)
    return values


def dataset(values, photometric="MONOCHROME2", bits=8, allocated=None, signed=False, planar=0, **more):
    """A data set of `[frames, rows, columns, samples]`."""
    allocated = allocated or (8 if bits <= 8 else 16)
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = PHOTOGRAPHY_8 if allocated == 8 else PHOTOGRAPHY_16
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    ds.file_meta.ImplementationClassUID = "1.2.3"
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.Modality = "OP"
    ds.PatientName = PATIENT
    ds.PatientID = "4711"
    ds.ImageLaterality = "R"
    ds.PixelSpacing = [0.0125, 0.025]
    ds.Rows, ds.Columns = ROWS, COLUMNS
    ds.SamplesPerPixel = values.shape[-1]
    ds.PhotometricInterpretation = photometric
    if values.shape[-1] > 1:
        ds.PlanarConfiguration = planar
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, bits, bits - 1
    ds.PixelRepresentation = int(signed)
    if len(values) > 1:
        ds.NumberOfFrames = len(values)
    dtype = np.dtype(f"{'i' if signed else 'u'}{allocated // 8}")
    if planar:
        values = values.transpose(0, 3, 1, 2)
    ds.PixelData = values.astype(dtype).tobytes()
    if len(ds.PixelData) % 2:
        ds.PixelData += b"\0"
    ds["PixelData"].VR = "OW" if allocated > 8 else "OB"
    for name, value in more.items():
        setattr(ds, name, value)
    return ds


def written(ds, syntax=ExplicitVRLittleEndian, preamble=True):
    ds.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian and ds.BitsAllocated == 16:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    target = io.BytesIO()
    if preamble:
        dcmwrite(target, ds, enforce_file_format=True)
        return target.getvalue()
    dcmwrite(target, ds, implicit_vr=True, little_endian=True, force_encoding=True)
    return target.getvalue()


def compressed(ds, syntax, **options):
    ds.compress(syntax, generate_instance_uid=False, **options)
    return written(ds, syntax)


def dcmtk(ds, *options):
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.dcm"), Path(folder, "out.dcm")
        source.write_bytes(written(ds))
        subprocess.run(["dcmcjpeg", "+un", *options, source, target], check=True)
        return target.read_bytes()


def encoded(values):
    """Samples in Base64: bytes where they suffice, else words of 16 bits, little-endian."""
    values = values.reshape(-1)
    fits = values.min() >= 0 and values.max() <= 255
    data = values.astype("u1") if fits else (values & 0xFFFF).astype("<u2")
    return ("bytes:" if fits else "words:") + base64.b64encode(data.tobytes()).decode()


def deflated(data):
    """A file, deflated, in Base64: most of it are headers."""
    packer = zlib.compressobj(9, wbits=-15)
    return base64.b64encode(packer.compress(data) + packer.flush()).decode()


cases = []


def case(name, data, tolerance=0, **expected):
    """Adds a file with its samples `[frames, rows, columns, samples]` as pydicom reads them."""
    ds = dcmread(io.BytesIO(data), force=True)
    if "TransferSyntaxUID" not in ds.file_meta:
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    # Baseline JPEG with the library that is also used here.
    baseline = ds.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.50"
    pixels = pixel_array(ds, decoding_plugin="pillow" if baseline else "")
    palette = ds.PhotometricInterpretation == "PALETTE COLOR"
    colors = apply_color_lut(pixels, ds) if palette else pixels
    frames = int(ds.get("NumberOfFrames", 1))
    cases.append({
        "name": name, "file": deflated(data), "rows": int(ds.Rows), "columns": int(ds.Columns),
        "frames": frames, "samples": encoded(colors.astype(np.int64)), "tolerance": tolerance, **expected,
    })


def shown(ds, gray):
    """Gray as pydicom displays it, from 0 to 255."""
    values = apply_voi_lut(apply_modality_lut(gray, ds), ds)
    low, high = window_range(ds)
    level = np.clip((values - low) / (high - low), 0, 1)
    if ds.PhotometricInterpretation == "MONOCHROME1":
        level = 1 - level
    return encoded(np.floor(level * 255 + 0.5).astype(np.int64))


def window_range(ds):
    """The range of pydicom's windowed values: that of the stored values, rescaled, or that of the table."""
    if "VOILUTSequence" in ds:
        return 0, 2 ** ds.VOILUTSequence[0].LUTDescriptor[2] - 1
    low, high = (-(2 ** (ds.BitsStored - 1)), 2 ** (ds.BitsStored - 1) - 1) if ds.PixelRepresentation else (
        0, 2**ds.BitsStored - 1)
    slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
    return low * slope + intercept, high * slope + intercept


def windowed(name, ds):
    case(name, written(ds), shown=shown(ds, pixel_array(ds)))


# Transfer syntaxes without compression.
for title, syntax in [
    ("implicit", ImplicitVRLittleEndian), ("explicit", ExplicitVRLittleEndian), ("big-endian", ExplicitVRBigEndian),
    ("deflated", DeflatedExplicitVRLittleEndian),
]:
    case(f"gray-8 {title}", written(dataset(image(255)), syntax))
    case(f"gray-16 {title}", written(dataset(image(65535), bits=16), syntax))
case("gray-8 without preamble", written(dataset(image(255)), ImplicitVRLittleEndian, preamble=False))

# Bits, signs and photometric interpretations.
for bits in (10, 12, 14):
    case(f"gray-{bits}", written(dataset(image(2**bits - 1), bits=bits)))
case("gray-4 in 8", written(dataset(image(15), bits=4)))
case("gray-12 signed", written(dataset(image(2047, low=-2048), bits=12, signed=True)))
case("gray-16 signed", written(dataset(image(32767, low=-32768), bits=16, signed=True)))
case("gray-8 inverted", written(dataset(image(255), "MONOCHROME1")))
case("rgb", written(dataset(image(255, 3), "RGB")))
case("rgb planar", written(dataset(image(255, 3), "RGB", planar=1)))
case("rgb-16", written(dataset(image(65535, 3), "RGB", bits=16)))
case("ybr full", written(dataset(image(255, 3), "YBR_FULL")))
half = dataset(image(255, 3), "YBR_FULL_422")
packed = image(255, 3)[0].reshape(-1, 2, 3)
half.PixelData = np.stack(
    [packed[:, 0, 0], packed[:, 1, 0], packed[:, 0, 1], packed[:, 0, 2]], -1).astype(np.uint8).tobytes()
case("ybr full 422", written(half))
case("frames", written(dataset(image(255, frames=3))))
bits = dataset(image(1), bits=1)
bits.BitsAllocated = 1
bits.PixelData = np.packbits(image(1).astype(np.uint8).reshape(-1), bitorder="little").tobytes()
case("single bits", written(bits))

# Palettes.
colors = generator.integers(0, 65536, size=(3, 64)).astype("<u2")
for depth, kind in ((16, "<u2"), (8, "u1")):
    palette = dataset(image(63), "PALETTE COLOR")
    for channel, name in enumerate(("Red", "Green", "Blue")):
        setattr(palette, f"{name}PaletteColorLookupTableDescriptor", [64, 0, depth])
        setattr(palette, f"{name}PaletteColorLookupTableData", (colors[channel] >> (16 - depth)).astype(kind).tobytes())
    case(f"palette {depth}", written(palette))
segmented = dataset(image(63), "PALETTE COLOR")
for channel, name in enumerate(("Red", "Green", "Blue")):
    setattr(segmented, f"{name}PaletteColorLookupTableDescriptor", [64, 0, 16])
    words = [0, 2, 100, 300 + channel, 1, 30, 60000 - 900 * channel, 0, 1, 7, 1, 31, 500]
    setattr(segmented, f"Segmented{name}PaletteColorLookupTableData", np.array(words, "<u2").tobytes())
case("palette segmented", written(segmented))

# What gray looks like.
windowed("window", dataset(image(4095), bits=12, WindowCenter=1800, WindowWidth=2000))
windowed("window 8", dataset(image(255), WindowCenter=100, WindowWidth=90))
windowed(
    "window rescaled",
    dataset(image(2047, low=-2048), bits=12, signed=True, WindowCenter=[900, 3], WindowWidth=[1500, 4],
            RescaleSlope="0.5", RescaleIntercept="-100"))
windowed(
    "window exact", dataset(image(4095), "MONOCHROME1", bits=12, WindowCenter=2000, WindowWidth=1000,
                            VOILUTFunction="LINEAR_EXACT"))
windowed(
    "window sigmoid", dataset(image(4095), bits=12, WindowCenter=2000, WindowWidth=1000, VOILUTFunction="SIGMOID"))
table = Dataset()
table.LUTDescriptor = [256, 100, 12]
table.LUTData = (4095 * np.linspace(0, 1, 256) ** 2).astype("<u2").tobytes()
table["LUTData"].VR = "OW"
windowed("window table", dataset(image(511), bits=10, VOILUTSequence=[table]))

# Compression.
gray8, gray12, color = dataset(image(255)), dataset(image(4095), bits=12), dataset(image(255, 3), "RGB")
case("rle gray-8", compressed(dataset(image(255)), RLELossless))
case("rle gray-16", compressed(dataset(image(65535), bits=16), RLELossless))
case("rle rgb", compressed(dataset(image(255, 3), "RGB"), RLELossless))
case("rle frames", compressed(dataset(image(255, frames=2)), RLELossless))
case("jpeg-ls gray-8", compressed(dataset(image(255)), JPEGLSLossless))
case("jpeg-ls gray-12", compressed(dataset(image(4095), bits=12), JPEGLSLossless))
case("jpeg-ls rgb", compressed(dataset(image(255, 3), "RGB"), JPEGLSLossless))
case("jpeg-ls near", compressed(dataset(image(255)), JPEGLSNearLossless, jls_error=3))
# The encoder makes six resolutions, which need 32 pixels.
SMALL, (ROWS, COLUMNS) = (ROWS, COLUMNS), (32, 33)
case("jpeg-2000 gray-8", compressed(dataset(image(255)), JPEG2000Lossless))
case("jpeg-2000 gray-16", compressed(dataset(image(65535), bits=16), JPEG2000Lossless))
case("jpeg-2000 signed", compressed(dataset(image(2047, low=-2048), bits=12, signed=True), JPEG2000Lossless))
case("jpeg-2000 rgb", compressed(dataset(image(255, 3), "RGB"), JPEG2000Lossless))
reversible = compressed(dataset(image(255, 3), "YBR_RCT"), JPEG2000Lossless)
case("jpeg-2000 reversible color", reversible)
case("jpeg-2000 lossy", compressed(dataset(image(255)), JPEG2000, j2k_cr=[4]))
case("jpeg-2000 lossy color", compressed(dataset(image(255, 3), "YBR_ICT"), JPEG2000, j2k_cr=[4]))
ROWS, COLUMNS = SMALL
case("jpeg lossless gray-8", dcmtk(gray8, "+e1"))
case("jpeg lossless gray-12", dcmtk(gray12, "+e1"))
case("jpeg lossless rgb", dcmtk(color, "+e1"))
case("jpeg lossless frames", dcmtk(dataset(image(65535, frames=2), bits=16), "+e1"))
for predictor in range(2, 8):
    case(f"jpeg lossless predictor {predictor}", dcmtk(dataset(image(65535), bits=16), "+el", "+sv", str(predictor)))
case("jpeg baseline gray", dcmtk(gray8, "+eb", "+q", "90"))
case("jpeg baseline rgb", dcmtk(color, "+eb", "+cr", "+q", "90"))
case("jpeg baseline ybr", dcmtk(color, "+eb", "+cy", "+n1", "+s4", "+q", "90"))
# Decoders differ in the rounding of the cosine transform.
case("jpeg extended gray-12", dcmtk(gray12, "+ee", "+bt", "+q", "90"), tolerance=1)

target = Path("Tests/MMRetinalDataTests/Goldens/dicom.json")
target.write_text(json.dumps({"patient": PATIENT, "cases": cases}, separators=(",", ":")) + "\n")
print(len(cases), "cases,", target.stat().st_size, "bytes")

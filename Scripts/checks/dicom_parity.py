"""Compares DICOM files, by default the test files of pydicom, with what pydicom reads in them.

    python3 Scripts/checks/dicom_parity.py [FOLDER ...]

Needs pydicom 3, pydicom-data, pylibjpeg[all], pillow and numpy, and the tests built by `make check-dicom`. Pixels must
be equal, except for JPEG of 12 bits, whose decoders round differently: by one level.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.pixels import pixel_array
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

# Baseline JPEG is decoded by Pillow, with the same library as here; JPEG of 12 bits has no common rounding.
PLUGINS = {"1.2.840.10008.1.2.4.50": "pillow"}
TOLERANCES = {"1.2.840.10008.1.2.4.51": 1}
FRAMES = 3


def folders():
    import data_store
    import pydicom

    return [Path(pydicom.__file__).parent / "data/test_files", Path(data_store.__file__).parent / "data"]


def encoded(values):
    return "words:" + base64.b64encode((values.reshape(-1).astype(np.int64) & 0xFFFF).astype("<u2").tobytes()).decode()


def case(path):
    """The case of a file; a text if pydicom reads no pixels of 16 bits in it."""
    ds = dcmread(path, force=True)
    if "PixelData" not in ds:
        return "no pixels"
    if ds.BitsAllocated > 16:
        return f"{ds.BitsAllocated} bits per sample"
    meta = ds.file_meta
    if "TransferSyntaxUID" not in meta:
        implicit, little = ds.original_encoding
        meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian)
    count = int(ds.get("NumberOfFrames", 1) or 1)
    chosen = sorted({0, count // 2, count - 1})[:FRAMES]
    syntax = str(meta.TransferSyntaxUID)
    frames = [pixel_array(ds, index=index, decoding_plugin=PLUGINS.get(syntax, "")) for index in chosen]
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        if syntax == ExplicitVRBigEndian:
            # pydicom 3.0 takes the tables of such files for little-endian.
            for element in (ds[tag] for tag in (0x00281201, 0x00281202, 0x00281203) if tag in ds):
                element.value = np.frombuffer(element.value, ">u2").astype("<u2").tobytes()
        frames = [apply_color_lut(frame, ds) for frame in frames]
    return {
        "name": path.name, "path": str(path), "rows": int(ds.Rows), "columns": int(ds.Columns),
        "frames": count, "chosen": chosen, "samples": encoded(np.stack(frames)),
        "tolerance": TOLERANCES.get(syntax, 0),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--test", default="swift test -c debug -Xcc -O2 --sanitize address "
                        "--traits DICOM,MPI,Serve --scratch-path .build-asan --skip-build --filter DICOMParityTests", help="the command that compares")
    parser.add_argument("--keep", type=Path, help="where to keep the cases")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    cases, skipped = [], {}
    for folder in options.folders or folders():
        for path in sorted(folder.rglob("*.dcm")):
            try:
                found = case(path)
            except Exception as error:  # pydicom raises everything
                found = f"pydicom: {type(error).__name__}: {str(error)[:80]}"
            if isinstance(found, dict):
                cases.append(found)
            else:
                skipped[path.name] = found
    for name, reason in skipped.items():
        print(f"not compared: {name}: {reason}")
    print(f"{len(cases)} files to compare", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        file = options.keep or Path(scratch, "cases.json")
        file.write_text(json.dumps({"cases": cases}))
        environment = os.environ | {"KEEPFIT_DICOM_CASES": str(file)}
        sys.exit(subprocess.run(options.test.split(), env=environment).returncode)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Pictures a second of a PyTorch DataLoader with Pillow, to set beside `keepfit bench loader`.

    python3 Benchmarks/loader_peer.py --images DIR --size 512 --batch-size 8 --workers 2 --seconds 10

Each way of preparing a picture that is common is measured:
  pillow    Pillow decodes and resizes bytes (bilinear, antialiased): the quickest usual way
  float32   Pillow decodes, torch resizes float32 with antialias
  released  Pillow decodes, torch resizes float64 with antialias: what the released code does
Prints a JSON object with pictures a second for each.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import DataLoader, Dataset


class Pictures(Dataset):
    def __init__(self, files, size, way):
        self.files, self.size, self.way = files, size, way

    def __len__(self):
        return 1 << 20

    def __getitem__(self, index):
        picture = Image.open(self.files[index % len(self.files)]).convert("RGB")
        width, height = picture.size
        scale = max(width, height) / self.size
        new_width, new_height = int(width / scale), int(height / scale)
        if self.way == "pillow":
            small = np.asarray(picture.resize((new_width, new_height), Image.BILINEAR), np.float32)
            pixels = torch.from_numpy(small / 255).permute(2, 0, 1)
        else:
            kind = np.float32 if self.way == "float32" else np.float64
            pixels = torch.from_numpy(np.array(picture, kind) / 255).permute(2, 0, 1)[None]
            pixels = F.interpolate(
                pixels, size=(new_height, new_width), mode="bilinear", antialias=True)[0]
        return F.pad(pixels, (0, self.size - new_width, 0, self.size - new_height)).float()


def measure(files, arguments, way):
    loader = DataLoader(
        Pictures(files, arguments.size, way), batch_size=arguments.batch_size,
        num_workers=arguments.workers)
    batches = iter(loader)
    for _ in range(4):
        next(batches)
    start = time.perf_counter()
    count = 0
    while time.perf_counter() - start < arguments.seconds:
        count += next(batches).shape[0]
    rate = count / (time.perf_counter() - start)
    del batches
    return rate


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=pathlib.Path, required=True)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--way", choices=["pillow", "float32", "released"], action="append")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    files = sorted(arguments.images.glob("*.jpg"))
    if not files:
        raise SystemExit(f"loader_peer: error: {arguments.images}: there are no .jpg files")
    ways = arguments.way or ["pillow", "float32", "released"]
    print(json.dumps({way: round(measure(files, arguments, way), 2) for way in ways}))


if __name__ == "__main__":
    main()

"""Images per second: KeepFIT's loader and a PyTorch DataLoader with Pillow, alternately.

    python3 Benchmarks/peers/loader.py --keepfit .build/release/keepfit --images DIR

Without --images, JPEG files of 3000 x 2000 pixels are made in a temporary directory. Both sides use
as many threads or worker processes, read the same files, and end at the same size. Ways of the peer:
  pillow    Pillow decodes and resizes 8-bit images (bilinear, antialiased): the fastest common way
  float32   Pillow decodes, torch resizes float32 with antialias
  released  Pillow decodes, torch resizes float64 with antialias: what the released code does
KeepFIT decodes at full size (keepfit) and at a reduced size (reduced, `--reduce-jpeg`).
Prints a JSON object: images per second of each, and the median ratio of KeepFIT to each.
Without --keepfit, only the peer is measured.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch.utils.data import DataLoader, Dataset


class Images(Dataset):
    def __init__(self, files, size, way):
        self.files, self.size, self.way = files, size, way

    def __len__(self):
        return 1 << 20

    def __getitem__(self, index):
        image = Image.open(self.files[index % len(self.files)]).convert("RGB")
        width, height = image.size
        scale = max(width, height) / self.size
        new_width, new_height = int(width / scale), int(height / scale)
        if self.way == "pillow":
            small = np.asarray(image.resize((new_width, new_height), Image.BILINEAR), np.float32)
            pixels = torch.from_numpy(small / 255).permute(2, 0, 1)
        else:
            kind = np.float32 if self.way == "float32" else np.float64
            pixels = torch.from_numpy(np.array(image, kind) / 255).permute(2, 0, 1)[None]
            pixels = F.interpolate(
                pixels, size=(new_height, new_width), mode="bilinear", antialias=True)[0]
        return F.pad(pixels, (0, self.size - new_width, 0, self.size - new_height)).float()


def peer_rate(files, arguments, way):
    loader = DataLoader(
        Images(files, arguments.size, way), batch_size=arguments.batch_size,
        num_workers=arguments.workers)
    batches = iter(loader)
    for _ in range(2 * arguments.workers):  # what may be ready before the clock starts
        next(batches)
    start = time.perf_counter()
    count = 0
    while time.perf_counter() - start < arguments.seconds:
        count += next(batches).shape[0]
    rate = count / (time.perf_counter() - start)
    del batches
    return rate


def our_rate(directory, arguments, *words):
    command = [
        arguments.keepfit, "bench", "loader", "--images", str(directory), "--size",
        str(arguments.size), "--batch-size", str(arguments.batch_size), "--threads",
        str(arguments.workers), "--seconds", str(arguments.seconds), "--json", "--quiet",
        *words]
    return json.loads(subprocess.check_output(command))["samples_per_second"]


def write_images(directory, count=8, width=3000, height=2000):
    """Bright discs on black with vessels and noise, as fundus cameras make them."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = (x - width / 2) / (0.49 * height), (y - height / 2) / (0.49 * height)
    distance = dx * dx + dy * dy
    for number in range(count):
        random = np.random.default_rng(number)
        wave = np.sin(9 * dy + 4 * dx * dx + number) * np.sin(23 * dx + number)
        light = (1 - 0.45 * distance) * np.where(np.abs(wave) < 0.05, 0.8, 1)
        pixels = light[..., None] * np.array([205, 105, 55], np.float32)
        pixels += random.integers(-4, 5, (height, width, 1))
        pixels[distance > 1] = 0
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(
            directory / f"fundus-{number}.jpg", quality=90)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keepfit")
    parser.add_argument("--images", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--way", choices=["pillow", "float32", "released"], action="append")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        directory = arguments.images
        if directory is None:
            directory = pathlib.Path(temporary)
            write_images(directory)
        files = sorted(directory.glob("*.jpg"))
        if not files:
            raise SystemExit(f"loader.py: error: {directory}: there are no .jpg files")
        ways = arguments.way or ["pillow", "float32", "released"]
        rates = {way: [] for way in ways}
        our_ways = {"keepfit": [], "reduced": ["--reduce-jpeg"]} if arguments.keepfit else {}
        ours = {name: [] for name in our_ways}
        for _ in range(arguments.turns):
            for name, words in our_ways.items():
                ours[name].append(our_rate(directory, arguments, *words))
            for way in ways:
                rates[way].append(peer_rate(files, arguments, way))
    medians = {name: statistics.median(values) for name, values in (rates | ours).items()}
    result = {"samples_per_second": medians}
    if our_ways:
        result["ratio"] = {
            name: {way: statistics.median(a / b for a, b in zip(ours[name], rates[way]))
                   for way in ways}
            for name in our_ways}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

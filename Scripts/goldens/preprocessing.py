"""Writes Tests/MMRetinalDataTests/Goldens/preprocessing.json: images as the released pipelines
prepare them (Pillow, torch), crop boxes (scikit-image) and augmentations (kornia 0.6.12) for given
parameters.

Needs torch, pillow, scikit-image and kornia 0.6.12. Run from the root of the package.
"""

import base64
import io
import json
import math
import sys

import kornia
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from skimage.filters import threshold_li
from skimage.measure import label, regionprops

generator = np.random.default_rng(5)


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).astype("<f4").tobytes()).decode()


def image(height, width, channels=3):
    y, x = np.mgrid[0:height, 0:width]
    planes = [0.5 + 0.4 * np.sin(x / (3 + c) + c) * np.cos(y / (4 - 0.5 * c)) + 0.1 * generator.normal(size=x.shape) for c in range(channels)]
    return (np.clip(np.stack(planes, -1), 0, 1) * 255).round().astype(np.uint8)


def saved(image, kind="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def fit(chw, size, antialias):
    """Longer side to size, zeros to the right and below."""
    _, h, w = chw.shape
    q = max(h, w) / size
    out = F.interpolate(chw[None], size=(int(h / q), int(w / q)), mode="bilinear", align_corners=False, antialias=antialias)[0]
    return F.pad(out, (0, size - out.shape[2], 0, size - out.shape[1]))


def released_loader(data):
    """Decode, divide if max > 1, first channel off if more than three, repeat if fewer."""
    values = np.array(Image.open(io.BytesIO(data)), dtype=float)
    if values.max() > 1:
        values = values / 255
    values = values[None] if values.ndim == 2 else values.transpose(2, 0, 1)
    if values.shape[0] > 3:
        values = values[1:]
    if values.shape[0] < 3:
        values = np.repeat(values, 3, axis=0)
    return torch.from_numpy(values)


cases = []


def add(name, data, size, antialias, chw):
    result = fit(chw, size, antialias)
    truncated = (result * 255).to(torch.uint8) if float(result.max()) <= 1 else None
    cases.append({
        "name": name, "file": base64.b64encode(data).decode(), "imageSize": size, "antialias": antialias, "asStored": "stored" in name,
        "result": text(result.permute(1, 2, 0).numpy()),
        "truncated": None if truncated is None else base64.b64encode(truncated.permute(1, 2, 0).contiguous().numpy().tobytes()).decode(),
    })


for height, width, size in [(40, 56, 16), (33, 21, 16), (24, 24, 16), (10, 14, 16), (16, 16, 16), (48, 31, 20)]:
    data = saved(Image.fromarray(image(height, width)))
    rgb = torch.from_numpy(np.asarray(Image.open(io.BytesIO(data))).astype(float) / 255).permute(2, 0, 1)
    for antialias in [False, True]:
        add(f"{height}x{width} to {size}", data, size, antialias, rgb)

stored = {
    "rgba": saved(Image.fromarray(image(20, 28, 4), "RGBA")),
    "palette": saved(Image.fromarray(image(20, 28)).quantize(30)),
    "bilevel": saved(Image.fromarray(image(20, 28)).convert("1")),
    "gray 16": saved(Image.fromarray(image(20, 28, 1)[..., 0].astype(np.uint16) * 257)),
    "gray": saved(Image.fromarray(image(20, 28, 1)[..., 0])),
    "cmyk": saved(Image.fromarray(image(20, 28, 4), "CMYK"), "JPEG"),
}
for name, data in stored.items():
    add(f"stored {name}", data, 16, True, released_loader(data))


def crops():
    result = []
    for kind in range(6):
        height, width = 37, 50
        y, x = np.mgrid[0:height, 0:width]
        disc = (x - 24) ** 2 + (y - 17) ** 2 < (14 if kind != 3 else 9) ** 2
        image = generator.integers(0, 12 if kind != 1 else 2, (height, width, 3))
        image[disc] += generator.integers(60, 180, (int(disc.sum()), 3))
        if kind == 2:
            image[2:4, 2:5] = 220  # an island
        if kind == 4:
            image[31, 24] = image[32, 25] = image[33, 26] = 200  # a tail that hangs on corners
        if kind == 5:
            image[:] = 9
        image = image.astype(np.uint8)
        red = image[..., 0]
        threshold = float(threshold_li(red.copy()))
        regions = regionprops(label(red > threshold))
        box = max(regions, key=lambda r: r.area).bbox if regions else None
        result.append({"height": height, "width": width, "pixels": base64.b64encode(image.tobytes()).decode(), "threshold": threshold, "box": box})
    return result


def augmentations():
    size = 20
    x = torch.from_numpy(image(size, size).astype(float) / 255).permute(2, 0, 1)[None]
    result = []

    def record(name, y, **fields):
        result.append({"name": name, "result": text(y[0].permute(1, 2, 0).numpy()), **fields})

    record("flip", kornia.geometry.transform.hflip(x), flips=True)
    affine = kornia.augmentation.RandomAffine(degrees=5, scale=(0.9, 1), p=1).double()
    for angle, scale in [(4.3, 0.93), (-2.5, 1.0), (0.0, 0.9), (5.0, 0.95)]:
        parameters = affine.forward_parameters(x.shape)
        parameters["angle"] = torch.tensor([angle], dtype=x.dtype)
        parameters["scale"] = torch.tensor([[scale, scale]], dtype=x.dtype)
        for key in ("translations", "sx", "sy"):
            if key in parameters:
                parameters[key] = torch.zeros_like(parameters[key], dtype=x.dtype)
        parameters["center"] = torch.tensor([[(size - 1) / 2, (size - 1) / 2]], dtype=x.dtype)
        record(f"affine {angle} {scale}", affine(x, params=parameters), affine={"angle": angle, "scale": scale})
    jitter = kornia.augmentation.ColorJitter(0.2, 0.2, p=1).double()
    for brightness, contrast, order in [(1.17, 0.85, [0, 1, 2, 3]), (0.82, 1.19, [1, 3, 0, 2]), (1.2, 1.2, [2, 1, 3, 0])]:
        parameters = jitter.forward_parameters(x.shape)
        parameters["brightness_factor"] = torch.tensor([brightness], dtype=x.dtype)
        parameters["contrast_factor"] = torch.tensor([contrast], dtype=x.dtype)
        parameters["saturation_factor"] = torch.ones(1, dtype=x.dtype)
        parameters["hue_factor"] = torch.zeros(1, dtype=x.dtype)
        parameters["order"] = torch.tensor(order)
        record(f"jitter {order}", jitter(x, params=parameters), jitter={"brightness": brightness, "contrast": contrast}, order=order)
    return {"size": size, "input": text(x[0].permute(1, 2, 0).numpy()), "cases": result}


path = sys.argv[1] if len(sys.argv) > 1 else "Tests/MMRetinalDataTests/Goldens/preprocessing.json"
with open(path, "w") as file:
    json.dump({"cases": cases, "crops": crops(), "augmentations": augmentations()}, file, indent=0)

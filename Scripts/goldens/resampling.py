"""Writes Tests/FundusTensorTests/Goldens/resampling.json: resizes, affine grids and grid samples with
their gradients, as PyTorch computes them: resizes in single precision, samples in double.

Needs torch. Run from the root of the package.
"""

import base64
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

generator = np.random.default_rng(11)


def text(tensor):
    return base64.b64encode(tensor.detach().numpy().astype("<f4").tobytes()).decode()


def nhwc(tensor):
    return tensor.permute(0, 2, 3, 1).contiguous()


resizes = []
for n, channels, (h, w), (oh, ow) in [
    (2, 3, (9, 11), (5, 7)), (1, 3, (9, 11), (17, 24)), (1, 3, (40, 9), (5, 30)), (1, 3, (1, 1), (4, 3)),
    (1, 3, (21, 14), (1, 1)), (2, 1, (17, 13), (8, 8)), (1, 4, (16, 16), (8, 5)), (1, 3, (5, 7), (5, 7)),
    # Ratios at which single precision shows.
    (1, 1, (772, 2), (496, 2)), (1, 1, (2, 683), (3, 341)),
]:
    x = torch.from_numpy(generator.integers(0, 256, (n, channels, h, w)) / 255.0).float()
    g = torch.from_numpy(generator.normal(size=(n, channels, oh, ow))).float()
    for antialias in [False, True]:
        leaf = x.clone().requires_grad_()
        y = F.interpolate(leaf, size=(oh, ow), mode="bilinear", align_corners=False, antialias=antialias)
        y.backward(g)
        resizes.append({
            "shape": [n, h, w, channels], "height": oh, "width": ow, "antialias": antialias, "input": text(nhwc(x)),
            "output": text(nhwc(y)), "outputGradient": text(nhwc(g)), "inputGradient": text(nhwc(leaf.grad)),
        })

samples = []
for align in [False, True]:
    for border in ["zeros", "edge"]:
        x = torch.from_numpy(generator.normal(size=(2, 3, 6, 9))).requires_grad_()
        theta = torch.from_numpy(generator.normal(size=(2, 2, 3)) * 0.7).requires_grad_()
        g = torch.from_numpy(generator.normal(size=(2, 3, 5, 7)))
        grid = F.affine_grid(theta, (2, 3, 5, 7), align_corners=align)
        y = F.grid_sample(x, grid, mode="bilinear", padding_mode="border" if border == "edge" else border, align_corners=align)
        y.backward(g)
        samples.append({
            "alignCorners": align, "border": border, "input": text(nhwc(x)), "theta": text(theta), "grid": text(grid),
            "output": text(nhwc(y)), "outputGradient": text(nhwc(g)), "inputGradient": text(nhwc(x.grad)), "thetaGradient": text(theta.grad),
        })

path = sys.argv[1] if len(sys.argv) > 1 else "Tests/FundusTensorTests/Goldens/resampling.json"
with open(path, "w") as file:
    json.dump({"resizes": resizes, "samples": samples}, file, indent=0)

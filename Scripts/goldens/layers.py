"""Writes Tests/FundusTensorTests/Goldens/layers.safetensors: layers and operators of PyTorch with random
values, their inputs, results and gradients, in double precision, rounded to floats.

For each case NAME: `NAME.x` (images as NHWC), `NAME.y`, `NAME.seed` (the gradient of y), `NAME.dx`,
`NAME.p.PARAMETER` under PyTorch's names and in its order, `NAME.d.PARAMETER`.

Needs torch, numpy and safetensors. Run from the root of the package.
"""

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)
tensors = {}


def nhwc(tensor, is_image):
    return tensor.permute(0, 2, 3, 1) if is_image and tensor.dim() == 4 else tensor


def put(name, tensor):
    tensors[name] = np.array(tensor.detach().numpy(), dtype=np.float32, order="C")


def case(name, function, shape, parameters=(), image=False, positive=False):
    """`function` of a tensor of `shape`, which is NCHW for images."""
    x = torch.randn(shape)
    x = (x.abs() + 0.1 if positive else x).requires_grad_()
    y = function(x)
    seed = torch.randn_like(y)
    y.backward(seed)
    put(name + ".x", nhwc(x, image))
    put(name + ".y", nhwc(y, image))
    put(name + ".seed", nhwc(seed, image))
    put(name + ".dx", nhwc(x.grad, image))
    for key, parameter in parameters:
        put(f"{name}.p.{key}", parameter)
        put(f"{name}.d.{key}", parameter.grad)


def layer(name, module, shape, image=False, call=None):
    case(name, call or module, shape, list(module.named_parameters()), image)


layer("linear", nn.Linear(5, 3), (4, 5))
layer("layer_norm", nn.LayerNorm(6), (3, 6))
for name, options in {
    "conv": dict(kernel_size=3, stride=2, padding=1),
    "conv_groups": dict(kernel_size=3, padding=1, groups=2),
    "conv_depthwise": dict(kernel_size=3, padding=1, stride=2, groups=4),
    "conv_dilated": dict(kernel_size=3, padding=2, dilation=2),
    "conv_rectangular": dict(kernel_size=(3, 5), stride=(1, 2), padding=(0, 3), dilation=(2, 1)),
    "conv_everything": dict(kernel_size=(2, 3), stride=(2, 1), padding=(1, 0), dilation=(1, 3), groups=2, bias=False),
}.items():
    layer(name, nn.Conv2d(4, 8, **options), (2, 4, 9, 11), image=True)
for name, options in {
    "transpose_2": dict(kernel_size=2, stride=2),
    "transpose_3": dict(kernel_size=3, stride=2, padding=1, output_padding=1),
    "transpose_groups": dict(kernel_size=3, stride=(2, 1), padding=(0, 1), output_padding=(1, 0), groups=2, dilation=(1, 2)),
}.items():
    layer(name, nn.ConvTranspose2d(4, 6, **options), (2, 4, 5, 7), image=True)
attention = nn.MultiheadAttention(8, 2, batch_first=True)
with torch.no_grad():
    attention.in_proj_bias.normal_()
layer("attention", attention, (2, 5, 8), call=lambda x: attention(x, x, x)[0])
case("average_pool", lambda x: F.avg_pool2d(x, 3, 2, 1), (2, 3, 8, 7), image=True)
case("average_pool_valid", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), (2, 3, 8, 7), image=True)
case("adaptive_pool", lambda x: F.adaptive_avg_pool2d(x, (3, 5)), (2, 3, 8, 7), image=True)
case("nearest", lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), (2, 3, 4, 5), image=True)
case("nearest_odd", lambda x: F.interpolate(x, size=(5, 3), mode="nearest"), (2, 3, 4, 7), image=True)
case("bilinear", lambda x: F.interpolate(x, scale_factor=3, mode="bilinear"), (2, 3, 4, 5), image=True)
for name in ["abs", "sin", "cos"]:
    case(name, getattr(torch, name), (3, 7))
case("silu", F.silu, (3, 7))
case("softplus", F.softplus, (3, 7))
case("leaky_relu", lambda x: F.leaky_relu(x, 0.1), (3, 7))
case("pow", lambda x: x.pow(1.7), (3, 7), positive=True)
case("variance", lambda x: x.var(dim=(0, 2)), (3, 4, 5))
case("deviation", lambda x: x.std(dim=1, unbiased=False), (3, 4))
case("log_sum_exp", lambda x: x.logsumexp(1), (3, 4, 2))
case("cumulative_sum", lambda x: x.cumsum(1), (3, 4, 2))
case("top_k", lambda x: x.topk(2, dim=1).values, (3, 4, 2))
case("sorted", lambda x: x.sort(dim=0, descending=True).values, (4, 3))
case("minimum_axis", lambda x: x.min(dim=1).values, (3, 4, 2))
targets = torch.rand(2, 3, 4, 5)
put("targets", targets.permute(0, 2, 3, 1))
case("bce", lambda x: F.binary_cross_entropy_with_logits(x, targets), (2, 3, 4, 5), image=True)
case("bce_weighted", lambda x: F.binary_cross_entropy_with_logits(x, targets, pos_weight=torch.tensor(3.0)), (2, 3, 4, 5), image=True)
case("l1", lambda x: F.l1_loss(x, targets), (2, 3, 4, 5), image=True)
classes = torch.randint(0, 3, (2, 4, 5))
put("classes", classes)
case("pixel_cross_entropy", lambda x: F.cross_entropy(x, classes), (2, 3, 4, 5), image=True)
case("pixel_cross_entropy_ignoring", lambda x: F.cross_entropy(x, classes, ignore_index=1), (2, 3, 4, 5), image=True)

save_file(tensors, "Tests/FundusTensorTests/Goldens/layers.safetensors")

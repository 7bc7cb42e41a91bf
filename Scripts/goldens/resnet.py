"""Residual networks in PyTorch: small goldens for the tests, and a full-size comparison by hand.

  python resnet.py goldens            writes Tests/FundusModelsTests/Goldens/resnet-*.safetensors
  python resnet.py full DIR [--size 512] [--name resnet50] [--batch 2]
      writes DIR/weights.safetensors and DIR/expected.safetensors for the test
      `ResNetFullSizeTests` (set KEEPFIT_RESNET_GOLDENS=DIR)

The network is written out here because the tests must not depend on torchvision; the names of its
state are torchvision's.
"""

import argparse
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

CONFIGURATIONS = {
    "resnet18": ([2, 2, 2, 2], False),
    "resnet34": ([3, 4, 6, 3], False),
    "resnet50": ([3, 4, 6, 3], True),
    "resnet101": ([3, 4, 23, 3], True),
}


class Block(nn.Module):
    def __init__(self, inputs, width, bottleneck, stride):
        super().__init__()
        outputs = width * 4 if bottleneck else width
        if bottleneck:
            plan = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        else:
            plan = [(inputs, width, 3, stride), (width, width, 3, 1)]
        self.count = len(plan)
        for index, (cin, cout, kernel, step) in enumerate(plan, 1):
            conv = nn.Conv2d(cin, cout, kernel, step, kernel // 2, bias=False)
            setattr(self, f"conv{index}", conv)
            setattr(self, f"bn{index}", nn.BatchNorm2d(cout))
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = x
        for index in range(1, self.count + 1):
            y = getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(y))
            y = F.relu(y if index < self.count else y + shortcut)
        return y


class ResNet(nn.Module):
    def __init__(self, blocks, bottleneck, width=64):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        inputs = width
        for stage, count in enumerate(blocks):
            layers = []
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                layers.append(Block(inputs, width << stage, bottleneck, stride))
                inputs = (width << stage) * (4 if bottleneck else 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        results = {"stem": x}
        for stage in range(1, 5):
            x = getattr(self, f"layer{stage}")(x)
            results[f"stage{stage}"] = x
        results["features"] = x.mean((2, 3))
        return results


def randomized(blocks, bottleneck, width, seed):
    torch.manual_seed(seed)
    net = ResNet(blocks, bottleneck, width)
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if isinstance(module, nn.BatchNorm2d):
            # The last norm of a block is kept small, or the activations of deep nets explode.
            last = name.endswith("bn3") or (name.endswith("bn2") and not bottleneck)
            nn.init.uniform_(module.weight, *((0.1, 0.4) if last else (0.6, 1.2)))
            nn.init.uniform_(module.bias, -0.2, 0.2)
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.6, 1.6)
    return net


def record(net, x, double=False):
    """Everything that is compared, images as NHWC and gradients in the layout of the state."""
    if double:
        net, x = net.double(), x.double()
    out = {"images": x.permute(0, 2, 3, 1)}
    net.eval()
    with torch.no_grad():
        for key, value in net(x).items():
            out["eval." + key] = value.permute(0, 2, 3, 1) if value.dim() == 4 else value
    net.train()
    results = net(x)
    for key, value in results.items():
        out["train." + key] = value.permute(0, 2, 3, 1) if value.dim() == 4 else value
    generator = torch.Generator().manual_seed(5)
    seed = torch.randn(results["features"].shape, generator=generator).to(x.dtype)
    out["seed"] = seed
    (results["features"] * seed).sum().backward()
    for name, parameter in net.named_parameters():
        out["gradient." + name] = parameter.grad
    for name, buffer in net.named_buffers():
        if not name.endswith("num_batches_tracked"):
            out["updated." + name] = buffer
    return {key: value.detach().float().contiguous() for key, value in out.items()}


def state(net):
    return {
        "state." + name: value.clone().contiguous()
        for name, value in net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["goldens", "full"])
    parser.add_argument("directory", nargs="?")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--name", default="resnet50")
    options = parser.parse_args()
    if options.what == "goldens":
        here = os.path.dirname(os.path.abspath(__file__))
        target = os.path.join(here, "../../Tests/FundusModelsTests/Goldens")
        for name, blocks, bottleneck, width in [
            ("bottleneck", [1, 1, 1, 1], True, 4),
            ("basic", [1, 2, 1, 1], False, 4),
        ]:
            net = randomized(blocks, bottleneck, width, 3)
            values = state(net)
            values.update(record(net, torch.rand(2, 3, 33, 40), double=True))
            save_file(values, os.path.join(target, f"resnet-{name}.safetensors"))
        return
    os.makedirs(options.directory, exist_ok=True)
    net = randomized(*CONFIGURATIONS[options.name], 64, 3)
    values = state(net)
    # In double: what is measured then is our own rounding.
    images = torch.rand(options.batch, 3, options.size, options.size)
    single = record(randomized(*CONFIGURATIONS[options.name], 64, 3), images)
    values.update(record(net, images, double=True))
    # Where a ReLU's input is within a rounding of zero, a gradient changes by leaps: what single
    # precision costs PyTorch is the measure for what it may cost us.
    values["gradient_noise"] = max(
        (single[key] - value).abs().max() / value.abs().max()
        for key, value in values.items()
        if key.startswith("gradient.")
    ).reshape(1)
    save_file(values, os.path.join(options.directory, f"{options.name}.safetensors"))


if __name__ == "__main__":
    main()

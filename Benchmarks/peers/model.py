"""The model in PyTorch, with the names of the published checkpoints.

torchvision is not needed: the ResNet is written out here in its v1.5 form.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F


class Bottleneck(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * 4)
        self.downsample = None
        if stride != 1 or channels != width * 4:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, width * 4, 1, stride, bias=False), nn.BatchNorm2d(width * 4)
            )

    def forward(self, x):
        skip = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return F.relu(self.bn3(self.conv3(x)) + skip)


class ResNet50(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        channels = 64
        for stage, (blocks, width) in enumerate(zip((3, 4, 6, 3), (64, 128, 256, 512)), 1):
            layers = []
            for block in range(blocks):
                stride = 2 if stage > 1 and block == 0 else 1
                layers.append(Bottleneck(channels, width, stride))
                channels = width * 4
            setattr(self, f"layer{stage}", nn.Sequential(*layers))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.mean((2, 3))


class Head(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.projection = nn.Linear(inputs, outputs, bias=False)

    def forward(self, x):
        x = self.projection(x / x.norm(dim=-1, keepdim=True))
        return x / x.norm(dim=-1, keepdim=True)


class Vision(nn.Module):
    def __init__(self, projection):
        super().__init__()
        self.model = ResNet50()
        self.projection_head_vision = Head(2048, projection)

    def forward(self, images):
        return self.projection_head_vision(self.model(images))


class Text(nn.Module):
    def __init__(self, config, projection):
        super().__init__()
        from transformers import BertConfig, BertModel

        config = BertConfig(**config)
        config._attn_implementation = "sdpa"
        self.model = BertModel(config)
        self.projection_head_text = Head(config.hidden_size, projection)

    def forward(self, ids, mask):
        states = self.model(ids, attention_mask=mask, output_hidden_states=True).hidden_states
        mean = torch.stack([states[1], states[2], states[-1]]).mean(2).mean(0)
        return self.projection_head_text(mean)


class KeepFIT(nn.Module):
    """Both encoders, the temperature and the knowledge attention's matrices."""

    def __init__(self, text, projection=512):
        super().__init__()
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.vision_model = Vision(projection)
        self.text_model = Text(text, projection)
        self.attention = nn.ModuleDict(
            {f"W_{x}": nn.Linear(projection, projection, bias=False) for x in "qkvo"}
        )

    def revised(self, queries, keys, values):
        """The texts that similar expert images suggest; two heads, softmax over the keys."""
        split = lambda x: x.reshape(x.shape[0], 2, -1).transpose(0, 1)
        q, k, v = (split(self.attention[f"W_{n}"](x)) for n, x in zip("qkv", (queries, keys, values)))
        weights = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]), dim=-1)
        weights = F.dropout(weights, 0.5, self.training)
        return self.attention["W_o"]((weights @ v).transpose(0, 1).flatten(1))


def contrastive(scale, images, texts, targets):
    logits = scale * images @ texts.T
    return 0.5 * (F.cross_entropy(logits, targets) + F.cross_entropy(logits.T, targets))


def keepfit_loss(model, public, expert):
    """The `keepfit` objective; `public` and `expert` are (images, ids, mask)."""
    v, t = model.vision_model(public[0]), model.text_model(*public[1:])
    v2, t2 = model.vision_model(expert[0]), model.text_model(*expert[1:])
    scale = model.logit_scale.clamp(0, 4.6052).exp()
    eye = torch.eye(len(v))
    revision = F.mse_loss(t, model.revised(v, v2, t2))
    return contrastive(scale, v, t, eye) + contrastive(scale, v2, t2, eye) + 100 * revision


def randomize_statistics(directory):
    """Gives the batch norms of a model directory statistics that are not the identity."""
    file = Path(directory) / "model.safetensors"
    state = load_file(file)
    generator = torch.Generator().manual_seed(1)
    for name, value in state.items():
        if name.endswith("running_mean"):
            state[name] = torch.randn(value.shape, generator=generator) * 0.1
        elif name.endswith("running_var"):
            state[name] = torch.rand(value.shape, generator=generator) + 0.5
    save_file(state, file)


def load(directory):
    """The model of a model directory, in evaluation mode."""
    directory = Path(directory)
    config = json.loads((directory / "config.json").read_text())
    state = load_file(directory / "model.safetensors")
    model = KeepFIT(config["text"], state["attention.W_q.weight"].shape[0])
    missing, unexpected = model.load_state_dict(state, strict=False)
    missing = [n for n in missing if not n.endswith(("num_batches_tracked", "position_ids"))]
    unexpected = [n for n in unexpected if not n.endswith(("position_ids", "num_batches_tracked"))]
    if missing or unexpected:
        raise SystemExit(f"the checkpoint and the model differ: {missing[:3]} {unexpected[:3]}")
    return model.eval()


def token_ids(batch, length, vocabulary):
    """Random ids of full length, the special tokens at both ends."""
    ids = np.random.default_rng(3).integers(104, max(105, vocabulary), (batch, length))
    ids[:, 0], ids[:, -1] = 101, 102
    return torch.from_numpy(ids.astype(np.int64)), torch.ones(batch, length, dtype=torch.int64)

"""The report model in PyTorch: small goldens for the tests, and a full-size comparison by hand.

  python reports.py goldens           writes Tests/FundusModelsTests/Goldens/reports.safetensors
  python reports.py full DIR [--batch 2] [--words 600]
      writes DIR/model (a model directory), DIR/expected.safetensors for the test
      `ReportModelFullSizeTests` (set KEEPFIT_REPORT_GOLDENS=DIR), and prints what was compared

The network is the encoder-decoder of the specification, written as the masks of padded batches demand;
ours drops the padding. Names of the state are the published ones.
"""

import argparse
import copy
import json
import math
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from resnet import CONFIGURATIONS, ResNet, randomized


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(width))
        self.beta = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        mean, deviation = x.mean(-1, keepdim=True), x.std(-1, keepdim=True)
        return self.gamma * (x - mean) / (deviation + 1e-6) + self.beta


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.linears = nn.ModuleList([nn.Linear(width, width) for _ in range(4)])

    def split(self, x):
        return x.view(x.shape[0], -1, self.heads, x.shape[-1] // self.heads).transpose(1, 2)

    def attend(self, query, key, value, mask):
        scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(mask.unsqueeze(1) == 0, -1e9)
        mixed = F.dropout(scores.softmax(-1), 0.1 if self.dropping else 0.0, self.training) @ value
        return self.linears[3](mixed.transpose(1, 2).reshape(query.shape[0], query.shape[2], -1))

    dropping = True

    def forward(self, query, key, value, mask=None):
        parts = [self.split(layer(x)) for layer, x in zip(self.linears, (query, key, value))]
        return self.attend(*parts, mask)


class FeedForward(nn.Module):
    def __init__(self, width, hidden, dropout):
        super().__init__()
        self.w_1, self.w_2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.w_2(self.dropout(F.relu(self.w_1(x))))


class Sublayer(nn.Module):
    def __init__(self, width, dropout):
        super().__init__()
        self.norm = Norm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, function):
        return x + self.dropout(function(self.norm(x)))


class Layer(nn.Module):
    def __init__(self, width, hidden, heads, dropout, decodes):
        super().__init__()
        self.self_attn = Attention(width, heads)
        if decodes:
            self.src_attn = Attention(width, heads)
        self.feed_forward = FeedForward(width, hidden, dropout)
        self.sublayer = nn.ModuleList([Sublayer(width, dropout) for _ in range(3 if decodes else 2)])

    def forward(self, x, mask=None, memory=None):
        x = self.sublayer[0](x, lambda h: self.self_attn(h, h, h, mask))
        if memory is not None:
            x = self.sublayer[1](x, lambda h: self.src_attn(h, memory, memory))
        return self.sublayer[-1](x, self.feed_forward)


class Stack(nn.Module):
    def __init__(self, width, hidden, heads, layers, dropout, decodes):
        super().__init__()
        self.layers = nn.ModuleList(
            [Layer(width, hidden, heads, dropout, decodes) for _ in range(layers)])
        self.norm = Norm(width)

    def forward(self, x, mask=None, memory=None):
        for layer in self.layers:
            x = layer(x, mask, memory)
        return self.norm(x)


class Embeddings(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.lut = nn.Embedding(words, width)
        self.scale = math.sqrt(width)

    def forward(self, ids):
        return self.lut(ids) * self.scale


class Positions(nn.Module):
    def __init__(self, width, dropout, count=5000):
        super().__init__()
        place = torch.arange(count).unsqueeze(1).float()
        rate = torch.exp(torch.arange(0, width, 2).float() * -(math.log(10000.0) / width))
        pe = torch.zeros(count, width)
        pe[:, 0::2], pe[:, 1::2] = torch.sin(place * rate), torch.cos(place * rate)
        self.register_buffer("pe", pe.unsqueeze(0))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, first=0):
        return self.dropout(x + self.pe[:, first:first + x.shape[1]])


class Transformer(nn.Module):
    def __init__(self, words, width, hidden, heads, layers, dropout):
        super().__init__()
        self.encoder = Stack(width, hidden, heads, layers, dropout, False)
        self.decoder = Stack(width, hidden, heads, layers, dropout, True)
        self.tgt_embed = nn.Sequential(Embeddings(words, width), Positions(width, dropout))


class EncoderDecoder(nn.Module):
    def __init__(self, words, features, width, hidden, heads, layers, dropout, embedding_dropout):
        super().__init__()
        self.att_embed = nn.Sequential(
            nn.Linear(features, width), nn.ReLU(), nn.Dropout(embedding_dropout))
        self.model = Transformer(words, width, hidden, heads, layers, dropout)
        self.logit = nn.Linear(width, words)


class VisualExtractor(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.model = nn.Sequential(
            net.conv1, net.bn1, nn.ReLU(), nn.MaxPool2d(3, 2, 1), net.layer1, net.layer2, net.layer3,
            net.layer4)

    def forward(self, images):
        return self.model(images).flatten(2).transpose(1, 2)


class ReportModel(nn.Module):
    def __init__(self, net, features, words, width=512, hidden=512, heads=8, layers=3, dropout=0.1,
                 embedding_dropout=0.5):
        super().__init__()
        self.visual_extractor = VisualExtractor(net)
        self.encoder_decoder = EncoderDecoder(
            words, features, width, hidden, heads, layers, dropout, embedding_dropout)

    def encode(self, images):
        """[B, K, 3, H, W] to [B, patches, D]."""
        patches = torch.stack(
            [self.visual_extractor(images[:, k]) for k in range(images.shape[1])]).mean(0)
        return self.encoder_decoder.model.encoder(self.encoder_decoder.att_embed(patches))

    def decode(self, memory, ids, mask):
        model = self.encoder_decoder.model
        return self.encoder_decoder.logit(
            model.decoder(model.tgt_embed(ids), mask, memory)).log_softmax(-1)

    def forward(self, images, reports):
        """Log-probabilities [B, L - 1, V'] of reports [B, L], padded with zeros."""
        inputs = reports[:, :-1]
        keys = inputs > 0
        keys[:, 0] = True
        length = inputs.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool).tril()
        return self.decode(self.encode(images), inputs, keys.unsqueeze(1) & causal)


def loss(log_probabilities, reports, lengths):
    targets = reports[:, 1:]
    mask = torch.arange(targets.shape[1])[None] < (torch.tensor(lengths) - 1)[:, None]
    chosen = log_probabilities.gather(2, targets.unsqueeze(2)).squeeze(2)
    return -(chosen * mask).sum() / mask.sum(), mask


def padded(reports):
    longest = max(map(len, reports))
    return torch.tensor([report + [0] * (longest - len(report)) for report in reports])


def without_dropout(model):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(module, Attention):
            module.dropping = False
    return model


def perturbed(model, seed):
    """No parameter keeps a value that could hide a mistake: zeros, ones, equal biases."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.encoder_decoder.named_parameters():
            if name.endswith(("gamma", "beta", "bias")):
                parameter += 0.2 * torch.randn_like(parameter)
            elif "lut" in name:
                parameter.mul_(0.3)
    return model


def record(model, images, reports):
    lengths = [len(report) for report in reports]
    ids = padded(reports)
    model.eval()
    out = {"images": images.permute(0, 1, 3, 4, 2)}
    with torch.no_grad():
        scores = model(images, ids)
        value, mask = loss(scores, ids, lengths)
        out["eval.loss"] = value
        # As ours are: rows of all reports one after the other, without padding.
        out["eval.log_probabilities"] = scores[mask]
    # Training sees one image a study, as published; with more, each would have batch statistics of its
    # own here, where ours take those of all images.
    model.train()
    scores = model(images[:, :1], ids)
    value, mask = loss(scores, ids, lengths)
    value.backward()
    out["train.loss"] = value.detach()
    out["train.log_probabilities"] = scores[mask].detach()
    for name, parameter in model.named_parameters():
        out["gradient." + name] = parameter.grad
    for name, buffer in model.named_buffers():
        if "running" in name:
            out["updated." + name] = buffer
    return {key: value.detach().clone() for key, value in out.items()}


def ten_steps(model, images, reports, steps=10):
    """Losses of training as published: Adam with AMSGrad, coupled decay, gradients clamped."""
    lengths, ids = [len(report) for report in reports], padded(reports)
    model.train()
    optimizer = torch.optim.Adam(
        [{"params": model.visual_extractor.parameters(), "lr": 5e-5},
         {"params": model.encoder_decoder.parameters(), "lr": 1e-4}],
        weight_decay=5e-5, amsgrad=True)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        value, _ = loss(model(images[:, :1], ids), ids, lengths)
        value.backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.1)
        optimizer.step()
        losses.append(value.item())
    return torch.tensor(losses, dtype=torch.float64)


def state(model, drops=()):
    return {
        name: value.clone().contiguous() for name, value in model.state_dict().items()
        if not name.endswith(tuple(drops))
    }


def floats(values):
    return {
        key: (value.float() if value.is_floating_point() else value).contiguous()
        for key, value in values.items()
    }


def goldens(target):
    net = randomized([1, 1, 1, 1], False, 4, 3)
    torch.manual_seed(4)
    model = perturbed(
        without_dropout(ReportModel(net, 32, 11, width=16, hidden=24, heads=2, layers=2)), 5).double()
    images = torch.randn(2, 2, 3, 32, 64, dtype=torch.float64)
    reports = [[0, 3, 7, 1, 1, 10, 0], [0, 9, 2, 5]]
    values = {"state." + key: value for key, value in state(model, ["pe"]).items()}
    steps = ten_steps(copy.deepcopy(model), images, reports)
    values.update(record(model, images, reports))
    values["steps.losses"] = steps
    save_file(floats(values), target)


def full_model(words):
    """The published sizes with random weights, and no dropout."""
    net = randomized(*CONFIGURATIONS["resnet50"], 64, 3)
    torch.manual_seed(4)
    model = ReportModel(net, 2048, words + 1)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
    return perturbed(without_dropout(model), 5)


def write_model(model, words, directory):
    """A model directory for `keepfit`."""
    os.makedirs(directory, exist_ok=True)
    save_file(state(model), os.path.join(directory, "model.safetensors"))
    vocabulary = sorted(["<unk>"] + [f"word{index}" for index in range(words - 1)])
    with open(os.path.join(directory, "vocabulary.txt"), "w") as file:
        file.write("".join(word + "\n" for word in vocabulary))
    with open(os.path.join(directory, "config.json"), "w") as file:
        json.dump({
            "kind": "report", "vision": {"architecture": "resnet50"},
            "decoder": {"width": 512, "feed_forward": 512, "heads": 8, "layers": 3},
            "max_length": 90, "image_size": 224}, file)


def full(directory, batch, words):
    model = full_model(words)
    write_model(model, words, os.path.join(directory, "model"))
    print(len(state(model)), "entries")
    generator = torch.Generator().manual_seed(6)
    images = torch.randn(batch, 1, 3, 224, 224, generator=generator)
    reports = [
        [0] + torch.randint(1, words + 1, (12 + 5 * row,), generator=generator).tolist() + [0]
        for row in range(batch)
    ]
    single = record(copy.deepcopy(model), images, reports)
    values = record(model.double(), images.double(), reports)
    # What single precision costs PyTorch is the measure for what it may cost us.
    for kind in ["gradient.", "eval.", "train.", "updated."]:
        values["noise." + kind[:-1]] = max(
            (single[key] - value).abs().max() / value.abs().max()
            for key, value in values.items()
            # The gradients of the keys' biases are zero but for rounding.
            if key.startswith(kind) and not key.endswith("linears.1.bias")
        ).reshape(1)
    for row, report in enumerate(reports):
        values[f"report.{row}"] = torch.tensor(report)
    save_file(floats(values), os.path.join(directory, "expected.safetensors"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["goldens", "full"])
    parser.add_argument("directory", nargs="?")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--words", type=int, default=600)
    options = parser.parse_args()
    torch.set_num_threads(2)
    if options.what == "goldens":
        here = os.path.dirname(os.path.abspath(__file__))
        goldens(os.path.join(here, "../../Tests/FundusModelsTests/Goldens/reports.safetensors"))
    else:
        full(options.directory, options.batch, options.words)


if __name__ == "__main__":
    main()

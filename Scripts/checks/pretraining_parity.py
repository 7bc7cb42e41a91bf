"""Pretrains with PyTorch and with `keepfit pretrain` side by side and compares every step.

    python3 Scripts/checks/pretraining_parity.py --keepfit .build/release/keepfit [--preset tiny]

Makes a random model with `keepfit init`, a small labeled set and a small caption set of drawn
images, then runs six optimizer steps of every objective in fixed order, without augmentation and
dropout, in both. Prints the largest difference of each quantity; exits with 1 above the limits
(losses 3e-4, gradient norm 2e-2 relative, learning rate 1e-9).

Needs torch, transformers, safetensors, numpy, pillow.
"""

import argparse
import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import BertConfig, BertModel, BertTokenizerFast

BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3), "resnet50": (3, 4, 6, 3),
          "resnet101": (3, 4, 23, 3)}


class Block(torch.nn.Module):
    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        nn = torch.nn
        outputs = width * (4 if bottleneck else 1)
        if bottleneck:
            shapes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        else:
            shapes = [(inputs, width, 3, stride), (width, outputs, 3, 1)]
        self.depth = len(shapes)
        for i, (a, b, k, s) in enumerate(shapes, 1):
            setattr(self, f"conv{i}", nn.Conv2d(a, b, k, s, k // 2, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(b))
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = x
        for i in range(1, self.depth + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.depth:
                y = y.relu()
        return (y + (self.downsample(x) if self.downsample is not None else x)).relu()


class ResNet(torch.nn.Module):
    def __init__(self, name, base=64):
        super().__init__()
        nn, bottleneck = torch.nn, name in ("resnet50", "resnet101")
        self.conv1 = nn.Conv2d(3, base, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        channels = base
        for stage, count in enumerate(BLOCKS[name]):
            width = base << stage
            blocks = []
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                blocks.append(Block(channels, width, stride, bottleneck))
                channels = width * (4 if bottleneck else 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.features = channels

    def forward(self, x):
        x = torch.nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))


class Attention(torch.nn.Module):
    def __init__(self, width, heads, axis):
        super().__init__()
        self.heads, self.axis = heads, axis
        for letter in "qkvo":
            setattr(self, f"W_{letter}", torch.nn.Linear(width, width, bias=False))

    def forward(self, q, k, v):
        split = lambda x: x.reshape(x.shape[0], self.heads, -1).permute(1, 0, 2)
        q, k, v = split(self.W_q(q)), split(self.W_k(k)), split(self.W_v(v))
        scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
        weights = scores.softmax(-1 if self.axis == "keys" else 0)
        return self.W_o((weights @ v).permute(1, 0, 2).reshape(q.shape[1], -1))


class Model(torch.nn.Module):
    """The encoders under the key names of the published checkpoints."""

    def __init__(self, folder, axis, fusion):
        super().__init__()
        nn = torch.nn
        config = json.loads((folder / "config.json").read_text())
        self.caption = config["caption"]
        text = dict(config["text"], hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        bert = BertModel(BertConfig(**{k: v for k, v in text.items() if v is not None}))
        width = config["projection_dim"]
        self.logit_scale = nn.Parameter(torch.zeros(()))
        self.vision_model = nn.Module()
        self.vision_model.model = ResNet(
            config["vision"]["architecture"], config["vision"].get("width", 64))
        self.vision_model.projection_head_vision = nn.Module()
        self.vision_model.projection_head_vision.projection = nn.Linear(
            self.vision_model.model.features, width, bias=False)
        self.text_model = nn.Module()
        self.text_model.model = bert
        self.text_model.projection_head_text = nn.Module()
        self.text_model.projection_head_text.projection = nn.Linear(
            bert.config.hidden_size, width, bias=False)
        if fusion:
            self.atte_TD2KD = Attention(width, 1, axis)
            self.atte_KD2TD = Attention(width, 1, axis)
        self.attention = Attention(width, 2, axis)
        state = load_file(folder / "model.safetensors")
        missing, unexpected = self.load_state_dict(state, strict=False)
        missing = [k for k in missing if "num_batches_tracked" not in k and "position_ids" not in k]
        if missing or [k for k in unexpected if "position_ids" not in k]:
            sys.exit(f"the checkpoint does not fit: missing {missing}, unexpected {unexpected}")
        self.tokenizer = BertTokenizerFast(
            vocab=str(folder / "vocab.txt"), vocab_file=str(folder / "vocab.txt"),
            do_lower_case=config.get("lowercase", True))
        self.train()

    def images(self, x):
        head = self.vision_model.projection_head_vision.projection
        unit = torch.nn.functional.normalize
        return unit(head(unit(self.vision_model.model(x), eps=0)), eps=0)

    def texts(self, texts):
        tokens = self.tokenizer(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
        hidden = self.text_model.model(
            input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"],
            output_hidden_states=True).hidden_states
        pooled = torch.stack([hidden[i].mean(1) for i in (1, 2, -1)]).mean(0)
        unit = torch.nn.functional.normalize
        return unit(self.text_model.projection_head_text.projection(unit(pooled, eps=0)), eps=0)


def itc(v, t, y, scale):
    z = scale.exp() * t @ v.T
    ce = lambda z: -(y * z.log_softmax(dim=1)).sum() / z.shape[0]
    return 0.5 * (ce(z) + ce(z.T))


def run_torch(folder, objective, axis, streams, steps, batch, lr, decay, dtype):
    model = Model(folder, axis, "fusion" in objective).to(dtype)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=decay)
    labeled, expert = streams
    per_epoch = math.ceil(len(labeled) / batch)
    lines = []
    for step in range(steps):
        take = lambda s: [s[(step * batch + i) % len(s)] for i in range(batch)]
        rows, experts = take(labeled), take(expert)
        with torch.no_grad():
            model.logit_scale.clamp_(0, 4.6052)
        v = model.images(torch.stack([r[0] for r in rows]).to(dtype))
        t = model.texts([r[1] for r in rows])
        same = torch.tensor([[float(a[2] == b[2]) for b in rows] for a in rows], dtype=dtype)
        y = same / same.sum(-1)
        tq = t
        if objective != "flair":
            ve = model.images(torch.stack([r[0] for r in experts]).to(dtype))
            te = model.texts([r[1] for r in experts])
            teq = te
            if "fusion" in objective:
                tq, teq = t + model.atte_TD2KD(v, ve, te), te + model.atte_KD2TD(ve, v, t)
        terms = {"public": itc(v, tq, y, model.logit_scale)}
        if objective not in ("flair", "revision"):
            terms["expert"] = itc(ve, teq, torch.eye(batch, dtype=dtype), model.logit_scale)
        if objective in ("revision", "keepfit", "keepfit-fusion"):
            terms["revision"] = ((t - model.attention(v, ve, te)) ** 2).mean()
        weight = {"revision": 1.0 if objective == "revision" else 100.0}
        loss = sum(weight.get(k, 1.0) * value for k, value in terms.items())
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        warmup, total = per_epoch, 100 * per_epoch
        factor = ((step + 1) / warmup if step < warmup else
                  0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))))
        for group in optimizer.param_groups:
            group["lr"] = lr * factor
        optimizer.step()
        lines.append({"lr": lr * factor, "loss": loss.item(), "grad_norm": norm.item(),
                      **{k: value.item() for k, value in terms.items()}})
    return lines


def draw(index, size):
    """A disc of color on a dark ground, different for each index."""
    rng = np.random.default_rng(index)
    y, x = np.mgrid[0:size, 0:size] / size - 0.5
    image = rng.uniform(0, 40, (size, size, 3))
    for _ in range(4):
        cx, cy, r = rng.uniform(-0.3, 0.3, 2).tolist() + [rng.uniform(0.05, 0.25)]
        image[(x - cx) ** 2 + (y - cy) ** 2 < r * r] += rng.uniform(30, 160, 3)
    return np.clip(image, 0, 255).astype(np.uint8)


LABELS = ["glaucoma", "normal", "hard exudates", "drusens", "macular edema"]
WORDS = "optic disc cup pale vessels arteries veins macula drusen yellow haemorrhages temporal nasal".split()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keepfit", required=True)
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--objectives", default="flair,revision,mixed,mixed-fusion,keepfit,keepfit-fusion")
    parser.add_argument("--axis", default="keys", choices=["keys", "heads"])
    parser.add_argument("--verbose", action="store_true", help="every value of every step")
    parser.add_argument("--double", action="store_true", help="the peer in double precision")
    options = parser.parse_args()
    root = pathlib.Path(tempfile.mkdtemp())
    command = lambda *words: subprocess.run([options.keepfit, *map(str, words)], check=True)
    command("init", "--preset", options.preset, "--out", root / "model", "--quiet")

    streams = []
    for name, count in (("public", 20), ("expert", 14)):
        (root / name).mkdir()
        rows = []
        for index in range(count):
            pixels = draw(index + 100 * len(streams), options.size)
            Image.fromarray(pixels).save(root / name / f"{index}.png")
            tensor = torch.from_numpy(pixels).float().permute(2, 0, 1) / 255
            if name == "public":
                label = LABELS[(index * 7) % len(LABELS)]
                rows.append((tensor, f"A fundus photograph of {label}", label))
            else:
                rng = np.random.default_rng(index)
                rows.append((tensor, " ".join(rng.choice(WORDS, rng.integers(4, 20))), None))
        streams.append(rows)
        with open(root / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            if name == "public":
                writer.writerow(["", "image", "atributes", "categories"])
                for i, row in enumerate(rows):
                    writer.writerow([i, f"{i}.png", "[]", f"['{row[2]}']"])
            else:
                writer.writerow(["", "image", "caption"])
                for i, row in enumerate(rows):
                    writer.writerow([i, f"{i}.png", row[1]])

    failed = False
    limits = {"lr": 1e-9, "grad_norm": 2e-2}
    dtype = torch.float64 if options.double else torch.float32
    for objective in options.objectives.split(","):
        run = root / f"run-{objective}"
        command("pretrain", "--public", root / "public.csv", "--public-root", root / "public",
                "--expert", root / "expert.csv", "--expert-root", root / "expert",
                "--model", root / "model", "--out", run, "--objective", objective,
                "--image-size", options.size, "--batch-size", options.batch,
                "--max-steps", options.steps, "--lr", "1e-4", "--weight-decay", "1e-5",
                "--attention-axis", options.axis, "--no-shuffle", "--no-augment",
                "--no-augment-descriptions", "--dropout", "0", "--keep-checkpoints", 100, "--quiet")
        ours = [json.loads(line) for line in open(run / "metrics.jsonl")]
        ours = [line for line in ours if "loss" in line]
        # The starting weights of modules that a plain model lacks are those of the run.
        start = root / "model"
        if "fusion" in objective:
            start = run / "checkpoints" / "step-000000000"
        theirs = run_torch(start, objective, options.axis, streams, options.steps, options.batch,
                           1e-4, 1e-5, dtype)
        worst = {}
        for step, (a, b) in enumerate(zip(ours, theirs, strict=True), 1):
            if options.verbose:
                print(step, " ".join(f"{k} {a[k]:.7g}/{b[k]:.7g}" for k in b))
            for key, value in b.items():
                difference = abs(a[key] - value)
                if key == "grad_norm":
                    difference /= max(1, abs(value))
                worst[key] = max(worst.get(key, 0), difference)
        bad = [k for k, d in worst.items() if not d <= limits.get(k, 3e-4)]
        failed |= bool(bad)
        print(f"{objective:16}", " ".join(f"{k} {d:.2e}" for k, d in worst.items()),
              "FAILED: " + ", ".join(bad) if bad else "ok", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()

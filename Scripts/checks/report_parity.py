"""Trains a report model with PyTorch and with `keepfit reports train` side by side and compares every step.

    python3 Scripts/checks/report_parity.py --keepfit .build/release/keepfit [--steps 10]

Makes a random model with `keepfit reports init` from a small annotation in FFA-IR's layout, mixes it with
a caption manifest in MM-Retinal's, and trains with both in the published order, without augmentation and
dropout. Compares the loss, the gradient norm and the learning rates of each step, every parameter and
running statistic after the last one, the first gradient through the first step of a run with plain Adam,
and the loss that `keepfit reports loss` gives for the starting model at two batch sizes. Exits with 1 above
the limits.

With the statistics of the batch (`--batch-statistics`) a randomly initialized ResNet-50 multiplies rounding
errors by hundreds, so that two runs of PyTorch in single and in double precision part as well. Then the
first step is compared with PyTorch in double precision, and PyTorch in single precision sets the limits.

Needs torch, safetensors, numpy, pillow. The twin follows the published behavior, with padding and masks.
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
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "goldens"))
from reports import ReportModel, without_dropout  # noqa: E402
from resnet import CONFIGURATIONS, ResNet  # noqa: E402


class Twin(ReportModel):
    """The twin of the goldens at the published sizes, without dropout; studies may differ in their images."""

    def __init__(self, count):
        super().__init__(ResNet(*CONFIGURATIONS["resnet50"], 64), 2048, count)
        without_dropout(self)

    def encode(self, studies):
        """Studies of `[K, 3, H, W]` images to `[B, patches, D]`."""
        patches = self.visual_extractor(torch.cat(studies)).split([len(s) for s in studies])
        parts = self.encoder_decoder
        return parts.model.encoder(parts.att_embed(torch.stack([p.mean(0) for p in patches])))

    def loss(self, studies, ids, mask):
        """The loss of padded ids `[B, L]`."""
        chosen = self(studies, ids).gather(2, ids[:, 1:, None])[..., 0]
        return -(chosen * mask[:, 1:]).sum() / mask[:, 1:].sum()


def words(text):
    text = text.replace("\n", " ")
    for pattern, by, passes in (("__", "_", 7), ("  ", " ", 6), ("..", ".", 8)):
        for _ in range(passes):
            text = text.replace(pattern, by)
    text = text.replace("1. ", "")
    for k in "2345":
        text = text.replace(f". {k}. ", ". ")
    for k in "2345":
        text = text.replace(f" {k}. ", ". ")
    sentences = []
    for s in text.strip().lower().split(". "):
        for mark in "\"/\\'":
            s = s.replace(mark, "")
        s = s.strip().lower()
        sentences.append("".join(c for c in s if c not in ".,?;*!%^&_+(){}[]" and not ":" <= c <= "["))
    return (" . ".join(sentences) + " . ").split()


def encode(text, vocabulary):
    unknown = vocabulary["<unk>"]
    return ([0] + [vocabulary.get(w, unknown) for w in words(text)] + [0])[:90]


def collate(reports):
    length = max(map(len, reports))
    ids, mask = torch.zeros(len(reports), length, dtype=torch.long), torch.zeros(len(reports), length)
    for row, report in enumerate(reports):
        ids[row, :len(report)] = torch.tensor(report)
        mask[row, :len(report)] = 1
    return ids, mask


def image(path):
    pixels = Image.open(path).convert("RGB")
    # Rows first and then columns, as Pillow does it up to 12; Pillow 13 begins with the columns of an image whose
    # height shrinks far more than its width.
    pixels = pixels.resize((224, pixels.height), Image.BILINEAR).resize((224, 224), Image.BILINEAR)
    x = torch.from_numpy(np.asarray(pixels).copy()).permute(2, 0, 1).float() / 255
    return (x - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor(
        [0.229, 0.224, 0.225])[:, None, None]


PHRASES = ["In the early phase the choroidal filling is normal", "Late leakage at the macula",
           "2. The optic disc is hyperfluorescent", "A window defect near the arcade",
           "Blocked fluorescence by haemorrhage", "No perfusion in the temporal retina",
           "Staining of drusen in the late phase", "The arteriovenous phase shows microaneurysms"]


def make(root, expert_count):
    rng = np.random.default_rng(5)

    def draw(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        h, w = rng.integers(90, 300, 2)
        grid = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
        Image.fromarray(grid).resize((int(w), int(h)), Image.BICUBIC).save(path)

    report = lambda: ". ".join(rng.choice(PHRASES, rng.integers(1, 5))) + "."
    annotation = {"train": {}, "val": {}, "test": {}}
    for split, count in (("train", 6), ("val", 2), ("test", 2)):
        for case in range(count):
            paths = [f"FFAIR/{split}{case}/{k}.png" for k in range(1 + case % 3)]
            for path in paths:
                draw(root / path)
            text = report() if case else " ".join(["leakage of fluorescein ."] * 40)
            annotation[split][f"{split}-{case}"] = {"Image_path": paths, "En_Report": text}
    (root / "annotation.json").write_text(json.dumps(annotation))
    rows = []
    for k in range(expert_count):
        path = f"MM_Retinal_dataset_v1/FFA/figure{k}.png"
        # Every second image is only where the published training looked for it.
        stored = path if k % 2 else path.replace("FFA", "FFA_resized_jpg").replace("png", "jpg")
        draw(root / "mm" / stored)
        rows.append((path, report(), root / "mm" / stored))
    with open(root / "expert.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["", "image", "atributes", "categories"])
        for k, (path, text, _) in enumerate(rows):
            writer.writerow([k, path, "[]", repr([text])])
    first = [(root / path, case["En_Report"]) for case in annotation["train"].values()
             for path in case["Image_path"]]
    second = [(stored, text) for _, text, stored in rows]
    mixed = [s for i in range(max(len(first), len(second)))
             for s in (first[i % len(first)], second[i % len(second)])]
    with open(root / "studies.jsonl", "w") as file:
        for split, cases in annotation.items():
            for name, case in cases.items():
                file.write(json.dumps({"id": name, "images": case["Image_path"],
                                       "text": case["En_Report"], "split": split}) + "\n")
    return mixed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keepfit", required=True)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--batch", type=int, default=5)
    parser.add_argument(
        "--batch-statistics", action="store_true", help="train with statistics of the batch")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if options.batch_statistics:
        options.steps = 1
    torch.set_num_threads(2)
    root = pathlib.Path(tempfile.mkdtemp())
    command = lambda *words: subprocess.run(
        [options.keepfit, *map(str, words)], check=True, stdout=subprocess.PIPE).stdout
    mixed = make(root, expert_count=7)
    model = root / "model"
    command("reports", "init", "--vision", "none", "--ffa-ir", root / "annotation.json", "--out", model, "--quiet")
    lines = (model / "vocabulary.txt").read_text().split("\n")[:-1]
    vocabulary = {word: number for number, word in enumerate(lines, 1)}
    state = load_file(model / "model.safetensors")
    assert len(state) == 454, len(state)
    failed = False

    def verdict(name, worst, limit):
        nonlocal failed
        bad = not worst <= limit
        failed |= bad
        print(f"{name:42} {worst:.2e}  {'FAILED, limit %.0e' % limit if bad else 'ok'}", flush=True)

    def twin():
        result = Twin(len(vocabulary) + 1)
        result.load_state_dict(state)
        return result

    # reports loss
    network = twin().eval()
    studies = [json.loads(line) for line in open(root / "studies.jsonl")]
    with torch.no_grad():
        ids, mask = collate([encode(s["text"], vocabulary) for s in studies])
        expected = network.loss([torch.stack([image(root / p) for p in s["images"]]) for s in studies], ids, mask)
    found = [json.loads(command("reports", "loss", "--model", model, "--manifest", root / "studies.jsonl",
                                "--root", root, "--batch-size", b, "--json", "--quiet")) for b in (1, 4)]
    assert all(f["tokens"] == int(mask[:, 1:].sum()) for f in found), (found, mask[:, 1:].sum())
    verdict("reports loss against the twin", abs(found[0]["loss"] - expected.item()), 2e-5)
    verdict("reports loss, batch size 1 against 4", abs(found[0]["loss"] - found[1]["loss"]), 1e-6)

    # reports train
    run = root / "run"
    common = ["--model", model, "--ffa-ir", root / "annotation.json", "--ffa-ir-root", root, "--expert",
              root / "expert.csv", "--expert-root", root / "mm", "--batch-size", options.batch,
              "--no-shuffle", "--no-augment", "--dropout", 0, "--quiet"]
    if not options.batch_statistics:
        common.append("--freeze-batch-norm")
    command("reports", "train", *common, "--max-steps", options.steps, "--out", run)
    ours = [json.loads(line) for line in open(run / "metrics.jsonl")]
    network = twin().train()
    if not options.batch_statistics:
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
    optimizer = torch.optim.Adam(
        [{"params": network.visual_extractor.parameters(), "lr": 5e-5},
         {"params": network.encoder_decoder.parameters(), "lr": 1e-4}], weight_decay=5e-5, amsgrad=True)
    per_epoch = math.ceil(len(mixed) / options.batch)
    worst = {"loss": 0.0, "grad_norm": 0.0, "lr": 0.0, "lr_visual": 0.0}
    gradients = {}
    for step in range(options.steps):
        start = step % per_epoch * options.batch
        batch = mixed[start:start + options.batch]
        ids, mask = collate([encode(text, vocabulary) for _, text in batch])
        optimizer.zero_grad()
        loss = network.loss([image(path)[None] for path, _ in batch], ids, mask)
        loss.backward()
        if step == 0:
            gradients = {name: p.grad.clone() for name, p in network.named_parameters()}
            if options.batch_statistics:
                exact = twin().train().double()
                exact_loss = exact.loss([image(p)[None].double() for p, _ in batch], ids, mask.double())
                exact_loss.backward()
                expected = {name: p.grad for name, p in exact.named_parameters()}
        # In double precision: a sum over 37 million elements loses three digits in single.
        norm = torch.cat([p.grad.flatten().double() for p in network.parameters()]).norm()
        torch.nn.utils.clip_grad_value_(network.parameters(), 0.1)
        optimizer.step()
        line = ours[step]
        theirs = {"loss": loss.item(), "grad_norm": norm.item(), "lr": 1e-4, "lr_visual": 5e-5}
        if options.verbose:
            print(step + 1, {k: (line[k], v) for k, v in theirs.items()}, flush=True)
        for key, value in theirs.items():
            worst[key] = max(worst[key], abs(line[key] - value) / (abs(value) if key != "loss" else 1))
    if options.batch_statistics:
        verdict("loss against double precision", abs(ours[0]["loss"] - exact_loss.item()),
                max(1e-5, 3 * abs(loss.item() - exact_loss.item())))
    verdict(f"loss over {options.steps} steps", worst["loss"], 2e-3)
    verdict("gradient norm, relative", worst["grad_norm"], 2e-2)
    verdict("learning rates, relative", max(worst["lr"], worst["lr_visual"]), 1e-6)
    final = load_file(sorted((run / "checkpoints").glob("step-*"))[-1] / "model.safetensors")
    theirs = network.state_dict()
    assert set(final) == set(theirs)
    moved = max((theirs[k].float() - state[k].float()).abs().max().item() for k in theirs if "num_batches" not in k)
    worst_weight = max((k for k in theirs), key=lambda k: (final[k].float() - theirs[k].float()).abs().max().item())
    difference = (final[worst_weight].float() - theirs[worst_weight].float()).abs().max().item()
    print(f"  largest change of a tensor {moved:.2e}; worst tensor {worst_weight}")
    # Adam moves by the sign of tiny gradients, so single weights may part by a step's length each step.
    # Running statistics of the batch change by more than weights do.
    if not options.batch_statistics:
        verdict("weights and statistics after the last step", difference, options.steps * 2.5e-4)
    means = [((final[k] - theirs[k]).abs().mean() / (theirs[k] - state[k]).abs().mean().clamp_min(1e-9)).item()
             for k in theirs if theirs[k].is_floating_point() and "pe" not in k.split(".") and "running" not in k]
    if not options.batch_statistics:
        verdict("mean difference over mean change", float(np.median(means)), 2e-2)

    # Every gradient: with the first moment of one step, m = 0.1 g.
    command("reports", "train", *common, "--max-steps", 1, "--clip-value", 0, "--weight-decay", 0, "--out", root / "one")
    moments = load_file(root / "one/checkpoints/step-000000001/optimizer.safetensors")
    def compared(found, reference):
        """The largest difference of each tensor over its largest value."""
        return {name: ((found[name] - wanted).abs().max() / wanted.abs().max().clamp_min(1e-7)).item()
                for name, wanted in reference.items()}

    found = {name: moments["exp_avg." + name] * 10 for name in gradients}
    found = {name: g.permute(3, 2, 0, 1) if g.dim() == 4 else g for name, g in found.items()}
    ratios = compared(found, expected if options.batch_statistics else gradients)
    limits = (2e-2, 2e-4)
    if options.batch_statistics:
        single = list(compared(gradients, expected).values())
        limits = (3 * max(single), 3 * float(np.median(single)))
        print(f"  PyTorch in single precision: worst {max(single):.2e}, median {np.median(single):.2e}")
    name = max(ratios, key=ratios.get)
    print(f"  worst gradient {name}; {len(ratios)} tensors")
    verdict("every gradient, relative to its largest", ratios[name], limits[0])
    verdict("median over the gradients", float(np.median(list(ratios.values()))), limits[1])
    sys.exit(failed)


if __name__ == "__main__":
    main()

"""Report generation and a training step of the report model: ours against PyTorch, in turns.

  python Benchmarks/peers/reports.py --keepfit .build/release/keepfit [--turns 3] [--train]

Makes a model of the published sizes with random weights, lets both engines search the reports of the same
number of images with three beams for 90 words, and prints the medians and the medians of the ratios turn by
turn. PyTorch decodes as released (the whole prefix again at every step) and with a cache of keys and values;
all searches take all steps. Needs torch and safetensors.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "Scripts" / "goldens"))

import reports  # noqa: E402


class Cached:
    """The decoder for one word at a time, with kept keys and values."""

    def __init__(self, model, memory):
        self.inner = model.encoder_decoder
        self.layers = self.inner.model.decoder.layers
        self.patches = [
            [layer.src_attn.split(layer.src_attn.linears[i](memory)) for i in (1, 2)]
            for layer in self.layers]
        self.words = [[None, None] for _ in self.layers]

    def reorder(self, parents):
        for kept in self.words:
            for index, tensor in enumerate(kept):
                if tensor is not None:
                    kept[index] = tensor.index_select(0, parents)
        for kept in self.patches:
            if kept[0].shape[0] != parents.shape[0]:
                kept[:] = [tensor.index_select(0, parents) for tensor in kept]

    def step(self, tokens, place):
        x = self.inner.model.tgt_embed[0](tokens.unsqueeze(1))
        x = self.inner.model.tgt_embed[1](x, first=place)
        for layer, kept, patches in zip(self.layers, self.words, self.patches):
            attention = layer.self_attn
            h = layer.sublayer[0].norm(x)
            query, key, value = (attention.split(attention.linears[i](h)) for i in range(3))
            if kept[0] is not None:
                key, value = torch.cat([kept[0], key], 2), torch.cat([kept[1], value], 2)
            kept[:] = [key, value]
            x = x + attention.attend(query, key, value, None)
            h = layer.sublayer[1].norm(x)
            look = layer.src_attn
            x = x + look.attend(look.split(look.linears[0](h)), *patches, None)
            x = x + layer.feed_forward(layer.sublayer[2].norm(x))
        return self.inner.logit(self.inner.model.decoder.norm(x))[:, 0].log_softmax(-1)


def search(model, images, size, length, cached):
    """Beam search of all studies at once; the best report of each."""
    studies = images.shape[0]
    memory = model.encode(images)
    done = [[] for _ in range(studies)]
    prefixes = torch.zeros(studies, 1, dtype=torch.long)
    scores = torch.zeros(studies, 1)
    decoder = Cached(model, memory) if cached else None
    repeated = memory
    for step in range(length):
        if cached:
            values = decoder.step(prefixes[:, -1], step)
        else:
            count = prefixes.shape[1]
            causal = torch.ones(1, count, count, dtype=torch.bool).tril()
            if repeated.shape[0] != prefixes.shape[0]:
                repeated = memory.repeat_interleave(size, 0)
            # As released: the scores of all positions are computed, the last ones used.
            values = model.decode(repeated, prefixes, causal)[:, -1]
        words = values.shape[1]
        beams = scores.shape[1]
        candidates = scores.unsqueeze(2) + values.view(studies, beams, words)
        scores, places = candidates.view(studies, -1).topk(size)
        parents = (places // words + torch.arange(studies).unsqueeze(1) * beams).flatten()
        tokens = (places % words).flatten()
        prefixes = torch.cat([prefixes.index_select(0, parents), tokens.unsqueeze(1)], 1)
        if cached:
            decoder.reorder(parents)
        ended = (tokens == 0).view(studies, size)
        if step + 1 == length:
            ended[:] = True
        for study, beam in ended.nonzero().tolist():
            done[study].append((scores[study, beam].item(), prefixes[study * size + beam, 1:].tolist()))
        scores = scores - 1000 * ended
    return [sorted(found, key=lambda entry: -entry[0])[:size] for found in done]


def timed(function):
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1000


def ours(keepfit, folder, options, batch, words):
    command = [keepfit, "bench", "reports", "--model", folder, "--batch-size", str(batch),
               "--repeats", "1", "--json", "--threads", str(options.threads), *words]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stderr)
    answer = json.loads(result.stdout)
    return answer["milliseconds_per_step" if "--train" in words else "milliseconds_per_batch"]


def training(model, images, rows):
    optimizer = torch.optim.Adam(
        [{"params": model.visual_extractor.parameters(), "lr": 5e-5},
         {"params": model.encoder_decoder.parameters(), "lr": 1e-4}],
        weight_decay=5e-5, amsgrad=True)
    ids, lengths = reports.padded(rows), [len(row) for row in rows]

    def step():
        optimizer.zero_grad()
        value, _ = reports.loss(model(images, ids), ids, lengths)
        value.backward()
        torch.nn.utils.clip_grad_value_(model.parameters(), 0.1)
        optimizer.step()

    return step


def compare(name, peers, turns):
    """Runs the contestants in turns, ours first, and prints what they took."""
    times = {key: [] for key in peers}
    for turn in range(turns + 1):
        for key, measure in peers.items():
            value = measure()
            if turn > 0:
                times[key].append(value)
    own = next(iter(peers))
    for key, values in times.items():
        ratios = [theirs / mine for theirs, mine in zip(values, times[own])]
        print(f"{name}: {key} {statistics.median(values):.0f} ms, "
              f"{statistics.median(ratios):.2f} times ours "
              f"({min(ratios):.2f} to {max(ratios):.2f})", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keepfit", required=True)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=90)
    parser.add_argument("--words", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--train", action="store_true", help="training steps as well")
    parser.add_argument("--train-batch", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        model = reports.full_model(options.words).eval()
        reports.write_model(model, options.words, folder)
        images = torch.randn(options.batch, 1, 3, 224, 224)
        with torch.inference_mode():
            plain = search(model, images[:2], 3, 12, False)
            kept = search(model, images[:2], 3, 12, True)
            assert [[e[1] for e in s] for s in plain] == [[e[1] for e in s] for s in kept]
            compare("search", {
                "KeepFIT": lambda: ours(
                    options.keepfit, folder, options, options.batch,
                    ["--beam-size", "3", "--max-length", str(options.length), "--no-early-stop"]),
                "PyTorch with a cache":
                    lambda: timed(lambda: search(model, images, 3, options.length, True)),
                "PyTorch without":
                    lambda: timed(lambda: search(model, images, 3, options.length, False)),
            }, options.turns)
        if options.train:
            rows = [[0] + torch.randint(1, options.words, (60,)).tolist() + [0]
                    for _ in range(options.train_batch)]
            step = training(model.train(), images[:options.train_batch], rows)
            compare("training step", {
                "KeepFIT": lambda: ours(
                    options.keepfit, folder, options, options.train_batch, ["--train", "60"]),
                "PyTorch": lambda: timed(step),
            }, options.turns)


if __name__ == "__main__":
    main()

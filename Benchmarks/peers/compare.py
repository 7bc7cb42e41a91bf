"""Runs KeepFIT and its peers alternately and writes results.json for benchmark-figures.

Rounds are short, so that a slow minute of the machine affects all engines alike; ratios are taken
round by round and their median is reported.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

import model as keepfit_model
from inputs import embeddings, photographs, probe_features

HERE = Path(__file__).parent


class Peer:
    """A worker process of another engine, which starts when it is first asked."""

    def __init__(self, engine, task, arguments):
        self.engine = engine
        self.command = [sys.executable, str(HERE / "worker.py"), "--engine", engine, "--task", task,
                        *arguments]
        self.process = None

    def ask(self, order):
        if self.process is None:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True)
        try:
            print(json.dumps(order), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass  # the empty answer tells
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.engine} ended")
        return json.loads(line)

    def measure(self, repeats):
        return self.ask({"repeats": repeats})["milliseconds"]

    def peak(self):
        return self.ask({"peak": True})["peak_bytes"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


class Runner:
    """What measures and has neither a memory of its own to tell of nor a process to end."""

    engine = "KeepFIT"

    def peak(self):
        return None

    def close(self):
        pass


class Ours(Runner):
    """`keepfit bench`, a process for each turn."""

    def __init__(self, keepfit, words):
        self.command = [keepfit, "bench", *words, "--json", "--quiet"]
        self.last = {}

    def measure(self, repeats):
        command = self.command + ["--repeats", str(repeats)]
        self.last = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return self.last["milliseconds"]

    def peak(self):
        return self.last.get("resident_peak_bytes", self.last.get("peak_bytes"))


class Loading(Ours):
    """`keepfit bench loader` reports the time of a batch; the peer loads the entire folder."""

    def __init__(self, keepfit, words, batches):
        super().__init__(keepfit, words)
        self.batches = batches

    def measure(self, repeats):
        return [x * self.batches for x in super().measure(repeats)]


class Probing(Runner):
    """The linear probe of the package, a process for each turn."""

    def __init__(self, helper, file):
        self.command = [helper, "probe", str(file)]

    def measure(self, repeats):
        answer = subprocess.check_output(self.command + [str(repeats)])
        return [json.loads(answer)["milliseconds"]]


class Searching(Runner):
    """A process that answers searches over mapped embeddings."""

    def __init__(self, helper, file):
        self.process = subprocess.Popen(
            [helper, "search", str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.rows = json.loads(self.process.stdout.readline())["rows"]
        self.asked = 0

    def measure(self, repeats):
        times = []
        for _ in range(repeats):
            self.asked += 1
            print(self.asked * 7919 % self.rows, file=self.process.stdin, flush=True)
            times.append(json.loads(self.process.stdout.readline())["milliseconds"])
        return times

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)


class Whole(Runner):
    """A command, timed from the start to the end of its process.

    It reports no memory: what the system counts for a child includes this process before exec."""

    def __init__(self, engine, command):
        self.engine = engine
        self.command = command

    def measure(self, repeats):
        times = []
        for _ in range(repeats):
            started = time.perf_counter()
            subprocess.run(
                self.command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            times.append((time.perf_counter() - started) * 1e3)
        return times


def compare(name, ours, peers, turns, repeats, samples, flops=None, unit="image", apart=False):
    """One row group of the table: every engine's times for the same work.

    All engines take turns; `apart`, each peer takes turns with ours alone, because all of them together
    do not fit into memory."""
    print(f"{name}: ", end="", file=sys.stderr, flush=True)
    times, ratios, rows = {}, {}, []

    def row(runner):
        flat = sorted(x for turn in times[runner.engine] for x in turn)
        median = statistics.median(flat)
        rows.append({
            "engine": runner.engine,
            "median": median / samples,
            "p95": flat[min(len(flat) - 1, int(0.95 * len(flat)))] / samples,
            "ratio": statistics.median(ratios[runner.engine]),
            "gflops": flops * samples / median / 1e6 if flops else None,
            "peak_bytes": runner.peak(),
        })
        runner.close()
        print(f"{runner.engine} {rows[-1]['median']:.1f} ", end="", file=sys.stderr, flush=True)

    for group in [[peer] for peer in peers] if apart else [peers]:
        alive = [ours] + group
        for turn in range(turns + 1):
            present = {}
            for runner in list(alive):
                try:
                    present[runner.engine] = runner.measure(repeats)
                except (RuntimeError, subprocess.CalledProcessError) as error:
                    print(f"[{runner.engine}: {error}] ", end="", file=sys.stderr, flush=True)
                    alive.remove(runner)
                    if runner is ours:
                        return None
            if turn > 0:  # the first turn warms up
                for engine, measured in present.items():
                    times.setdefault(engine, []).append(measured)
                    ratios.setdefault(engine, []).append(
                        statistics.median(measured) / statistics.median(present["KeepFIT"]))
        for runner in alive[1:]:
            row(runner)
    row(ours)
    rows.insert(0, rows.pop())
    print(file=sys.stderr)
    return {"name": name, "unit": f"ms/{unit}", "rows": rows}


def resnet_flops(size):
    """Multiplications and additions of a direct ResNet-50, for one image."""
    total = 0
    side = (size + 1) // 2
    total += side * side * 64 * 3 * 49
    side = (side + 1) // 2
    channels = 64
    for stage, (blocks, width) in enumerate(zip((3, 4, 6, 3), (64, 128, 256, 512))):
        for block in range(blocks):
            before = side
            if stage > 0 and block == 0:
                side = (side + 1) // 2
            total += before * before * channels * width
            total += side * side * width * width * 9 + side * side * width * width * 4
            if block == 0:
                total += side * side * channels * width * 4
            channels = width * 4
    return 2 * total


def bert_flops(length, hidden=768, layers=12, inner=3072):
    """Multiplications and additions of BERT, for one text."""
    linear = 4 * hidden * hidden + 2 * hidden * inner
    return 2 * layers * length * (linear + 2 * length * hidden)


def machine(threads):
    """The roofline: the peak of the multiply-add units and the best copy that PyTorch reaches."""
    layers = Path(__file__).parents[1] / "layers"
    told = subprocess.check_output([layers, str(threads), "0"], text=True)
    best = float(re.search(r"units (\d+) GFLOP", told)[1])
    torch.set_num_threads(threads)
    block, copy = torch.rand(1 << 26), torch.empty(1 << 26)
    fastest = 0.0
    for _ in range(6):
        started = time.perf_counter()
        copy.copy_(block)
        fastest = max(fastest, 2 * block.numel() * 4 / (time.perf_counter() - started) / 1e9)
    name = next((x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines()
                 if x.startswith("model name")), platform.processor())
    return {"processor": name, "threads": threads, "peak_gflops": best, "bandwidth": fastest}


def check_agreement(keepfit, model, scratch):
    """Embeds the same images and texts with both; returns the largest difference of each."""
    from PIL import Image
    from safetensors.numpy import load_file

    generator = np.random.default_rng(0)
    files, arrays = [], []
    for index in range(4):
        small = generator.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize((512, 512), Image.BICUBIC)
        files.append(str(scratch / f"image{index}.png"))
        image.save(files[-1])
        arrays.append(np.asarray(image, dtype=np.float32) / 255)
    texts = ["macular hole", "a fundus photograph of severe diabetic retinopathy", "drusen"]
    (scratch / "texts.txt").write_text("\n".join(texts) + "\n")
    out = scratch / "ours.safetensors"
    subprocess.run([keepfit, "embed", "--model", str(model), "--out", str(out), "--force", "--quiet",
                    "--texts", str(scratch / "texts.txt"), *files], check=True)
    ours = load_file(out)
    reference = keepfit_model.load(model)
    with torch.inference_mode():
        images = reference.vision_model(torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2))
        from transformers import BertTokenizerFast

        config = json.loads((model / "config.json").read_text())
        tokenizer = BertTokenizerFast(str(model / "vocab.txt"),
                                      do_lower_case=config.get("lowercase", True))
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        embedded = reference.text_model(batch["input_ids"], batch["attention_mask"])
    return {
        "images": float(np.abs(ours["image_embeddings"] - images.numpy()).max()),
        "texts": float(np.abs(ours["text_embeddings"] - embedded.numpy()).max()),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keepfit", required=True)
    parser.add_argument("--helper", required=True, help="benchmark-transfer of this package")
    parser.add_argument("--results", required=True, type=Path)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="fewer sizes, at most three turns")
    parser.add_argument("--only", default="startup,vision,bytes,text,step,memory,loader,folder,search,probe")
    parser.add_argument("--merge", action="store_true", help="keep groups of an earlier run")
    options = parser.parse_args()
    options.results.mkdir(parents=True, exist_ok=True)
    only = options.only.split(",")
    turns = min(3, options.turns) if options.quick else options.turns
    threads = ["--threads", str(options.threads)]

    model = options.results / "model"
    if not (model / "config.json").exists():
        subprocess.run([options.keepfit, "init", "--preset", "base", "--out", str(model)], check=True)
        keepfit_model.randomize_statistics(model)
    common = ["--model", str(model), "--scratch", str(options.results), *threads]
    file = options.results / "results.json"
    merged = json.loads(file.read_text()) if options.merge and file.exists() else {}
    earlier = merged.get("groups", [])
    peak = machine(options.threads)
    if merged:  # a busy moment must not lower what all of the groups are compared with
        for figure in ("peak_gflops", "bandwidth"):
            peak[figure] = max(peak[figure], merged["machine"][figure])
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": peak,
        "versions": {name: __import__(name).__version__
                     for name in ("torch", "transformers", "onnxruntime", "openvino", "PIL")},
        "agreement": check_agreement(options.keepfit, model, options.results),
        "groups": [],
    }

    def add(group):
        if group:
            result["groups"].append(group)
            names = {g["name"] for g in result["groups"]}
            groups = [g for g in earlier if g["name"] not in names] + result["groups"]
            file.write_text(json.dumps({**result, "groups": groups}, indent=1))

    def ours(*words, threads=threads):
        return Ours(options.keepfit, [*words, "--model", str(model), *threads])

    engines = ["pytorch", "onnxruntime", "openvino"]
    if "startup" in only:
        photograph = str(sorted(photographs(options.results / "photograph", 1).glob("*.jpg"))[0])
        words = ["--model", str(model), "--labels", "normal;diabetic retinopathy;macular hole",
                 *threads, photograph]
        add(compare("Classifying one photograph, process start to output",
                    Whole("KeepFIT", [options.keepfit, "classify", "--knowledge", "none", "--quiet",
                                      *words]),
                    [Whole("pytorch", [sys.executable, str(HERE / "classify_once.py"), *words])],
                    max(turns, 5), 1, 1, unit="photograph"))
    if "vision" in only:
        cases = [(512, 8), (512, 1), (224, 8)] if options.quick else [
            (512, 1), (512, 8), (512, 32), (224, 1), (224, 8), (224, 32)]
        for size, batch in cases:
            shape = ["--size", str(size), "--batch", str(batch)]
            names = engines + (["torch.compile"] if (size, batch) == (512, 8) else [])
            add(compare(f"Image embedding, {size} px, batch {batch}",
                        ours("vision", "--size", str(size), "--batch-size", str(batch)),
                        [Peer(e, "vision", common + shape) for e in names],
                        turns if batch < 32 else 2, max(2, min(10, 24 // batch)), batch,
                        resnet_flops(size), apart=size * batch > 8192))
        if not options.quick:
            one = common[:-1] + ["1", "--size", "512", "--batch", "8"]
            add(compare("Image embedding, 512 px, batch 8, one thread",
                        ours("vision", "--size", "512", "--batch-size", "8",
                             threads=["--threads", "1"]),
                        [Peer(e, "vision", one) for e in engines], 2, 2, 8, resnet_flops(512)))
    if "bytes" in only:
        for size, batch in [(512, 8)] if options.quick else [(512, 1), (512, 8), (224, 8)]:
            shape = ["--size", str(size), "--batch", str(batch)]
            words = ["vision", "--size", str(size), "--batch-size", str(batch)]
            floats = ours(*words)
            floats.engine = "KeepFIT fp32"
            add(compare(f"INT8 image embedding, {size} px, batch {batch}",
                        ours(*words, "--precision", "int8"),
                        [floats] + [Peer(e, "vision", common + shape) for e in
                                    ("onnxruntime-int8", "openvino-int8")],
                        turns, max(2, min(10, 24 // batch)), batch, resnet_flops(size)))
    if "text" in only:
        for batch, length in [(1, 16), (32, 64)] + ([] if options.quick else [(8, 256)]):
            shape = ["--batch", str(batch), "--length", str(length)]
            add(compare(f"Text embedding, {batch} x {length} tokens",
                        ours("text", "--batch-size", str(batch), "--length", str(length)),
                        [Peer(e, "text", common + shape) for e in engines],
                        turns, max(3, 60 // batch), batch, bert_flops(length), "text"))
    if "step" in only:
        for size, batch in [(512, 4), (224, 8)]:
            shape = ["--size", str(size), "--batch", str(batch), "--length", "64"]
            flops = 3 * 2 * (resnet_flops(size) + bert_flops(64))
            add(compare(f"Training step, {size} px, {batch} + {batch} pairs",
                        ours("step", "--size", str(size), "--batch-size", str(batch), "--length", "64"),
                        [Peer("pytorch", "step", common + shape)],
                        min(turns, 3), 2, batch, flops, "labeled + expert pair"))
    if "memory" in only and not options.quick:
        add(compare("Training step, 512 px, 24 + 24 pairs, activation recomputation",
                    ours("step", "--size", "512", "--batch-size", "24", "--length", "64",
                         "--recompute"), [], 1, 1, 24,
                    4 * 2 * resnet_flops(512) + 3 * 2 * bert_flops(64), "labeled + expert pair"))
    if "search" in only:
        count = 200_000 if options.quick else 1_000_000
        rows = embeddings(options.results / f"embeddings{count}.safetensors", count)
        add(compare(f"Search in {count} embeddings of 512 dimensions",
                    Searching(options.helper, rows),
                    [Peer(e, "search", common + ["--folder", str(rows)]) for e in ("numpy", "pytorch")],
                    turns, 5, 1, unit="query"))
    if "probe" in only:
        from safetensors.numpy import save_file

        features, labels = probe_features(2000, 2048, 5)
        file_of_features = options.results / "probe.safetensors"
        save_file({"features": features, "labels": labels.astype(np.int64),
                   "weights": np.zeros((5, 2048), np.float32)}, file_of_features)
        add(compare("Linear probe, 2000 x 2048, 5 classes", Probing(options.helper, file_of_features),
                    [Peer("scikit-learn", "probe", common + ["--folder", str(file_of_features)])],
                    min(turns, 3), 1, 1, unit="fit"))
    if "loader" in only or "folder" in only:
        count = 40 if options.quick else 200
        images = photographs(options.results / f"photographs{count}", count)
        shape = ["--size", "512", "--batch", "8", "--folder", str(images)]
        if "loader" in only:
            add(compare(f"Loading {count} JPEGs of 3000 x 2000",
                        Loading(options.keepfit, [
                            "loader", "--images", str(images), "--size", "512", "--batch-size",
                            "8", *threads], count / 8),
                        [Peer("pytorch", "loader", common + shape)], 2, 1, count))
        if "folder" in only:
            words = [options.keepfit, "embed", "--model", str(model), "--force", "--quiet", *threads,
                     "--out", str(options.results / "folder.safetensors"),
                     *map(str, sorted(images.glob("*.jpg")))]
            add(compare(f"Folder of {count} JPEGs to embeddings", Whole("KeepFIT", words),
                        [Peer("pytorch", "folder", common + shape)], 1, 1, count))
    print(f"Wrote {file}", file=sys.stderr)


if __name__ == "__main__":
    main()

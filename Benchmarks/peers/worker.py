"""One peer in a process of its own, so that its memory can be measured.

Reads lines of JSON from standard input: {"repeats": n} measures, {"peak": true} reports the memory.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--engine", required=True)
parser.add_argument("--task", required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--size", type=int, default=512)
parser.add_argument("--batch", type=int, default=8)
parser.add_argument("--length", type=int, default=64)
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--scratch", default="/tmp")
parser.add_argument("--folder", default="")
options = parser.parse_args()

import numpy as np  # noqa: E402
import torch  # noqa: E402

import model as keepfit  # noqa: E402

torch.set_num_threads(options.threads)
torch.manual_seed(0)


def onnx_file(module, names, shape):
    file = Path(options.scratch) / f"{options.task}-{'x'.join(map(str, shape[0].shape))}.onnx"
    if not file.exists():
        torch.onnx.export(module, shape, file, input_names=names, opset_version=17, dynamo=False)
    return file


def quantized(file, arrays):
    """The INT8 network, calibrated on the images of the measurement, like KeepFIT's."""
    target = file.with_suffix(".int8.onnx")
    if not target.exists():
        from onnxruntime import quantization as q

        class Reader(q.CalibrationDataReader):
            left = [arrays]

            def get_next(self):
                return self.left.pop() if self.left else None

        prepared = file.with_suffix(".prepared.onnx")
        q.shape_inference.quant_pre_process(file, prepared, skip_symbolic_shape=True)
        q.quantize_static(prepared, target, Reader(), quant_format=q.QuantFormat.QDQ, per_channel=True,
                          activation_type=q.QuantType.QUInt8, weight_type=q.QuantType.QInt8)
    return target


def compiled(module, inputs, names):
    """A function of no arguments that runs the module once in the chosen engine."""
    if options.engine == "pytorch":
        return lambda: module(*inputs)
    if options.engine == "torch.compile":
        fast = torch.compile(module)
        return lambda: fast(*inputs)
    arrays = {n: x.contiguous().numpy() for n, x in zip(names, inputs)}
    file = onnx_file(module, names, tuple(x.contiguous() for x in inputs))
    if options.engine.endswith("-int8"):
        file = quantized(file, arrays)
    if options.engine.startswith("onnxruntime"):
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        session = onnxruntime.InferenceSession(file, settings, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, arrays)
    if options.engine.startswith("openvino"):
        import openvino

        core = openvino.Core()
        hints = {
            "INFERENCE_NUM_THREADS": options.threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
        }
        network = core.compile_model(str(file), "CPU", hints)
        request = network.create_infer_request()
        return lambda: request.infer(arrays, share_inputs=True)
    raise SystemExit(f"unknown engine {options.engine}")


def vision():
    encoder = keepfit.load(options.model).vision_model
    images = torch.rand(options.batch, 3, options.size, options.size)
    if options.engine.startswith("torch") or options.engine == "pytorch":
        encoder = encoder.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    return compiled(encoder, (images,), ["images"])


def text():
    encoder = keepfit.load(options.model).text_model
    vocabulary = encoder.model.config.vocab_size
    return compiled(encoder, keepfit.token_ids(options.batch, options.length, vocabulary), ["ids", "mask"])


def step():
    model = keepfit.load(options.model).train().to(memory_format=torch.channels_last)
    vocabulary = model.text_model.model.config.vocab_size
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, weight_decay=1e-5, fused=True)

    def stream():
        images = torch.rand(options.batch, 3, options.size, options.size)
        ids, mask = keepfit.token_ids(options.batch, options.length, vocabulary)
        return images.to(memory_format=torch.channels_last), ids, mask

    public, expert = stream(), stream()

    def run():
        optimizer.zero_grad()
        keepfit.keepfit_loss(model, public, expert).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return run


class Folder(torch.utils.data.Dataset):
    """What a careful program does: Pillow, an antialiased resize, padding to a square."""

    def __init__(self):
        self.files = sorted(Path(options.folder).glob("*.jpg"))

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        from PIL import Image

        pixels = np.array(Image.open(self.files[index]).convert("RGB"))
        image = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        height, width = image.shape[2:]
        scale = options.size / max(height, width)
        new = (int(height * scale), int(width * scale))
        image = torch.nn.functional.interpolate(image, new, mode="bilinear", antialias=True)[0]
        return torch.nn.functional.pad(image, (0, options.size - new[1], 0, options.size - new[0]))


def loader():
    batches = torch.utils.data.DataLoader(Folder(), options.batch, num_workers=options.threads)

    def run():
        for _ in batches:
            pass

    return run


def folder():
    encoder = keepfit.load(options.model).vision_model.to(memory_format=torch.channels_last)
    batches = torch.utils.data.DataLoader(Folder(), options.batch, num_workers=2)

    def run():
        for images in batches:
            encoder(images.to(memory_format=torch.channels_last))

    return run


def probe():
    from safetensors.numpy import load_file
    from sklearn.linear_model import LogisticRegression

    data = load_file(options.folder)
    features = data["features"].astype(np.float64)
    return lambda: LogisticRegression(
        C=0.316, max_iter=1000, class_weight="balanced").fit(features, data["labels"])


def search():
    from safetensors import safe_open

    with safe_open(options.folder, "np") as file:
        rows = file.get_tensor("image_embeddings")
    tensor, asked = torch.from_numpy(rows), [0]

    def run():
        asked[0] += 1
        row = asked[0] * 7919 % len(rows)
        if options.engine == "pytorch":
            return torch.topk(tensor @ tensor[row], 10)
        scores = rows @ rows[row]
        best = np.argpartition(scores, -10)[-10:]
        return best[np.argsort(-scores[best], kind="stable")]

    return run


def peak():
    status = Path("/proc/self/status").read_text()
    return int(next(x for x in status.splitlines() if x.startswith("VmHWM")).split()[1]) * 1024


work = {"vision": vision, "text": text, "step": step, "loader": loader, "folder": folder,
        "probe": probe, "search": search}[options.task]()
training = options.task == "step"
with torch.inference_mode(not training):
    for line in sys.stdin:
        order = json.loads(line)
        if "peak" in order:
            print(json.dumps({"peak_bytes": peak()}), flush=True)
            continue
        times = []
        for _ in range(order["repeats"]):
            started = time.perf_counter()
            work()
            times.append((time.perf_counter() - started) * 1e3)
        print(json.dumps({"milliseconds": times}), flush=True)

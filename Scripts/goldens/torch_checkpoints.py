"""Writes Tests/FundusModelsTests/Goldens/checkpoints: small files from torch.save in every format and
shape that the reader has to know, files that it has to refuse, and checkpoints.json with the values."""
import argparse
import collections
import io
import json
import pathlib
import shutil
import zipfile
from collections import OrderedDict

import numpy as np
import torch

out = pathlib.Path(__file__).resolve().parents[2] / "Tests/FundusModelsTests/Goldens/checkpoints"
shutil.rmtree(out, ignore_errors=True)
out.mkdir(parents=True)
torch.manual_seed(0)


def save(value, name, **options):
    torch.save(value, out / name, **options)


base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8 - 1
state = OrderedDict()
state["plain.weight"] = base.clone()
state["transposed"] = base.t()
state["rows"] = base[1:3]
state["stepped"] = base[::2, 1::2]
state["shared"] = base
state["expanded"] = torch.tensor([1.5, -2.0]).expand(3, 2)
state["scalar"] = torch.tensor(2.6592600)
state["empty"] = torch.zeros(0, 3)
state["permuted"] = torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1)
state["half"] = base.half()
state["bfloat"] = base.bfloat16()
state["double"] = base.double() / 3
state["counter"] = torch.tensor(2**40 + 1)
state["ids"] = torch.arange(-3, 5).reshape(1, 8)
state["int"] = torch.tensor([-5, 7], dtype=torch.int32)
state["short"] = torch.tensor([-5, 7], dtype=torch.int16)
state["char"] = torch.tensor([-5, 7], dtype=torch.int8)
state["byte"] = torch.tensor([250, 7], dtype=torch.uint8)
state["flags"] = torch.tensor([True, False, True])
state["parameter"] = torch.nn.Parameter(base[0].clone())
state._metadata = {"": {"version": 1}}
values = {
    k: {"shape": list(v.shape), "values": [float(x) for x in v.detach().double().flatten()]}
    for k, v in state.items()
}
(out / "values.json").write_text(json.dumps(values) + "\n")
save(state, "types-zip.pth")
save(state, "types-legacy.pth", _use_new_zipfile_serialization=False)
for protocol in (3, 4, 5):
    save(state, f"protocol-{protocol}.pth", pickle_protocol=protocol)
wide = OrderedDict(state)
wide["u16"] = torch.tensor([1, 65535], dtype=torch.uint16)
save(wide, "types-v3.pth")

model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
optimizer = torch.optim.AdamW(model.parameters())
model(torch.randn(5, 3)).sum().backward()
optimizer.step()
training = {
    "epoch": 7, "best": 0.75, "name": "run é", "lr": [1e-4, 2e-4], "done": False,
    "optimizer": optimizer.state_dict(), "shape": torch.Size([1, 2]), "dtype": torch.float16,
    "device": torch.device("cpu"), "blob": b"\x00\xff", "set": {1, 2},
    "state_dict": OrderedDict(("module." + k, v) for k, v in model.state_dict().items()),
}
save(training, "training-zip.pth")
save(training, "training-legacy.pth", _use_new_zipfile_serialization=False)
(out / "training.json").write_text(json.dumps({
    k: {"shape": list(v.shape), "values": [float(x) for x in v.double().flatten()]}
    for k, v in model.state_dict().items()}) + "\n")


# As other trainers write them: configurations, numbers of NumPy, paths and callbacks beside the weights.
extras = {
    "args": argparse.Namespace(lr=1e-3, output_dir=pathlib.PurePosixPath("/runs/1")), "epoch": 7,
    "best_acc": np.float64(0.75), "history": collections.defaultdict(list, loss=[1.0]),
    "rng": np.random.RandomState(0).get_state(), "optimizer": optimizer.state_dict(),
}
save({"model": model.state_dict(), **extras}, "trainer-model.pth")
save({"teacher": OrderedDict(("module.backbone." + k, v) for k, v in model.state_dict().items()),
      "student": model.state_dict(), **extras}, "trainer-teacher.pth")
save({"state_dict": OrderedDict(("model." + k, v) for k, v in model.state_dict().items()),
      "hyper_parameters": argparse.Namespace(arch="resnet"), "pytorch-lightning_version": "2.0",
      "callbacks": {argparse.Namespace: {"best": np.float32(0.5)}}, **extras}, "trainer-lightning.ckpt",
     _use_new_zipfile_serialization=False)
save({"0.weight": argparse.Namespace(), **model.state_dict()} | {"0.weight": argparse.Namespace()},
     "refused-object.pth")


class Attack:
    def __reduce__(self):
        import os
        return os.system, ("echo executed",)


save({"weight": base, "extra": Attack()}, "refused-attack-zip.pth")
save({"extra": Attack()}, "refused-attack-legacy.pth", _use_new_zipfile_serialization=False)
save(model, "refused-module.pth")
save(torch.zeros(2), "refused-tensor.pth")
save({"epoch": 3}, "refused-nothing.pth")
# Lazy views: the elements in the file have the other sign.
save({"weight": torch.complex(base, base + 1).conj().imag}, "refused-negative.pth")
save({"weight": torch.complex(base, base + 1).conj().imag}, "refused-negative-legacy.pth",
     _use_new_zipfile_serialization=False)


def repack(source, target, compression, change=lambda name, data: data):
    with zipfile.ZipFile(out / source) as archive, \
            zipfile.ZipFile(out / target, "w", compression) as copy:
        for name in archive.namelist():
            copy.writestr(name, change(name, archive.read(name)))


repack("refused-tensor.pth", "refused-compressed.pth", zipfile.ZIP_DEFLATED)

# A file as a big-endian machine writes it.
big = OrderedDict(a=base.clone(), b=torch.tensor([1, -2, 2**33]), c=base.double())
buffer = io.BytesIO()
torch.save(big, buffer)
(out / "plain.pth").write_bytes(buffer.getvalue())
widths = {"0": 4, "1": 8, "2": 8}


def swap(name, data):
    if name.endswith("byteorder"):
        return b"big"
    key = name.rsplit("/data/", 1)
    if len(key) == 2:
        width = widths[key[1]]
        return b"".join(data[i:i + width][::-1] for i in range(0, len(data), width))
    return data


repack("plain.pth", "big-endian.pth", zipfile.ZIP_STORED, swap)

"""Writes Tests/KeepFITTests/Goldens/objectives.safetensors: terms and gradients of every
pretraining objective, computed by PyTorch in double precision from the formulas of the paper and
of the released code.

    python3 Scripts/goldens/objectives.py
"""

import math
import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(7)
B, E, D, HEADS = 5, 6, 16, 2
F64 = torch.float64


def attention(weights, q, k, v, heads, axis):
    """Sequence = batch, no biases; softmax over the keys (paper) or the heads (released code)."""
    wq, wk, wv, wo = weights
    split = lambda x, w: (x @ w.T).reshape(x.shape[0], heads, -1).permute(1, 0, 2)
    q, k, v = split(q, wq), split(k, wk), split(v, wv)
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    weights = scores.softmax(dim=-1 if axis == "keys" else 0)
    out = (weights @ v).permute(1, 0, 2).reshape(q.shape[1], -1)
    return out @ wo.T


def itc(v, t, y, scale):
    z = scale.exp() * t @ v.T
    ce = lambda z: -(y * z.log_softmax(dim=1)).sum() / z.shape[0]
    return 0.5 * (ce(z) + ce(z.T))


def unit(*shape):
    x = torch.randn(*shape, dtype=F64)
    return x / x.norm(dim=-1, keepdim=True)


inputs = {
    "v": unit(B, D), "t": unit(B, D), "v_expert": unit(E, D), "t_expert": unit(E, D),
    "logit_scale": torch.tensor(math.log(1 / 0.07), dtype=F64),
}
for module in ("attention", "atte_TD2KD", "atte_KD2TD"):
    for letter in "qkvo":
        inputs[f"{module}.W_{letter}.weight"] = torch.randn(D, D, dtype=F64) / 4
inputs = {name: value.float().double() for name, value in inputs.items()}

categories = ["glaucoma", "normal", "glaucoma", "cataract", "normal"]
same = torch.tensor([[float(a == b) for b in categories] for a in categories], dtype=F64)
y = same / same.sum(-1)
y_expert = torch.eye(E, dtype=F64)

result = {f"input.{name}": value.float() for name, value in inputs.items()}
for axis in ("keys", "heads"):
    for name in ("flair", "revision", "mixed", "mixed-fusion", "keepfit", "keepfit-fusion"):
        x = {key: value.clone().requires_grad_() for key, value in inputs.items()}
        module = lambda m: [x[f"{m}.W_{letter}.weight"] for letter in "qkvo"]
        t, te = x["t"], x["t_expert"]
        if "fusion" in name:
            t = t + attention(module("atte_TD2KD"), x["v"], x["v_expert"], x["t_expert"], 1, axis)
            te = te + attention(module("atte_KD2TD"), x["v_expert"], x["v"], x["t"], 1, axis)
        terms = {"public": itc(x["v"], t, y, x["logit_scale"])}
        if name not in ("flair", "revision"):
            terms["expert"] = itc(x["v_expert"], te, y_expert, x["logit_scale"])
        if name in ("revision", "keepfit", "keepfit-fusion"):
            revised = attention(module("attention"), x["v"], x["v_expert"], x["t_expert"], HEADS, axis)
            terms["revision"] = ((x["t"] - revised) ** 2).mean()
        weight = {"revision": 1.0 if name == "revision" else 100.0}
        loss = sum(weight.get(key, 1.0) * value for key, value in terms.items())
        loss.backward()
        prefix = f"{axis}.{name}."
        result[prefix + "loss"] = loss.detach().float()
        for key, value in terms.items():
            result[prefix + "term." + key] = value.detach().float()
        for key, value in x.items():
            if value.grad is not None:
                result[prefix + "gradient." + key] = value.grad.float()

path = pathlib.Path(__file__).parents[2] / "Tests/KeepFITTests/Goldens/objectives.safetensors"
save_file({key: value.contiguous() for key, value in result.items()}, path)
print(path, path.stat().st_size)

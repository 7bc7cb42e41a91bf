"""Writes Tests/FundusTensorTests/Goldens/amsgrad.safetensors: 200 steps of PyTorch's Adam with AMSGrad, two
parameter groups, coupled weight decay, clipping of every gradient element and StepLR on a small regression.

    python Scripts/goldens/amsgrad.py

The loss is mean((tanh(x w1 + b1) w2 - y)^2) times a factor that is 20 in every 40th step, so that gradients
are clipped and the largest second moment differs from the present one.
"""
import pathlib

import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/FundusTensorTests/Goldens/amsgrad.safetensors"
KEPT = (1, 10, 50, 51, 100, 200)

torch.set_num_threads(1)
torch.manual_seed(1)
x, y = torch.randn(16, 6), torch.randn(16, 3)
parameters = {"w1": torch.randn(6, 8) * 0.5, "b1": torch.randn(8) * 0.1, "w2": torch.randn(8, 3) * 0.5}
result = {"x": x, "y": y, **{f"start.{name}": value.clone() for name, value in parameters.items()}}
for value in parameters.values():
    value.requires_grad_()
optimizer = torch.optim.Adam(
    [{"params": [parameters["w1"], parameters["b1"]], "lr": 5e-3}, {"params": [parameters["w2"]]}],
    lr=1e-2, weight_decay=5e-2, amsgrad=True)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=50, gamma=0.5)
losses, clipped, behind = [], 0, 0
for step in range(1, 201):
    optimizer.zero_grad()
    factor = 20.0 if step % 40 == 0 else 1.0
    h = torch.tanh(x @ parameters["w1"] + parameters["b1"])
    loss = ((h @ parameters["w2"] - y) ** 2).mean() * factor
    loss.backward()
    clipped += sum(int((p.grad.abs() > 0.1).sum()) for p in parameters.values())
    torch.nn.utils.clip_grad_value_(parameters.values(), 0.1)
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
    behind += sum(int((s["max_exp_avg_sq"] > s["exp_avg_sq"]).sum()) for s in optimizer.state.values())
    if step in KEPT:
        for name, value in parameters.items():
            result[f"step{step}.{name}"] = value.detach().clone()
result["losses"] = torch.tensor(losses)
for name, value in parameters.items():
    result[f"maximum.{name}"] = optimizer.state[value]["max_exp_avg_sq"].clone()
assert clipped > 500 and behind > 500, (clipped, behind)
save_file({name: value.contiguous() for name, value in result.items()}, OUT)
print(f"{clipped} elements clipped, {behind} maxima above the moment, {OUT.stat().st_size} bytes")

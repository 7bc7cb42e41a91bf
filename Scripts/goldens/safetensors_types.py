"""Writes Tests/FundusTensorTests/Goldens/types.safetensors with the reference implementation:
one tensor of each element type, and what the numbers are in types.json."""
import json
import pathlib

import torch
from safetensors.torch import save_file

out = pathlib.Path(__file__).resolve().parents[2] / "Tests/FundusTensorTests/Goldens"
values = [0.0, -0.0, 1.0, -2.5, 3.140625, 65504.0, 6.103515625e-05, 5.960464477539063e-08,
          -5.960464477539063e-08, 0.333251953125, 1023.5, 2.0**-15]
real = torch.tensor(values, dtype=torch.float64).reshape(3, 4)
whole = torch.tensor([0, 1, 2, 100, 7, 127], dtype=torch.int64).reshape(2, 3)
tensors = {
    "f64": real, "f32": real.float(), "f16": real.half(), "bf16": real.bfloat16(),
    "special": torch.tensor([float("inf"), float("-inf"), float("nan")]).half(),
    "i64": whole - 2**40, "i32": (whole - 70000).int(), "i16": (whole - 300).short(),
    "i8": (whole - 64).to(torch.int8), "u8": whole.to(torch.uint8), "bool": whole % 2 == 1,
    "scalar": torch.tensor(2.6592600), "empty": torch.zeros(0, 5),
}
expected = {
    name: {"shape": list(t.shape), "values": [float(x) for x in t.double().flatten()]}
    for name, t in tensors.items() if name != "special"
}
save_file(tensors, out / "types.safetensors", metadata={"made by": "safetensors", "é": "ü\n\""})
(out / "types.json").write_text(json.dumps(expected, indent=1) + "\n")

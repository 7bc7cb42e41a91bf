"""Times an exact search in a million embeddings against NumPy and PyTorch, alternately.

    python Benchmarks/peers/search.py BENCHMARK-TRANSFER KEEPFIT FILE [ROWS COLUMNS]

FILE is written once (2 GB for a million rows of 512 dimensions) and kept. Peers hold the rows in memory and
take a product and the ten largest; every answer is compared. Finally it times the command `keepfit search` with a
small model against a Python process that maps the same file and does the same search.
"""
import json
import pathlib
import subprocess
import sys
import time

import numpy as np
import torch
from safetensors import safe_open

from inputs import embeddings

binary, keepfit, path = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
count, width = (int(v) for v in sys.argv[4:6]) if len(sys.argv) > 5 else (1_000_000, 512)
torch.set_num_threads(2)

embeddings(path, count, width)
with safe_open(path, "np") as file:
    rows = file.get_tensor("image_embeddings")
tensor = torch.from_numpy(rows)
ours = subprocess.Popen([binary, "search", str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print("opened:", ours.stdout.readline().strip())


def with_keepfit(row):
    ours.stdin.write(f"{row}\n")
    ours.stdin.flush()
    answer = json.loads(ours.stdout.readline())
    return answer["milliseconds"], answer["found"]


def with_numpy(row):
    start = time.perf_counter()
    scores = rows @ rows[row]
    best = np.argpartition(scores, -10)[-10:]
    best = best[np.argsort(-scores[best], kind="stable")]
    return (time.perf_counter() - start) * 1e3, best.tolist()


def with_torch(row):
    start = time.perf_counter()
    best = torch.topk(tensor @ tensor[row], 10).indices
    return (time.perf_counter() - start) * 1e3, best.tolist()


engines = {"keepfit": with_keepfit, "numpy": with_numpy, "torch": with_torch}
times = {name: [] for name in engines}
for repeat in range(12):
    row = repeat * 7919 % count
    answers = {}
    for name, engine in engines.items():
        milliseconds, answers[name] = engine(row)
        if repeat > 1:
            times[name].append(milliseconds)
    # Scores that differ in the last bit may swap places: compare the sets.
    assert all(set(a) == set(answers["numpy"]) for a in answers.values()), answers
ours.stdin.close()
ours.wait()
for name, values in times.items():
    print(f"{name}: median {np.median(values):.0f} ms, slowest {max(values):.0f} ms, "
          f"{np.median(values) / np.median(times['keepfit']):.1f} times ours")

model = path.with_suffix(".model")
if not model.exists():
    subprocess.check_call([keepfit, "init", "--preset", "base", "--out", str(model), "--quiet"])
program = f"""
import torch
from safetensors.torch import load_file
torch.set_num_threads(2)
rows = load_file({str(path)!r})["image_embeddings"]
print(torch.topk(rows @ rows[5], 10).indices.tolist())
"""
commands = {
    "keepfit search": [keepfit, "search", "--model", str(model), "--index", str(path), "--text", "macular hole", "--json"],
    "python, the search alone": [sys.executable, "-c", program],
}
whole = {name: [] for name in commands}
for _ in range(5):
    for name, command in commands.items():
        start = time.perf_counter()
        subprocess.check_output(command)
        whole[name].append(time.perf_counter() - start)
for name, values in whole.items():
    print(f"{name}: median {np.median(values) * 1e3:.0f} ms for the whole command")

"""Writes what scikit-learn and PyTorch make of features that the tests can draw themselves.

Features come from Python's generator, so that the file holds results alone.
"""
import json
import math
import random

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

PATH = "Tests/KeepFITTests/Goldens/methods.json"
torch.set_num_threads(1)


def labels(count, classes):
    return [0 if i % 7 == 3 else i % classes for i in range(count)]


def features(seed, count, width, classes, strength, unit):
    """u - 0.5, plus the strength where the column belongs to the class; of unit length if asked."""
    draw = random.Random(seed)
    rows = []
    for label in labels(count, classes):
        row = [draw.random() - 0.5 + (strength if c % classes == label else 0) for c in range(width)]
        if unit:
            norm = math.sqrt(sum(v * v for v in row))
            row = [v / norm for v in row]
        rows.append(row)
    return np.array(rows, dtype=np.float32)


out = {"probes": []}
for seed, count, width, classes, shift in ((1, 120, 512, 2, 0.0), (2, 90, 512, 4, 0.0),
                                           (3, 80, 2048, 2, 0.7), (4, 80, 2048, 3, 0.7)):
    x = features(seed, count, width, classes, 0.05, False) + np.float32(shift)
    model = LogisticRegression(C=0.316, class_weight="balanced", tol=1e-12, max_iter=1000,
                               solver="newton-cg")  # lbfgs stops by its ftol long before
    model.fit(x.astype(np.float64), np.array(labels(count, classes)))
    test = features(seed + 100, 6, width, classes, 0.05, False) + np.float32(shift)
    out["probes"].append({
        "seed": seed, "count": count, "width": width, "classes": classes, "shift": shift,
        "weights": [round(float(v), 7) for v in model.coef_.ravel()],
        "intercepts": model.intercept_.tolist(),
        "probabilities": model.predict_proba(test.astype(np.float64)).ravel().tolist()})

N, D, K, EPOCHS = 24, 512, 4, 40
x = torch.tensor(features(10, N, D, K, 0.06, True))
y = torch.tensor(labels(N, K))
test = torch.tensor(features(11, 8, D, K, 0.06, True))
text = torch.tensor(features(12, K, D, K, 0.04, True)) * 0.9
s = torch.tensor(4.0)


def order():
    random.seed(3)
    indices = list(range(N))
    random.shuffle(indices)
    return indices


def flat(tensor):
    return [round(float(v), 5) for v in tensor.detach().ravel()]


torch.manual_seed(42)
adapter = torch.nn.Sequential(torch.nn.Linear(D, D // 4, bias=False), torch.nn.ReLU(),
                              torch.nn.Linear(D // 4, D, bias=False), torch.nn.ReLU())


def adapted(v):
    z = 0.2 * adapter(v) + 0.8 * v
    return z / z.norm(dim=-1, keepdim=True)


optimizer = torch.optim.AdamW(adapter.parameters(), lr=1e-3, eps=1e-4)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * N)
indices = order()
for _ in range(EPOCHS):
    for i in indices:
        loss = torch.nn.functional.cross_entropy(s.exp() * adapted(x[i:i + 1]) @ text.T, y[i:i + 1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
out["clipAdapter"] = flat(s.exp() * adapted(test) @ text.T)


def cache(queries, keys, scale):
    values = torch.nn.functional.one_hot(y, K).float()
    return scale * (torch.exp(-5.0 * (1 - queries @ keys.T)) @ values)


out["tipAdapter"] = flat(100 * test @ text.T + cache(test, x, 1.0))
for name, follows in (("tipAdapterF", False), ("tipAdapterFReleased", True)):
    keys = torch.nn.Parameter(x.clone())
    stored = keys.data if follows else x.clone()
    optimizer = torch.optim.AdamW([keys], lr=1e-3, eps=1e-4)
    indices = order()
    for _ in range(EPOCHS):
        for i in indices:
            query = stored[i:i + 1].clone()
            logits = s.exp() * query @ text.T + cache(query, keys, s.exp() / N)
            loss = torch.nn.functional.cross_entropy(logits, y[i:i + 1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    out[name] = flat(100 * test @ text.T + cache(test, keys, 1.0))
    out[name + "AsTrained"] = flat(s.exp() * test @ text.T + cache(test, keys, s.exp() / N))
with open(PATH, "w") as file:
    json.dump(out, file, separators=(",", ":"))

"""Writes scores of a positive class and 95 % intervals as scikit-learn and SciPy give them.

    python Scripts/goldens/detection_metrics.py

Wilson's interval is SciPy's. Newcombe's interval of an area (2006, method 5) is found by a root
finder of SciPy's from Hanley and McNeil's variance, and intervals of means from their definition.
"""
import json

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binomtest, norm
from sklearn import metrics as sk

PATH = "Tests/KeepFITTests/Goldens/detection.json"
Z = norm.ppf(0.975)


def wilson(hits, count):
    ci = binomtest(hits, count).proportion_ci(method="wilson")
    return [float(ci.low), float(ci.high)]


def newcombe(area, m, n):
    half = (m + n) / 2 - 1

    def excess(t):
        variance = t * (1 - t) * (1 + half * (1 - t) / (2 - t) + half * t / (1 + t)) / (m * n)
        return (area - t) ** 2 - Z * Z * variance

    low = 0.0 if area == 0 else brentq(excess, 0, area - 1e-12, xtol=1e-15) if area < 1 else brentq(excess, 0, 1 - 1e-9, xtol=1e-15)
    high = 1.0 if area == 1 else brentq(excess, area + 1e-12, 1, xtol=1e-15) if area > 0 else brentq(excess, 1e-9, 1, xtol=1e-15)
    return [low, high]


def mover(parts):
    value = np.mean([p[0] for p in parts])
    low = np.sqrt(sum((p[0] - p[1][0]) ** 2 for p in parts)) / len(parts)
    high = np.sqrt(sum((p[1][1] - p[0]) ** 2 for p in parts)) / len(parts)
    return [float(value - low), float(value + high)]


rng = np.random.default_rng(3)
cases = []
for case in range(24):
    classes = int(rng.integers(2, 5))
    count = int(rng.integers(10, 50))
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, count - classes)])
    strength = [0.5, 2, 20][case % 3]
    logits = rng.normal(size=(count, classes)) + strength * np.eye(classes)[y]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    p = np.round(p, 2 if case % 2 else 9)
    positive = int(rng.integers(0, classes))
    predicted = p.argmax(1)
    truth, called = (y == positive).astype(int), (predicted == positive).astype(int)
    n1, n0 = int(truth.sum()), int((1 - truth).sum())
    tp, tn = int((truth & called).sum()), int(((1 - truth) & (1 - called)).sum())
    area = round(float(sk.roc_auc_score(truth, p[:, positive])), 12)
    values = {
        "sensitivity": sk.recall_score(truth, called),
        "specificity": sk.recall_score(truth, called, pos_label=0),
        "ppv": sk.precision_score(truth, called) if called.sum() else None,
        "npv": sk.precision_score(truth, called, pos_label=0) if (1 - called).sum() else None,
        "auc": area,
        "average_precision": sk.average_precision_score(truth, p[:, positive]),
    }
    intervals = {
        "sensitivity": wilson(tp, n1),
        "specificity": wilson(tn, n0),
        "auc": newcombe(area, n1, n0),
        "accuracy": wilson(int((y == predicted).sum()), count),
    }
    recalls = [(int(((y == k) & (predicted == k)).sum()), int((y == k).sum())) for k in range(classes)]
    intervals["aca"] = mover([(h / c, wilson(h, c)) for h, c in recalls])
    # The highest sensitivity at a specificity, and the reverse, of all thresholds among the scores.
    points = {}
    for target in (0.9, 0.95):
        fpr, tpr, _ = sk.roc_curve(truth, p[:, positive], drop_intermediate=False)
        points[f"specificity {target}"] = float(tpr[1 - fpr >= target - 1e-12].max())
        points[f"sensitivity {target}"] = float((1 - fpr)[tpr >= target - 1e-12].max())
    cases.append({
        "classes": classes, "positive": positive, "labels": y.tolist(),
        "probabilities": [float(v) for v in p.ravel()],
        "values": {k: None if v is None else float(v) for k, v in values.items()},
        "intervals": intervals, "points": points,
    })
with open(PATH, "w") as file:
    json.dump(cases, file, separators=(",", ":"))

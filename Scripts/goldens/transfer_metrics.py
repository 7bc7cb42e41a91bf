"""Writes scikit-learn's scores of random predictions, ties and missing classes included.

    python Scripts/goldens/transfer_metrics.py [CASES] [FILE]

The file in the repository holds 40 cases; 1000 and a path of your own with
KEEPFIT_METRIC_CASES=PATH in the environment of the tests make the long check.
"""
import json
import sys
import warnings

import numpy as np
from sklearn import metrics as sk

warnings.filterwarnings("ignore")
CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 40
PATH = sys.argv[2] if len(sys.argv) > 2 else "Tests/KeepFITTests/Goldens/metrics.json"


def round3(x):
    return np.round(x, 3)


def score(y, p):
    predicted = p.argmax(1)
    out = {}
    cm = sk.confusion_matrix(y, predicted)
    norm = cm.astype(float) / cm.sum(axis=1)[:, None]
    out["cm"] = cm
    out["cm_norm"] = norm
    out["acc_class"] = round3(np.diag(norm))
    # Over the classes that occur as truth; the released code's mean is NaN when another is predicted.
    out["aca"] = round3(sk.balanced_accuracy_score(y, predicted))
    out["kappa"] = round3(sk.cohen_kappa_score(y, predicted, weights="quadratic"))
    out["kappa_unweighted"] = round3(sk.cohen_kappa_score(y, predicted))
    lists = {n: [] for n in ("sensitivity", "specificity", "f1", "auc", "average_precision")}
    for label in np.unique(y):
        truth = (y == label).astype(int)
        called = (predicted == label).astype(int)
        lists["sensitivity"].append(round3(sk.recall_score(truth, called)))
        tn, fp, _, _ = sk.confusion_matrix(truth, called, labels=[0, 1]).ravel()
        lists["specificity"].append(round3(tn / (tn + fp)) if tn + fp else np.nan)
        lists["f1"].append(round3(sk.f1_score(truth, called)))
        lists["auc"].append(round3(sk.roc_auc_score(truth, p[:, label])))
        lists["average_precision"].append(sk.average_precision_score(truth, p[:, label]))
    for name, values in lists.items():
        out[name + "_class"] = np.array(values)
        if name != "average_precision":
            out[name + "_avg"] = np.mean(values)
    out["TAOP_acc"] = sk.accuracy_score(y, predicted)
    if p.shape[1] == 2:
        one = p[:, 1].astype(np.float32)
        truth = (y == 1).astype(int)
        out["AMD_auc"] = sk.roc_auc_score(truth, one)
        best = -np.inf
        for threshold in np.unique(one):
            called = (one >= threshold).astype(int)
            kappa = sk.cohen_kappa_score(truth, called)
            f1 = sk.f1_score(truth, called)
            if kappa + f1 > best:
                best = kappa + f1
                out["AMD_kappa"], out["AMD_f1"], out["AMD_threshold"] = kappa, f1, float(threshold)
    return out


def plain(value):
    if isinstance(value, np.ndarray):
        return [plain(v) for v in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value


rng = np.random.default_rng(0)
cases = []
while len(cases) < CASES:
    classes = int(rng.integers(2, 8))
    count = int(rng.choice([rng.integers(4, 30), rng.integers(20, 90), rng.integers(100, 300)]))
    if CASES <= 100:
        count = min(count, 60)
    y = rng.integers(0, classes, count)
    if rng.random() < 0.3:
        y[y == rng.integers(0, classes)] = rng.integers(0, classes)
    if len(np.unique(y)) < 2:
        continue
    logits = rng.normal(size=(count, classes)) + rng.random() * 3 * np.eye(classes)[y]
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    if rng.random() < 0.5:
        p = np.round(p, int(rng.integers(1, 3)))
    p = p.astype(np.float32).astype(np.float64)
    values = {k: plain(v) if isinstance(v, np.ndarray) else plain(np.float64(v)) for k, v in score(y, p).items()}
    cases.append({"classes": classes, "labels": y.tolist(),
                  "probabilities": [round(float(v), 9) for v in p.ravel()], "values": values})
    # The numbers that were written are the numbers that were scored.
    cases[-1]["values"] = {k: plain(v) if isinstance(v, np.ndarray) else plain(np.float64(v))
                           for k, v in score(y, np.array(cases[-1]["probabilities"]).reshape(p.shape)).items()}

folds = [c["values"] for c in cases if c["classes"] == 2 and len(c["values"]["auc_class"]) == 2][:5]
summary = {}
for name in ("aca", "auc_avg", "kappa", "AMD_f1", "auc_class", "cm"):
    stack = np.array([f[name] for f in folds], dtype=float)
    summary[name + "_avg"] = plain(round3(stack.mean(0)) if stack.ndim > 1 else np.float64(round3(stack.mean())))
    summary[name + "_std"] = plain(round3(stack.std(0)) if stack.ndim > 1 else np.float64(round3(stack.std())))
with open(PATH, "w") as file:
    json.dump({"cases": cases, "folds": folds, "summary": summary}, file, separators=(",", ":"))

"""Times the linear probe against scikit-learn on the same features, alternately.

    python Benchmarks/peers/linear_probe.py BENCHMARK-TRANSFER [ROWS COLUMNS CLASSES]

scikit-learn runs as the published code runs it (L-BFGS, tolerance 1e-4, 1000 iterations); KeepFIT
converges to the optimum. The largest difference is from scikit-learn's Newton-CG at a tolerance of 1e-10.
"""
import json
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

from inputs import probe_features

warnings.filterwarnings("ignore")
binary = sys.argv[1]
rows, columns, classes = (int(v) for v in sys.argv[2:5]) if len(sys.argv) > 4 else (2000, 2048, 5)
features, labels = probe_features(rows, columns, classes)


def fit(solver, tolerance):
    model = LogisticRegression(C=0.316, class_weight="balanced", max_iter=1000, tol=tolerance, solver=solver)
    start = time.perf_counter()
    model.fit(features.astype(np.float64), labels)
    return (time.perf_counter() - start) * 1e3, model


_, optimum = fit("newton-cg", 1e-10)
with tempfile.TemporaryDirectory() as folder:
    path = folder + "/features.safetensors"
    save_file({"features": features, "labels": labels.astype(np.int64),
               "weights": np.ascontiguousarray(optimum.coef_, dtype=np.float32)}, path)
    ratios = []
    for _ in range(3):
        theirs, model = fit("lbfgs", 1e-4)
        ours = json.loads(subprocess.check_output([binary, "probe", path, "3"]))
        ratios.append(theirs / ours["milliseconds"])
        print(f"scikit-learn {theirs:.0f} ms ({model.n_iter_.max()} iterations, "
              f"{np.abs(model.coef_ - optimum.coef_).max():.1e} from the optimum), "
              f"ours {ours['milliseconds']:.0f} ms ({ours['iterations']} iterations, "
              f"{ours['largest_difference']:.1e})")
print(f"{rows} x {columns}, {classes} classes: {np.median(ratios):.1f} times as fast")

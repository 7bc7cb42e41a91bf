"""Trains with two MPI ranks and with one process of twice the batch, and compares; loses a rank.

    python3 Scripts/checks/mpi_parity.py --keepfit .build-asan/debug/keepfit

`make check-mpi` builds that command and calls this. Then:

- 20 steps of two ranks with 4 + 4 pairs and of one process with 8 + 8: losses within 1e-5, once with
  batch norms over all ranks and once with running statistics. The learning rate is small by default:
  Adam divides a gradient that is only rounding by itself, so that at the published 1e-4 one unit that
  rounding switches on or off moves later losses by up to 3e-3 (--lr 1e-4 shows it);
- the same for `reports train` with 3 + 3 angiograms and 6, whose loss is a mean over the words of both ranks,
  with the last short batch of each epoch, and the weights after the last step;
- a run of two ranks one of which is killed ends with an error in all, and one process resumes it.
"""

import argparse
import array
import json
import os
import signal
import struct
import subprocess
import tempfile
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--keepfit", required=True)
parser.add_argument("--steps", type=int, default=20)
parser.add_argument("--lr", default="1e-6")
options = parser.parse_args()
keepfit = str(Path(options.keepfit).resolve())
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np", "2"]


def run(command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more)


def weights(folder):
    """The tensors of the newest checkpoint's model, by name: floats alone."""
    data = max(folder.glob("checkpoints/step-*")).joinpath("model.safetensors").read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            values = array.array("f")
            first, last = entry["data_offsets"]
            values.frombytes(data[8 + size + first:8 + size + last])
            found[name] = values
    return found


def losses(folder):
    lines = [json.loads(x) for x in (folder / "metrics.jsonl").read_text().splitlines()]
    return [x for x in lines if "loss" in x]


with tempfile.TemporaryDirectory() as scratch:
    scratch = Path(scratch)
    eyes, model = str(scratch / "eyes"), str(scratch / "model")
    run([keepfit, "data", "synthesize", "--out", eyes, "--size", "64", "--public-count", "96",
         "--expert-count", "48", "--test-per-class", "1", "--no-masks", "--quiet"])
    run([keepfit, "init", "--preset", "tiny", "--out", model, "--quiet"])
    words = ["pretrain", "--model", model, "--public", eyes + "/manifests/public.csv", "--public-root",
             eyes, "--expert", eyes + "/manifests/expert.csv", "--expert-root", eyes, "--image-size", "64",
             "--threads", "1", "--quiet"]
    exact = ["--no-shuffle", "--no-augment", "--no-augment-descriptions", "--dropout", "0",
             "--max-steps", str(options.steps), "--lr", options.lr]
    failed = False
    for objective in ["flair", "keepfit", "keepfit-fusion"]:
        for norm in ["--sync-batch-norm", "--freeze-batch-norm"]:
            one, two = scratch / "one", scratch / "two"
            more = exact + [norm, "--objective", objective, "--force"]
            run([keepfit, *words, *more, "--batch-size", "8", "--out", str(one)])
            run([*MPIRUN, keepfit, *words, *more, "--batch-size", "4", "--out", str(two)])
            pairs = list(zip(losses(one), losses(two)))
            assert len(pairs) == options.steps
            worst = max(abs(a["loss"] - b["loss"]) for a, b in pairs)
            norms = max(abs(a["grad_norm"] - b["grad_norm"]) / a["grad_norm"] for a, b in pairs)
            failed |= worst > 1e-5
            print(f"{objective} {norm}: losses within {worst:.1e}, gradient norms within {norms:.1e}"
                  f"{'' if worst <= 1e-5 else '  TOO FAR'}", flush=True)

    angiograms, reports = str(scratch / "angiograms"), str(scratch / "reports")
    annotation = angiograms + "/manifests/ffa_ir.json"
    run([keepfit, "data", "synthesize", "--out", angiograms, "--size", "64", "--public-count", "0",
         "--expert-count", "0", "--test-per-class", "0", "--report-count", "40", "--no-masks", "--quiet"])
    run([keepfit, "reports", "init", "--preset", "small", "--vision", "none", "--ffa-ir", annotation,
         "--out", reports, "--quiet"])
    for norm in ["--sync-batch-norm", "--freeze-batch-norm"]:
        one, two = scratch / "one", scratch / "two"
        more = ["reports", "train", "--model", reports, "--ffa-ir", annotation, "--ffa-ir-root", angiograms,
                "--no-shuffle", "--no-augment", "--dropout", "0", "--max-steps", str(options.steps), "--lr",
                options.lr, "--lr-visual", options.lr, norm, "--threads", "1", "--quiet", "--force"]
        run([keepfit, *more, "--batch-size", "6", "--out", str(one)])
        run([*MPIRUN, keepfit, *more, "--batch-size", "3", "--out", str(two)])
        pairs = list(zip(losses(one), losses(two)))
        assert len(pairs) == options.steps
        worst = max(abs(a["loss"] - b["loss"]) for a, b in pairs)
        norms = max(abs(a["grad_norm"] - b["grad_norm"]) / a["grad_norm"] for a, b in pairs)
        first, second = weights(one), weights(two)
        assert first.keys() == second.keys() and len(first) > 100
        apart = max(max(abs(a - b) for a, b in zip(first[name], second[name])) /
                    max(1e-3, max(map(abs, first[name]))) for name in first)
        holds = worst <= 1e-5 and apart <= 1e-3
        failed |= not holds
        print(f"reports {norm}: losses within {worst:.1e}, gradient norms within {norms:.1e}, "
              f"weights within {apart:.1e}{'' if holds else '  TOO FAR'}", flush=True)

    lost = scratch / "lost"
    more = ["--objective", "flair", "--batch-size", "2", "--max-steps", "4000", "--checkpoint-every", "5",
            "--out", str(lost)]
    job = subprocess.Popen([*MPIRUN, keepfit, *words, *more], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True)
    while not list(lost.glob("checkpoints/step-*1?")):
        assert job.poll() is None, job.stdout.read()
        time.sleep(0.05)
    children = Path(f"/proc/{job.pid}/task/{job.pid}/children").read_text().split()
    os.kill(int(children[-1]), signal.SIGKILL)
    output, _ = job.communicate(timeout=60)
    print(f"one of two ranks killed: exit {job.returncode}, "
          f"'{next((x for x in output.splitlines() if 'signal' in x), '').strip()}'")
    failed |= job.returncode == 0
    before = len(losses(lost))
    resumed = run([keepfit, "pretrain", "--resume", "--out", str(lost), "--max-steps", str(before + 3),
                   "--quiet"])
    after = losses(lost)
    print(f"one process went on from step {before} to {after[-1]['step']}")
    failed |= after[-1]["step"] != before + 3
raise SystemExit(failed)

"""Kills a pretraining run with SIGKILL again and again, resumes it each time, and compares the final
weights with those of a run that nobody disturbed. Then the same run with one and with two threads.

    python3 Scripts/checks/kill_and_resume.py --keepfit .build/release/keepfit [--kills 20]

Needs only Python and the command. Exits with 1 when a bit differs.
"""

import argparse
import hashlib
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keepfit", required=True)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    root = pathlib.Path(tempfile.mkdtemp())
    command = lambda *words: subprocess.run([options.keepfit, *map(str, words)], check=True)
    command("init", "--preset", "tiny", "--out", root / "model", "--quiet")
    command("data", "synthesize", "--out", root / "data", "--public-count", 40, "--expert-count", 20,
            "--test-per-class", 1, "--size", 64, "--no-masks", "--quiet")
    data = root / "data"

    def arguments(run, *more):
        return [options.keepfit, "pretrain", "--public", data / "manifests" / "public.csv", "--public-root", data,
                "--expert", data / "manifests" / "expert.csv", "--expert-root", data, "--model", root / "model",
                "--out", run, "--objective", "keepfit", "--image-size", "64", "--batch-size", "6",
                "--max-steps", str(options.steps), "--checkpoint-every", "3", "--quiet", *more]

    def digest(run):
        last = sorted((run / "checkpoints").glob("step-*"))[-1]
        files = sorted(p for p in last.rglob("*") if p.suffix == ".safetensors")
        return last.name, hashlib.sha256(b"".join(p.read_bytes() for p in files)).hexdigest()

    start = time.monotonic()
    subprocess.run(list(map(str, arguments(root / "whole"))), check=True)
    whole = time.monotonic() - start
    expected = digest(root / "whole")
    print(f"undisturbed: {whole:.1f} s, {expected[0]}, {expected[1][:16]}")
    failed = False
    for threads in (1, 2):
        run = root / f"threads-{threads}"
        subprocess.run(list(map(str, arguments(run, "--threads", threads))), check=True)
        failed |= digest(run) != expected
        print(f"{threads} thread(s): {'the same bits' if digest(run) == expected else 'DIFFERENT'}")

    run, kills, attempts = root / "killed", 0, 0
    while True:
        attempts += 1
        # Also the first start and those before the first checkpoint: there is nothing to resume then.
        process = subprocess.Popen(
            list(map(str, arguments(run, "--resume"))), stderr=subprocess.PIPE, text=True)
        wait = rng.uniform(0.05, max(0.4, 2.5 * whole / max(1, options.kills)))
        try:
            if kills >= options.kills:
                wait = None
            _, errors = process.communicate(timeout=wait)
            if process.returncode != 0:
                sys.exit(f"the run failed by itself: {errors}")
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
    same = digest(run) == expected
    failed |= not same or kills == 0
    print(f"killed {kills} times in {attempts} starts: {'the same bits' if same else 'DIFFERENT'}")
    sys.exit(failed)


if __name__ == "__main__":
    main()

"""Compares `keepfit reports score` with pycocoevalcap and with METEOR's program, on random pairs.

    pip install pycocoevalcap==1.2                          # and a Java runtime
    python Scripts/checks/caption_scores.py KEEPFIT [--pairs 1000] [--meteor-pairs 600] [--seed 0]
        [--texts FILE]

BLEU, ROUGE-L and CIDEr-D must agree within 1e-8 on `--pairs` pairs, METEOR (exact and stem, with the list of
function words inside of the jar) within 1e-6 on `--meteor-pairs` pairs, of the corpus and of every sample.
Pairs are sentences of `--texts` (a text a line), or of a few made-up reports, changed at random; a quarter
consists of repeated words, where alignments are ambiguous. Exit code 1 if anything disagrees.
"""
import argparse
import contextlib
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "goldens"))
import report_scores as oracle  # noqa: E402
from pycocoevalcap.bleu.bleu import Bleu  # noqa: E402
from pycocoevalcap.cider.cider import Cider  # noqa: E402
from pycocoevalcap.rouge.rouge import Rouge  # noqa: E402

VECTOR = [
    ["the left optic disc was round . the retinal vessels were normal ."] * 2,
    ["in the early phase of the right eye there was a window defect <unk> the macula .",
     "early phase right eye showed window defects <unk> macular area ."],
    ["late leakage was seen along the lower arcade of the left eye . no lesion in the right eye .",
     "leakage was seen late along the arcade . no lesion in the left eye ."],
    ["microaneurysms and capillary nonperfusion were scattered at the posterior pole .", ""],
]
VECTOR_SCORES = {"BLEU_1": 0.51052476, "BLEU_2": 0.44001700, "BLEU_3": 0.38426346, "BLEU_4": 0.34389882,
                 "ROUGE_L": 0.55139972, "CIDER": 3.69476658, "METEOR": 0.35901936}


def random_pairs(count, sentences, generator):
    words = " ".join(sentences).split()
    few = "the the a of . , leak leaks leaking leaked macula macular left eye lateral later".split()

    def changed(text):
        parts = text.split(" ")
        for _ in range(generator.randint(0, max(1, len(parts) // 2))):
            if not parts:
                break
            place, kind = generator.randrange(len(parts)), generator.randrange(5)
            if kind == 0:
                del parts[place]
            elif kind == 1:
                parts.insert(place, generator.choice(words))
            elif kind == 2:
                parts[place] = generator.choice(words)
            elif kind == 3:
                moved = parts[place:place + 4]
                del parts[place:place + 4]
                where = generator.randrange(len(parts) + 1)
                parts[where:where] = moved
            else:
                parts[place] += generator.choice(["s", "ing", "ed", "ly", "al"])
        return " ".join(parts)

    def report():
        return " ".join(generator.choice(sentences) for _ in range(generator.randint(1, 3)))

    pairs = []
    for index in range(count):
        if index % 4 == 3:
            def one():
                return " ".join(generator.choice(few) for _ in range(generator.randint(1, 40)))
            pairs.append((one(), one()))
        else:
            reference = report()
            hypothesis = changed(reference) if generator.random() < 0.8 else report()
            pairs.append((reference, "" if generator.random() < 0.02 else hypothesis))
    return pairs


def keepfit(binary, pairs, folder, words):
    folder = pathlib.Path(folder)
    for name, column in (("references", 0), ("hypotheses", 1)):
        rows = [json.dumps({"id": str(i), "text": pair[column]}) for i, pair in enumerate(pairs)]
        (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n")
    (folder / "words.txt").write_bytes(words)
    result = subprocess.run(
        [binary, "reports", "score", "--references", folder / "references.jsonl", "--hypotheses",
         folder / "hypotheses.jsonl", "--meteor-function-words", folder / "words.txt", "--json",
         "--resamples", "0", "--shuffles", "0", "--per-sample", folder / "samples.jsonl", "--force", "--quiet"],
        check=True, capture_output=True, text=True)
    samples = [json.loads(line)["metrics"] for line in (folder / "samples.jsonl").read_text().splitlines()]
    return json.loads(result.stdout)["metrics"], samples


def expected(pairs, meteor_pairs, folder):
    references = {i: [pair[0]] for i, pair in enumerate(pairs)}
    hypotheses = {i: [pair[1]] for i, pair in enumerate(pairs)}
    with contextlib.redirect_stdout(io.StringIO()):
        bleu, bleus = Bleu(4).compute_score(references, hypotheses, verbose=0)
    rouge, rouges = Rouge().compute_score(references, hypotheses)
    cider, ciders = Cider().compute_score(references, hypotheses)
    corpus = {f"BLEU_{n + 1}": bleu[n] for n in range(4)} | {"ROUGE_L": rouge, "CIDER": cider}
    samples = {f"BLEU_{n + 1}": bleus[n] for n in range(4)} | {"ROUGE_L": rouges, "CIDER": ciders}
    meteors, meteor = oracle.meteor(oracle.JAR, [(pair[1], [pair[0]]) for pair in meteor_pairs])
    return corpus, samples, meteor, meteors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("keepfit")
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--meteor-pairs", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--texts")
    options = parser.parse_args()
    generator = random.Random(options.seed)
    sentences = oracle.SENTENCES
    if options.texts:
        lines = pathlib.Path(options.texts).read_text().splitlines()
        sentences = [line for line in lines if line.strip()]
    pairs = random_pairs(options.pairs, sentences, generator)
    meteor_pairs = pairs[:options.meteor_pairs]
    words = zipfile.ZipFile(oracle.JAR).read("function/english.words")
    worst = {}
    with tempfile.TemporaryDirectory() as folder:
        own_corpus, own_samples = keepfit(options.keepfit, pairs, folder, words)
        meteor_corpus, meteor_samples = keepfit(options.keepfit, meteor_pairs, folder, words)
        vector_corpus, _ = keepfit(options.keepfit, VECTOR, folder, words)
        corpus, samples, meteor, meteors = expected(pairs, meteor_pairs, folder)
    for name in corpus:
        worst[name] = max(abs(corpus[name] - own_corpus[name]),
                          *(abs(a - b[name]) for a, b in zip(samples[name], own_samples)))
    worst["METEOR"] = max(abs(meteor - meteor_corpus["METEOR"]),
                          *(abs(a - b["METEOR"]) for a, b in zip(meteors, meteor_samples)))
    failed = False
    for name, difference in worst.items():
        limit = 1e-6 if name == "METEOR" else 1e-8
        # "not <=" rejects NaN as well.
        bad = not difference <= limit
        failed |= bad
        print(f"{name:8} largest difference {difference:.1e} (limit {limit:.0e}){'  WRONG' if bad else ''}")
    for name, value in VECTOR_SCORES.items():
        bad = not abs(vector_corpus[name] - value) <= 5.1e-9
        failed |= bad
        print(f"{name:8} of the joint vector {vector_corpus[name]:.8f}{'  WRONG' if bad else ''}")
    sys.exit(failed)


if __name__ == "__main__":
    main()

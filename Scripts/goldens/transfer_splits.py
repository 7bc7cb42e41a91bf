"""Writes splits drawn with Python's own generator.

    python Scripts/goldens/transfer_splits.py [FILE MANIFEST...]

Without arguments: small cases for the repository. With a file and labeled CSV manifests: seeds 0
to 9 of every manifest, for the tests run with KEEPFIT_SPLIT_CASES=FILE in their environment.
"""
import ast
import csv
import json
import random
import sys


def count(rule, n):
    return int((int(rule[:-1]) / 100) * n) if rule.endswith("%") else int(rule)


def split(labels, seed, train, validation, test, balance):
    rows = list(range(len(labels)))
    random.seed(seed)
    random.shuffle(rows)
    parts = {"train": [], "validation": [], "test": []}
    for label in sorted(set(labels)):
        members = [r for r in rows if labels[r] == label]
        position = 0
        for part, rule in (("test", test), ("train", train), ("validation", validation)):
            n = count(rule, len(members))
            parts[part].append(members[position:position + n])
            position += n
    if balance:
        largest = max(len(m) for m in parts["train"])
        for members in parts["train"]:
            own = len(members)
            members += [members[int(random.random() * own)] for _ in range(largest - own)]
    return {k: sum(v, []) for k, v in parts.items()} | {"next": random.getrandbits(32)}


def case(labels, seed, train="80%", validation="0%", test="20%", balance=False, classes=None):
    return {"labels": labels, "classes": classes or max(labels) + 1, "seed": seed, "trainCount": train,
            "validationCount": validation, "testCount": test, "balance": balance,
            **split(labels, seed, train, validation, test, balance)}


cases = []
if len(sys.argv) > 2:
    path = sys.argv[1]
    for manifest in sys.argv[2:]:
        with open(manifest) as file:
            names = [ast.literal_eval(row["categories"])[0] for row in csv.DictReader(file)]
        classes = list(dict.fromkeys(names))
        labels = [classes.index(n) for n in names]
        for seed in range(10):
            cases.append(case(labels, seed))
            cases.append(case(labels, seed, "5", "0", "20%", True))
else:
    path = "Tests/KeepFITTests/Goldens/splits.json"
    source = random.Random(1)
    for seed in list(range(10)) + [4294967296 + 5]:
        labels = [source.choice([0, 0, 0, 1, 1, 2, 2]) for _ in range(source.randint(70, 90))]
        cases.append(case(labels, seed, *source.choice([("80%", "0%", "20%"), ("5", "2", "50%"), ("40%", "10%", "50%")]),
                          balance=seed % 2 == 1))
raw = random.Random(0)
checks = {"words": [raw.getrandbits(32) for _ in range(3)], "uniform": [raw.random() for _ in range(3)],
          "wide": str(raw.getrandbits(53)), "below": [raw.randrange(1000) for _ in range(5)]}
with open(path, "w") as file:
    json.dump({"cases": cases, "seed0": checks}, file, separators=(",", ":"))

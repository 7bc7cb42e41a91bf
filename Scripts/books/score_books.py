#!/usr/bin/env python3
"""Compares what `keepfit data build` made of synthetic books with their truth (make_books.py).

    score_books.py --truth books/truth --built DIR [--list 20] [--json]

DIR is the output folder of one or several books (pairs.jsonl and the images). A pair is right if image, page, figure,
panel, modality and both captions agree and it has no flag (or has one where the truth asks for it), flagged if it
has a flag, wrong if it differs without one, and missing if no row has its image. Captions are compared without
regard to white space (runs of it, in English), to separators such as ';' and to a dot at the end.
"""

import argparse
import collections
import json
import pathlib
import re

import numpy
from PIL import Image


def signature(image):
    return numpy.asarray(image.convert("RGB").resize((32, 32), Image.Resampling.BOX), dtype=numpy.float32)


def english(text):
    text = re.sub(r"\s+", " ", text.replace(";", "").replace("µ", "μ")).strip()
    return text.rstrip(" .,")


def chinese(text):
    return re.sub(r"[\s；;]", "", text.replace("µ", "μ")).rstrip("。.，,")


def number(figure):
    return "-".join(str(int(level)) for level in re.findall(r"\d+", figure))


def differences(row, truth, ratio):
    """What is wrong with a row."""
    wrong = []
    for name in ("page", "modality", "panel"):
        if row[name] != truth[name]:
            wrong.append(f"{name} {row[name]!r} for {truth[name]!r}")
    if number(row["figure"]) != number(truth["figure"]):
        wrong.append(f"figure {row['figure']!r} for {truth['figure']!r}")
    if english(row["caption"]) != english(truth["caption"]):
        wrong.append(f"caption {row['caption']!r} for {truth['caption']!r}")
    if chinese(row["caption_zh"]) != chinese(truth["caption_zh"]):
        wrong.append(f"caption_zh {row['caption_zh']!r} for {truth['caption_zh']!r}")
    if abs(ratio / (truth["width"] / truth["height"]) - 1) > 0.04:
        wrong.append(f"sides {ratio:.3f} for {truth['width'] / truth['height']:.3f}")
    return wrong


def score_book(name, truth, rows, folder, references):
    """(outcome, truth or row, differences) for each image of a book."""
    signatures = [signature(Image.open(references / row["image"])) for row in truth]
    stacked = numpy.stack(signatures) if signatures else numpy.zeros((0, 32, 32, 3))
    found = collections.defaultdict(list)
    outcomes = []
    for row in rows:
        path = folder / row["image"]
        if not path.is_file():
            outcomes.append(("wrong", row, ["no file " + row["image"]]))
            continue
        image = Image.open(path)
        gaps = numpy.abs(stacked - signature(image)).mean(axis=(1, 2, 3)) if len(truth) else numpy.array([])
        near = [i for i in numpy.argsort(gaps) if gaps[i] < min(12.0, gaps.min() + 1.5)]
        if not near:
            free = row["flags"] or row["modality"] == "other"
            outcomes.append(("extra" if free else "wrong", row, ["an image that the book does not have, unflagged"]))
            continue
        # Of copies, the one that the row names, then one without a row.
        best = min(near, key=lambda i: (number(truth[i]["figure"]) != number(row["figure"]),
                                        truth[i]["panel"] != row["panel"], len(found[i]), gaps[i]))
        found[best].append((row, image.width / image.height))
    for index, expected in enumerate(truth):
        if index not in found:
            outcomes.append(("missing", expected, ["no row has this image"]))
            continue
        for row, ratio in found[index]:
            wrong = differences(row, expected, ratio)
            if expected["must_flag"]:
                # Which words belong to it is what the flag is for.
                outcomes.append(("right", expected, []) if row["flags"] else ("wrong", expected, ["no flag"] + wrong))
            elif row["flags"] and not (expected.get("free_flag") and not wrong):
                outcomes.append(("flagged", expected, [f"flags {row['flags']}"] + wrong))
            else:
                outcomes.append(("wrong" if wrong else "right", expected, wrong))
        if len(found[index]) > 1:
            for row, _ in found[index][1:]:
                if not row["flags"]:
                    outcomes.append(("wrong", row, ["a second row of this image, unflagged"]))
    return outcomes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truth", required=True, type=pathlib.Path)
    parser.add_argument("--built", required=True, type=pathlib.Path, nargs="+")
    parser.add_argument("--list", type=int, default=20, help="how many wrong, missing and flagged pairs to print")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    total, listing, by_trap = collections.Counter(), collections.defaultdict(list), collections.defaultdict(collections.Counter)
    confusion = collections.Counter()
    for folder in arguments.built:
        with open(folder / "pairs.jsonl", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        books = collections.defaultdict(list)
        for row in rows:
            books[row["book"]].append(row)
        for name, own in books.items():
            with open(arguments.truth / f"{name}.jsonl", encoding="utf-8") as file:
                truth = [json.loads(line) for line in file]
            outcomes = score_book(name, truth, own, folder, arguments.truth)
            counts = collections.Counter(outcome for outcome, _, _ in outcomes)
            pairs = len(truth)
            total.update(counts)
            total["pairs"] += pairs
            if not arguments.json:
                style = truth[0]["style"] if truth else ""
                print(f"{name} ({style}): {pairs} pairs, " + ", ".join(f"{counts[k]} {k}" for k in
                      ("right", "flagged", "wrong", "missing", "extra")))
            for outcome, row, wrong in outcomes:
                for trap in row.get("traps", []) + ["kind " + row.get("kind", "?")]:
                    by_trap[trap][outcome] += 1
                if outcome != "right" and outcome != "extra":
                    listing[outcome].append(f"{name} page {row['page']} figure {row['figure']}{row['panel']} "
                                            f"{row.get('kind', '')} {row.get('traps', '')}: " + "; ".join(wrong))
    pairs = max(1, total["pairs"])
    result = {key: total[key] for key in ("pairs", "right", "flagged", "wrong", "missing", "extra")}
    result["right_percent"] = round(100 * total["right"] / pairs, 2)
    result["wrong_percent"] = round(100 * total["wrong"] / pairs, 2)
    if arguments.json:
        print(json.dumps(result))
        return
    for outcome in ("wrong", "missing", "flagged"):
        for line in listing[outcome][:arguments.list]:
            print(outcome.upper(), line)
    print("not right, by kind and trap:")
    for trap, counts in sorted(by_trap.items()):
        bad = counts["wrong"] + counts["flagged"] + counts["missing"]
        if bad:
            print(f"  {trap}: {bad} of {sum(counts.values())} ({counts['wrong']} wrong, {counts['flagged']} flagged)")
    print(json.dumps(result))


if __name__ == "__main__":
    main()

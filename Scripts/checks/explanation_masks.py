"""Measures how much of an explanation map lies inside the finding that its text names.

    keepfit data synthesize --out synthetic --size 96 --format png      # images, manifests and masks
    python Scripts/checks/explanation_masks.py KEEPFIT MODEL synthetic [--per-finding 20] [--size S]
        [--image out.png] [--json out.json]

For every finding: the share of the map's mass inside of its mask, compared with chance, the share of
the round field of view that the mask covers (the black corners would make chance look worse). A mask is
widened by 4 % of the side, since even a perfect map of a few cells cannot end at the edge of a dot. The
control is the map of the same image for a text that names something else. "Pointed" is the share of
images whose strongest place lies inside of the mask. The sheet of examples shows the first image of
each finding, not the best.
"""
import argparse
import json
import pathlib
import random
import subprocess

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

TEXTS = {
    "enlargedCup": "glaucoma", "discSwelling": "optic disc edema", "drusen": "drusens",
    "macularHole": "macular hole", "serousDetachment": "central serous retinopathy",
    "epiretinalMembrane": "epiretinal membrane", "myopicCrescent": "pathologic myopia",
    "retinalWhitening": "central retinal artery occlusion", "boneSpicules": "retinitis pigmentosa",
    "hardExudates": "hard exudates", "cottonWoolSpots": "cotton wool spots",
    "flameHaemorrhages": "superficial haemorrhages",
}
# A disease's text is asked of images of that disease alone: a finding may occur in others too.
DISEASES = {"glaucoma", "optic disc edema", "macular hole", "central serous retinopathy", "epiretinal membrane",
            "pathologic myopia", "central retinal artery occlusion", "retinitis pigmentosa"}

parser = argparse.ArgumentParser()
parser.add_argument("keepfit")
parser.add_argument("model")
parser.add_argument("data", type=pathlib.Path)
parser.add_argument("--per-finding", type=int, default=20)
parser.add_argument("--size", type=int, help="the side at which the model sees the images")
parser.add_argument("--methods", default="gradient,occlusion")
parser.add_argument("--extra", default="", help="further options of 'keepfit explain'")
parser.add_argument("--image", type=pathlib.Path)
parser.add_argument("--json", type=pathlib.Path)
arguments = parser.parse_args()


def grown(mask):
    """The mask widened by 4 % of its side."""
    radius = max(1, round(0.04 * mask.width))
    return np.asarray(mask.filter(ImageFilter.MaxFilter(2 * radius + 1))) > 127


def explain(image, text, method):
    command = [arguments.keepfit, "explain", "--model", arguments.model, "--text", text, "--method",
               method, "--json", "--quiet", str(image), *arguments.extra.split()]
    if arguments.size:
        command += ["--size", str(arguments.size)]
    return json.loads(subprocess.check_output(command))


def resized(found, side):
    grid = np.array(found["map"], dtype=np.float32).reshape(found["rows"], found["columns"])
    image = Image.fromarray(grid).resize((side, side), Image.BILINEAR)
    return np.asarray(image).clip(0)


def classes():
    result = {}
    for manifest in ("seen", "unseen"):
        for line in (arguments.data / f"manifests/{manifest}.csv").read_text().splitlines()[1:]:
            _, image, _, categories = line.split(",", 3)
            result[image] = categories.strip("[]'\"")
    return result


labels = classes()
draw = random.Random(0)
rows, panels = [], []
for finding, name in TEXTS.items():
    images = []
    for mask in sorted(arguments.data.glob(f"masks/*/*/{finding}.png")):
        stem = pathlib.Path(*mask.parent.parts[-2:])
        image = next(p for p in arguments.data.glob(f"{stem}.*"))
        kind = labels[str(image.relative_to(arguments.data))]
        if name in DISEASES and kind != name:
            continue
        images.append((image, mask))
    draw.shuffle(images)
    chosen = images[:arguments.per_finding]
    if not chosen:
        continue
    other = [t for t in TEXTS.values() if t != name]
    row = {"finding": finding, "text": name, "images": len(chosen), "chance": [], "control": []}
    for method in arguments.methods.split(","):
        row[method], row[method + " pointed"] = [], []
    for image, file in chosen:
        mask = Image.open(file).convert("L")
        inside = grown(mask)
        image = Image.open(image).convert("RGB")
        field = np.asarray(image.convert("L")) > 12
        inside &= field
        row["chance"].append(inside.sum() / field.sum())
        maps = []
        for method in arguments.methods.split(","):
            found = resized(explain(image, f"A fundus photograph of {name}", method), mask.width)
            found = found * field
            row[method].append(found[inside].sum() / max(found.sum(), 1e-9))
            row[method + " pointed"].append(bool(inside[np.unravel_index(found.argmax(), found.shape)]))
            maps.append(found)
        control = resized(explain(
            image, f"A fundus photograph of {draw.choice(other)}", "gradient"), mask.width) * field
        row["control"].append(control[inside].sum() / max(control.sum(), 1e-9))
        row.setdefault("panel", (image, mask, maps))
    panels.append((name, *row.pop("panel")))
    rows.append({k: float(np.mean(v)) if isinstance(v, list) else v for k, v in row.items()})

methods = arguments.methods.split(",")
print("| finding | text | images | chance | " + " | ".join(
    f"{m}: mass inside | relative to chance | hit rate" for m in methods) + " | other text |")
print("| --- " * 2 + "| ---: " * (3 + 3 * len(methods)) + "|")
means = {}
for row in rows:
    cells = []
    for method in methods:
        ratio = row[method] / row["chance"]
        means.setdefault(method, []).append(ratio)
        cells.append(f"{row[method]:.3f} | {ratio:.1f} | {row[method + ' pointed']:.2f}")
    means.setdefault("control", []).append(row["control"] / row["chance"])
    print(f"| {row['finding']} | {row['text']} | {row['images']} | {row['chance']:.3f} | "
          + " | ".join(cells) + f" | {row['control']:.3f} |")
for name, ratios in means.items():
    print(f"{name}: {np.exp(np.mean(np.log(np.maximum(ratios, 1e-3)))):.2f} times chance (geometric mean)")
if arguments.json:
    arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
if arguments.image:
    side, gap = 150, 6
    columns = 2 + len(methods)
    shown = [p for p in panels][:6]
    sheet = Image.new("RGB", (columns * (side + gap) + gap, len(shown) * (side + 22 + gap) + gap), "white")
    pen = ImageDraw.Draw(sheet)
    for index, (name, image, mask, maps) in enumerate(shown):
        y = gap + index * (side + 22 + gap)
        marked = np.asarray(image).copy()
        marked[np.asarray(mask) > 127] = (0, 220, 220)
        tiles = [image, Image.fromarray(marked)]
        for found in maps:
            heat = (found / max(found.max(), 1e-9))[..., None]
            gray = np.asarray(image.convert("L"))[..., None] / 255
            tiles.append(Image.fromarray((255 * (gray * (1 - 0.6 * heat) + np.array([1, 0.75, 0]) * 0.6 * heat))
                                         .clip(0, 255).astype(np.uint8)))
        for column, (tile, title) in enumerate(zip(tiles, [name, "mask of the finding", *methods])):
            x = gap + column * (side + gap)
            sheet.paste(tile.resize((side, side), Image.BICUBIC), (x, y + 20))
            pen.text((x, y + 4), title, fill="black")
    sheet.quantize(128).save(arguments.image, optimize=True)

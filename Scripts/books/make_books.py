#!/usr/bin/env python3
"""Makes synthetic books (PDF and DOCX) with known truth, to measure `keepfit data build` with score_books.py.

    keepfit data synthesize --out fundus --size 320 --public-count 0 --test-per-class 0 --no-masks \\
        --expert-count 900 --angiogram-count 700 --tomogram-count 350
    make_books.py --images fundus --out books --books 4 --figures 40 --seed 1

Below --out: `book-SEED-N.pdf` or `.docx`, `truth/book-SEED-N.jsonl` (a line an image) and `truth/book-SEED-N/*.png`,
what each image looks like in print. The same seed makes the same books. Needs reportlab, python-docx, pillow and the
Debian packages fonts-dejavu-core, fonts-liberation, fonts-wqy-zenhei, fonts-droid-fallback.
"""

import argparse
import json
import pathlib
import random as randomness

import docx_book
import figures
import images
import pdf
import words


def numbers(random, style, count):
    """Figure numbers in rising order, as printed."""
    chapter, section, figure = random.randint(1, 3), 1, 0
    padded = random.random() < 0.15
    for _ in range(count):
        figure += 1
        if random.random() < 0.06:
            figure, section = 1, section + 1
            if style.levels == 2 or random.random() < 0.3:
                chapter, section = chapter + 1, 1
        levels = (chapter, section, figure) if style.levels == 3 else (chapter, figure)
        yield tuple(f"{level:02}" if padded and index else str(level) for index, level in enumerate(levels))


def sentence(random, style, number):
    english, chinese = random.choice(words.BODY)
    if style.kind in ("cn+en", "cn") and random.random() < 0.8:
        return chinese.replace("{fig}", "图" + words.printed_number(number, style, "zh"))
    return english.replace("{fig}", "Figure " + words.printed_number(number, style, "en"))


def make(folder, name, random, pool, kind, form, count):
    style = words.draw_style(random, kind)
    title = random.choice(["Atlas of retinal diseases", "Fundus imaging in practice", "Vascular diseases of the retina"])
    if form == "pdf":
        fonts = pdf.Fonts(random)
        book, fix = pdf.Layout(folder / f"{name}.pdf", random, style, fonts, title), fonts.fix
    else:
        book, fix = docx_book.DocxBook(folder / f"{name}.docx", random, style, title), lambda text: text
    maker = figures.FigureMaker(random, pool, style, fix)
    rows = []
    for number in numbers(random, style, count):
        for _ in range(random.randint(0, 2)):
            book.paragraph(" ".join(sentence(random, style, number) for _ in range(random.randint(1, 3))))
        book.extra()
        figure = maker.make(number)
        book.figure(figure)
        rows += figure.truth
    pages = book.save()
    references = folder / "truth" / name
    references.mkdir(parents=True, exist_ok=True)
    with open(folder / "truth" / f"{name}.jsonl", "w", encoding="utf-8") as file:
        for index, row in enumerate(rows):
            reference = row.pop("reference")
            row["book"], row["width"], row["height"] = name, reference.width, reference.height
            row["image"] = f"{name}/{index:04}.png"
            reference.convert("RGB").resize((96, 96)).save(folder / "truth" / row["image"])
            row["style"] = f"{kind} {style.mark}"
            file.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
    print(f"{name}.{form}: {count} figures, {len(rows)} images" + (f", {pages} pages" if pages else "")
          + f", captions {kind!r}, marks {style.mark!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", required=True, help="what `keepfit data synthesize` wrote")
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--books", type=int, default=4)
    parser.add_argument("--figures", type=int, default=40, help="figures in a book")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=["pdf", "docx", "both"], default="both", help="both: three PDF to one DOCX")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for index in range(arguments.books):
        random = randomness.Random(f"{arguments.seed} {index}")
        pool = images.Pool(arguments.images, random)
        form = arguments.format if arguments.format != "both" else "docx" if index % 4 == 3 else "pdf"
        kind = ["cn+en", "cn", "fig", "figure"][(index + index // 4) % 4]
        make(arguments.out, f"book-{arguments.seed}-{index:02}", random, pool, kind, form, arguments.figures)


if __name__ == "__main__":
    main()

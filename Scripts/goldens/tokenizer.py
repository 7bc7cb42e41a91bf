#!/usr/bin/env python3
"""Writes Tests/FundusModelsTests/Goldens/tokenizer.json and vocabulary.txt from `transformers`.

With `--random COUNT --out FILE` it writes that many random texts instead; the test
`WordPieceTokenizerTests` reads such a file by the name in KEEPFIT_TOKENIZER_CORPUS.
"""
import argparse
import json
import pathlib
import random

from transformers import BertTokenizerFast

GOLDENS = pathlib.Path(__file__).parent.parent.parent / "Tests/FundusModelsTests/Goldens"

TEXTS = [
    "", " ", "a", "Abnormality", "A fundus photograph of [CLS]", "A fundus photograph of glaucoma",
    "A [ATR] fundus photograph of mild diabetic retinopathy ",
    "No diabetic retinopathy, no haemorrhages; cup-to-disc ratio 0.3 (normal).",
    "MICROANEURYSMS & hard/soft EXUDATES: 2-3 per quadrant!!",
    "Café déjà vu, naïve Ångström, Ærøskøbing, Straße, İstanbul, ﬁne",
    "Cafe\u0301 de\u0301ja\u0300 \u0301\u0302 lone accents", "Ελληνικά ΣΊΣΥΦΟΣ Ως", "Привет, МИР! ёлка Йод",
    "糖尿病视网膜病变 grade 2", "青光眼glaucoma青光眼", "日本語のテキスト カタカナ がぎぐ ｶﾞ", "한국어 안과 각각",
    "視\ufa61\U0002f80a\U00020000x", "שָׁלוֹם עולם", "اَلْعَرَبِيَّةُ ١٢٣", "हिन्दी पाठ", "ไทยภาษา", "ᄀ각 각",
    "emoji 👁️‍🗨️ 👩🏽‍⚕️ 🇫🇷 eye👁eye", "tab\tnewline\nreturn\rvertical\vform\ffeed\x85next",
    "null\0byte \x01\x02 zero\u200bwidth joiner\u200d soft\u00adhyphen \ufeffbom \ufffd replacement",
    "no\u00a0break thin\u2009space ideographic\u3000space line\u2028sep para\u2029sep",
    "private \ue000 use \U000f0000 tag \U000e0041", "unassigned \u0378 \U0001fbff non\uffffcharacter",
    "a" * 100, "a" * 101, "fundus" * 17, "é" * 100, "é" * 101, "e\u0301" * 100, "x " * 300,
    "word " * 255, "retinopathy" * 9 + " ok", "[CLS]", "[SEP] [PAD] [MASK] [UNK]", "a[SEP]b", "[cls]",
    "[CLS", "CLS]", "[[CLS]]", "[MASK]ed [mask] [ MASK ]", "##ing", "## # ###a", "un##able",
    "$100 + 5% = ^_^ ~ `code` <tag> |pipe|", "don't can’t “quoted” «guillemets» … — – ‐",
    "½ ² ™ ℃ Å Ω ﷺ", "ǅ ǆ ǲ Ⅻ ⅻ Ⓐ 𝔸 𝐀 Ａｂｃ", "\u1e9e \u0130\u0131 \u03a3 \u01c5 \u10a0 \u13a0 \uab70 \U00010400",
    "\u302e\u302f \u302f\u302e a\u302e\u0301\u302f", "\u0f73 \u0344 \u0958 \u2adc \ufb1d \U0001d15e", "1234567890 12.5mm 3x4 μm µm",
    "A" * 50 + " " + "b" * 30, "ß" * 99, "\u0301" * 150 + "a", "日" * 300, "." * 300,
]


def write_vocabulary(path):
    tokens = ["[PAD]"] + [f"[unused{i}]" for i in range(1, 100)] + ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    characters = [chr(c) for c in range(0x21, 0x7F)]
    characters += [c for c in "éàßæøıłđαβγδεηικλνοπρστυφωσςабвгдеийклмнопртуыёאבולםש" if c.isalpha()]
    characters += [c for c in "ابةرعلي١٢٣हनदपठयतषक한국어糖尿病视网膜变青光眼日本語視のテキストカがぎぐ"]
    characters += [chr(c) for c in (0x1100, 0x1161, 0x11A8, 0x110B, 0x1112, 0x2026, 0x2013, 0x2019, 0xB2, 0x2122)]
    characters += ["👁", "🇫", "ð", "İ", "É", "𐐨"]
    words = """a an the of no and with eye fundus photograph glaucoma mild moderate severe diabetic retinopathy
    haem haemorrhages exudates hard soft micro aneurysms cup disc ratio normal grade retin opathy abnormal cafe
    café déjà deja vu naive word ok code tag pipe quoted can don emoji byte null zero width space line unused
    Abnormal Fundus retinal vein occlusion macular edema ing un able 100 12 34""".split()
    pieces = """ity s al opathy ing ed er ism aneurysms rrhages photo graph funduss fundus 00 2 34 é àa aa aaaa able
    日 青光 光眼 ος ρι ый ед""".split()
    tokens += characters + words + ["##" + c for c in characters] + ["##" + p for p in pieces] + ["##"]
    path.write_text("\n".join(dict.fromkeys(tokens)) + "\n", encoding="utf-8")


def random_text(source):
    kinds = [
        lambda: source.randrange(0x20, 0x7F), lambda: source.randrange(0x20, 0x7F),
        lambda: source.randrange(0, 0x250), lambda: source.randrange(0x300, 0x370),
        lambda: source.randrange(0x370, 0x2000), lambda: source.randrange(0x2000, 0x3100),
        lambda: source.randrange(0x4E00, 0x9FFF), lambda: source.randrange(0xA000, 0xD7FF),
        lambda: source.randrange(0xE000, 0x10000), lambda: source.randrange(0x10000, 0x30000),
        lambda: ord(source.choice(" \t[]#.,-aeiou")), lambda: source.randrange(0xE0000, 0x110000),
    ]
    words = ["fundus", "photograph", "Retinopathy", "[CLS]", "[SEP]", "##ing", "CAFÉ", "e\u0301"]
    text = ""
    favorites = source.sample(kinds, source.randrange(1, 5))
    for _ in range(source.randrange(1, 30)):
        text += " " + source.choice(words) if source.random() < 0.15 else chr(source.choice(favorites)())
    return text


def cases(texts, tokenizers):
    result = []
    for number, text in enumerate(texts):
        lower = number % 4 != 3
        for maximum in ((256, 77) if len(text) > 60 else (256,)):
            ids = tokenizers[lower](text, truncation=True, max_length=maximum)["input_ids"]
            result.append({"text": text, "lowercases": lower, "maximum": maximum, "ids": ids})
    return result


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--random", type=int)
    arguments.add_argument("--out", type=pathlib.Path)
    options = arguments.parse_args()
    path = GOLDENS / "vocabulary.txt"
    if not options.random:
        write_vocabulary(path)
    tokenizers = {
        lower: BertTokenizerFast(vocab=str(path), do_lower_case=lower) for lower in (True, False)}
    source = random.Random(2405)
    if options.random:
        content = cases([random_text(source) for _ in range(options.random)], tokenizers)
        options.out.write_text(json.dumps(content))
        return
    both = [text for text in TEXTS for _ in range(4)]  # so that each is tried in both ways
    content = cases(both, tokenizers)
    content = [case for i, case in enumerate(content) if case not in content[:i]]
    content += cases([random_text(source) for _ in range(400)], tokenizers)
    batch = tokenizers[True](TEXTS[3:8], padding=True, truncation=True, max_length=77)
    golden = {"cases": content, "batch": {
        "texts": TEXTS[3:8], "ids": batch["input_ids"], "mask": batch["attention_mask"]}}
    (GOLDENS / "tokenizer.json").write_text(json.dumps(golden))


if __name__ == "__main__":
    main()

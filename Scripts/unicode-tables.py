#!/usr/bin/env python3
"""Writes Sources/FundusModels/Text/UnicodeTables.swift.

The fast BERT tokenizer classifies characters by the Unicode tables of several libraries, of several
ages. So the tables are measured: every code point is sent through its normalizers and its
pre-tokenizer (package `tokenizers`), and what happens is written down as ranges.
"""
import pathlib
import unicodedata

from tokenizers import normalizers, pre_tokenizers


def bert(**options):
    base = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**(base | options)).normalize_str


def ranges(points):
    result = []
    for point in sorted(points):
        if result and result[-1][1] == point - 1:
            result[-1][1] = point
        else:
            result.append([point, point])
    return " ".join(f"{a:X}" if a == b else f"{a:X}-{b:X}" for a, b in result)


def wrap(text):
    lines, line = [], "   "
    for word in text.split(" "):
        if len(line) + 1 + len(word) > 98:
            lines.append(line + " \\")
            line = "   "
        line += " " + word
    return "\n".join(lines + [line])


def mapping(entries):
    """`key:a.b` for each entry; a key that follows its predecessor is left out."""
    words, last = [], None
    for key, value in sorted(entries.items()):
        text = ".".join(f"{ord(c):X}" for c in value)
        words.append(text if last == key - 1 else f"{key:X}:{text}")
        last = key
    return " ".join(words)


def main():
    points = [p for p in range(0x110000) if not 0xD800 <= p < 0xE000]
    nfd = normalizers.NFD().normalize_str
    clean, chinese = bert(clean_text=True), bert(handle_chinese_chars=True)
    strip, lower = bert(strip_accents=True), bert(lowercase=True)
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    sets = {name: set() for name in ("removed", "space", "chinese", "mark", "punctuation")}
    lowercase, decomposition, order = {}, {}, {}
    for point in points:
        character = chr(point)
        cleaned = clean(character)
        if cleaned == "":
            sets["removed"].add(point)
        elif cleaned == " ":
            sets["space"].add(point)
        if chinese(character) != character:
            sets["chinese"].add(point)
        if strip(character) == "":
            sets["mark"].add(point)
        if len(split("a" + character + "b")) == 3:
            sets["punctuation"].add(point)
        if (small := lower(character)) != character:
            lowercase[point] = small
        if (parts := nfd(character)) != character and not 0xAC00 <= point <= 0xD7A3:
            decomposition[point] = parts
        # A mark of the highest class stands in front only if what follows has no class.
        if parts == character and (nfd("\u0345" + character)[0] != "\u0345" or point == 0x345):
            order[point] = unicodedata.combining(character)
            assert order[point] > 0, hex(point)
    classes = {}
    for point, value in order.items():
        classes.setdefault(value, set()).add(point)
    for first, a in classes.items():  # the classes themselves, against one mark of each other class
        for second, b in classes.items():
            pivot = chr(min(b))
            for point in a:
                swapped = nfd(pivot + chr(point)) == nfd(chr(point)) + pivot != pivot + chr(point)
                if len(nfd(chr(point))) == 1 and len(nfd(pivot)) == 1:
                    assert swapped == (first < second), (hex(point), first, second)
    # Lower-case letters mostly follow at a fixed distance: `first-last:distance`, every or every
    # second letter; what is longer than a letter is written out.
    steps, run = [], None
    for point, small in sorted(lowercase.items()):
        if len(small) > 1:
            continue
        distance = ord(small) - point
        if run and distance == run[3] and point - run[1] in (1, 2) and run[2] in (0, point - run[1]):
            run[2], run[1] = point - run[1], point
        else:
            run = [point, point, 0, distance]
            steps.append(run)
    lower_text = " ".join(
        f"{a:X}-{b:X}/{max(s, 1)}:{d}" if a != b else f"{a:X}:{d}" for a, b, s, d in steps)
    long_lower = {p: s for p, s in lowercase.items() if len(s) > 1}
    order_text = " ".join(f"{value}={ranges(found).replace(' ', ',')}"
                          for value, found in sorted(classes.items()))
    names = {
        "removed": ("Control, format and private characters, which cleaning removes.",
                    ranges(sets["removed"])),
        "space": ("What cleaning turns into a space.", ranges(sets["space"])),
        "chinese": ("Ideographs, which are words of their own.", ranges(sets["chinese"])),
        "mark": ("Non-spacing marks: the accents.", ranges(sets["mark"])),
        "punctuation": ("Punctuation, which is a word of its own.", ranges(sets["punctuation"])),
        "lowercase": ("Distance to the lower-case letter: `first-last/step:distance`.", lower_text),
        "longLowercase": ("Letters whose lower case is longer.", mapping(long_lower)),
        "combiningClass": ("Canonical combining classes above 0: `class=ranges`.", order_text),
        "decomposition": ("Full canonical decompositions without Hangul: `letter:parts`, the letter "
                          "left out\n  /// where it follows the one before.", mapping(decomposition)),
    }
    body = "\n".join(
        f"  /// {comment}\n  static let {name} = \"\"\"\n{wrap(text)}\n    \"\"\"\n"
        for name, (comment, text) in names.items())
    target = pathlib.Path(__file__).parent.parent / "Sources/FundusModels/Text/UnicodeTables.swift"
    target.write_text(
        "// Written by Scripts/unicode-tables.py. Do not edit.\n\n"
        "/// What the fast BERT tokenizer does with each character, as hexadecimal ranges.\n"
        f"enum UnicodeTables {{\n{body}}}\n")


if __name__ == "__main__":
    main()

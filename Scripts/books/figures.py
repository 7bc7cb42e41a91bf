"""Figures of synthetic books with their truth: what is printed, and what a reader should make of it."""

from dataclasses import dataclass, field

import images
import words


@dataclass
class Figure:
    number: tuple  # levels as printed, () for an image without a caption
    shape: str  # "single", "grid", "tall", "composite", "drawing" or "uncaptioned"
    rows: list = field(default_factory=list)  # images in rows as they are placed; each (image, letter or "")
    english: str = ""  # printed captions, without the label
    chinese: str = ""
    printed_letters: bool = False
    truth: list = field(default_factory=list)  # rows: dictionaries with the reference image
    side_by_side: bool = False


KINDS = [
    ("single", 30), ("grid", 29), ("composite", 22), ("tall", 5), ("after", 4), ("mismatch", 3), ("other", 4),
    ("drawing", 2), ("uncaptioned", 2), ("duplicate", 2), ("whole", 2),
]


class FigureMaker:
    def __init__(self, random, pool, style, fix):
        self.random, self.pool, self.style, self.fix = random, pool, style, fix
        self.earlier = []  # (number, image, modality)
        self.numbers = []

    def sentence(self, pair):
        return (self.fix(pair[0]), pair[1])

    def title(self):
        random = self.random
        disease, patient = random.choice(words.DISEASES), random.choice(words.PATIENTS)
        english, chinese = disease[0] + " " + patient[0], disease[1] + "（" + patient[1] + "）"
        return self.fix(english), chinese

    def panel_words(self, modality, traps):
        random = self.random
        english, chinese = random.choice(words.SHOWS[modality])
        if random.random() < 0.25:
            name, more, zh = random.choice(words.TRAPS)
            if "{ref}" in more:
                if not self.numbers:
                    return self.fix(english), chinese
                number = random.choice(self.numbers)
                text = words.printed_number(number, self.style, "en")
                more, zh = more.replace("{ref}", text), zh.replace(
                    "{ref}", words.printed_number(number, self.style, "zh"))
            traps.add(name)
            english, chinese = english + ". " + more, chinese + "。" + zh
        return self.fix(english), chinese

    def make(self, number):
        random = self.random
        kind = random.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
        if kind == "duplicate" and not self.earlier:
            kind = "single"
        figure = getattr(self, "make_" + kind)(number)
        for row in figure.truth:
            row["kind"] = kind
            row["figure"] = "-".join(str(int(level)) for level in figure.number)
        if figure.number:
            self.numbers.append(figure.number)
        return figure

    def modality(self):
        return self.random.choices(["CFP", "FFA", "OCT", "other"], [46, 34, 17, 3])[0]

    def row(self, letter, modality, image, english, chinese, flag=False, traps=()):
        kind = self.style.kind
        return {
            "panel": letter, "modality": modality, "caption": english if kind != "cn" else "",
            "caption_zh": chinese if kind in ("cn+en", "cn") else "", "must_flag": flag, "reference": image,
            "traps": sorted(traps)}

    def make_single(self, number, modality=None, image=None, kind="single"):
        traps = set()
        modality = modality or self.modality()
        image = image or self.pool.image(modality)
        title = self.title()
        text = self.panel_words(modality, traps)
        english, chinese = f"{title[0]}. {text[0]}.", f"{title[1]}。{text[1]}。"
        if self.random.random() < 0.3:
            english, chinese = f"{text[0]}.", f"{text[1]}。"
        self.earlier.append((image, modality))
        return Figure(number, "single", [[(image, "")]], english, chinese,
                      truth=[self.row("", modality, image, english, chinese, traps=traps)])

    def make_other(self, number):
        return self.make_single(number, "other")

    def make_duplicate(self, number):
        image, modality = self.random.choice(self.earlier)
        figure = self.make_single(number, modality, image)
        figure.truth[0]["free_flag"] = True
        return figure

    def make_drawing(self, number):
        figure = Figure(number, "drawing", english=self.fix("Diagram of the layers of the retina and their blood supply."),
                        chinese="视网膜各层及其血液供应示意图。")
        return figure

    def make_uncaptioned(self, number):
        modality = self.random.choice(["CFP", "FFA", "OCT"])
        image = self.pool.image(modality)
        return Figure((), "uncaptioned", [[(image, "")]],
                      truth=[self.row("", modality, image, "", "", flag=True)])

    def make_whole(self, number):
        """A composite whose caption names no panels."""
        modality = self.random.choice(["CFP", "FFA"])
        parts = [self.pool.image(modality) for _ in range(2)]
        whole, _ = images.composite([parts], 640, self.random.randint(5, 12), "white")
        figure = self.make_single(number, modality, whole)
        self.earlier.pop()
        return figure

    def captions(self, letters, modalities):
        """Printed captions and the words of each panel, both languages."""
        random, style = self.random, self.style
        traps = [set() for _ in letters]
        groups, index = [], 0
        while index < len(letters):
            count = 1
            if random.random() < 0.12 and index + 1 < len(letters) and modalities[index] == modalities[index + 1]:
                count = 2
                if index + 2 < len(letters) and modalities[index + 2] == modalities[index] and random.random() < 0.4:
                    count = 3
            groups.append(list(range(index, index + count)))
            index += count
        title = self.title() if random.random() < 0.85 else ("", "")
        bare = bool(title[0]) and style.mark != "A," and random.random() < 0.25  # a title without its dot
        head = (title[0] + ("" if bare else "."), title[1] + ("" if bare else "。")) if title[0] else ("", "")
        english, chinese, own = [head[0]] if head[0] else [], [head[1]] if head[1] else [], {}
        for place, group in enumerate(groups):
            if len(group) > 1:
                for member in group:
                    traps[member].add("list")
            text = self.panel_words(modalities[group[0]], traps[group[0]])
            names = [letters[member] for member in group]
            last = place == len(groups) - 1
            stop = "." if last or style.mark != "A," else ";"
            zh_stop = "。" if last or style.mark != "A," else "；"
            english.append(words.mark(names, style, "en") + " " + text[0] + stop)
            zh_mark = words.mark(names, style, "zh")
            chinese.append(zh_mark + (" " if zh_mark.endswith(("." , ",")) else "") + text[1] + zh_stop)
            for member in group:
                own[member] = (" ".join(filter(None, [head[0], text[0] + stop])), head[1] + text[1] + zh_stop)
                traps[member] |= traps[group[0]]
        return " ".join(english), " ".join(chinese) if bare else "".join(chinese), own, traps

    def panels(self, count):
        modalities = [self.modality()]
        while len(modalities) < count:
            modalities.append(modalities[-1] if self.random.random() < 0.5 else self.modality())
        letters = [chr(65 + i) for i in range(count)]
        return letters, modalities, [self.pool.image(m) for m in modalities]

    def shape_rows(self, count):
        return {2: [[2], [1, 1]], 3: [[3], [2, 1]], 4: [[2, 2], [4]], 5: [[3, 2], [2, 3]], 6: [[3, 3], [2, 2, 2]]}[count]

    def draw_letters(self, letters, panels):
        return [images.lettered(image, letter, self.random) for letter, image in zip(letters, panels)]

    def split(self, items, shape):
        rows, index = [], 0
        for count in shape:
            rows.append(items[index:index + count])
            index += count
        return rows

    def make_grid(self, number, drop=0, after=False):
        random = self.random
        count = random.choices([2, 3, 4, 5, 6], [45, 25, 20, 5, 5])[0]
        if drop:
            count = max(count, 3)
        letters, modalities, panels = self.panels(count)
        how = random.choices(["none", "drawn", "printed"], [40, 30, 30])[0]
        if drop or after:
            how = random.choice(["none", "drawn"])
        if how == "drawn":
            panels = self.draw_letters(letters, panels)
        english, chinese, own, traps = self.captions(letters, modalities)
        if after:
            names = {"CFP": ("color photograph", "彩色眼底像"), "FFA": ("angiogram", "造影像"), "OCT": ("OCT scan", "OCT像"),
                     "other": ("examination", "检查")}
            title = self.title()
            english = self.fix(", ".join(f"{names[m][0]} ({l})" for l, m in zip(letters, modalities)).capitalize()
                               .replace("oct scan", "OCT scan"))
            for letter in letters:
                english = english.replace(f"({letter.lower()})", f"({letter})")
            english += f" of {title[0]}."
            chinese = title[1] + "的" + "、".join(f"{names[m][1]}（{l}）" for l, m in zip(letters, modalities)) + "。"
            own = {i: (english, chinese) for i in range(count)}
        order = list(range(count))
        shape = random.choice(self.shape_rows(count))
        if how == "printed" and random.random() < 0.2 and shape == [2, 2]:
            order = [0, 2, 1, 3]  # letters run down the columns
            for t in traps:
                t.add("columns")
        if drop:
            order = order[:-drop]
            shape = [len(order)]
        items = [(panels[i], letters[i]) for i in order]
        figure = Figure(number, "grid", self.split(items, shape), english, chinese, printed_letters=how == "printed")
        figure.truth = [
            self.row(letters[i], modalities[i], panels[i], own[i][0], own[i][1], flag=bool(drop) or after,
                     traps=traps[i] | {how}) for i in order]
        return figure

    def make_mismatch(self, number):
        return self.make_grid(number, drop=1)

    def make_after(self, number):
        return self.make_grid(number, after=True)

    def make_composite(self, number):
        random = self.random
        count = random.choices([2, 3, 4, 6], [40, 25, 25, 10])[0]
        letters, modalities, panels = self.panels(count)
        drawn = random.random() < 0.5
        if drawn:
            panels = self.draw_letters(letters, panels)
        color = random.choices(["white", "black", (128, 128, 128)], [80, 10, 10])[0]
        gutter = random.randint(5, 14)
        whole, cut = images.composite(self.split(panels, random.choice(self.shape_rows(count))), 720, gutter, color)
        return self.composed(number, whole, cut, letters, modalities, {f"gutter {color}", "drawn" if drawn else "none"})

    def make_tall(self, number):
        random = self.random
        letters, modalities, panels = self.panels(3)
        gutter = random.randint(6, 14)
        whole, cut = images.composite_tall(panels, 720, gutter, "white")
        if random.random() < 0.6:
            return self.composed(number, whole, cut, letters, modalities, {"tall"})
        english, chinese, own, traps = self.captions(letters, modalities)
        figure = Figure(number, "tall", [list(zip(cut, letters))], english, chinese)
        figure.truth = [self.row(letters[i], modalities[i], cut[i], *own[i], traps=traps[i] | {"tall"}) for i in range(3)]
        return figure

    def composed(self, number, whole, cut, letters, modalities, more):
        english, chinese, own, traps = self.captions(letters, modalities)
        figure = Figure(number, "composite", [[(whole, "")]], english, chinese)
        figure.truth = [self.row(letters[i], modalities[i], cut[i], *own[i], traps=traps[i] | more)
                        for i in range(len(letters))]
        return figure

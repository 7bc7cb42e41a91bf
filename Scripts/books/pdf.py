"""Lays out a synthetic book as PDF: columns, running headers, captions below, above or beside the images."""

import io

import images
import words
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

FOLDER = "/usr/share/fonts/truetype/"
LATIN = {
    "Times-Roman": ("Times-Bold", None), "Helvetica": ("Helvetica-Bold", None),
    "DejaVuSerif": ("DejaVuSerif-Bold", FOLDER + "dejavu/"),
    "LiberationSerif-Regular": ("LiberationSerif-Bold", FOLDER + "liberation/"),
}
CHINESE = {"WQY": FOLDER + "wqy/wqy-zenhei.ttc", "Droid": FOLDER + "droid/DroidSansFallbackFull.ttf", "STSong-Light": None}
CLOSING = "。，、；：？！）”’》.,;:?!)"


def is_chinese(character):
    # Ligatures have high codes as well, but Chinese fonts do not print them.
    return ord(character) > 0x2E7F and character not in "ﬁﬂ" or character in "“”‘’～"


class Fonts:
    def __init__(self, random):
        self.latin = random.choice(list(LATIN))
        bold, folder = LATIN[self.latin]
        self.bold = bold
        self.embedded = folder is not None
        if folder:
            for name in (self.latin, bold):
                pdfmetrics.registerFont(TTFont(name, folder + name + ".ttf"))
        self.chinese = random.choice(list(CHINESE))
        path = CHINESE[self.chinese]
        pdfmetrics.registerFont(TTFont(self.chinese, path) if path else UnicodeCIDFont(self.chinese))
        self.ligatures = self.embedded and random.random() < 0.6

    def fix(self, text):
        """Characters that the book's font can print."""
        return text if self.embedded else text.replace("μ", "µ")

    def printed(self, text):
        return text.replace("fi", "ﬁ").replace("fl", "ﬂ") if self.ligatures else text

    def runs(self, text, bold=False):
        """Pieces of one font each."""
        pieces = []
        for character in text:
            font = self.chinese if is_chinese(character) else self.bold if bold else self.latin
            if pieces and pieces[-1][0] == font:
                pieces[-1][1] += character
            else:
                pieces.append([font, character])
        return pieces

    def width(self, text, size, bold=False):
        return sum(pdfmetrics.stringWidth(piece, font, size) for font, piece in self.runs(text, bold))


class Layout:
    """A book of one look."""

    def __init__(self, path, random, style, fonts, title):
        self.random, self.style, self.fonts, self.title = random, style, fonts, title
        self.canvas = canvas.Canvas(str(path), pagesize=A4, invariant=1, pageCompression=1)
        self.canvas.setTitle(title)
        self.columns = 1 if random.random() < 0.5 else 2
        self.size = random.choice([9, 10, 10.5])
        self.caption_size = self.size - random.choice([0, 1, 1.5])
        self.bold_label = random.random() < 0.5
        self.above = random.random() < 0.08
        self.justified = random.random() < 0.35
        self.hyphen = random.choice(["-", "-", "\u00ad"]) if fonts.embedded else "-"
        self.logo = images.logo(random) if random.random() < 0.5 else None
        self.rotation = random.random() < 0.3
        self.margin, self.gap = 54, 20
        self.page_width, self.page_height = A4
        self.page = 0
        self.new_page()

    # Pages and columns

    def new_page(self):
        if self.page:
            self.canvas.showPage()
        self.page += 1
        self.column = 0
        self.top = self.page_height - self.margin - 24
        if self.rotation and self.random.random() < 0.2:
            # Stored lying down, shown upright.
            self.canvas.setPageRotation(90)  # which also swaps the sides of the media box
            self.canvas.transform(0, 1, -1, 0, self.page_height, 0)
        else:
            self.canvas.setPageRotation(0)
        if self.random.random() < 0.02:
            self.canvas.drawImage(ImageReader(images.background(self.random)), 0, 0, self.page_width, self.page_height)
        header = f"{self.title}" if self.page % 2 else f"Chapter {1 + self.page // 9}"
        self.put(header, self.margin, self.page_height - self.margin + 6, 8)
        self.put(str(self.page), self.page_width / 2, self.margin - 22, 8)
        self.canvas.line(self.margin, self.page_height - self.margin, self.page_width - self.margin,
                         self.page_height - self.margin)
        if self.logo:
            self.canvas.drawImage(ImageReader(self.logo), self.page_width - self.margin - 20,
                                  self.page_height - self.margin + 3, 20, 20)
        self.y = self.top

    @property
    def column_width(self):
        return (self.page_width - 2 * self.margin - (self.columns - 1) * self.gap) / self.columns

    @property
    def left(self):
        return self.margin + self.column * (self.column_width + self.gap)

    @property
    def room(self):
        return self.y - self.margin

    def next_column(self):
        if self.column + 1 < self.columns:
            self.column += 1
            self.y = self.top
        else:
            self.new_page()

    # Text

    def put(self, text, x, y, size, bold=False):
        for font, piece in self.fonts.runs(text, bold):
            self.canvas.setFont(font, size)
            self.canvas.drawString(x, y, piece)
            x += pdfmetrics.stringWidth(piece, font, size)

    def wrap(self, text, width, size, bold_until=0, hyphenate=0.5):
        """Lines of (text, count of bold characters)."""
        tokens, index = [], 0
        while index < len(text):
            end = index + 1
            if not is_chinese(text[index]) and not text[index].isspace():
                while end < len(text) and not is_chinese(text[end]) and not text[end].isspace():
                    end += 1
            tokens.append(text[index:end])
            index = end
        lines, line, used, start = [], "", 0.0, 0
        position = 0
        for token in tokens:
            if token in "\t ":
                token = " "
            advance = self.fonts.width(token, size, position < bold_until)
            if token == "\n" or used + advance > width and token != " " and not (token[0] in CLOSING and len(token) == 1):
                rest = token
                if token != "\n":
                    cut = self.hyphenation(token, width - used, size, hyphenate)
                    if cut:
                        line += token[:cut] + self.hyphen
                        rest = token[cut:]
                lines.append((line.rstrip(), max(0, bold_until - start)))
                start = position + len(token) - len(rest)
                line, used = "", 0.0
                token = "" if token == "\n" else rest
                advance = self.fonts.width(token, size)
                position = start
                if token == "" :
                    position += 1
                    start = position
                    continue
            if token == " " and not line:
                position += 1
                start = position
                continue
            line += token
            used += advance
            position += len(token)
        if line.strip():
            lines.append((line.rstrip(), max(0, bold_until - start)))
        return lines

    def hyphenation(self, word, room, size, chance):
        """Where to break a word; 0 for nowhere. Compounds break at their hyphen only elsewhere."""
        if len(word) < 8 or not word.isalpha() or not word.islower() or self.random.random() > chance:
            return 0
        for cut in range(len(word) - 3, 2, -1):
            vowels = "aeiouy"
            if word[cut] not in vowels and word[cut - 1] in vowels and self.fonts.width(word[:cut] + "-", size) < room:
                return cut
        return 0

    def draw_line(self, text, bold, x, y, size, width, last):
        text = self.fonts.printed(text)
        bold_part, rest = text[:bold], text[bold:]
        if bold_part:
            self.put(bold_part, x, y, size, True)
            x += self.fonts.width(bold_part, size, True)
        spaces = rest.count(" ")
        slack = width - self.fonts.width(bold_part, size, True) - self.fonts.width(rest, size)
        if self.justified and spaces and not last and 0 < slack < width * 0.25:
            extra = slack / spaces
            for word in rest.split(" "):
                self.put(word, x, y, size)
                x += self.fonts.width(word + " ", size) + extra
        else:
            self.put(rest, x, y, size)

    def lines(self, lines, size, x=None, width=None, flow=True):
        """Draws lines at the cursor, on to the next column where they do not fit."""
        leading = size * 1.3
        for index, (text, bold) in enumerate(lines):
            if flow and self.room < leading:
                self.next_column()
            self.draw_line(text, bold, self.left if x is None else x, self.y - size, size, width or self.column_width,
                           index == len(lines) - 1)
            self.y -= leading

    def paragraph(self, text):
        if self.room < 40:
            self.next_column()
        self.lines(self.wrap(self.fonts.fix(text), self.column_width, self.size), self.size)
        self.y -= self.size * 0.6

    # Images

    def place(self, image, x, y, width, height):
        """Draws an image with its lower left corner at x, y, in one of the ways that books store images."""
        pen, random = self.canvas, self.random
        stored = image
        bands = stored.convert("RGB").split()
        if bands[0].tobytes() == bands[1].tobytes() == bands[2].tobytes() and random.random() < 0.6:
            stored = stored.convert("L")
        way = random.choices(["plain", "png", "strips", "flip", "form", "mask"], [56, 16, 8, 7, 7, 6])[0]
        if way == "strips" and stored.height > 60:
            edges = [round(i * stored.height / 4) for i in range(5)]
            for top, bottom in zip(edges, edges[1:]):
                part = stored.crop((0, top, stored.width, bottom))
                pen.drawImage(reader(part, "png"), x, y + height * (1 - bottom / stored.height), width,
                              height * (bottom - top) / stored.height)
        elif way == "flip":
            pen.saveState()
            pen.transform(-1, 0, 0, -1, 2 * x + width, 2 * y + height)
            pen.drawImage(reader(stored.transpose(Image.Transpose.ROTATE_180), "png"), x, y, width, height)
            pen.restoreState()
        elif way == "form":
            name = f"form{self.page}_{random.getrandbits(32)}"
            pen.beginForm(name, 0, 0, width, height)
            pen.drawImage(reader(stored, "jpeg"), 0, 0, width, height)
            pen.endForm()
            pen.saveState()
            pen.translate(x, y)
            pen.doForm(name)
            pen.restoreState()
        elif way == "mask":
            alpha = Image.new("L", stored.size, 255)
            noisy = stored.convert("RGBA")
            noisy.putalpha(alpha)
            pen.drawImage(ImageReader(noisy), x, y, width, height, mask="auto")
        else:
            pen.drawImage(reader(stored, "png" if way == "png" else "jpeg"), x, y, width, height)

    def figure_rows(self, figure, width):
        """Rows of (image, letter, x, y below the top, width, height), and the height of all."""
        placed, y = [], 0.0
        letter_room = 13 if figure.printed_letters else 0
        if figure.shape == "tall":
            first, second, third = figure.rows[0]
            gap = 5
            scale = (width - gap) / (first[0].width + second[0].width)
            height = first[0].height * scale
            placed.append((*first, 0.0, 0.0, first[0].width * scale, height))
            x = first[0].width * scale + gap
            small = (width - x, (height - gap) / 2)
            placed.append((*second, x, 0.0, *small))
            placed.append((*third, x, small[1] + gap, *small))
            return placed, height
        for row in figure.rows:
            gap = 6
            ratio = sum(image.width / image.height for image, _ in row)
            height = min((width - gap * (len(row) - 1)) / ratio, 190 if len(figure.rows) == 1 else 150)
            x = (width - height * ratio - gap * (len(row) - 1)) / 2 if self.random.random() < 0.5 else 0.0
            for image, letter in row:
                placed.append((image, letter, x, y, height * image.width / image.height, height))
                x += height * image.width / image.height + gap
            y += height + letter_room + 6
        return placed, y - 6

    def caption_lines(self, figure, width):
        style, size = self.style, self.caption_size
        texts = []
        if style.kind in ("cn+en", "cn"):
            texts.append((words.label(figure.number, style, "zh"), figure.chinese))
        if style.kind != "cn":
            texts.append((words.label(figure.number, style, "en"), figure.english))
        if len(texts) == 2 and not style.between_lines:
            whole = texts[0][0] + texts[0][1] + style.separator + texts[1][0] + texts[1][1]
            return self.wrap(whole, width, size, len(texts[0][0].rstrip()) if self.bold_label else 0)
        lines = []
        for name, text in texts:
            lines += self.wrap(name + text, width, size, len(name.rstrip()) if self.bold_label else 0)
        return lines

    def figure(self, figure):
        """Draws a figure and notes on which page its images stand."""
        random = self.random
        wide = self.columns == 2 and random.random() < 0.12 and sum(len(row) for row in figure.rows) > 1
        if wide:
            self.new_page()
        width = self.page_width - 2 * self.margin if wide else self.column_width
        beside = (figure.shape == "single" and figure.number and self.columns == 1 and random.random() < 0.12)
        if figure.shape == "drawing":
            placed, height = [], 110
        else:
            placed, height = self.figure_rows(figure, width * (0.45 if beside else 1))
            limit = (self.top - self.margin) * 0.62
            if height > limit:
                placed = [(i, l, x * limit / height, y * limit / height, w * limit / height, h * limit / height)
                          for i, l, x, y, w, h in placed]
                height = limit
        letters = 13 if figure.printed_letters else 0
        caption = self.caption_lines(figure, width * 0.5 if beside else width) if figure.number else []
        leading = self.caption_size * 1.3
        needed = len(caption)
        if not beside and random.random() < 0.15 and len(caption) > 2:
            needed = random.choice([1, 2])  # the caption may go on in the next column or page
        if self.room < height + letters + 10 + (0 if beside else needed * leading):
            self.next_column()
        traps = set()
        if caption and self.above and not beside:
            self.lines(caption, self.caption_size, width=width)
            self.y -= 4
            caption = []
        page, top, left = self.page, self.y, self.left
        if figure.shape == "drawing":
            self.draw_diagram(left, top - height, width, height)
        for image, letter, x, y, w, h in placed:
            self.place(image, left + x, top - y - h, w, h)
            if figure.printed_letters:
                self.put(letter, left + x + w / 2 - 3, top - y - h - 11, 9, True)
        if beside:
            self.y = top - 2
            before = (self.page, self.column)
            self.lines(caption, self.caption_size, x=left + width * 0.48, width=width * 0.5, flow=False)
            self.y = min(self.y, top - height)
            traps.add("beside")
        else:
            self.y = top - height - letters - 6
            before = (self.page, self.column)
            if wide:
                self.lines(caption, self.caption_size, x=self.margin, width=width, flow=False)
                self.top = self.y - 10
                self.y = self.top
            else:
                self.lines(caption, self.caption_size)
            if (self.page, self.column) != before:
                traps.add("split over pages" if self.page != before[0] else "split over columns")
        if wide:
            traps.add("wide")
        self.y -= 12
        for row in figure.truth:
            row["page"] = page
            row["traps"] = sorted(set(row["traps"]) | traps)

    def draw_diagram(self, x, y, width, height):
        pen = self.canvas
        for layer in range(7):
            pen.line(x + 20, y + 15 + layer * 12, x + width - 40, y + 15 + layer * 12 + layer % 2 * 4)
            self.put(f"layer {layer + 1}", x + width - 36, y + 13 + layer * 12, 6)
        pen.circle(x + width / 3, y + 60, 22)
        pen.bezier(x + 20, y + 10, x + width / 3, y + height, x + width / 2, y, x + width - 60, y + height - 10)

    def extra(self):
        """Things between paragraphs that are no figures."""
        kind = self.random.random()
        if kind < 0.05 and self.room > 60:
            self.canvas.drawImage(ImageReader(images.ornament(self.random)), self.left, self.y - 12, self.column_width * 0.6, 8)
            self.y -= 20
        elif kind < 0.06 and self.room > 90:
            self.canvas.drawImage(ImageReader(images.code(self.random)), self.left, self.y - 62, 60, 60)
            self.y -= 70

    def save(self):
        self.canvas.showPage()
        self.canvas.save()
        return self.page


def reader(image, form):
    data = io.BytesIO()
    if form == "jpeg":
        image.save(data, "JPEG", quality=92, subsampling=0)
    else:
        image.save(data, "PNG")
    data.seek(0)
    return ImageReader(data)

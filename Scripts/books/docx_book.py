"""Writes a synthetic book as DOCX: inline images, images in tables, captions in runs and paragraphs."""

import io

import words
from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches, Pt
from PIL import Image


class DocxBook:
    def __init__(self, path, random, style, title):
        self.path, self.random, self.style = path, random, style
        self.document = Document()
        self.document.core_properties.title = title
        self.columns = random.choice([1, 1, 2])
        if self.columns == 2:
            section = self.document.sections[0]._sectPr
            columns = OxmlElement("w:cols")
            columns.set(qn("w:num"), "2")
            section.append(columns)
        header = self.document.sections[0].header.paragraphs[0]
        header.text = title
        self.caption_style = random.choice(["Caption", "Normal", "Caption"])
        self.in_tables = random.random() < 0.35
        self.one_paragraph = random.random() < 0.5  # the images of a row in one paragraph
        self.document.add_heading(title, 0)

    def paragraph(self, text):
        self.runs(self.document.add_paragraph(), text)

    def runs(self, paragraph, text):
        """The text in several runs, as word processors leave it."""
        start = 0
        while start < len(text):
            end = min(len(text), start + self.random.randint(5, 60))
            run = paragraph.add_run(text[start:end])
            if self.random.random() < 0.04:
                run.italic = True
            start = end

    def picture(self, run, image, width):
        random = self.random
        flip = random.random() < 0.05
        crop = random.random() < 0.05
        stored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else image
        if crop:  # a wider image of which the document shows a part
            whole = Image.new("RGB", (image.width + 80, image.height), "#20a040")
            whole.paste(stored, (40, 0))
            stored = whole
        data = io.BytesIO()
        stored.save(data, "PNG" if random.random() < 0.3 else "JPEG", **({"quality": 92}))
        data.seek(0)
        shape = run.add_picture(data, width=Inches(width), height=Inches(width * image.height / image.width))
        inline = shape._inline
        if flip:
            inline.graphic.graphicData.pic.spPr.find(qn("a:xfrm")).set("flipH", "1")
        if crop:
            fill = inline.graphic.graphicData.pic.find(qn("pic:blipFill"))
            part = OxmlElement("a:srcRect")
            share = str(round(40 / (image.width + 80) * 100000))
            part.set("l", share)
            part.set("r", share)
            fill.insert(1, part)

    def captions(self, figure):
        style, texts = self.style, []
        if style.kind in ("cn+en", "cn"):
            texts.append(words.label(figure.number, style, "zh") + figure.chinese)
        if style.kind != "cn":
            texts.append(words.label(figure.number, style, "en") + figure.english)
        if len(texts) == 2 and not style.between_lines:
            texts = [style.separator.join(texts)]
        return texts

    def figure(self, figure):
        document, random = self.document, self.random
        if figure.shape == "drawing":
            figure.truth = []
            return
        count = max((len(row) for row in figure.rows), default=1)
        width = min(5.8 / count, 3.2) if figure.shape != "composite" else 5.0
        if self.in_tables and count > 1 or figure.printed_letters:
            table = document.add_table(rows=0, cols=count)
            for row in figure.rows:
                cells = table.add_row().cells
                for cell, (image, letter) in zip(cells, row):
                    self.picture(cell.paragraphs[0].add_run(), image, width * 0.95)
                    if figure.printed_letters:
                        cell.add_paragraph(letter).alignment = WD_ALIGN_PARAGRAPH.CENTER
        else:
            for row in figure.rows:
                paragraph = document.add_paragraph()
                for image, _ in row:
                    self.picture(paragraph.add_run(), image, width * 0.95)
                    if not self.one_paragraph:
                        paragraph = document.add_paragraph()
        if figure.number:
            for text in self.captions(figure):
                parts = [text]
                if self.caption_style == "Caption" and random.random() < 0.06 and ". " in text[20:-20]:
                    cut = text.index(". ", 20) + 2  # goes on in a paragraph of its own
                    parts = [text[:cut].rstrip(), text[cut:]]
                for part in parts:
                    paragraph = document.add_paragraph(style=self.caption_style)
                    self.runs(paragraph, part)
                    for run in paragraph.runs:
                        run.font.size = Pt(9)
        for row in figure.truth:
            row["page"] = 0

    def extra(self):
        pass

    def save(self):
        self.document.save(str(self.path))
        return 0

"""Writes Tests/MMRetinalDataTests/Goldens/workbooks.json: Excel workbooks and the cells that openpyxl reads from them.

    pip install openpyxl
    python3 Scripts/goldens/workbooks.py
"""

import base64
import datetime
import io
import json
import zipfile
from pathlib import Path

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont


def text(value):
    """A cell as the reader shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime.datetime):
        day = value.time() == datetime.time(0)
        return value.strftime("%Y-%m-%d" if day else "%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return str(value)


def bytes_of(book):
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def without_dates(data):
    """The archive without times of writing, so that the file is the same every time."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for item in source.infolist():
            if item.filename == "docProps/core.xml":
                continue
            archive.writestr(zipfile.ZipInfo(item.filename), source.read(item),
                             zipfile.ZIP_DEFLATED)
    return target.getvalue()


def several_labels():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "grades"
    sheet.append(["ID", "Left-Fundus", "Right-Fundus", "N", "D", "Patient Age", "Visit"])
    sheet.append([0, "0_left.jpg", "0_right.jpg", 0, 1, 69, datetime.datetime(2019, 4, 1)])
    sheet.append([1, "1_left.jpg", "1_right.jpg", True, False, 57.5,
                  datetime.datetime(2019, 12, 31, 13, 30)])
    sheet.append([])
    sheet.append([2, "2_left.jpg", "2_right.jpg", 1, 0, -3, datetime.datetime(1900, 3, 1)])
    for row in range(2, 6):
        sheet.cell(row, 7).number_format = 'dd/mm/yyyy\\ "day"'
    sheet.cell(3, 7).number_format = "yyyy-mm-dd hh:mm"
    book.create_sheet("legend").append(["N", "normal"])
    return book


def sparse_texts():
    book = openpyxl.Workbook()
    book.active.title = "empty"
    hidden = book.create_sheet("hidden")
    hidden.append(["image", "label"])
    hidden.sheet_state = "hidden"
    sheet = book.create_sheet("Größe & <Art>")
    bold = InlineFont(b=True)
    sheet["B3"] = "image"
    sheet["C3"] = "label"
    sheet["D3"] = CellRichText("no", TextBlock(bold, "te"), "s")
    sheet["B4"] = "a&b <1>.png"
    sheet["C4"] = "糖尿病视网膜病变"
    sheet["D4"] = "two\nlines"
    sheet["B5"] = "c.png"
    sheet["C5"] = "=1+1"
    sheet["D5"] = 0.1 + 0.2
    sheet.merge_cells("B7:C7")
    sheet["B7"] = "d.png"
    sheet["D7"] = 12345678901234
    return book


def wrong_cells():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["image", "label"])
    sheet.append(["a.png", "#N/A"])
    sheet.append(["b.png", "normal"])
    sheet["E4"] = "beyond"
    return book


cases = []
for make in (several_labels, sparse_texts, wrong_cells):
    data = without_dates(bytes_of(make()))
    book = openpyxl.load_workbook(io.BytesIO(data), rich_text=False, data_only=True)
    sheet = next(s for s in book if s.sheet_state == "visible" and (s.max_row > 1 or s["A1"].value))
    rows = []
    for row in sheet.iter_rows():
        cells = {str(c.column - 1): text(c.value) for c in row if text(c.value)}
        if cells:
            rows.append({"number": row[0].row, "cells": cells})
    cases.append({"name": make.__name__, "sheet": sheet.title, "rows": rows,
                  "file": base64.b64encode(data).decode()})

path = Path(__file__).parents[2] / "Tests/MMRetinalDataTests/Goldens/workbooks.json"
path.write_text(json.dumps(cases, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
print(path.name, path.stat().st_size, "bytes")

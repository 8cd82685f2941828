"""Files made to do harm: bombs, mutations of honest files, and cells a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Callable, Iterator

import openpyxl

from tests.services.conftest import leads_file

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"

# --- cells ----------------------------------------------------------------------------------------------------

SIGNED = ("1+1", "cmd|' /C calc'!A0", "SUM(A1:A9)", 'HYPERLINK("http://x.example","y")', '"a"&"b"', "A1*2")
PAYLOADS = (
    *(sign + text for sign in "=+-@|" for text in SIGNED),
    "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\u200e+1+1", "\u2060@x", "\uff1d1+1",
    "\uff0b1+1", "\uff0d1+1", "\uff20SUM(A1)", '=IMPORTXML("http://x.example")', '=DDE("cmd")', "+49 351 1234567",
    "-- nobody", "==1", "a;=1+1", "a\t=1+1", 'a";"=1+1', "=1\x0b",
)
HARMLESS = ("Ann", "'t Hart", "O'Brien", "5", "-5", "-1.5", "01234", "a=b", "x@y.example", "Müller", "\U0001f642")
TRIGGERS = tuple("=+-@|\t\r\n\x00\uff1d\uff0b\uff0d\uff20")
INVISIBLE = "\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff "


def live_cells(content: bytes) -> list[str]:
    """List the cells of a CSV that a spreadsheet would run, whichever separator it splits at."""
    text = content.decode("utf-8-sig")
    return [cell for separator in ",;\t" for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
            for cell in row if cell.lstrip(INVISIBLE)[:1] in TRIGGERS and not _is_number(cell)]


def live_cells_of_workbook(content: bytes) -> list[str]:
    """List the formulas and links of a workbook."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [f"{cell.coordinate}: {cell.value!r}" for sheet in book for row in sheet.iter_rows() for cell in row
            if cell.data_type == "f" or cell.hyperlink]


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return text.lstrip("-")[:1].isdigit()


# --- bombs ----------------------------------------------------------------------------------------------------


def workbook(rows: list[list[object]]) -> bytes:
    """Write an honest workbook."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


GOOD = workbook([["Name", "Email"], ["Ann", "ann@x.example"], ["Bob", "bob@x.example"]])


def repacked(change: Callable[[dict[str, bytes]], object]) -> bytes:
    """Change the parts of an honest workbook and pack them again."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    change(parts)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return sink.getvalue()


def _sheet(body: str, before: str = "") -> bytes:
    content = f'<?xml version="1.0"?>{before}<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'
    return repacked(lambda parts: parts.update({SHEET: content.encode()}))


def _row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: str = "<v>1</v>") -> str:
    return f'<c r="{place}">{value}</c>'


def _million_rows() -> bytes:
    cells = "".join(_cell(f"{letter}1") for letter in "ABCDEFGHIJKLMNOPQRST")
    return _sheet(_row(1, cells) * 1_000_000)


def _long_text() -> bytes:
    def change(parts: dict[str, bytes]) -> None:
        parts["xl/sharedStrings.xml"] = b"<sst><si><t>" + b"x" * 1_000_000_000 + b"</t></si></sst>"
    return repacked(change)


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return _sheet(_row(1, '<c r="A1" t="inlineStr"><is><t>&l9;</t></is></c>'),
                  f'<!DOCTYPE a [<!ENTITY l0 "lol">{entities}]>')


def _quadratic() -> bytes:
    body = "".join(_row(n, f'<c r="A{n}" t="inlineStr"><is><t>{"&a;" * 100}</t></is></c>') for n in range(1, 1_000))
    return _sheet(body, f'<!DOCTYPE a [<!ENTITY a "{"x" * 50_000}">]>')


def _lying() -> bytes:
    """Say in the directory that a part of a hundred megabytes unpacks to almost nothing."""
    data = bytearray(_sheet(_row(1, "".join(_cell(f"{letter}1") for letter in "ABCDEFGHIJ")) * 400_000))
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 24: at + 28] = (100).to_bytes(4, "little")
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


WORKBOOK_BOMBS: dict[str, Callable[[], bytes]] = {
    "a million rows of twenty cells": _million_rows,
    "a text of a gigabyte": _long_text,
    "a billion laughs": _laughs,
    "entities that grow with their square": _quadratic,
    "a cell in the far corner": lambda: _sheet(_row(1, _cell("A1")) + _row(1_048_576, _cell("XFD1048576"))),
    "3,000 cells in the last column": lambda: _sheet("".join(_row(n, _cell(f"XFD{n}")) for n in range(1, 3_001))),
    "a directory that lies": _lying,
    "many parts": lambda: repacked(lambda parts: parts.update({f"xl/{n}.xml": b"<a/>" for n in range(20_000)})),
}


def csv_bombs(share: float = 1.0) -> dict[str, Callable[[], bytes]]:
    """Give makers of CSV bombs; a share makes them smaller."""
    def of(number: int) -> int:
        return int(number * share)

    return {
        "two million columns": lambda: b",".join(b"h%d" % n for n in range(of(2_000_000))) + b"\n1,2\n",
        "a quote that never closes": lambda: b'name,email\n"' + b"x,y\n" * of(24_000_000),
        "25 million rows": lambda: b"a\n" + b"1\n" * of(25_000_000),
        "a cell of a hundred megabytes": lambda: b"a,b\n" + b"x" * of(100_000_000) + b",1\n",
    }


# --- mutations ------------------------------------------------------------------------------------------------


def mutated_files(number: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Give honest CSVs and workbooks, each damaged at a few random places."""
    chance = random.Random(seed)
    plain = leads_file(40)
    rows = [line.decode().split(",") for line in plain.splitlines()]
    bases = {"csv": plain, "xlsx": workbook([list(row) for row in rows]),
             "latin.csv": plain.decode().replace("First1", "Jos\xe9").encode("cp1252")}
    for place in range(number):
        kind = ("csv", "xlsx", "latin.csv", "xlsx inside")[place % 4]
        if kind == "xlsx inside":
            yield f"{place}.xlsx", _mutated_inside(bases["xlsx"], chance)
        else:
            yield f"{place}.{kind}", _mutated(bases[kind], chance)


def _mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 20))):
        at = chance.randrange(len(changed))
        how = chance.randrange(5)
        if how == 0:
            changed[at] = chance.randrange(256)
        elif how == 1:
            del changed[at: at + chance.choice((1, 5, 200))]
        elif how == 2:
            changed[at:at] = chance.choice((b'"', b"\n", b"\x00", b",", b"\xff\xfe", b";", b"'", b"=", b"\r", b"<"))
        elif how == 3:
            changed[at: at + 8] = chance.randbytes(8)
        elif len(changed) > 200:
            del changed[at + 100:]
        if not changed:
            return b""
    return bytes(changed)


def _mutated_inside(data: bytes, chance: random.Random) -> bytes:
    """Damage one part of a workbook and pack it properly again."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    name = chance.choice(sorted(parts))
    parts[name] = _mutated(parts[name], chance)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        for part, content in parts.items():
            target.writestr(part, content)
    return sink.getvalue()



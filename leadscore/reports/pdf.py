"""Writes a report as PDF: the same words, figures, drawings and tables as its HTML, set on pages with numbers.

Typst sets the pages inside this process. Its layout is fixed, everything a report says goes in as data, and it is
given no network and no folder. FiraGO (Latin, Greek, Cyrillic, Arabic, Hebrew, Thai, Georgian, Devanagari) travels
with us; a character it lacks is taken from a font of the machine, and where there is none an empty box
stands in its place.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Any

import orjson
import typst
from jinja2 import Environment, PackageLoader
from PIL import Image

from leadscore.reports.cells import Written, written
from leadscore.reports.colours import for_text
from leadscore.reports.document import Document, Drawing, Figure, Section
from leadscore.reports.drawings import safe_svg
from leadscore.reports.logos import check_logo

FONT = "FiraGO"
LAYOUT = "report.typ"
LONGEST_IN_CELL, LONGEST_IN_LINE = 18, 70
"""Characters of a word before it may be broken, so that a fingerprint runs neither over its column nor off the page."""
GOOD, BAD, NEITHER = "#00684f", "#a13a22", "#44535f"
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_FAMILY = re.compile(r'font-family="[^"]*"')
_BREAK = "\u200b"


def pdf(document: Document) -> bytes:
    """Write a report as PDF; the same document gives the same bytes on the same machine.

    Returns
    -------
    bytes
        One file with its fonts inside and tags for screen readers, dated ``document.made_at``.

    Raises
    ------
    InvalidRequest
        A drawing is no SVG.
    """
    layout, fonts = _layout()
    said = orjson.dumps(_printable(_plain(document))).decode()
    return typst.compile(layout, font_paths=fonts, format="pdf", timestamp=int(document.made_at.timestamp()),
                         sys_inputs={"report": said})


@cache
def _layout() -> tuple[bytes, typst.Fonts]:
    """Read the layout and the fonts once: ours first, then those of the machine for what ours lack."""
    layout, place, _ = PackageLoader("leadscore", "reports").get_source(Environment(), LAYOUT)
    fonts = typst.Fonts(include_system_fonts=True, font_paths=[f"{str(place).removesuffix(LAYOUT)}fonts"])
    return layout.encode(), fonts


def _plain(document: Document) -> dict[str, Any]:
    made = f"Made on {document.made_at.day} {document.made_at:%b %Y, %H:%M %Z} by {document.made_by}"
    brand = document.brand
    return {
        "font": FONT, "accent": brand.colour, "accent_text": for_text(brand.colour), "brand": brand.name,
        "logo": _logo(brand.logo) if brand.logo else None, "title": document.title, "subtitle": document.subtitle,
        "made": made, "made_by": document.made_by,
        "foot": f"{brand.name} · {document.title} · {document.made_at:%Y-%m-%d}",
        "sections": [_section(section, place) for place, section in enumerate(document.sections)],
        "footnotes": [_breakable(note, LONGEST_IN_LINE) for note in document.footnotes]}


def _printable(value: Any) -> Any:
    """Leave out of every text what no page can show."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {name: _printable(part) for name, part in value.items()}
    return [_printable(part) for part in value] if isinstance(value, (list, tuple)) else value


def _section(section: Section, place: int) -> dict[str, Any]:
    return {"title": section.title,
            "paragraphs": [_breakable(words, LONGEST_IN_LINE) for words in section.paragraphs],
            "figures": [_figure(figure) for figure in section.figures],
            "drawings": [[_drawing(drawing, f"p{place}-{number}-") for number, drawing in row]
                         for row in _in_rows(section.drawings)],
            "tables": [_table(written(table)) for table in section.tables if len(table.rows.columns)]}


def _figure(figure: Figure) -> dict[str, str]:
    colour = {None: NEITHER, True: GOOD, False: BAD}[figure.good]
    return {"label": figure.label, "value": figure.value, "change": figure.change, "colour": colour,
            "likely": figure.likely, "note": figure.note}


def _in_rows(drawings: Sequence[Drawing]) -> list[list[tuple[int, Drawing]]]:
    """Set drawings two by two, in their order; a wide one has its row for itself."""
    rows: list[list[tuple[int, Drawing]]] = []
    for number, drawing in enumerate(drawings):
        if rows and len(rows[-1]) == 1 and not drawing.wide and not rows[-1][0][1].wide:
            rows[-1].append((number, drawing))
        else:
            rows.append([(number, drawing)])
    return rows


def _drawing(drawing: Drawing, prefix: str) -> dict[str, Any]:
    svg = _FAMILY.sub(f'font-family="{FONT}"', safe_svg(drawing.svg, prefix=prefix)) if drawing.svg else ""
    return {"title": drawing.title, "svg": svg, "alt": drawing.alt or drawing.title, "caption": drawing.caption,
            "wide": drawing.wide}


def _table(table: Written) -> dict[str, Any]:
    headings = [(_breakable(word, LONGEST_IN_CELL), right) for word, right in table.headings]
    return {"title": table.title, "headings": headings,
            "rows": [[_breakable(word, LONGEST_IN_CELL) for word, _ in row] for row in table.rows],
            "left_out": f"{table.left_out:,} more rows are left out here." if table.left_out else ""}


def _breakable(words: str, longest: int) -> str:
    return re.sub(rf"(\S{{{longest}}})(?=\S)", rf"\1{_BREAK}", words)


def _logo(content: bytes) -> str:
    """Wrap a checked logo into a drawing, since data goes in as text."""
    with Image.open(BytesIO(content)) as image:
        wide, high = image.size
    address = f"data:{check_logo(content)};base64,{b64encode(content).decode()}"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}">'
            f'<image href="{address}" width="{wide}" height="{high}"/></svg>')

"""Writes a report as one HTML file: no script, no address outside, made for screen, phone and paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from leadscore.reports.colours import for_text
from leadscore.reports.document import Document, Drawing, Section, Table
from leadscore.reports.drawings import safe_svg
from leadscore.reports.logos import data_address

MOST_ROWS = 200
"""Rows of a table on paper; what is longer belongs into a file of its own."""
MISSING = "—"

_TEMPLATES = Environment(loader=PackageLoader("leadscore.reports", ""), autoescape=True, undefined=StrictUndefined,
                         trim_blocks=True, lstrip_blocks=True)


@dataclass(frozen=True)
class _Written:
    """A table as text: headings and cells with whether they are set to the right, and how many rows are left out."""

    title: str
    headings: list[tuple[str, bool]]
    rows: list[list[tuple[str, bool]]]
    left_out: int


@dataclass(frozen=True)
class _Drawn:
    title: str
    svg: Markup
    alt: str
    caption: str
    wide: bool


@dataclass(frozen=True)
class _Part:
    section: Section
    drawings: list[_Drawn]
    tables: list[_Written]


def html(document: Document) -> str:
    """Write a report.

    Returns
    -------
    str
        One HTML page. Every text in it is escaped, drawings are written anew with nothing in them that acts.

    Raises
    ------
    InvalidRequest
        A drawing is no SVG.
    """
    brand = document.brand
    parts = [_Part(section, _drawings(section.drawings, place), [_written(table) for table in section.tables])
             for place, section in enumerate(document.sections)]
    return _TEMPLATES.get_template("report.html").render(
        document=document, parts=parts, made_at=f"{document.made_at.day} {document.made_at:%b %Y, %H:%M %Z}",
        accent=brand.colour, accent_text=for_text(brand.colour),
        logo=data_address(brand.logo) if brand.logo else None)


def _drawings(drawings: Sequence[Drawing], place: int) -> list[_Drawn]:
    return [_Drawn(drawing.title, Markup(safe_svg(drawing.svg, prefix=f"p{place}-{number}-") if drawing.svg else ""),
                   drawing.alt, drawing.caption, drawing.wide) for number, drawing in enumerate(drawings)]


def _written(table: Table) -> _Written:
    shown = table.rows.head(MOST_ROWS)
    right = [pd.api.types.is_numeric_dtype(shown[name]) and not pd.api.types.is_bool_dtype(shown[name])
             for name in shown]
    columns = [_texts(shown[name], share=str(name) in table.shares) for name in shown]
    return _Written(table.title, list(zip(map(str, shown.columns), right, strict=True)),
                    [list(zip(cells, right, strict=True)) for cells in zip(*columns, strict=True)],
                    len(table.rows) - len(shown))


def _texts(values: pd.Series, *, share: bool) -> list[str]:
    """Write a column; all of its numbers get the same number of decimals."""
    missing = values.isna()
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return [MISSING if gone else _word(value)
                for value, gone in zip(values.tolist(), missing.tolist(), strict=True)]
    numbers = values.astype(float)
    ending = ".1%" if share else ",.0f" if (numbers.dropna() % 1 == 0).all() else ",.1f"
    return [MISSING if gone else format(number, ending).replace("%", " %")
            for number, gone in zip(numbers.tolist(), missing.tolist(), strict=True)]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

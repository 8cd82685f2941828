"""Writes a report as one HTML file: no script, no address outside, made for screen, phone and paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from leadscore.reports.cells import Written, written
from leadscore.reports.colours import for_text
from leadscore.reports.document import Document, Drawing, Section
from leadscore.reports.drawings import safe_svg
from leadscore.reports.logos import data_address

_TEMPLATES = Environment(loader=PackageLoader("leadscore.reports", ""), autoescape=True, undefined=StrictUndefined,
                         trim_blocks=True, lstrip_blocks=True)


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
    tables: list[Written]


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
    parts = [_Part(section, _drawings(section.drawings, place), [written(table) for table in section.tables])
             for place, section in enumerate(document.sections)]
    return _TEMPLATES.get_template("report.html").render(
        document=document, parts=parts, made_at=f"{document.made_at.day} {document.made_at:%b %Y, %H:%M %Z}",
        accent=brand.colour, accent_text=for_text(brand.colour),
        logo=data_address(brand.logo) if brand.logo else None)


def _drawings(drawings: Sequence[Drawing], place: int) -> list[_Drawn]:
    return [_Drawn(drawing.title, Markup(safe_svg(drawing.svg, prefix=f"p{place}-{number}-") if drawing.svg else ""),
                   drawing.alt, drawing.caption, drawing.wide) for number, drawing in enumerate(drawings)]

"""Drawings made safe to stand in a page: of an SVG only shapes and words pass, by name, and nothing that acts."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from leadscore.errors import InvalidRequest

SHAPES = frozenset({"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan",
                    "defs", "clipPath", "linearGradient", "radialGradient", "stop"})
LOOKS = frozenset({
    "clip-path", "clip-rule", "cx", "cy", "d", "display", "dominant-baseline", "dx", "dy", "fill", "fill-opacity",
    "fill-rule", "font-family", "font-size", "font-style", "font-variant", "font-weight", "fx", "fy",
    "gradientTransform", "gradientUnits", "height", "id", "letter-spacing", "offset", "opacity", "points",
    "preserveAspectRatio", "r", "rx", "ry", "stop-color", "stop-opacity", "stroke", "stroke-dasharray",
    "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width",
    "text-anchor", "transform", "viewBox", "visibility", "width", "x", "x1", "x2", "y", "y1", "y2"})
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_LINK = "a"
_ELSEWHERE = re.compile(r"url\s*\((?!\s*#[\w-]+\s*\))|\\|javascript:|expression\s*\(", re.IGNORECASE)
_HERE = re.compile(r"url\s*\(\s*#([\w-]+)\s*\)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def safe_svg(drawing: str, *, prefix: str) -> str:
    """Write a drawing anew with nothing but shapes and words in it.

    Scripts, styles, links, foreign content, handlers and addresses are left out, whoever put them in; words stay words.

    Parameters
    ----------
    prefix : str
        Put before every name inside, so that several drawings fit into one page.

    Raises
    ------
    InvalidRequest
        It is no SVG.
    """
    try:
        root = fromstring(_CONTROL.sub("", drawing), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as problem:
        raise InvalidRequest("unreadable_drawing", "A picture of the report cannot be read.",
                             "Take the report again; if this stays so, leave the picture out.") from problem
    if _name(root) != "svg":
        raise InvalidRequest("unreadable_drawing", "A picture of the report is no SVG.", "Take the report again.")
    return tostring(_copied(root, prefix), encoding="unicode")


def _copied(element: Element, prefix: str) -> Element:
    copy = Element(_name(element) or "g", _looks(element, prefix))
    copy.text = element.text
    for child in element:
        if _name(child):
            below = _copied(child, prefix)
            below.tail = child.tail
            copy.append(below)
    return copy


def _name(element: Element) -> str | None:
    """Give the name of a shape; a link becomes a mere group, and what is no shape has none."""
    tag = element.tag
    name = tag.removeprefix(_NAMESPACE) if isinstance(tag, str) else ""
    return "g" if name == _LINK else name if name in SHAPES else None


def _looks(element: Element, prefix: str) -> dict[str, str]:
    kept = {name: value for name, value in element.attrib.items() if name in LOOKS and not _ELSEWHERE.search(value)}
    return {name: f"{prefix}{value}" if name == "id" else _HERE.sub(rf"url(#{prefix}\1)", value)
            for name, value in kept.items()}

"""Pictures as files: the specification of a page as SVG or PNG on white paper, without a browser or a network."""

from __future__ import annotations

import re
from typing import Any

import vl_convert

from leadscore.charts.vega import INK, Spec

WIDTH = 640
VERSION = "6.4"
"""The Vega-Lite version that draws; pages embed the same one."""
SCALE = 2.0
TITLE_HEIGHT = 58

UNDRAWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML has no place for: one of them in a label ends the whole process, not only the drawing."""

DARK, MUTED, LINE = "#1b2733", "#44535f", "#dde3e8"
FONT = "Arial, Liberation Sans, Helvetica, sans-serif"
PRINT: Spec = {
    "font": FONT,
    "axis": {"labelColor": MUTED, "titleColor": MUTED, "gridColor": LINE},
    "legend": {"labelColor": DARK},
    "text": {"color": DARK},
    "rule": {"color": DARK},
}


def svg(spec: Spec, *, width: int = WIDTH) -> str:
    """Draw a specification as SVG.

    Parameters
    ----------
    spec : dict
        Vega-Lite with its data inside; it is not changed.
    width : int
        In pixels, where the specification leaves it to the page.
    """
    drawn: str = vl_convert.vegalite_to_svg(printed(spec, width=width), vl_version=VERSION, allowed_base_urls=[])
    return drawn


def png(spec: Spec, scale: float = SCALE, *, width: int = WIDTH) -> bytes:
    """Draw a specification as PNG, ``scale`` times as many pixels as :func:`svg`."""
    drawn: bytes = vl_convert.vegalite_to_png(printed(spec, width=width), vl_version=VERSION, scale=scale,
                                              allowed_base_urls=[])
    return drawn


def titled(spec: Spec, title: str, *, below: str = "") -> Spec:
    """Give a specification with its title on it, for a picture that leaves the page it stands on."""
    words: Spec = {"text": title, "anchor": "start", "frame": "bounds", "fontSize": 16, "offset": 16,
                   "limit": WIDTH - 24,
                   "color": DARK, "subtitleColor": MUTED, "subtitleFontSize": 12, "subtitlePadding": 4}
    taller = {"height": spec["height"] + TITLE_HEIGHT} if isinstance(spec.get("height"), int) else {}
    return spec | taller | {"title": words | ({"subtitle": below} if below else {})}


def printed(spec: Spec, *, width: int = WIDTH) -> Spec:
    """Give a specification as it goes to paper: white, dark words, a width of its own."""
    paper: Spec = _in_ink(spec)
    paper = paper | {"background": "white", "config": _merged(paper.get("config", {}), PRINT)}
    return paper | ({"width": width} if spec.get("width") == "container" else {})


def _in_ink(value: Any) -> Any:
    """Replace the page's text colour, which paper does not have, and take out what no drawing can hold."""
    if isinstance(value, dict):
        return {name: _ink_of(name, inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_in_ink(inner) for inner in value]
    return DARK if value == INK else _drawable(value)


def _ink_of(name: str, value: Any) -> Any:
    # rows hold what people wrote: theirs to name as they like
    return _drawable(value) if name == "values" else _in_ink(value)


def _drawable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _drawable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_drawable(inner) for inner in value]
    return UNDRAWABLE.sub("", value) if isinstance(value, str) else value


def _merged(base: Spec, over: Spec) -> Spec:
    return base | {name: _merged(base[name], value) if isinstance(value, dict) and isinstance(base.get(name), dict)
                   else value for name, value in over.items()}

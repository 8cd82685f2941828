"""The parts every Vega-Lite picture is made of, so that all of them look alike and read without hovering.

Specifications are plain dicts with their data inside and fields named by us: what people called a column or a source
is only ever a value. Axes, legends and titles take the colours of the page; marks of text and thin lines say
``currentColor``, which is the page's text colour, light or dark.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

Spec = dict[str, Any]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
INK = "currentColor"
HEIGHT = 300
ROW_HEIGHT = 30
SOFT = 0.62
"""Opacity of text that is second to other text."""
TINT = 0.6
"""Opacity of the strongest fill that text of the page can still be read on."""
FAINT_TINT = 0.06
LABEL_SIZE = 12
LEGEND_ABOVE = 28
"""Pixels between a legend and the plot: the title of the upright axis lies there."""
DIGITS = 6
PIXELS_A_DATE = 72
PADDING = {"left": 4, "right": 12, "top": 6, "bottom": 4}
LEAST_PLOT = 0.35
"""Share of the width that bars keep, however much room their labels ask for."""

CONFIG: Spec = {
    "axis": {"labelFontSize": LABEL_SIZE, "titleFontSize": LABEL_SIZE, "titleFontWeight": "normal", "labelPadding": 6,
             "titlePadding": 10, "labelLimit": 170, "domain": False, "ticks": False, "labelFlush": False,
             "labelOverlap": "greedy", "labelSeparation": 6, "tickCount": 5},
    "axisDiscrete": {"grid": False},
    "legend": {"orient": "top", "direction": "horizontal", "title": None, "labelFontSize": LABEL_SIZE,
               "labelLimit": 260, "symbolType": "circle", "symbolSize": 90, "symbolStrokeWidth": 2, "padding": 0,
               "offset": LEGEND_ABOVE, "columnPadding": 18, "labelPadding": 6, "rowPadding": 4},
    "text": {"color": INK, "fontSize": LABEL_SIZE},
    "rule": {"color": INK},
    "view": {"stroke": None},
}

PERCENT_LABELS = "format(100 * datum.value, ',.3~r') + ' %'"
MONEY_LABELS = "replace(format(datum.value, '.3~s'), 'G', 'B')"
COUNT_LABELS = "datum.value == floor(datum.value) ? format(datum.value, ',') : ''"


class Kind(StrEnum):
    """How numbers on an axis are written."""

    COUNT = "count"
    SHARE = "share"
    MONEY = "money"
    SCORE = "score"


_LABELS = {Kind.COUNT: COUNT_LABELS, Kind.SHARE: PERCENT_LABELS, Kind.MONEY: MONEY_LABELS}


def rows(**columns: Any) -> list[dict[str, Any]]:
    """Put columns together to the rows of a specification.

    Parameters
    ----------
    **columns : array-like or scalar
        Equally long; a scalar stands in every row. Missing values become None, numbers plain, moments ISO text in UTC.
    """
    length = next((len(column) for column in columns.values() if _is_list(column)), 1)
    lists = [[plain(value) for value in column.tolist()] if hasattr(column, "tolist") else
             [plain(value) for value in column] if _is_list(column) else [plain(column)] * length
             for column in columns.values()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]


def plain(value: Any) -> Any:
    """Give a value that JSON can hold, None where it is missing or infinite."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, float, np.number)):
        return _short(float(value)) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return f"{value if value.tzinfo is None else value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return str(value)


def layered(data: list[dict[str, Any]], *layers: Spec, height: int = HEIGHT, **more: Any) -> Spec:
    """Lay marks over each other on the same rows, as wide as the page allows.

    Parameters
    ----------
    data : list of dict
        Of :func:`rows`. Kept one level down: a page would take it from the top and offer it under our inner names.
    *layers : dict
        Each a mark with its encoding; a layer may bring data of its own.
    height : int
        In pixels, with axes and legend.
    **more : Any
        Further properties of the whole, such as ``resolve``.
    """
    return {"$schema": SCHEMA, "width": "container", "height": height, "background": "transparent",
            "autosize": {"type": "fit", "contains": "padding"}, "padding": PADDING, "config": CONFIG,
            "layer": [{"data": {"values": data}, "layer": list(layers)}], **more}


def quantity(field: str, title: str | None = None, kind: Kind = Kind.COUNT, *, limits: Sequence[Any] | None = None,
             top: bool = False, ticks: Sequence[float] | None = None, hidden: bool = False, **axis: Any) -> Spec:
    """Make a channel for numbers.

    Parameters
    ----------
    limits : (float, float or dict), optional
        First and last value of the axis; the last may be an expression such as :func:`room`.
    top : bool
        Whether the title lies above the axis instead of beside it: for vertical axes.
    ticks : sequence of float, optional
        Where to label the axis.
    hidden : bool
        Whether marks say the numbers themselves, so that no axis is needed.
    **axis : Any
        Further properties of the axis.
    """
    fixed = {} if ticks is None else {"values": list(ticks), "tickCount": len(ticks)}
    shown: Spec = {"title": title, **fixed, **axis}
    if kind in _LABELS:
        shown = {"labelExpr": _LABELS[kind], **shown}
    if top:
        shown |= {"titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom", "titleAnchor": "end", "titleX": -4,
                  "titleY": -9}
    channel: Spec = {"field": field, "type": "quantitative", "axis": None if hidden else shown}
    if limits is not None:
        first, last = limits
        channel["scale"] = {"domainMin": first, "domainMax": last, "nice": False, "zero": False}
    return channel


def place(field: str) -> Spec:
    """Make a channel of numbers that leaves the axis to another layer."""
    return {"field": field, "type": "quantitative"}


def category(field: str, order: Sequence[str], title: str | None = None, **axis: Any) -> Spec:
    """Make a channel for words in a given order."""
    return {"field": field, "type": "nominal", "sort": list(order), "axis": {"title": title, **axis}}


def steps(field: str, names: Sequence[str]) -> Spec:
    """Make a channel for named steps of equal width, the first from 0 to 1, named in the middle where there is room.

    Dates come as names, since a browser in another time zone would move them.
    """
    most = {"expr": f"max(2, floor(width / {PIXELS_A_DATE}))"}
    return {"field": field, "type": "quantitative", "scale": {"domain": [0, len(names)], "nice": False},
            "axis": {"title": None, "values": [number + 0.5 for number in range(len(names))], "grid": False,
                     "tickCount": most, "labelExpr": f"{json.dumps(list(names))}[floor(datum.value)]"}}


def room(pixels: int, most: float) -> Spec:
    """Give the end of a horizontal axis that leaves pixels free to the right of the longest bar."""
    return {"expr": f"{_short(float(most))} / max({LEAST_PLOT}, 1 - {pixels} / width)"}


def headroom(pixels: int, most: float, least: float = 0.0) -> Spec:
    """Give the end of a vertical axis, which starts at ``least``, that leaves pixels free above the highest mark."""
    start, span = _short(float(least)), _short(float(most - least))
    return {"expr": f"{start} + {span} / max({LEAST_PLOT}, 1 - {pixels} / height)"}


def mark(kind: str, encoding: Spec, *, tooltip: Sequence[tuple[str, str]] = (),
         data: list[dict[str, Any]] | None = None, **properties: Any) -> Spec:
    """Make a layer; the tooltip is pairs of a field that holds text and its heading."""
    tips = [{"field": field, "type": "nominal", "title": title} for field, title in tooltip]
    layer: Spec = {"mark": {"type": kind, "tooltip": bool(tips) or None, **properties},
                   "encoding": {**encoding, **({"tooltip": tips} if tips else {})}}
    return layer if data is None else {"data": {"values": data}, **layer}


def label(encoding: Spec, text: str, **properties: Any) -> Spec:
    """Write a field of text beside a mark, in the text colour of the page; the mark itself is what is read out."""
    return mark("text", {**encoding, "text": {"field": text, "type": "nominal"}}, aria=False, **properties)


def note(lines: str | Sequence[str], *, x: Any, y: Any, data: Spec | None = None, **properties: Any) -> Spec:
    """Write words at a place: ``x`` and ``y`` are channels with a ``datum`` or a ``value`` in pixels."""
    words = [lines] if isinstance(lines, str) else list(lines)
    return mark("text", {"x": x, "y": y, "text": {"value": words if len(words) > 1 else words[0]}},
                data=[data or {}], **properties)


def upright(at: float, words: str = "", *, flip: bool = False, down: int = 0) -> list[Spec]:
    """Draw a dashed upright line at a value of the horizontal axis with words at the top, left of it on ``flip``."""
    line = mark("rule", {"x": {"datum": _short(at), "type": "quantitative"}}, data=[{}], strokeDash=[5, 4],
                strokeWidth=1.5, opacity=SOFT)
    if not words:
        return [line]
    return [line, note(words, x={"datum": _short(at), "type": "quantitative"}, y={"value": down},
                 align="right" if flip else "left", dx=-6 if flip else 6, baseline="top", fontWeight=600)]


def level(at: float, words: str = "", *, right: bool = True) -> list[Spec]:
    """Draw a line at a value of the vertical axis: dashed with words at one end, or plain as the ground."""
    ground = {"y": {"datum": _short(at), "type": "quantitative"}}
    if not words:
        return [mark("rule", ground, data=[{}], opacity=SOFT)]
    line = mark("rule", ground, data=[{}], strokeDash=[5, 4], strokeWidth=1.5, opacity=SOFT)
    return [line, note(words, x={"value": "width" if right else 4}, y={"datum": _short(at), "type": "quantitative"},
                       align="right" if right else "left", baseline="bottom", dy=-4, opacity=0.85)]


def colours(names: Sequence[str], values: Sequence[str], field: str | None = None, *, legend: bool = True) -> Spec:
    """Make a channel that gives each name its colour, with a legend in words."""
    channel: Spec = {"type": "nominal", "scale": {"domain": list(names), "range": list(values)}}
    if field is not None:
        channel["field"] = field
    return channel | {"legend": {"title": None} if legend else None}


def only_if(test: str) -> Spec:
    """Make an opacity that shows a mark only where a test holds, such as ``width > 300``."""
    return {"condition": {"test": test, "value": 1}, "value": 0}


def _is_list(column: Any) -> bool:
    return isinstance(column, (list, tuple, np.ndarray, pd.Series, pd.Index, pd.api.extensions.ExtensionArray))


def _short(value: float) -> float | int:
    """Give a number without digits nobody sees."""
    if value == int(value):
        return int(value)
    return float(f"{value:.{DIGITS}g}")

"""What comes from what, drawn as rows of boxes from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from leadscore.charts.palette import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import INK, SOFT, Spec, label, layered, mark

ROW_HEIGHT, BOX_HEIGHT = 86, 62
GAP = 0.012
"""Between two boxes of a row, as a share of the width."""
INSET = 10
COLOURS = {"data": SKY, "work": BLUE, "version": ORANGE, "score": GREEN, "out": GREY, "loss": VERMILION}


@dataclass(frozen=True)
class Box:
    """One box.

    Parameters
    ----------
    kind : str
        A name of ``COLOURS``.
    heading, words : str
        A few words each; what is too long for the box ends in dots.
    """

    kind: str
    heading: str
    words: str


def flow(key: str, title: str, rows: Sequence[Sequence[Box]], *, caption: str = "") -> Picture:
    """Draw rows of boxes; each row comes from the row above it.

    Parameters
    ----------
    rows : sequence of sequence of Box
        Top to bottom, left to right; empty rows are left out.
    """
    shown = [list(row) for row in rows if row]
    table = pd.DataFrame([(place + 1, box.heading, box.words) for place, row in enumerate(shown) for box in row],
                         columns=["Step", "What", "Detail"])
    told = "; then ".join(", ".join(f"{box.heading} ({box.words})" if box.words else box.heading for box in row)
                          for row in shown)
    return Picture(key=key, title=title, data=table, spec=_spec(shown), alt=f"Boxes from top to bottom: {told}.",
                   caption=caption)


def _spec(rows: Sequence[Sequence[Box]]) -> Spec:
    height = len(rows) * ROW_HEIGHT - (ROW_HEIGHT - BOX_HEIGHT)
    layers: list[Spec] = []
    for size in sorted({len(row) for row in rows}):
        boxes = [_placed(line, place, size, box) for line, row in enumerate(rows) if len(row) == size
                 for place, box in enumerate(row)]
        layers += _drawn(boxes, size, height)
    arrows = [{"x": 0.5, "y": (line + 1) * ROW_HEIGHT - (ROW_HEIGHT - BOX_HEIGHT) / 2}
              for line in range(len(rows) - 1)]
    layers.append(mark("point", {"x": _across("x"), "y": _down("y", height)}, data=arrows, shape="triangle-down",
                       size=90, filled=True, color=INK, opacity=SOFT))
    return layered([], *layers, height=height + 12)


def _placed(line: int, place: int, size: int, box: Box) -> dict[str, object]:
    left, right = place / size + (GAP / 2 if place else 0), (place + 1) / size - (GAP / 2 if place < size - 1 else 0)
    return {"x": left, "x2": right, "y": line * ROW_HEIGHT, "y2": line * ROW_HEIGHT + BOX_HEIGHT,
            "heading": box.heading, "words": box.words, "colour": COLOURS[box.kind],
            "top": line * ROW_HEIGHT + (22 if box.words else BOX_HEIGHT / 2), "middle": line * ROW_HEIGHT + 43}


def _drawn(boxes: list[dict[str, object]], size: int, height: float) -> list[Spec]:
    paint = {"field": "colour", "type": "nominal", "scale": None, "legend": None}
    limit = {"expr": f"width / {size} - {2 * INSET + 8}"}
    across = _across("x")
    box = {"x": across, "x2": {"field": "x2"}, "y": _down("y", height), "y2": {"field": "y2"}}
    return [
        mark("rect", {**box, "fill": paint}, data=boxes, cornerRadius=8, fillOpacity=0.14,
             tooltip=[("heading", "What"), ("words", "Detail")]),
        mark("rect", {**box, "stroke": paint}, data=boxes, cornerRadius=8, filled=False, strokeWidth=1.5),
        label({"x": across, "y": _down("top", height)}, "heading", data=boxes, align="left", dx=INSET, fontSize=13,
              fontWeight=600, limit=limit, baseline="middle"),
        label({"x": across, "y": _down("middle", height)}, "words", data=boxes, align="left", dx=INSET, opacity=SOFT,
              limit=limit, baseline="middle"),
    ]


def _across(field: str) -> Spec:
    return {"field": field, "type": "quantitative", "axis": None, "scale": {"domain": [0, 1], "nice": False}}


def _down(field: str, height: float) -> Spec:
    return {"field": field, "type": "quantitative", "axis": None,
            "scale": {"domain": [0, height], "reverse": True, "nice": False}}

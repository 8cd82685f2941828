"""Figures by day, week or month in, a picture of their course out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import RECORD, hundredths, longest, nothing, numbers, share_text
from leadscore.charts.numbers import MISSING, count, decimal, is_missing, short_money
from leadscore.charts.palette import BLUE, GREEN
from leadscore.charts.picture import Picture
from leadscore.charts.vega import Kind, Spec, headroom, label, layered, mark, only_if, place, quantity, rows, steps


@dataclass(frozen=True)
class Measure:
    """How a course is drawn: its column, words, axis, and whether it adds up (bars) or not (a line)."""

    column: str
    title: str
    heading: str
    kind: Kind
    adds_up: bool


MEASURES = {
    "leads": Measure("leads", "Leads that came in", "Leads", Kind.COUNT, True),
    "rate": Measure("rate", "Conversion rate of the leads that came in", "Conversion rate", Kind.SHARE, False),
    "average_score": Measure("average_score", "Average score of the leads that came in", "Average score", Kind.SCORE,
                             False),
    "conversions": Measure("decided_conversions", "Conversions by the day they happened", "Conversions", Kind.COUNT,
                           True),
    "revenue": Measure("revenue", "Revenue by the day it was won", "Revenue", Kind.MONEY, True),
}
NAMES = {"day": "%b %Y", "week": "%b %Y", "month": "%B %Y"}
BAR = 0.82
"""Of a day, week or month: the width of its bar."""
PIXELS_A_LETTER = 7


def trend(points: pd.DataFrame, *, step: str, measure: str, currency: str = "", unended: bool = True) -> Picture:
    """Draw the course of one figure.

    Parameters
    ----------
    points : DataFrame
        Columns ``start`` (first moment of each day, week or month, rising), ``leads``, ``converted``, ``rate``,
        ``average_score``, ``decided_conversions`` (by the day they happened) and ``revenue``, as far as they are
        known; missing values leave a gap.
    step : {"day", "week", "month"}
    measure : {"leads", "rate", "average_score", "conversions", "revenue"}
    currency : str
        Of the revenue.
    unended : bool
        Whether enough of the leads may still convert to lift the end of the line.
    """
    chosen = MEASURES[measure]
    values = numbers(points, chosen.column)
    starts = pd.Series(pd.to_datetime(points["start"], utc=True)).dt.tz_localize(None).reset_index(drop=True)
    table = pd.DataFrame({f"{step.capitalize()} from": [f"{start:%Y-%m-%d}" for start in starts],
                          **({f"{chosen.heading} (%)": hundredths(values)} if chosen.kind == Kind.SHARE
                             else {_heading(chosen, currency): np.round(values, 2)})})
    key = f"trend-{measure.replace('_', '-')}"
    title = f"{chosen.title}, by {step}" if "by the day" not in chosen.title else \
        chosen.title.replace("the day", f"the {step}")
    if not np.isfinite(values).any() or (chosen.adds_up and not np.nansum(values)):
        return nothing(key, title, "Upload leads to see their course." if chosen.column in ("leads", "average_score")
                       else f"{RECORD}, with the day of each conversion, to see the course.", table)
    words = [_written(value, chosen.kind, currency) for value in values.tolist()]
    place_ = np.arange(len(values), dtype=float)
    data = rows(start=place_ + (1 - BAR) / 2, end=place_ + (1 + BAR) / 2, middle=place_ + 0.5, value=values,
                words=words, telling=_telling(values, bars=chosen.adds_up), dip=_dips(values),
                name=[name_of(start, step) for start in starts],
                short=[_written(value, chosen.kind, "") for value in values.tolist()])
    across = steps("middle", [_tick(start, step) for start in starts])
    spec = layered(data, *(_bars if chosen.adds_up else _line)(chosen, across, data, values, currency))
    last = int(np.flatnonzero(np.isfinite(values))[-1])
    said = f"{chosen.heading} of the last {step} shown: {words[last]}."
    return Picture(key=key, title=title, data=table, spec=spec,
                   alt=f"{'Bars' if chosen.adds_up else 'A line'} by {step}. {said}",
                   caption=_caption(measure, unended=unended and len(values) > 1))


def name_of(start: pd.Timestamp, step: str) -> str:
    """Name a day, week or month: ``3 May 2026``, ``week of 3 May 2026``, ``May 2026``."""
    if is_missing(start):
        return MISSING
    day = "" if step == "month" else f"{start.day} "
    return f"{'week of ' if step == 'week' else ''}{day}{start:{NAMES[step]}}"


def _bars(chosen: Measure, across: Spec, data: list[dict[str, Any]], values: np.ndarray, currency: str) -> list[Spec]:
    limits = (min(0.0, float(np.nanmin(values))), headroom(20, max(float(np.nanmax(values)), 1e-9)))
    up = quantity("value", _heading(chosen, currency), chosen.kind, limits=limits, top=True)
    return [mark("bar", {"x": {**across, "field": "start"}, "x2": {"field": "end"}, "y": up, "y2": {"datum": 0}},
                 color=BLUE, tooltip=[("name", "When"), ("words", chosen.heading)]),
            label({"x": across, "y": place("value"), "opacity": _fits(data)}, "short", dy=-5,
                  baseline="bottom")]


def _line(chosen: Measure, across: Spec, data: list[dict[str, Any]], values: np.ndarray, currency: str) -> list[Spec]:
    known = values[np.isfinite(values)]
    spread = max(float(known.max() - known.min()), 0.1 * float(np.abs(known).max()), 0.01)
    # shares start at 0, so that their height can be compared; a score's course would be flat
    low = 0.0 if chosen.kind == Kind.SHARE else max(0.0, float(known.min()) - spread)
    up = quantity("value", _heading(chosen, currency), chosen.kind,
                  limits=(low, headroom(24, float(known.max())) if low == 0 else float(known.max()) + 0.4 * spread),
                  top=True)
    side = {"x": across, "y": place("value")}
    return [mark("line", {"x": across, "y": up}, color=GREEN, strokeWidth=3),
            mark("point", side, color=GREEN, filled=True, size=60, opacity=1,
                 tooltip=[("name", "When"), ("words", chosen.heading)]),
            label({**side, "opacity": _fits(data, "!datum.dip")}, "short", dy=-9, baseline="bottom"),
            label({**side, "opacity": _fits(data, "datum.dip")}, "short", dy=9, baseline="top")]


def _fits(data: list[dict[str, Any]], also: str = "true") -> Spec:
    pixels = PIXELS_A_LETTER * longest(row["short"] for row in data)
    return only_if(f"isValid(datum.value) && {also} && (datum.telling || "
                   f"datum.value != 0 && width / {len(data)} > {pixels})")


def _dips(values: np.ndarray) -> np.ndarray:
    """Choose the points that lie below their neighbours, whose words go below the line."""
    ends = np.concatenate([values[:1], values, values[-1:]])
    dips: np.ndarray = ends[:-2] + ends[2:] > 2 * values
    return dips


def _telling(values: np.ndarray, *, bars: bool) -> np.ndarray:
    """Choose the points whose figure is always written: the highest, and the last one unless other bars hide it."""
    known = np.flatnonzero(np.isfinite(values))
    telling = np.zeros(len(values), dtype=bool)
    highest = known[int(np.argmax(values[known]))]
    telling[known[-1]] = not bars or highest == known[-1]
    if bars or known[-1] - highest > len(values) / 10:
        telling[highest] = True
    return telling


def _tick(start: pd.Timestamp, step: str) -> str:
    if is_missing(start):
        return MISSING
    return f"{start:%b %Y}" if step == "month" else f"{start.day} {start:%b}"


def _written(value: float, kind: Kind, currency: str) -> str:
    if is_missing(value):
        return MISSING
    if kind == Kind.SHARE:
        return share_text(value)
    if kind == Kind.MONEY:
        return short_money(value, currency)
    return count(value) if kind == Kind.COUNT else decimal(value)


def _heading(chosen: Measure, currency: str) -> str:
    return f"{chosen.heading} in {currency}" if chosen.kind == Kind.MONEY and currency else chosen.heading


def _caption(measure: str, *, unended: bool) -> str:
    if measure == "rate" and unended:
        return "The latest leads have had the least time to convert: the end of the line may still rise."
    if measure in ("conversions", "revenue"):
        return "Counted on the day of the conversion, whenever the lead came in."
    return ""

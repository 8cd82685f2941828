"""How the workbench itself does over time: durations and faults, as pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.charts.board.parts import nothing, numbers
from leadscore.charts.numbers import MISSING, counted, is_missing
from leadscore.charts.palette import BLUE, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import Kind, headroom, label, layered, mark, only_if, place, quantity, rows, steps

BAR = 0.7
SECOND, MINUTE = 1.0, 60.0


def durations(points: pd.DataFrame, *, key: str, title: str) -> Picture:
    """Draw how long something took by day: what half and what 19 of 20 stayed below.

    Parameters
    ----------
    points : DataFrame
        Columns ``day``, ``p50``, ``p95`` (seconds; missing where nothing was measured) and ``times``.
    """
    p50, p95 = numbers(points, "p50"), numbers(points, "p95")
    days = [f"{day.day} {day:%b}" for day in pd.to_datetime(points["day"])]
    table = pd.DataFrame({"Day": [f"{day:%Y-%m-%d}" for day in pd.to_datetime(points["day"])],
                          "Measured": points["times"].to_numpy(), "Half below (s)": p50.round(3),
                          "95 % below (s)": p95.round(3)})
    if not np.isfinite(p95).any():
        return nothing(key, title, "Nothing has been measured yet.", table)
    middle = np.arange(len(points)) + 0.5
    data = rows(middle=middle, start=middle - BAR / 2, end=middle + BAR / 2, p50=p50, p95=p95, day=days,
                half=[seconds_text(value) for value in p50.tolist()],
                most=[seconds_text(value) for value in p95.tolist()],
                times=[counted(int(times), "time") for times in points["times"]])
    across = steps("middle", days)
    up = quantity("p95", "Seconds", Kind.SCORE, limits=(0, headroom(24, max(float(np.nanmax(p95)), 0.01))), top=True)
    tips = [("day", "Day"), ("half", "Half took less than"), ("most", "19 of 20 took less than"),
            ("times", "Measured")]
    side = {"x": {**across, "field": "start"}, "x2": {"field": "end"}}
    spec = layered(
        data,
        mark("bar", {**side, "y": up, "y2": {"datum": 0}}, color=BLUE, opacity=0.3, tooltip=tips),
        mark("bar", {**side, "y": place("p50"), "y2": {"datum": 0}}, color=BLUE, tooltip=tips),
        label({"x": across, "y": place("p95"), "opacity": only_if(f"isValid(datum.p95) && width / {len(data)} > 44")},
              "most", dy=-5, baseline="bottom"))
    last = int(np.flatnonzero(np.isfinite(p95))[-1])
    return Picture(key=key, title=title, data=table, spec=spec,
                   alt=f"Bars by day. On {days[last]}, half took less than {seconds_text(p50[last])}, 19 of 20 less "
                       f"than {seconds_text(p95[last])}.",
                   caption="Dark: half took less. Light: 19 of 20 took less.")


def faults_by_day(points: pd.DataFrame) -> Picture:
    """Draw how many faults there were; columns ``day`` and ``faults``."""
    found, dates = points["faults"].to_numpy(dtype=float), pd.to_datetime(points["day"])
    table = pd.DataFrame({"Day": [f"{day:%Y-%m-%d}" for day in dates], "Errors": points["faults"].to_numpy()})
    days = [f"{day.day} {day:%b}" for day in dates]
    title = "Errors by day"
    if not found.sum():
        return nothing("errors", title, f"No error in the last {len(points)} days.", table)
    middle = np.arange(len(points)) + 0.5
    data = rows(middle=middle, start=middle - BAR / 2, end=middle + BAR / 2, faults=found, day=days,
                words=[f"{value:,.0f}" for value in found])
    across = steps("middle", days)
    up = quantity("faults", "Errors", Kind.COUNT, limits=(0, headroom(24, float(found.max()))), top=True)
    spec = layered(
        data,
        mark("bar", {"x": {**across, "field": "start"}, "x2": {"field": "end"}, "y": up, "y2": {"datum": 0}},
             color=VERMILION, tooltip=[("day", "Day"), ("words", "Errors")]),
        label({"x": across, "y": place("faults"), "opacity": only_if("datum.faults > 0")}, "words", dy=-5,
              baseline="bottom"))
    return Picture(key="errors", title=title, data=table, spec=spec,
                   alt=f"Bars by day: {counted(int(found.sum()), 'error')} in {len(points)} days.")


def seconds_text(value: float | None) -> str:
    """Write a time as people say it: ``80 ms``, ``2.4 s``, ``3.5 min``."""
    if value is None or is_missing(value):
        return MISSING
    if value < SECOND:
        return f"{1_000 * value:,.0f} ms"
    return f"{value:,.1f} s" if value < MINUTE else f"{value / MINUTE:,.1f} min"

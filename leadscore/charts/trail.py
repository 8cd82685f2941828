"""What happened in the workbench over time, by family of records."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from leadscore.charts.numbers import counted
from leadscore.charts.palette import BLUE, GREEN, GREY, ORANGE, SKY, VERMILION
from leadscore.charts.picture import Picture
from leadscore.charts.vega import Kind, layered, mark, quantity, rows, steps

COLOURS = (BLUE, ORANGE, SKY, "#CC79A7", GREY, GREEN, "#F0E442", "#6A5ACD", VERMILION)
LEAST_BARS, MOST_BARS = 14, 62


def activity(counted_days: pd.DataFrame, labels: Mapping[str, str]) -> Picture:
    """Draw how many records of each family a day brought; a longer time by week or by month.

    Parameters
    ----------
    counted_days : DataFrame
        Columns ``day`` (``2026-01-31``), ``family``, ``records``.
    labels : mapping of str to str
        What each family is called, in the order they are stacked.
    """
    key, title = "activity", "What happened when"
    if counted_days.empty:
        return Picture(key=key, title=title, data=pd.DataFrame({"Day": [], "Family": [], "Records": []}), spec=None,
                       empty="Nothing happened in this time.")
    frame, unit = _grouped(counted_days)
    names = [family for family in labels if family in set(frame["family"])]
    frame = frame.sort_values("family", key=lambda column: column.map({name: at for at, name in enumerate(names)}),
                              kind="stable")
    whole = _all_units(frame["start"], unit)
    at = {start: place for place, start in enumerate(whole)}
    ends = frame.groupby("start")["records"].cumsum()
    words = [_named(start, unit) for start in whole]
    place = frame["start"].map(at).to_numpy(dtype=float)
    data = rows(left=place + 0.1, right=place + 0.9, low=(ends - frame["records"]).to_numpy(), high=ends.to_numpy(),
                family=[labels[name] for name in frame["family"]], when=[words[int(number)] for number in place],
                records=[f"{number:,}" for number in frame["records"]])
    paint = {"field": "family", "type": "nominal", "legend": {"title": None, "columns": 2},
             "scale": {"domain": [labels[name] for name in names],
                       "range": [COLOURS[list(labels).index(name) % len(COLOURS)] for name in names]}}
    spec = layered(data, mark(
        "bar", {"x": steps("left", words), "x2": {"field": "right"}, "y": quantity("low", kind=Kind.COUNT),
                "y2": {"field": "high"}, "color": paint},
        tooltip=[("when", unit.capitalize()), ("family", "Family"), ("records", "Records")]), height=260)
    total = int(frame["records"].sum())
    told = ", ".join(f"{labels[name]} {int(frame.loc[frame['family'] == name, 'records'].sum()):,}" for name in names)
    table = pd.DataFrame({unit.capitalize(): [words[int(number)] for number in place],
                          "Family": [labels[name] for name in frame["family"]], "Records": frame["records"]})
    return Picture(key=key, title=title, data=table, spec=spec,
                   alt=f"Stacked bars by {unit}. {counted(total, 'record')}: {told}.",
                   caption=f"{counted(total, 'record')} by {unit}.")


def _grouped(frame: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    days = pd.to_datetime(frame["day"])
    span = (days.max() - days.min()).days + 1
    unit = "day" if span <= MOST_BARS else "week" if span <= 7 * MOST_BARS else "month"
    starts = {"day": days, "week": days - pd.to_timedelta(days.dt.day_of_week, unit="D"),
              "month": days.dt.to_period("M").dt.start_time}[unit]
    grouped = frame.assign(start=starts.dt.normalize()).groupby(["start", "family"])["records"].sum()
    return grouped.reset_index(), unit


def _all_units(starts: pd.Series, unit: str) -> list[pd.Timestamp]:
    frequency = {"day": "D", "week": "7D", "month": "MS"}[unit]
    whole = pd.date_range(starts.min(), starts.max(), freq=frequency)
    # a few lonely bars would be as wide as the page
    return list(whole if len(whole) >= LEAST_BARS else pd.date_range(end=starts.max(), periods=LEAST_BARS,
                                                                     freq=frequency))


def _named(start: pd.Timestamp, unit: str) -> str:
    return f"{start:%b %Y}" if unit == "month" else f"{start.day} {start:%b}"

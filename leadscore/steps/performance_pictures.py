"""The pictures of a report, in the order people read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd

from leadscore.charts import board
from leadscore.charts.numbers import counted
from leadscore.charts.picture import Picture
from leadscore.monitoring.countries import codes_of
from leadscore.steps.counting import TODAY
from leadscore.steps.measurements import Measurements
from leadscore.store.endings import ForetoldBy

COURSES = ("leads", "rate", "average_score", "conversions", "revenue")
HAPPENED = frozenset({"conversions", "revenue"})
FEW_OPEN = 0.1
"""Share of leads without an end up to which the latest of them cannot lift the conversion rate by much."""
"""Courses by the day something happened, which goes on after the last lead has come in."""
BY_SCORE, ANY_ORDER = "by score", "any order"
WHY = {
    str(ForetoldBy.BEFORE): "{} scored before their end was told",
    str(ForetoldBy.LATER): "{} whose end the model had not learnt",
    str(ForetoldBy.HELD_OUT): "{} kept apart when the model was trained",
    str(ForetoldBy.RULES): "{} scored by rules, which do not learn",
    TODAY: "{} by today's scores, which may know how they ended; score the leads again for a fair picture",
}


def drawings_of(measured: Measurements) -> dict[str, Callable[[], Picture]]:
    """Say how each picture is drawn, by its key and in the order of a report: a page shows a few of them at a time."""
    groups = {"source": measured.sources, "country": measured.countries}
    drawings: dict[str, Callable[[], Picture]] = {
        f"trend-{name.replace('_', '-')}": partial(_course, measured, measured.step, name) for name in COURSES}
    drawings["scores"] = partial(board.score_histogram, measured.histogram, high=measured.high, low=measured.low,
                                 qualified=measured.threshold)
    drawings["funnel"] = partial(board.stage_funnel, measured.stages)
    drawings |= {key: partial(_judged, measured, draw) for key, draw in JUDGED.items()}
    drawings |= {f"{name}-{by}": partial(board.groups, frame, name, by=by) for name, frame in groups.items()
                 for by in ("quality", "volume")}
    return drawings | {
        "world": lambda: board.world(measured.countries.assign(code=codes_of(measured.countries["country"]))),
        "owners": partial(board.owners, measured.owners), "cohorts": partial(board.cohorts, measured.cohorts),
        "time-to-conversion": partial(board.time_to_conversion, measured.until_conversion)}


def trends_of(measured: Measurements, step: str) -> tuple[Picture, ...]:
    """Draw the course of the leads by day, week or month."""
    return tuple(_course(measured, step, name) for name in COURSES)


def _course(measured: Measurements, step: str, name: str) -> Picture:
    points = measured.trend(step).rename(columns={"conversions": "decided_conversions"})
    came = points[points["leads"][::-1].cumsum()[::-1] > 0]
    figures = measured.now.figures
    unended = figures.leads - figures.converted - figures.lost > FEW_OPEN * figures.leads
    return board.trend(points if name in HAPPENED else came, step=step, measure=name, currency=measured.currency,
                       unended=unended)


JUDGED: dict[str, Callable[[Measurements], Picture]] = {
    "conversion-by-score": lambda measured: board.conversion_by_score(measured.ranges),
    "gains": lambda measured: board.gains(_orders(measured.gains)),
    "lift": lambda measured: board.lift(measured.lift),
    "reliability": lambda measured: board.reliability(measured.reliability),
    "confusion": lambda measured: board.confusion(measured.confusion, threshold=measured.threshold),
    "roi-by-score": lambda measured: board.roi_by_score(measured.returns, currency=measured.currency),
    "profit": lambda measured: board.profit_curve(measured.profit, currency=measured.economics.currency),
}
"""Pictures of scores against what came of them."""


def _judged(measured: Measurements, draw: Callable[[Measurements], Picture]) -> Picture:
    """Draw scores against what came of them, and say on which leads."""
    picture, basis = draw(measured), measured_on(measured)
    return replace(picture, caption=f"{picture.caption} {basis}".strip()) if picture.spec else picture


def measured_on(measured: Measurements) -> str:
    """Say on which leads scores were held against what came of them; empty where on none."""
    parts = [WHY[why].format(counted(leads, "lead")) for why, leads in
             sorted(measured.measured_on.items(), key=lambda entry: -entry[1])]
    return f"Measured on {', '.join(parts)}." if parts else ""


def _orders(gains: pd.DataFrame) -> pd.DataFrame:
    """Put the order by chance beside that by score."""
    any_order = gains.assign(captured=gains["share"])
    return pd.concat([gains.assign(order=BY_SCORE), any_order.assign(order=ANY_ORDER)], ignore_index=True)

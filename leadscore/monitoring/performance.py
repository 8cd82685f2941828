"""Counts of leads in, the figures of the Performance page out: volume, quality, conversion, money, speed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from leadscore.monitoring.rates import Z_95, wilson, with_interval
from leadscore.schema import OutcomeStage, Tier

CONVERTED, LOST = str(OutcomeStage.CONVERTED), str(OutcomeStage.LOST)
BANDS = 101
LEAST_OUTCOMES = 10
"""Conversions and losses needed, each, before anything is said of how well scores tell them apart."""
TREND = ("leads", "converted", "average_score", "rate")


@dataclass(frozen=True)
class Measured:
    """A figure with its 95 % interval; None where there is too little to tell."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Figures:
    """The key figures of some leads; shares in [0, 1], None where there is nothing to divide by.

    Parameters
    ----------
    conversion_rate : Measured
        Converted, of all leads.
    accuracy : Measured
        How often a converted lead has the higher score than a lost one (area under the ROC curve).
    """

    leads: int
    average_score: float | None
    qualified_share: float | None
    converted: int
    lost: int
    conversion_rate: Measured
    win_rate: float | None
    accuracy: Measured


def cut_off(cells: pd.DataFrame, average: float | None) -> float:
    """Say how much of a score its band leaves out on average: in [0, 1), 0 where all scores are whole points.

    Parameters
    ----------
    cells : DataFrame
        Columns ``band`` and ``leads``.
    average : float or None
        The exact mean of the scores; None when there are none.
    """
    leads = int(cells["leads"].sum())
    return 0.0 if average is None or not leads else average - float((cells["band"] * cells["leads"]).sum()) / leads


def figures(cells: pd.DataFrame, cut: float) -> Figures:
    """Work out the key figures.

    Parameters
    ----------
    cells : DataFrame
        Columns ``band`` (score without decimals), ``outcome``, ``qualified`` and ``leads``.
    cut : float
        Of :func:`cut_off`.
    """
    leads = int(cells["leads"].sum())
    converted, lost = (int(cells.loc[cells["outcome"] == stage, "leads"].sum()) for stage in (CONVERTED, LOST))
    mean = float(((cells["band"] + cut) * cells["leads"]).sum() / leads) if leads else None
    qualified = int(cells.loc[cells["qualified"].astype(bool), "leads"].sum())
    return Figures(leads=leads, average_score=mean, qualified_share=_share(qualified, leads), converted=converted,
                   lost=lost, conversion_rate=_rate(converted, leads), win_rate=_share(converted, converted + lost),
                   accuracy=accuracy(by_band(cells)))


def by_band(cells: pd.DataFrame) -> pd.DataFrame:
    """Count by band: index 0 to 100, columns ``leads``, ``converted``, ``lost``."""
    return _counted(cells, "band").reindex(range(BANDS), fill_value=0)


def by(cells: pd.DataFrame, name: str, cut: float) -> pd.DataFrame:
    """Count by a column, most leads first; ``cut`` is that of :func:`cut_off`.

    Returns
    -------
    DataFrame
        Columns ``name``, ``leads``, ``converted``, ``lost``, ``average_score``, ``rate``, ``rate_low``, ``rate_high``;
        leads without a value are not among them.
    """
    known = cells.dropna(subset=name)
    counts = _counted(known, name)
    points = ((known["band"] + cut) * known["leads"]).groupby(known[name]).sum()
    counts = with_interval(counts.assign(average_score=points / counts["leads"]))
    return counts.sort_values("leads", ascending=False, kind="stable").rename_axis(name).reset_index()


def by_tier(cells: pd.DataFrame, cut: float) -> pd.DataFrame:
    """Count by tier, best first, tiers without leads included: columns as of :func:`by`."""
    names = [str(tier) for tier in Tier]
    return by(cells, "tier", cut).set_index("tier").reindex(names).fillna({"leads": 0, "converted": 0, "lost": 0}) \
        .rename_axis("tier").reset_index()


def ranges(bands: pd.DataFrame, width: int = 10) -> pd.DataFrame:
    """Put bands together to ranges of scores: columns ``low``, ``high``, ``leads``, ``converted``, ``lost``, rates."""
    place = np.minimum(bands.index.to_numpy() // width, 100 // width - 1)
    grouped = bands.groupby(place).sum()
    edges = {"low": grouped.index * width * 1.0, "high": (grouped.index + 1) * width * 1.0}
    return with_interval(grouped.assign(**edges)).reset_index(drop=True)


def gains(bands: pd.DataFrame) -> pd.DataFrame:
    """Say which share of the conversions the best leads hold, among those whose end is known.

    Returns
    -------
    DataFrame
        Columns ``share`` and ``captured``, both rising from 0 to 1; leads of one band share their places, so the line
        is straight across it. Empty while nothing has converted.
    """
    ended = (bands["converted"] + bands["lost"]).to_numpy(dtype=float)[::-1]
    converted = bands["converted"].to_numpy(dtype=float)[::-1]
    if not converted.sum():
        return pd.DataFrame({"share": np.zeros(0), "captured": np.zeros(0)})
    kept = ended > 0
    return pd.DataFrame({"share": np.concatenate([[0.0], ended[kept].cumsum() / ended.sum()]),
                         "captured": np.concatenate([[0.0], converted[kept].cumsum() / converted.sum()])})


def accuracy(bands: pd.DataFrame) -> Measured:
    """Say how often a converted lead scored higher than a lost one; equals count half.

    References
    ----------
    Hanley, J. A. and McNeil, B. J. (1982), The meaning and use of the area under a ROC curve: the interval.
    """
    good, bad = bands["converted"].to_numpy(dtype=float), bands["lost"].to_numpy(dtype=float)
    won, lost = good.sum(), bad.sum()
    if min(won, lost) < LEAST_OUTCOMES:
        return Measured(None)
    area = float((good * (bad.cumsum() - bad / 2)).sum() / (won * lost))
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (area * (1 - area) + (won - 1) * (first - area**2) + (lost - 1) * (second - area**2)) / (won * lost)
    half = Z_95 * math.sqrt(max(spread, 0.0))
    return Measured(area, max(area - half, 0.0), min(area + half, 1.0))


def confusion(bands: pd.DataFrame, threshold: float) -> dict[str, int]:
    """Count leads whose end is known by what a threshold (in whole points) said of them."""
    above = bands.index.to_numpy() >= math.floor(threshold)
    count = {"true_positive": bands["converted"][above], "false_positive": bands["lost"][above],
             "false_negative": bands["converted"][~above], "true_negative": bands["lost"][~above]}
    return {name: int(values.sum()) for name, values in count.items()}


def trend(days: pd.DataFrame, *, every: str, cut: float) -> pd.DataFrame:
    """Put days together.

    Parameters
    ----------
    days : DataFrame
        Columns ``day`` (as 2026-01-31), ``outcome``, ``leads`` and ``bands``.
    every : {"day", "week", "month"}
    cut : float
        Of :func:`cut_off`.

    Returns
    -------
    DataFrame
        Columns ``start`` (first day), ``leads``, ``converted``, ``average_score``, ``rate``; no gaps: a time without
        leads has none.
    """
    if days.empty:
        return pd.DataFrame({"start": pd.to_datetime([])} | dict.fromkeys(TREND, np.zeros(0)))
    code = {"day": "D", "week": "W-SUN", "month": "M"}[every]
    start = pd.PeriodIndex(pd.to_datetime(days["day"]), freq=code)
    won = days["leads"].where(days["outcome"] == CONVERTED, 0)
    grouped = pd.DataFrame({"leads": days["leads"].to_numpy(), "converted": won.to_numpy(),
                            "bands": days["bands"].to_numpy(dtype=float)}, index=start).groupby(level=0).sum()
    whole = pd.period_range(start.min(), start.max(), freq=code)
    grouped = grouped.reindex(whole, fill_value=0)
    leads = grouped["leads"].where(grouped["leads"] > 0)
    return pd.DataFrame({"start": whole.start_time, "leads": grouped["leads"].to_numpy(),
                         "converted": grouped["converted"].to_numpy(),
                         "average_score": (grouped["bands"] / leads + cut).to_numpy(dtype=float),
                         "rate": (grouped["converted"] / leads).to_numpy(dtype=float)})


def fitting_step(first: date, last: date) -> str:
    """Choose days, weeks or months, so that a trend has neither a few points nor hundreds."""
    length = (last - first).days
    return "day" if length <= 45 else "week" if length <= 370 else "month"


def period_before(first: date, last: date) -> tuple[date, date] | None:
    """Give the period of the same length that ends the day before; None where the calendar does not reach that far."""
    length = last - first
    if first - date.min <= length:
        return None
    return first - length - timedelta(days=1), first - timedelta(days=1)


def median_days(counts: pd.DataFrame) -> float | None:
    """Give the median of counted days: columns ``days`` and ``leads``, ascending."""
    total = counts["leads"].sum()
    if not total:
        return None
    reached = counts["leads"].cumsum().to_numpy()
    return float(counts["days"].iloc[int(np.searchsorted(reached, (total + 1) / 2))])


def _counted(cells: pd.DataFrame, name: str) -> pd.DataFrame:
    leads = cells["leads"]
    parts = pd.DataFrame({"leads": leads, "converted": leads.where(cells["outcome"] == CONVERTED, 0),
                          "lost": leads.where(cells["outcome"] == LOST, 0)})
    return parts.groupby(cells[name].to_numpy()).sum().astype(np.int64)


def _rate(part: int, whole: int) -> Measured:
    if not whole:
        return Measured(None)
    rate, low, high = wilson(np.array([float(part)]), np.array([float(whole)]))
    return Measured(float(rate[0]), float(low[0]), float(high[0]))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None

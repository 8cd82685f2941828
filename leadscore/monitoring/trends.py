"""Counts by day in, what changes with time out: trends, the period before, cohorts, and how long things take."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from leadscore.monitoring.performance import CONVERTED

CODES = {"day": "D", "week": "W-SUN", "month": "M"}
SUMS = ("leads", "converted", "score", "chance", "chances", "conversions", "revenue")
DAYS_A_MONTH = 30
MOST_MONTHS = 12
"""Months that cohorts are followed for, and cohorts that are shown."""


def trend(days: pd.DataFrame, decided: pd.DataFrame, *, every: str) -> pd.DataFrame:
    """Put days together.

    Parameters
    ----------
    days : DataFrame
        By the day leads came in: columns ``day`` (as 2026-01-31), ``outcome``, ``leads``, ``score``, ``chance`` and
        ``chances``.
    decided : DataFrame
        By the day conversions happened: columns ``decided_on``, ``leads`` and ``revenue``; those without a day are left
        out, and so are those outside of the time that leads came in.
    every : {"day", "week", "month"}

    Returns
    -------
    DataFrame
        Columns ``start`` (first day), ``leads``, ``converted`` (of those that came in then), ``rate``,
        ``average_score``, ``expected`` (of 100), ``conversions`` and ``revenue`` (of what happened then). No gaps: a
        time without leads has none.
    """
    if days.empty:
        return pd.DataFrame({"start": pd.to_datetime([])} | dict.fromkeys(
            ("leads", "converted", "rate", "average_score", "expected", "conversions", "revenue"), np.zeros(0)))
    came = days.assign(converted=days["leads"].where(days["outcome"] == CONVERTED, 0))
    came.index = _periods(days["day"], every)
    happened = decided.dropna(subset="decided_on").rename(columns={"leads": "conversions"})
    happened.index = _periods(happened["decided_on"], every)
    names = ["leads", "converted", "score", "chance", "chances"]
    last = max([came.index.max(), *([happened.index.max()] if len(happened) else [])])
    whole = pd.period_range(came.index.min(), last, freq=CODES[every])
    sums = came[names].groupby(level=0).sum().join(happened[["conversions", "revenue"]].groupby(level=0).sum(),
                                                   how="outer").reindex(whole).fillna(0.0)
    leads, chances = sums["leads"].where(sums["leads"] > 0), sums["chances"].where(sums["chances"] > 0)
    return pd.DataFrame({
        "start": whole.start_time, "leads": sums["leads"].to_numpy().astype(np.int64),
        "converted": sums["converted"].to_numpy().astype(np.int64), "rate": (sums["converted"] / leads).to_numpy(),
        "average_score": (sums["score"] / leads).to_numpy(), "expected": (100 * sums["chance"] / chances).to_numpy(),
        "conversions": sums["conversions"].to_numpy().astype(np.int64), "revenue": sums["revenue"].to_numpy()})


def _periods(days: pd.Series, every: str) -> pd.PeriodIndex:
    return pd.PeriodIndex(pd.to_datetime(days, format="%Y-%m-%d", errors="coerce"), freq=CODES[every])


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
    """Give the median of counted days: columns ``days`` and ``leads``; None without any."""
    ordered = counts.groupby("days")["leads"].sum().sort_index()
    if not ordered.sum():
        return None
    reached = ordered.cumsum().to_numpy()
    return float(ordered.index[int(np.searchsorted(reached, (reached[-1] + 1) / 2))])


def until_conversion(waits: pd.DataFrame) -> pd.DataFrame:
    """Count conversions by the days they took: columns ``days`` (rising) and ``leads``."""
    summed = waits.groupby("days")["leads"].sum().astype(np.int64)
    return pd.DataFrame({"days": summed.index.to_numpy(dtype=np.int64), "leads": summed.to_numpy()})


def cohorts(days: pd.DataFrame, waits: pd.DataFrame, *, today: date) -> pd.DataFrame:
    """Follow the leads of each of the last twelve months.

    Parameters
    ----------
    days : DataFrame
        Columns ``day`` (as 2026-01-31) and ``leads``.
    waits : DataFrame
        Columns ``month`` (the lead came in, as 2026-01), ``days`` (until it converted) and ``leads``.
    today : date
        Months that are not over for a whole cohort by then are left out.

    Returns
    -------
    DataFrame
        Columns ``month``, ``months_since`` (0 is the first 30 days), ``leads`` (of the cohort), ``converted`` (by the
        end of that time) and ``rate``.
    """
    sizes = days.groupby(days["day"].str.slice(0, 7))["leads"].sum().sort_index().tail(MOST_MONTHS)
    won = waits[waits["month"].isin(sizes.index)]
    since = (won["days"] // DAYS_A_MONTH).clip(upper=MOST_MONTHS)
    table = won["leads"].groupby([won["month"].to_numpy(), since.to_numpy()]).sum().unstack(fill_value=0)
    table = table.reindex(index=sizes.index, columns=range(MOST_MONTHS), fill_value=0).cumsum(axis=1)
    cells = table.rename_axis(index="month", columns="months_since").reset_index().melt(
        id_vars="month", value_name="converted").sort_values(["month", "months_since"], ignore_index=True)
    cells = cells.astype({"months_since": np.int64})
    last_day = pd.PeriodIndex(cells["month"], freq="M").end_time.normalize()
    over = last_day + pd.to_timedelta(DAYS_A_MONTH * (cells["months_since"].to_numpy(dtype=int) + 1), unit="D")
    cells = cells.assign(leads=cells["month"].map(sizes).astype(np.int64),
                         converted=cells["converted"].astype(np.int64))
    return cells.assign(rate=cells["converted"] / cells["leads"])[over <= pd.Timestamp(today)].reset_index(drop=True)

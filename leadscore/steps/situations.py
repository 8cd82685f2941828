"""What sentences are made of: the measurements of a report, put the way sentences ask for them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from leadscore.monitoring.changes import dispersion
from leadscore.monitoring.money import converted
from leadscore.monitoring.performance import NEW, Measured
from leadscore.monitoring.situation import Situation, Span
from leadscore.schema import Tier
from leadscore.steps.counting import Counts
from leadscore.steps.listing import ListView
from leadscore.steps.measurements import Core, Measurements
from leadscore.steps.money import tells_spend_apart


def situation_of(measured: Measurements, view: ListView, *, today: date) -> Situation:
    """Describe what was measured.

    Parameters
    ----------
    today : date
        To say how long leads have waited, and how long ago an outcome was recorded.
    """
    counts, now = measured.counts, measured.now
    spent = measured.source_returns[measured.source_returns["currency"] == measured.currency]
    by_day = counts.days.groupby("day")["leads"].sum()
    last = measured.last_recorded
    days = (measured.period[1] - measured.period[0]).days + 1 if measured.period else None
    # among leads of one tier or the like scores tell less apart, and a cut-off for them is none for all
    whole = tells_spend_apart(view)
    return Situation(
        now=_span(now, counts, measured.sources.merge(spent[["source", "spend"]], on="source", how="outer").fillna(
            {"leads": 0, "converted": 0}), measured),
        before=_span(measured.before, measured.counts_before, measured.sources_before, measured)
        if measured.before and measured.counts_before else None,
        days=days, days_to_conversion=now.speed.days_to_conversion, days_with_leads=len(by_day),
        dispersion=dispersion(_each_day(by_day, days)), one_source_chosen=len(view.sources) == 1,
        undated=int(counts.decided.loc[counts.decided["decided_on"].isna(), "leads"].sum()),
        without_source=_without(counts.cells, "source"), without_country=_without(counts.countries, "country"),
        currency=measured.currency, currencies=tuple(money.currency for money in now.money if money.currency),
        spent_elsewhere=any(money.spend for money in now.money if money.currency != measured.currency),
        spend_told_apart=whole, has_model=measured.has_model,
        held_out=measured.held_out if whole else Measured(None),
        high_waiting=_waiting(counts.days, today - timedelta(days=measured.deadline_days)),
        deadline=measured.deadline, days_since_outcome=(today - last).days if last else None,
        threshold=measured.threshold, drifted=measured.drifted,
        best_threshold=_best_threshold(measured.profit) if whole else None)


def _each_day(by_day: pd.Series, days: int | None) -> np.ndarray:
    """Give the leads of each day of a period, in any order; days without leads are days, too."""
    counts = by_day.to_numpy(dtype=float)
    return np.concatenate([counts, np.zeros(max((days or 0) - len(counts), 0))])


def _span(core: Core, counts: Counts, sources: pd.DataFrame, measured: Measurements) -> Span:
    figures = core.figures
    revenue = next((money.revenue for money in core.money if money.currency == measured.currency), None)
    return Span(
        leads=figures.leads, converted=figures.converted, lost=figures.lost,
        qualified=None if figures.qualified_share is None else round(figures.qualified_share * figures.leads),
        average_score=figures.average_score, score_spread=_spread(counts.cells), accuracy=core.accuracy,
        revenue=revenue, revenue_squares=None if revenue is None else _squares(counts, measured),
        sources=sources)


def _squares(counts: Counts, measured: Measurements) -> float:
    """Add up the squared amounts in the main currency; the root of such a sum is converted as an amount is."""
    roots = converted(counts.sold.assign(root=np.sqrt(counts.sold["squares"].clip(lower=0))), "root", measured.rates)
    return float((roots.loc[roots["currency"] == measured.currency, "root"] ** 2).sum())


def _spread(cells: pd.DataFrame) -> float | None:
    """Give the standard deviation of the scores, from their whole points."""
    leads, band = cells["leads"].to_numpy(dtype=float), cells["band"].to_numpy(dtype=float)
    if leads.sum() < 2:
        return None
    mean = np.average(band, weights=leads)
    return float(np.sqrt(np.average((band - mean) ** 2, weights=leads)))


def _without(counts: pd.DataFrame, name: str) -> int:
    return int(counts.loc[counts[name].isna(), "leads"].sum())


def _waiting(days: pd.DataFrame, latest: date) -> int:
    """Count the High leads that came in up to a day and that nobody has contacted."""
    waiting = (days["tier"] == str(Tier.HIGH)) & (days["outcome"] == NEW) & (days["day"] <= latest.isoformat())
    return int(days.loc[waiting, "leads"].sum())


def _best_threshold(profit: pd.DataFrame) -> float | None:
    if profit.empty:
        return None
    best = profit.iloc[int(profit["profit"].argmax())]
    return float(best["score"]) if best["share"] > 0 else None

"""Counts of leads in, the key figures of the Performance page out: volume, quality, conversion, stages, groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.monitoring.rates import wilson, with_interval
from leadscore.schema import OutcomeStage, Tier

CONVERTED, LOST, NEW = str(OutcomeStage.CONVERTED), str(OutcomeStage.LOST), str(OutcomeStage.NEW)
BANDS = 101
STAGES = {"came in": 0, str(OutcomeStage.CONTACTED): 1, str(OutcomeStage.QUALIFIED): 2, CONVERTED: 3}
"""The way to a conversion, by how far along it a stage is."""


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
    expected : float or None
        How many of 100 such leads are expected to convert: the mean of their chances, None without a model.
    conversion_rate : Measured
        Converted, of all leads.
    win_rate : float or None
        Converted, of those decided either way.
    worked : float or None
        Share of the leads that are no longer new.
    """

    leads: int
    average_score: float | None
    expected: float | None
    qualified_share: float | None
    converted: int
    lost: int
    conversion_rate: Measured
    win_rate: float | None
    worked: float | None


def figures(cells: pd.DataFrame) -> Figures:
    """Work out the key figures.

    Parameters
    ----------
    cells : DataFrame
        Columns ``outcome``, ``qualified``, ``leads``, the sums ``score`` and ``chance``, and ``chances``, how many have
        a chance.
    """
    leads = int(cells["leads"].sum())
    converted, lost, new = (int(cells.loc[cells["outcome"] == stage, "leads"].sum())
                            for stage in (CONVERTED, LOST, NEW))
    qualified = int(cells.loc[cells["qualified"].astype(bool), "leads"].sum())
    chances = float(cells["chances"].sum())
    return Figures(
        leads=leads, average_score=_share(float(cells["score"].sum()), leads),
        expected=100 * float(cells["chance"].sum()) / chances if chances else None,
        qualified_share=_share(qualified, leads), converted=converted, lost=lost,
        conversion_rate=rate_of(converted, leads), win_rate=_share(converted, converted + lost),
        worked=_share(leads - new, leads))


def histogram(cells: pd.DataFrame, width: int = 5) -> pd.DataFrame:
    """Count leads by ranges of their score: columns ``low``, ``high`` and ``leads``, from 0 to 100 without gaps."""
    place = np.minimum(cells["band"].to_numpy(dtype=np.int64) // width, 100 // width - 1)
    counts = np.bincount(place, weights=cells["leads"].to_numpy(dtype=float), minlength=100 // width)
    low = np.arange(100 // width) * float(width)
    return pd.DataFrame({"low": low, "high": low + width, "leads": counts.astype(np.int64)})


def by(cells: pd.DataFrame, name: str) -> pd.DataFrame:
    """Count by a column, most leads first.

    Returns
    -------
    DataFrame
        Columns ``name``, ``leads``, ``converted``, ``lost``, ``average_score``, ``rate``, ``rate_low``, ``rate_high``;
        leads without a value are not among them.
    """
    known = cells.dropna(subset=name)
    leads = known["leads"]
    parts = pd.DataFrame({"leads": leads, "converted": leads.where(known["outcome"] == CONVERTED, 0),
                          "lost": leads.where(known["outcome"] == LOST, 0), "score": known["score"]})
    counts = parts.groupby(known[name].to_numpy()).sum()
    whole = counts[["leads", "converted", "lost"]].astype(np.int64)
    counts = with_interval(whole.assign(average_score=counts["score"] / counts["leads"]))
    return counts.sort_values("leads", ascending=False, kind="stable").rename_axis(name).reset_index()


def stages(cells: pd.DataFrame, ended: pd.DataFrame) -> pd.DataFrame:
    """Say how far the leads of each tier have come.

    Parameters
    ----------
    cells : DataFrame
        Columns ``tier`` and ``leads``: everybody.
    ended : DataFrame
        Columns ``tier``, ``furthest`` and ``leads``: those who are no longer new.

    Returns
    -------
    DataFrame
        Columns ``tier`` (best first), ``stage`` (in the order of the way), ``leads`` (who came at least so far) and
        ``share`` (of the tier's leads; missing where it has none). A lead that converted has passed every stage.
    """
    tiers = [str(tier) for tier in Tier]
    reached = ended["furthest"].map(STAGES).fillna(0)
    counts = {("came in", tier): int(cells.loc[cells["tier"] == tier, "leads"].sum()) for tier in tiers}
    counts |= {(stage, tier): int(ended.loc[(ended["tier"] == tier) & (reached >= place), "leads"].sum())
               for stage, place in STAGES.items() if place for tier in tiers}
    rows = [(tier, stage, counts[stage, tier], _share(counts[stage, tier], counts["came in", tier]))
            for tier in tiers for stage in STAGES]
    return pd.DataFrame(rows, columns=["tier", "stage", "leads", "share"]).astype({"share": float})


def as_of(cells: pd.DataFrame, ended: pd.DataFrame, waits: pd.DataFrame,
          later: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Give counts as they were before some conversions had happened.

    Parameters
    ----------
    cells, ended, waits : DataFrame
        As counted today.
    later : DataFrame
        Columns ``source``, ``currency``, ``month``, ``days``, ``leads`` and ``revenue``: the conversions that came
        later.

    Returns
    -------
    tuple of DataFrame
        The three with further rows that take these back, so that sums come out right; such leads count as contacted.
    """
    back = pd.DataFrame({"source": later["source"], "leads": -later["leads"]})
    nothing = dict.fromkeys(("score", "chance", "chances"), 0.0) | {"band": 0, "qualified": False}
    open_again = back.assign(leads=later["leads"])
    cells = pd.concat([cells, back.assign(outcome=CONVERTED, **nothing),
                       open_again.assign(outcome=str(OutcomeStage.CONTACTED), **nothing)], ignore_index=True)
    ended = pd.concat([ended, back.assign(outcome=CONVERTED, furthest=CONVERTED, currency=later["currency"],
                                          revenue=-later["revenue"], squares=0.0)], ignore_index=True)
    waits = pd.concat([waits, later[["month", "days"]].assign(leads=-later["leads"]).dropna(subset="days")],
                      ignore_index=True)
    return cells, ended, waits


def worked(cells: pd.DataFrame) -> pd.DataFrame:
    """Count by tier, best first, leads and those that are no longer new: columns ``tier``, ``leads``, ``worked``."""
    rows = [(tier, cells.loc[cells["tier"] == tier, "leads"].sum(),
             cells.loc[(cells["tier"] == tier) & (cells["outcome"] != NEW), "leads"].sum())
            for tier in map(str, Tier)]
    return pd.DataFrame([row for row in rows if row[1]], columns=["tier", "leads", "worked"])


def owners(ended: pd.DataFrame, sold: pd.DataFrame) -> pd.DataFrame:
    """Say what became of the leads of each owner.

    Parameters
    ----------
    ended : DataFrame
        Columns ``owner``, ``outcome`` and ``leads``: leads that are no longer new.
    sold : DataFrame
        Columns ``owner``, ``currency``, ``conversions`` and ``revenue``.

    Returns
    -------
    DataFrame
        Columns ``owner``, ``currency``, ``leads`` (worked), ``conversions``, ``rate`` (of the worked leads) and
        ``revenue``; one row for each currency an owner has sold in, most conversions first.
    """
    worked = ended.dropna(subset="owner").groupby("owner")["leads"].sum()
    sums = sold.dropna(subset="owner").groupby(["owner", "currency"], as_index=False)[["conversions", "revenue"]].sum()
    missing = worked.index.difference(pd.Index(sums["owner"]))
    none = pd.DataFrame({"owner": missing, "currency": "", "conversions": 0, "revenue": 0.0})
    found = pd.concat([sums, none], ignore_index=True) if len(missing) else sums
    won = found.groupby("owner")["conversions"].transform("sum")
    leads = found["owner"].map(worked).astype(np.int64)
    return found.assign(leads=leads, rate=won / leads, won=won).sort_values(
        ["won", "conversions"], ascending=False, ignore_index=True, kind="stable")[
        ["owner", "currency", "leads", "conversions", "rate", "revenue"]]


def sold(ended: pd.DataFrame) -> pd.DataFrame:
    """Keep of the leads that are no longer new the sales: with ``conversions`` in place of ``leads``."""
    return ended[ended["outcome"] == CONVERTED].assign(currency=lambda found: found["currency"].fillna("")).rename(
        columns={"leads": "conversions"}).drop(columns=["outcome", "furthest"])


def rate_of(part: int, whole: int) -> Measured:
    """Give a share with its Wilson interval; None without anything to divide by."""
    if not whole:
        return Measured(None)
    rate, low, high = wilson(np.array([float(part)]), np.array([float(whole)]))
    return Measured(float(rate[0]), float(low[0]), float(high[0]))


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None

"""Leads in the order of their score and in the order of before: how many more conversions the same calls find."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.monitoring.rates import wilson

LEAST_CONVERSIONS = 10
"""Conversions, and losses, needed before anything is said of what an order is worth."""


@dataclass(frozen=True)
class Found:
    """Conversions among the leads called, and the share of all conversions they are, with its 95 % interval."""

    conversions: float
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Extra:
    """How many more conversions one order finds than another, with its 95 % interval."""

    conversions: float
    low: float
    high: float

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves out that both find the same."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Value:
    """What calling the best leads by score finds, beside two other orders.

    Parameters
    ----------
    share : float
        Of the leads, how many are called; in (0, 1).
    leads, conversions : int
        Whose end is known and whose score was made without knowing it; and how many of them converted.
    unknown : int
        Leads without a value in the order of before; they are called last.
    score, before, chance : Found
        By score, in the order of before, and in any order at all.
    over_before, over_chance : Extra
        By score, more than in the order of before, and more than in any order.
    """

    share: float
    leads: int
    conversions: int
    unknown: int
    score: Found
    before: Found
    chance: Found
    over_before: Extra
    over_chance: Extra


def cut_at(groups: pd.DataFrame, share: float) -> tuple[int, float]:
    """Find where the best share of the leads ends.

    Parameters
    ----------
    groups : DataFrame
        Column ``leads``, first called first.
    share : float
        In (0, 1).

    Returns
    -------
    tuple of int and float
        The group the cut goes through, and the part of it, in (0, 1], that lies before the cut.
    """
    reached = groups["leads"].to_numpy(dtype=float).cumsum()
    wanted = share * reached[-1]
    # a cut that misses the end of a group by its last digit is at that end
    place = int(np.searchsorted(reached, wanted - 1e-9 * reached[-1]))
    size = float(groups["leads"].iloc[place])
    return place, min((wanted - (reached[place] - size)) / size, 1.0)


def compared(scores: pd.DataFrame, before: pd.DataFrame, share: float) -> Value | None:
    """Compare calling by score with the order of before and with none; None where there is too little to tell.

    A tie that the cut goes through counts by the part of it that is called, as if its leads were called in any order.

    Parameters
    ----------
    scores : DataFrame
        Columns ``leads`` and ``converted`` by score, best first.
    before : DataFrame
        The same in the order of before, with ``leads_above``, ``converted_above``, ``leads_at`` and ``converted_at``:
        those above the score the cut by score goes through, and at it; and ``unknown``.
    share : float
        Of the leads, in (0, 1).
    """
    leads, conversions = int(scores["leads"].sum()), int(scores["converted"].sum())
    if min(conversions, leads - conversions) < LEAST_CONVERSIONS:
        return None
    place, part = cut_at(scores, share)
    cells = _cells(before, part, share)
    called, chance = cells["by_score"], np.full(len(cells), share)
    return Value(
        share=share, leads=leads, conversions=conversions, unknown=int(before["unknown"].sum()),
        score=_found(float(scores["converted"].iloc[:place].sum() + part * scores["converted"].iloc[place]),
                     conversions),
        before=_found(float((cells["converted"] * cells["by_before"]).sum()), conversions),
        chance=_found(share * conversions, conversions),
        over_before=_extra(cells, called, cells["by_before"].to_numpy()),
        over_chance=_extra(cells, called, chance))


def curve(groups: pd.DataFrame) -> pd.DataFrame:
    """Say which share of the conversions the first leads of an order hold.

    Returns
    -------
    DataFrame
        Columns ``share`` and ``captured``, both rising from 0 to 1; straight across ties.
    """
    leads, converted = (groups[name].to_numpy(dtype=float) for name in ("leads", "converted"))
    if not converted.sum():
        return pd.DataFrame({"share": np.zeros(0), "captured": np.zeros(0)})
    return pd.DataFrame({"share": np.concatenate([[0.0], leads.cumsum() / leads.sum()]),
                         "captured": np.concatenate([[0.0], converted.cumsum() / converted.sum()])})


def _cells(before: pd.DataFrame, part: float, share: float) -> pd.DataFrame:
    """Give every kind of lead: how many, how many converted, and which part of them is called in either order."""
    place, part_before = cut_at(before, share)
    called = np.where(np.arange(len(before)) < place, 1.0, 0.0)
    called[place] = part_before
    below = before[["leads", "converted"]].to_numpy() \
        - before[["leads_above", "converted_above"]].to_numpy() - before[["leads_at", "converted_at"]].to_numpy()
    kinds = ((before[["leads_above", "converted_above"]].to_numpy(), 1.0),
             (before[["leads_at", "converted_at"]].to_numpy(), part), (below, 0.0))
    return pd.concat([pd.DataFrame({"leads": counts[:, 0], "converted": counts[:, 1], "by_score": by_score,
                                    "by_before": called}) for counts, by_score in kinds], ignore_index=True)


def _found(conversions: float, of: int) -> Found:
    share, low, high = wilson(np.array([conversions]), np.array([float(of)]))
    return Found(conversions, float(share[0]), float(low[0]), float(high[0]))


def _extra(cells: pd.DataFrame, first: pd.Series, second: np.ndarray) -> Extra:
    """Compare two ways of calling equally many leads.

    Only leads that one way calls and the other does not make a difference; as many are called by the first alone as by
    the second alone, so what is compared is two rates of conversion.

    References
    ----------
    Newcombe, R. G. (1998), Interval estimation for the difference between independent proportions, Statistics in
    Medicine 17, method 10; parts of ties count by their effective number (Kish, L., 1965, Survey sampling).
    """
    one, other = first.to_numpy(), np.asarray(second)
    mine = _rate(cells, one * (1 - other))
    theirs = _rate(cells, other * (1 - one))
    if mine is None or theirs is None:
        return Extra(0.0, 0.0, 0.0)
    calls, p, low, high = mine
    _, q, q_low, q_high = theirs
    apart = p - q
    return Extra(calls * apart, calls * (apart - math.hypot(p - low, q_high - q)),
                 calls * (apart + math.hypot(high - p, q - q_low)))


def _rate(cells: pd.DataFrame, weight: np.ndarray) -> tuple[float, float, float, float] | None:
    """Give the weighted number of leads, their rate of conversion and its interval; None where there are none."""
    leads, converted = cells["leads"].to_numpy(dtype=float), cells["converted"].to_numpy(dtype=float)
    whole = float((leads * weight).sum())
    if whole < 1e-9:
        return None
    effective = whole**2 / float((leads * weight**2).sum())
    rate = float((converted * weight).sum()) / whole
    _, low, high = wilson(np.array([rate * effective]), np.array([effective]))
    return whole, rate, float(low[0]), float(high[0])

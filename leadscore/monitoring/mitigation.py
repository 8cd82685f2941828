"""Scores, groups and ends of leads in; what choosing groups more alike would cost in conversions out.

Nothing here changes a score. Thresholds of their own for each group may themselves be unlawful in places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadscore.monitoring.fairness import FEW, FOUR_FIFTHS

STEPS = 21
TAILS = (0.025, 0.975)
AS_IT_IS = "as it is"
OWN_FOUR_FIFTHS = "own thresholds, four fifths"
OWN_EQUAL = "own thresholds, equal rates"
COLUMNS = ("option", "ratio", "captured", "low", "high", "change", "change_low", "change_high", "enter", "leave")

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class EndedLeads:
    """Leads whose end is known.

    Parameters
    ----------
    y : ndarray of shape (n_leads,)
        1 converted, 0 lost.
    groups : ndarray of int, shape (n_leads,)
        Number of the group, -1 where it is not known or too small to be judged.
    counts : ndarray of shape (1 + n_draws, n_leads)
        How often each lead is in the leads themselves and in every bootstrap sample.
    share : float
        Of the leads that are chosen.
    """

    y: Numbers
    groups: np.ndarray[Any, np.dtype[np.int64]]
    counts: np.ndarray[Any, Any]
    share: float

    @property
    def chosen(self) -> int:
        """Leads that are chosen."""
        return max(round(self.share * len(self.y)), 1)


@dataclass(frozen=True)
class Costs:
    """What alike treatment costs.

    Parameters
    ----------
    leads, converted : int
    curve : DataFrame
        Own thresholds for each group, step by step from as it is to equal rates: ``ratio`` (lowest to highest rate),
        ``captured``, ``low``, ``high``.
    options : DataFrame
        ``COLUMNS``: the ratio, the share of conversions found with its interval, the paired change against what is, and
        how many leads enter and leave the chosen.
    """

    leads: int
    converted: int
    curve: pd.DataFrame
    options: pd.DataFrame


def group_numbers(groups: pd.Series) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Give groups of at least 30 leads as numbers, -1 for all others."""
    sizes = groups.value_counts()
    names = sorted(str(name) for name in sizes.index[sizes.to_numpy() >= FEW])
    return np.asarray(pd.Categorical(groups.where(groups.isin(names)), categories=names).codes, dtype=np.int64)


def costs_of(leads: EndedLeads, score: Numbers, others: Mapping[str, tuple[Numbers, Numbers]]) -> Costs:
    """Work out what own thresholds and other scores would cost.

    Parameters
    ----------
    score : ndarray of shape (n_leads,)
        What leads are ranked by now.
    others : mapping of str to pair of ndarray
        Other rankings in words: what they are to be held against, and themselves.
    """
    now = best(score, leads.chosen)
    steps = np.linspace(0, 1, STEPS)
    paths = [own_thresholds(leads, score, now, step) for step in steps]
    ratios = np.array([lowest_ratio(leads, chosen) for chosen in paths])
    curve = pd.DataFrame([{"ratio": ratio, **_captured(leads, chosen)}
                          for ratio, chosen in zip(ratios, paths, strict=True)])
    rows = [_option(leads, AS_IT_IS, now, now)]
    if ratios[0] < FOUR_FIFTHS:
        enough = int(np.argmax(ratios >= FOUR_FIFTHS)) if (ratios >= FOUR_FIFTHS).any() else STEPS - 1
        rows.append(_option(leads, OWN_FOUR_FIFTHS, paths[enough], now))
    rows.append(_option(leads, OWN_EQUAL, paths[-1], now))
    rows += [_option(leads, name, best(other, leads.chosen), best(against, leads.chosen))
             for name, (against, other) in others.items()]
    return Costs(len(leads.y), int(leads.y.sum()), curve, pd.DataFrame(rows, columns=list(COLUMNS)))


def best(score: Numbers, count: int) -> Flags:
    """Mark the best leads; equals go by their place."""
    chosen = np.zeros(len(score), dtype=bool)
    chosen[np.argsort(-score, kind="stable")[:count]] = True
    return chosen


def own_thresholds(leads: EndedLeads, score: Numbers, now: Flags, step: float) -> Flags:
    """Choose of each group a part between what is chosen of it now (0) and the same share of all (1).

    Leads of no group that can be judged keep their share of now; the number chosen in all stays, but for rounding.
    """
    chosen = np.zeros(len(score), dtype=bool)
    for group in np.unique(leads.groups):
        members = np.flatnonzero(leads.groups == group)
        rate = now[members].mean()
        wanted = rate if group < 0 else (1 - step) * rate + step * _common_rate(leads, now)
        chosen[members[best(score[members], round(wanted * len(members)))]] = True
    return chosen


def _common_rate(leads: EndedLeads, now: Flags) -> float:
    judged = leads.groups >= 0
    return float(now[judged].mean()) if judged.any() else 0.0


def lowest_ratio(leads: EndedLeads, chosen: Flags) -> float:
    """Divide the lowest selection rate of the groups by the highest; NaN where none is chosen."""
    rates = [chosen[leads.groups == group].mean() for group in np.unique(leads.groups) if group >= 0]
    return float(min(rates) / max(rates)) if rates and max(rates) > 0 else float("nan")


def _captured(leads: EndedLeads, chosen: Flags) -> dict[str, float]:
    shares = _shares(leads, chosen)
    low, high = np.nanquantile(shares[1:], TAILS)
    return {"captured": float(shares[0]), "low": float(low), "high": float(high)}


def _shares(leads: EndedLeads, chosen: Flags) -> Numbers:
    """Give the share of conversions that is chosen, in the leads and in every sample."""
    won = leads.counts @ leads.y
    return np.asarray((leads.counts @ (leads.y * chosen)) / np.where(won > 0, won, np.nan))


def _option(leads: EndedLeads, name: str, chosen: Flags, against: Flags) -> dict[str, Any]:
    change = _shares(leads, chosen) - _shares(leads, against)
    low, high = np.nanquantile(change[1:], TAILS)
    return {"option": name, "ratio": lowest_ratio(leads, chosen), **_captured(leads, chosen),
            "change": float(change[0]), "change_low": float(low), "change_high": float(high),
            "enter": int((chosen & ~against).sum()), "leave": int((against & ~chosen).sum())}

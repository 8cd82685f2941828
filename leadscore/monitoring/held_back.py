"""The best of a file and those chance put into it: how many, where they stand, and how often each kind converts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.monitoring.rates import Z_95, wilson

LEAST_CONVERSIONS = 5
"""Conversions needed of either kind before the two are compared."""


@dataclass(frozen=True)
class Chance:
    """How many leads are taken by chance, and the chance each of the others had of being taken, in [0, 1)."""

    leads: int
    share: float


@dataclass(frozen=True)
class Kind:
    """Leads whose end is known, and the rate of conversion they stand for, with its 95 % interval."""

    leads: int
    converted: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class HeldBack:
    """The best beside those picked by chance.

    Parameters
    ----------
    best, others : Kind
        The rate of ``others`` is that of all leads below the cut, of which they were picked.
    ratio, low, high : float or None
        How many times as often the best convert, with its 95 % interval; None where there is too little to tell.
    """

    best: Kind
    others: Kind
    ratio: float | None = None
    low: float | None = None
    high: float | None = None


def by_chance(best: int, others: int, share: float, generator: np.random.Generator) -> Chance:
    """Say how many of the others go with the best.

    Parameters
    ----------
    best, others : int
        Leads of the list, and leads below its cut.
    share : float
        Leads by chance for each of the best, in [0, 1]. A part of a lead is taken as often as it is large, so that many
        small lists hold as many as one large one; one of the others at least stays behind.
    """
    wanted = min(best * share, float(max(others - 1, 0)))
    if wanted <= 0:
        return Chance(0, 0.0)
    return Chance(int(wanted + generator.random()), wanted / others)


def mixed(best: int, chance: int, generator: np.random.Generator) -> np.ndarray:
    """Put leads by chance among the best, at places of chance too.

    Returns
    -------
    ndarray of int, shape (best + chance,)
        The order of rows of which the best stand first, in their order, then those by chance.
    """
    among = np.zeros(best + chance, dtype=bool)
    among[generator.choice(best + chance, chance, replace=False)] = True
    order = np.empty(best + chance, dtype=np.int64)
    order[~among] = np.arange(best)
    order[among] = best + np.arange(chance)
    return order


def compared(counts: pd.DataFrame) -> HeldBack:
    """Compare how often either kind converts.

    Parameters
    ----------
    counts : DataFrame
        Columns ``share`` (the chance leads had of being in the file; 1 for the best), ``leads`` and ``converted``:
        leads whose end is known.

    References
    ----------
    Hájek, J. (1971), comment on an essay by D. Basu: rates of leads that were picked with unequal chances, each counted
    by one over its chance; their effective number: Kish, L. (1965), Survey sampling. Katz, D. et al. (1978), Obtaining
    confidence intervals for the risk ratio in cohort studies, Biometrics 34.
    """
    certain = counts["share"] >= 1
    best, n_best = _rate(counts[certain])
    others, n_others = _rate(counts[~certain])
    if min(best.converted, others.converted) < LEAST_CONVERSIONS or not best.rate or not others.rate:
        return HeldBack(best, others)
    ratio = best.rate / others.rate
    spread = math.exp(Z_95 * math.sqrt((1 - best.rate) / (n_best * best.rate)
                                       + (1 - others.rate) / (n_others * others.rate)))
    return HeldBack(best, others, ratio, ratio / spread, ratio * spread)


def _rate(counts: pd.DataFrame) -> tuple[Kind, float]:
    """Give a kind and its effective number of leads."""
    leads, converted = counts["leads"].to_numpy(dtype=float), counts["converted"].to_numpy(dtype=float)
    weight = 1 / counts["share"].to_numpy(dtype=float)
    whole = float((leads * weight).sum())
    if not whole:
        return Kind(0, 0, None, None, None), 0.0
    effective = whole**2 / float((leads * weight**2).sum())
    rate = float((converted * weight).sum()) / whole
    _, low, high = wilson(np.array([rate * effective]), np.array([effective]))
    return Kind(int(leads.sum()), int(converted.sum()), rate, float(low[0]), float(high[0])), effective

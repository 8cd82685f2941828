"""What every algorithm shares while it is fitted: the plan of a fit, and leads kept aside to tell when to stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from leadscore.modeling import balancing
from leadscore.modeling.balancing import Balance
from leadscore.modeling.encoding import Codes, Floats

Settings = Mapping[str, float]
Rebalanced = tuple[Codes, Floats, Floats | None]

THREADS = 2
"""Fixed, because sums over another number of threads differ in the last bit and a repeat would not be a repeat."""
FEW_ROWS = 25_000
"""Below this a second thread costs more in waiting than it brings, above all on a busy machine."""

ASIDE = 0.15
SEARCH_ROWS = 25_000
"""Rounds are counted on at most this many leads: more of them cost a second fit and hardly move the count."""


@dataclass(frozen=True)
class Plan:
    """How a fit is to be made.

    Parameters
    ----------
    balance : Balance
    settings : mapping of name to number
        One of the settings its algorithm offers.
    random_state : int
    rounds : int or None
        How many rounds to learn, where that was found before; None looks for it on leads kept aside.
    """

    balance: Balance
    settings: Settings = field(default_factory=dict)
    random_state: int = 0
    rounds: int | None = None

    def rebalance(self, codes: Codes, y: Floats) -> Rebalanced:
        """Give the rows to fit on and their weights, as the balance wants them."""
        return balancing.rebalance(codes, y, self.balance, random_state=self.random_state)


@dataclass(frozen=True)
class Aside:
    """Rows to fit on, and rows to judge the fit by; these are never resampled, but weighted as the balance wants."""

    fitted: Rebalanced
    judged: Rebalanced


def threads_for(rows: int) -> int:
    """Say how many threads a fit or an answer on so many leads takes."""
    return 1 if rows < FEW_ROWS else THREADS


def keep_aside(codes: Codes, y: Floats, plan: Plan) -> Aside | None:
    """Take leads to look for the number of rounds with, some of them kept aside.

    Parameters
    ----------
    codes : Codes of n_leads
    y : ndarray of shape (n_leads,), 0 or 1
    plan : Plan

    Returns
    -------
    Aside or None
        None where a side would hold one outcome only.
    """
    rng = np.random.default_rng(plan.random_state)
    taken = np.arange(len(y)) if len(y) <= SEARCH_ROWS else np.sort(rng.choice(len(y), SEARCH_ROWS, replace=False))
    aside = rng.random(len(taken)) < ASIDE
    fitted, judged = taken[~aside], taken[aside]
    if len(np.unique(y[judged])) < 2 or len(np.unique(y[fitted])) < 2:
        return None
    how = Balance.NONE if plan.balance is Balance.NONE else Balance.WEIGHTS
    weighed = balancing.rebalance(codes.rows(judged), y[judged], how, random_state=plan.random_state)
    return Aside(plan.rebalance(codes.rows(fitted), y[fitted]), weighed)

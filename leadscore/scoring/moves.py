"""What a change of policy does to the leads of a panel: tiers, who comes into the best and who drops out, and where."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadscore.schema import Tier
from leadscore.scoring.policy import Grid, Policy, TierMode
from leadscore.scoring.simulation import Numbers, Panel, Standing
from leadscore.scoring.tiers import LOWEST, ROUNDING, reaches, tier_at, tier_sizes

BINS = 20
TIERS = tuple(str(tier) for tier in Tier)


@dataclass(frozen=True)
class Moved:
    """Leads of a panel by their place in it.

    Parameters
    ----------
    best_before, best_after : ndarray of bool, shape (n_leads,)
        Who is among the best before and after.
    """

    best_before: Numbers
    best_after: Numbers

    @property
    def entering(self) -> Numbers:
        """Places of those who come in."""
        return np.flatnonzero(self.best_after & ~self.best_before)

    @property
    def leaving(self) -> Numbers:
        """Places of those who drop out."""
        return np.flatnonzero(self.best_before & ~self.best_after)


def among_best(score: Numbers, wanted: int) -> Numbers:
    """Say which leads are the best so many; equals in the order of their ids.

    Returns
    -------
    ndarray of bool, shape (n_leads,)
    """
    if wanted >= len(score):
        return np.ones(len(score), dtype=bool)
    if wanted < 1:
        return np.zeros(len(score), dtype=bool)
    border = np.partition(score, len(score) - wanted)[len(score) - wanted]
    best = score > border
    best[np.flatnonzero(score == border)[:wanted - int(best.sum())]] = True
    return np.asarray(best)


def best_first(score: Numbers, wanted: int) -> Numbers:
    """Give the places of the best so many leads, best first, equals in the order of their ids."""
    places = np.flatnonzero(among_best(score, wanted))
    return np.asarray(places[np.argsort(-score[places], kind="stable")])


def ranks_of(score: Numbers, places: Numbers) -> Numbers:
    """Give the rank, from 1, of the leads at some places."""
    return np.array([1 + int((score > score[place]).sum() + (score[:place] == score[place]).sum())
                     for place in places], dtype=np.int64)


def tier_numbers(panel: Panel, standing: Standing, policy: Policy) -> dict[str, int]:
    """Count the leads of each tier, as lists would show them: a person's tier first, then the model's, then by score.

    Nothing is sorted: how many are High and Medium by rank follows from how many leads there are.
    """
    given = None if panel.model is None else panel.model.tiers
    counts = _counts_by_score(standing.blended, policy) if given is None else _counts_of(given)
    for lead_id, score, tier in panel.by_hand[["score", "tier"]].itertuples():
        place = int(np.searchsorted(panel.lead_ids, lead_id))
        own = str(given[place]) if given is not None else _tier_of(standing.blended, place, policy)
        counts[own] -= 1
        counts[str(tier) if isinstance(tier, str) else _tier_by_hand(standing.blended, place, score, policy)] += 1
    return counts


def histogram(before: Numbers, after: Numbers, bins: int = BINS) -> pd.DataFrame:
    """Count leads by score: columns ``low``, ``high`` (edges), ``before`` and ``after``; 100 counts in the last bin."""
    edges = np.linspace(0, 100, bins + 1)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "before": _binned(before, bins),
                         "after": _binned(after, bins)})


def grid_counts(standing: Standing, grid: Grid) -> pd.DataFrame:
    """Count the leads of each cell of fit against engagement.

    Returns
    -------
    DataFrame
        Columns ``fit`` (A best, then B …), ``engagement`` (1 best, then 2 …) and ``leads``; every cell is there.
    """
    rows, columns = _bands(standing.fit, grid.fit), _bands(standing.engagement, grid.engagement)
    width, height = len(grid.engagement) + 1, len(grid.fit) + 1
    counts = np.bincount(rows * width + columns, minlength=width * height)
    return pd.DataFrame({"fit": [band_of_fit(row) for row in range(height) for _ in range(width)],
                         "engagement": [str(column + 1) for _ in range(height) for column in range(width)],
                         "leads": counts})


def band_of_fit(number: int) -> str:
    """Name a band of fit, 0 being the best: A, B, C and so on."""
    return chr(ord("A") + number)


def count_of_share(leads: int, share: float) -> int:
    """Say how many leads a share is, rounded up."""
    return math.ceil(round(leads * share, 9))


def _bands(values: Numbers, cuts: tuple[float, ...]) -> Numbers:
    """Give 0 to leads at or above the first cut, 1 to those at or above the second, and so on."""
    bands = np.zeros(len(values), dtype=np.int64)
    for cut in cuts:
        bands += ~reaches(values, cut)
    return bands


def _binned(score: Numbers, bins: int) -> Numbers:
    return np.bincount(np.minimum(((score + ROUNDING) * (bins / 100.0)).astype(np.int64), bins - 1), minlength=bins)


def _counts_by_score(blended: Numbers, policy: Policy) -> dict[str, int]:
    if policy.tier_mode == TierMode.THRESHOLD:
        high = int(reaches(blended, policy.thresholds.high).sum())
        medium = int(reaches(blended, policy.thresholds.low).sum()) - high
    else:
        wanted, following = tier_sizes(len(blended), policy)
        spoken_for = int((blended > 0).sum())
        high = min(wanted, spoken_for)
        medium = min(wanted + following, spoken_for) - high
    return dict(zip(TIERS, (high, medium, len(blended) - high - medium), strict=True))


def _counts_of(tiers: Numbers) -> dict[str, int]:
    return {tier: int((tiers == tier).sum()) for tier in TIERS}


def _tier_of(blended: Numbers, place: int, policy: Policy) -> str:
    score = float(blended[place])
    if policy.tier_mode != TierMode.THRESHOLD and score <= 0:
        return TIERS[LOWEST]
    return tier_at(score, int(ranks_of(blended, np.array([place]))[0]) - 1, len(blended), policy)


def _tier_by_hand(blended: Numbers, place: int, score: Any, policy: Policy) -> str:
    """Place a score set by hand among what rules and model say of the others."""
    before = int((blended > score).sum() + (blended[:place] == score).sum()) - int(blended[place] > score)
    return tier_at(float(score), before, len(blended), policy)

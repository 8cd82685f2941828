"""Scores in, tiers out: by rank, by capacity or by threshold; and what each tier asks people to do."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from leadscore.schema import Tier
from leadscore.scoring.policy import Policy, TierMode

LOWEST = len(Tier) - 1
ROUNDING = 1e-9
MEDIUM_PER_HIGH = 2
"""In capacity mode, Medium leads per High lead: the next two rounds of calls."""


def assign_tiers(scores: pd.Series, policy: Policy) -> pd.Series:
    """Give every lead its tier.

    Parameters
    ----------
    scores : Series of shape (n_leads,), in [0, 100]
        Indexed by lead; equals are ranked in the order of the index. By rank, a score of 0 is always Low.
    policy : Policy

    Returns
    -------
    Series of str
        ``High``, ``Medium`` or ``Low``.
    """
    if policy.tier_mode == TierMode.THRESHOLD:
        codes = np.where(reaches(scores, policy.thresholds.high), 0,
                         np.where(reaches(scores, policy.thresholds.low), 1, 2))
    else:
        high, medium = tier_sizes(len(scores), policy)
        codes = np.searchsorted([high, high + medium], _ranks(scores), side="right")
        # a lead that nothing speaks for is no priority, however few are better
        codes = np.where(scores.to_numpy(dtype=float) > 0, codes, LOWEST)
    names = np.array([str(tier) for tier in Tier], dtype=object)
    return pd.Series(pd.array(names[codes], dtype="str"), index=scores.index, name="tier")


def tiers_in_force(blended: pd.Series, by_hand: pd.DataFrame, policy: Policy, *,
                   of_model: pd.Series | None = None) -> pd.Series:
    """Give every lead the tier that lists show: a person's, else the one that its score in force deserves.

    A score set by hand is placed among what rules and model say of the others; it moves nobody else.

    Parameters
    ----------
    blended : Series of shape (n_leads,), in [0, 100]
    by_hand : DataFrame
        Indexed by lead; columns ``score`` and ``tier``, either may be missing. Leads not in ``blended`` are ignored.
    policy : Policy
    of_model : Series of str, optional
        The tiers a model of three tiers gives, indexed like ``blended``; where it gives one, it stands in place of the
        one by score.

    Returns
    -------
    Series of str
        Indexed like ``blended``.
    """
    tiers = assign_tiers(blended, policy)
    if of_model is not None:
        tiers.update(of_model.dropna())
    known = by_hand[by_hand.index.isin(blended.index)]
    set_scores = known["score"].dropna()
    placed = [tier_at(float(score), _rank_among(blended, lead_id, float(score)), len(blended), policy)
              for lead_id, score in set_scores.items()]
    tiers.update(pd.Series(placed, index=set_scores.index, dtype="str"))
    tiers.update(known["tier"].dropna())
    return tiers


def tier_at(score: float, rank: int, leads: int, policy: Policy) -> str:
    """Give one lead its tier.

    Parameters
    ----------
    score : float, in [0, 100]
    rank : int
        How many of the ``leads`` stand before it.
    """
    if policy.tier_mode == TierMode.THRESHOLD:
        return str(assign_tiers(pd.Series([score]), policy).iloc[0])
    high, medium = tier_sizes(leads, policy)
    return str(Tier.HIGH if rank < high else Tier.MEDIUM if rank < high + medium else Tier.LOW)


def tier_sizes(leads: int, policy: Policy) -> tuple[int, int]:
    """Say how many of so many leads are High and how many Medium, where tiers are cut by rank or capacity."""
    if policy.tier_mode == TierMode.CAPACITY and policy.capacity:
        return policy.capacity, MEDIUM_PER_HIGH * policy.capacity
    return _share(leads, policy.top_share), _share(leads, policy.medium_share)


def is_qualified(scores: pd.Series, policy: Policy) -> pd.Series:
    """Say which leads have reached the qualified threshold."""
    return pd.Series(reaches(scores, policy.thresholds.qualified), index=scores.index, name="qualified")


def reaches(scores: Any, limit: float) -> Any:
    """Say which scores are at a limit or above it; 69.99999999999999, which the order of adding up made, is 70."""
    return scores >= limit - ROUNDING


def next_action(tiers: pd.Series, scored_at: datetime, policy: Policy) -> pd.DataFrame:
    """Say what to do with each lead, by when.

    Returns
    -------
    DataFrame
        Columns ``action``, ``deadline`` (words) and ``due`` (UTC), indexed like ``tiers``.
    """
    rules = {str(rule.tier): rule for rule in policy.tier_rules}
    start = pd.Timestamp(scored_at)
    frame = pd.DataFrame({
        "action": tiers.map({tier: rule.action for tier, rule in rules.items()}),
        "deadline": tiers.map({tier: rule.deadline_text for tier, rule in rules.items()}),
        "due": tiers.map({tier: start + pd.Timedelta(days=rule.deadline_days) for tier, rule in rules.items()}),
    }, index=tiers.index)
    return frame.astype({"due": "datetime64[us, UTC]"})


def _rank_among(blended: pd.Series, lead_id: Any, score: float) -> int:
    """Count the other leads that stand before one with this score."""
    before = (blended > score) | ((blended == score) & (blended.index < lead_id))
    return int((before & (blended.index != lead_id)).sum())


def _share(leads: int, share: float) -> int:
    return math.ceil(round(leads * share, 9))


def _ranks(scores: pd.Series) -> np.ndarray:
    """Give 0 for the best lead; equals in the order of their ids."""
    order = np.lexsort((scores.index.to_numpy(), -scores.to_numpy(dtype=float)))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks

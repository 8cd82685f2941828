"""Leads with known outcomes in, points the data would give each criterion out, beside what speaks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from leadscore.scoring.criteria import MOST_POINTS, SCORECARD_GROUPS, Criterion, Operator
from leadscore.scoring.policy import TOTAL_WEIGHT, Policy
from leadscore.scoring.scorecard import amounts, full_marks, group_shares

FEWEST_HITS = 20
FEWEST_EXPECTED = 5.0
"""Converted and lost leads a criterion must be expected to meet, and to miss, by chance alone (Cochran 1954)."""
SMOOTHING = 0.5
"""Added to each of the four counts behind a log-odds ratio (Jeffreys prior; Haldane 1956, Anscombe 1956)."""
PENALTY = 10.0
"""Ridge on the joint log-odds: a normal prior with standard deviation 0.32, so that nearly every criterion is expected
to change the odds less than twofold until the data insist. Criteria that tell the same share what they tell, and none
runs away where all leads it hits have converted. With a few thousand outcomes a weaker one, 1, ranked worse."""
MOST_CELLS = 8_000_000
MOST_STEPS = 50
LARGEST_STEP = 4.0
CONVERGED = 1e-8
Z_95 = 1.959963984540054
LEAST_POINTS = 0.1
COLUMNS = ("hits", "log_odds", "log_odds_low", "log_odds_high", "enough", "most", "low", "high")


@dataclass(frozen=True)
class Suggestions:
    """What the data would give.

    Parameters
    ----------
    criteria : DataFrame, index criterion id
        ``hits`` (leads learnt from it holds for); ``log_odds`` with ``log_odds_low`` and ``log_odds_high``: how much
        more the odds of these than of the others, each criterion alone; ``enough`` outcomes to say more; ``most``:
        the most points, signed, it should give, all criteria considered together, with the 95 % interval ``low`` to
        ``high``, missing where there is not enough.
    weights : dict of str to float
        Per cent for each group, 100 in total, that go with taking all points.
    doubling : float or None
        Points of the rule score (0 to 100) that double the odds of converting; None where nothing is suggested.
    leads, converted : int
        What this was learnt from.
    """

    criteria: pd.DataFrame
    weights: dict[str, float]
    doubling: float | None
    leads: int
    converted: int


def suggest(frame: pd.DataFrame, converted: np.ndarray, policy: Policy) -> Suggestions:
    """Suggest points for every criterion of a policy.

    One logistic regression on what all criteria earn says what each adds to the others; a log-odds unit is worth as
    many points of the rule score as keep the present size of the scorecard ("points to double the odds"), and the
    points of a group are divided by what one of its points is worth there.

    Parameters
    ----------
    frame : DataFrame of shape (n_leads, n_features)
        Features of leads whose end is known.
    converted : ndarray of shape (n_leads,), 0 or 1
    policy : Policy

    References
    ----------
    Siddiqi, N. (2006). Credit Risk Scorecards, chapter 6: scaling by points to double the odds.
    """
    criteria = policy.criteria
    earned = np.column_stack([_earned(frame, criterion, policy) for criterion in criteria]) if criteria \
        else np.zeros((len(frame), 0))
    y = np.asarray(converted, dtype=float)
    table = _alone(earned > 0, y, [criterion.id for criterion in criteria])
    judged = table["enough"].to_numpy(dtype=bool)
    effect, error = np.full(len(criteria), np.nan), np.full(len(criteria), np.nan)
    scale = np.nan
    if judged.any():
        effect[judged], error[judged] = _together(earned[:, judged], y)
        worth = np.array([_worths(policy)[criterion.group] for criterion in criteria])
        own = np.array([_size(criterion) for criterion in criteria]) * worth
        scale = float(own[judged].sum() / max(np.abs(effect[judged]).sum(), CONVERGED))
        effect, error = effect * scale / worth, error * scale / worth
    table["most"] = _rounded(effect)
    table["low"], table["high"] = effect - Z_95 * error, effect + Z_95 * error
    return Suggestions(table[list(COLUMNS)], _weights(policy, table["most"]),
                       float(scale * np.log(2)) if np.isfinite(scale) else None, len(y), int(y.sum()))


def taken(criterion: Criterion, most: float) -> Criterion:
    """Give a criterion the most points suggested for it; one per unit keeps its number of units up to its cap."""
    if criterion.operator != Operator.PER_UNIT or not criterion.cap:
        return replace(criterion, points=float(most))
    unit = abs(criterion.points) * abs(most) / criterion.cap
    return replace(criterion, points=float(f"{np.copysign(unit, most):.3g}"), cap=abs(float(most)))


def all_taken(policy: Policy, most: Mapping[Any, float]) -> tuple[Criterion, ...]:
    """Give every criterion the points suggested for it; one without a suggestion keeps its own."""
    return tuple(taken(criterion, most[criterion.id]) if np.isfinite(most.get(criterion.id, np.nan)) else criterion
                 for criterion in policy.criteria)


def _earned(frame: pd.DataFrame, criterion: Criterion, policy: Policy) -> np.ndarray:
    return np.zeros(len(frame)) if criterion.field in policy.switched_off else amounts(frame, criterion)


def _size(criterion: Criterion) -> float:
    return criterion.cap or 0.0 if criterion.operator == Operator.PER_UNIT else abs(criterion.points)


def _alone(hit: np.ndarray, y: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Hold the leads each criterion hits against the others, each criterion alone."""
    leads, total = len(y), y.sum()
    hits, won = hit.sum(axis=0).astype(float), y @ hit
    cells = np.stack([won, hits - won, total - won, leads - hits - (total - won)]) + SMOOTHING
    log_odds = np.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    error = Z_95 * np.sqrt((1 / cells).sum(axis=0))
    rarer = min(total, leads - total) / max(leads, 1)
    smaller = np.minimum(hits, leads - hits)
    enough = (smaller >= FEWEST_HITS) & (smaller * rarer >= FEWEST_EXPECTED)
    return pd.DataFrame({"hits": hits.astype(int), "log_odds": log_odds, "log_odds_low": log_odds - error,
                         "log_odds_high": log_odds + error, "enough": enough}, index=pd.Index(names, name="id"))


def _together(earned: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit one ridge logistic regression by Newton's method; give the log-odds of earning all, and their errors."""
    step = max(1, -(-earned.size // MOST_CELLS))
    earned, y = earned[::step], y[::step]
    design = np.column_stack([np.ones(len(y)), earned])
    penalty = np.diag([0.0] + [PENALTY] * earned.shape[1])
    rate = (y.sum() + SMOOTHING) / (len(y) + 2 * SMOOTHING)
    beta = np.concatenate([[np.log(rate / (1 - rate))], np.zeros(earned.shape[1])])
    for _ in range(MOST_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + penalty
        move = np.linalg.solve(curvature, design.T @ (y - chance) - penalty @ beta)
        largest = np.abs(move).max()
        beta = beta + move * min(1.0, LARGEST_STEP / max(largest, CONVERGED))
        if largest < CONVERGED:
            break
    return beta[1:], np.sqrt(np.diag(np.linalg.inv(curvature)))[1:]


def _worths(policy: Policy) -> dict[str, float]:
    """Say what one raw point of each group is worth in points of the rule score; the mean where it has no weight."""
    known = {group: share / full_marks(policy, group) for group, share in group_shares(policy).items()}
    usual = float(np.mean(list(known.values()))) if known else 1.0
    return {str(group): known.get(group, usual) for group in SCORECARD_GROUPS}


def _weights(policy: Policy, most: pd.Series) -> dict[str, float]:
    """Weigh the groups so that a point stays worth what it is while the points become those suggested."""
    changed = replace(policy, criteria=all_taken(policy, most.to_dict()))
    worths = _worths(policy)
    reach = {group: full_marks(changed, group) * worths[group] for group in policy.group_weights}
    total = sum(reach.values())
    if not total or most.isna().all():
        return dict(policy.group_weights)
    exact = {group: TOTAL_WEIGHT * part / total for group, part in reach.items()}
    whole = {group: float(np.floor(part)) for group, part in exact.items()}
    left = int(TOTAL_WEIGHT - sum(whole.values()))
    for group in sorted(exact, key=lambda group: whole[group] - exact[group])[:left]:
        whole[group] += 1
    return whole


def _rounded(points: np.ndarray) -> np.ndarray:
    """Round to a tenth of a point; none becomes 0, which no criterion may have."""
    size = np.clip(np.round(np.abs(points), 1), LEAST_POINTS, MOST_POINTS)
    return np.asarray(np.copysign(size, points))

"""Features and a policy in, rule points out: signed points per criterion that add up to the rule score."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadscore.scoring.criteria import Criterion, Operator
from leadscore.scoring.inputs import FeatureFrame
from leadscore.scoring.policy import ENGAGEMENT_GROUPS, FIT_GROUPS, Policy

RECENCY = "recency_days"
WHOLE = 100.0
SMALLEST_ABOVE_ZERO = np.nextafter(0.0, 1.0)


@dataclass(frozen=True)
class RuleScores:
    """What the scorecard says of leads.

    Parameters
    ----------
    points : DataFrame of shape (n_leads, n_criteria)
        Signed, on the 0-100 scale; base + row sum = ``rule_score``.
    rule_score, fit, engagement : Series of shape (n_leads,), in [0, 100]
        Fit is who they are (demographic, firmographic, offer), engagement what they did (behaviour, answers), each
        as a share of what its own groups can give.
    base : float
        What a lead has before any criterion speaks: 0.
    """

    points: pd.DataFrame
    rule_score: pd.Series
    fit: pd.Series
    engagement: pd.Series
    base: float = 0.0


def score_rules(features: FeatureFrame, policy: Policy) -> RuleScores:
    """Score leads by the scorecard.

    The points of a group are cut to the range from 0 to its full marks, in proportion, so that the points shown
    still add up; then they are scaled to the group's weight. A value that is missing earns nothing, nor does a column
    that is switched off. A group without criteria leaves its weight to the others. The score of a lead depends on that
    lead and the policy alone.

    Parameters
    ----------
    features : FeatureFrame
        Anything with a ``frame`` of features.
    policy : Policy
    """
    frame = features.frame
    criteria = policy.criteria
    raw = np.column_stack([counted_points(frame, criterion, policy) for criterion in criteria]) if criteria \
        else np.zeros((len(frame), 0))
    shares = group_shares(policy)
    scaled = np.zeros_like(raw)
    for group, share in shares.items():
        members = [place for place, criterion in enumerate(criteria) if criterion.group == group]
        scaled[:, members] = _cut(raw[:, members], full_marks(policy, group)) * share
    columns = [criterion.id for criterion in criteria]
    points = pd.DataFrame(scaled, index=frame.index, columns=columns)
    return RuleScores(
        points=points,
        rule_score=pd.Series(scaled.sum(axis=1).clip(0, WHOLE), index=frame.index, name="rule_score"),
        fit=_side(points, criteria, shares, FIT_GROUPS),
        engagement=_side(points, criteria, shares, ENGAGEMENT_GROUPS))


def group_shares(policy: Policy) -> dict[str, float]:
    """Give the points (of 100) each group can reach: its weight, after groups that can give nothing have left theirs.

    Returns
    -------
    dict
        Empty when no group can give anything.
    """
    able = {group: weight for group, weight in policy.group_weights.items()
            if weight > 0 and full_marks(policy, group) > 0}
    total = sum(able.values())
    return {group: WHOLE * weight / total for group, weight in able.items()}


def full_marks(policy: Policy, group: str) -> float:
    """Give the raw points at which a group is full: 0 when none of its criteria can add any."""
    reachable = sum(criterion.most for criterion in policy.criteria
                    if criterion.group == group and criterion.field not in policy.switched_off)
    return policy.group_marks.get(group, policy.full_marks * reachable) if reachable else 0.0


def criteria_table(rules: RuleScores, features: FeatureFrame, policy: Policy, lead_id: int, *,
                   hidden: Collection[str] = ()) -> pd.DataFrame:
    """Break one lead's rule score down; values of hidden columns are left out.

    Returns
    -------
    DataFrame
        Columns ``group``, ``label``, ``value``, ``points``, ``max`` on the 0-100 scale, in the scorecard's order.
    """
    shares = group_shares(policy)
    rows = []
    for criterion in policy.criteria:
        marks = full_marks(policy, criterion.group)
        scale = shares.get(criterion.group, 0.0) / marks if marks else 0.0
        shown = criterion.field in features.frame and criterion.field not in hidden
        value = features.frame[criterion.field].loc[lead_id] if shown else None
        rows.append({"group": criterion.group, "label": criterion.label, "value": value,
                     "points": float(rules.points[criterion.id].loc[lead_id]),
                     "max": min(criterion.most * scale, shares.get(criterion.group, 0.0))})
    return pd.DataFrame(rows, columns=["group", "label", "value", "points", "max"])


def hits(frame: pd.DataFrame, criterion: Criterion) -> np.ndarray:
    """Say for which leads a criterion holds; a column the frame lacks is missing for all."""
    if criterion.field not in frame:
        return np.full(len(frame), criterion.operator == Operator.IS_MISSING)
    values, operator, wanted = frame[criterion.field], criterion.operator, criterion.value
    if operator in (Operator.IS_PRESENT, Operator.IS_MISSING):
        missing = values.isna().to_numpy(dtype=bool)
        return missing if operator == Operator.IS_MISSING else ~missing
    if operator in (Operator.EQUALS, Operator.ONE_OF, Operator.CONTAINS):
        return _text_hits(values, criterion)
    numbers = _numbers(values)
    low, high = _range(Operator(operator), wanted)
    return (numbers >= low) & (numbers <= high)


def amounts(frame: pd.DataFrame, criterion: Criterion) -> np.ndarray:
    """Give the share of a criterion's largest points that each lead earns: shape (n_leads,), in [0, 1]."""
    limit = criterion.cap if criterion.operator == Operator.PER_UNIT else None
    return np.asarray(np.abs(_points(frame, criterion)) / (limit or abs(criterion.points)))


def _range(operator: Operator, wanted: Any) -> tuple[float, float]:
    """Give the numbers, ends included, for which a comparison holds."""
    if operator == Operator.BETWEEN:
        return float(wanted[0]), float(wanted[1])
    if operator in (Operator.IS_TRUE, Operator.IS_FALSE):
        answer = float(operator == Operator.IS_TRUE)
        return answer, answer
    if operator == Operator.PER_UNIT:
        return SMALLEST_ABOVE_ZERO, np.inf
    return (float(wanted), np.inf) if operator == Operator.AT_LEAST else (-np.inf, float(wanted))


def _numbers(values: pd.Series) -> np.ndarray:
    """Give a column as float64; text that is no number is missing, and a missing value holds in no comparison."""
    if not pd.api.types.is_numeric_dtype(values.dtype):
        values = pd.to_numeric(values, errors="coerce")
    return values.to_numpy(dtype=float, na_value=np.nan)


def _text_hits(values: pd.Series, criterion: Criterion) -> np.ndarray:
    """Compare texts, case and outer spaces aside, on the distinct values only."""
    codes, distinct = pd.factorize(values)
    texts = [str(value).strip().casefold() for value in distinct]
    wanted = [part.strip().casefold() for part in
              (criterion.value if isinstance(criterion.value, tuple) else (criterion.value,))]
    if criterion.operator == Operator.CONTAINS:
        holds = [wanted[0] in text for text in texts]
    else:
        holds = [text in wanted for text in texts]
    # a missing value has the code -1, which reads the last answer: no
    return np.array([*holds, False], dtype=bool)[codes]


def counted_points(frame: pd.DataFrame, criterion: Criterion, policy: Policy) -> np.ndarray:
    """Give the raw points each lead earns by a criterion, 0 where its column is switched off."""
    return np.zeros(len(frame)) if criterion.field in policy.switched_off else _points(frame, criterion)


def _points(frame: pd.DataFrame, criterion: Criterion) -> np.ndarray:
    holds = hits(frame, criterion)
    if criterion.operator == Operator.PER_UNIT:
        earned = _per_unit(frame, criterion)
    else:
        earned = np.where(holds, criterion.points, 0.0)
    if criterion.half_life_days is not None and RECENCY in frame:
        days = frame[RECENCY].to_numpy(dtype=float, na_value=0.0)
        earned = earned * 0.5 ** (np.nan_to_num(days).clip(0) / criterion.half_life_days)
    return earned


def _per_unit(frame: pd.DataFrame, criterion: Criterion) -> np.ndarray:
    if criterion.field not in frame:
        return np.zeros(len(frame))
    amount = np.nan_to_num(_numbers(frame[criterion.field])).clip(0)
    size = np.minimum(amount / criterion.value * abs(criterion.points), criterion.cap or np.inf)
    return np.asarray(np.copysign(size, criterion.points))


def _cut(points: np.ndarray, most: float) -> np.ndarray:
    """Scale points so that their sum lies in [0, 1] of the most; points of the weaker sign keep their size."""
    gains, losses = points.clip(0), (-points).clip(0)
    up, down = gains.sum(axis=1, keepdims=True), losses.sum(axis=1, keepdims=True)
    too_low, too_high = down > up, up - down > most
    with np.errstate(divide="ignore", invalid="ignore"):
        losses = np.where(too_low, losses * (up / down), losses)
        gains = np.where(too_high, gains * ((most + down) / up), gains)
    return np.asarray((gains - losses) / most)


def _side(points: pd.DataFrame, criteria: Sequence[Criterion], shares: dict[str, float],
          groups: Sequence[str]) -> pd.Series:
    members = [criterion.id for criterion in criteria if criterion.group in groups]
    reachable = sum(share for group, share in shares.items() if group in groups)
    total = points[members].to_numpy(dtype=float).sum(axis=1)
    side = (WHOLE * total / reachable).clip(0, WHOLE) if reachable else total * 0.0
    return pd.Series(side, index=points.index)

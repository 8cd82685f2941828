"""Leads prepared once and scored under any policy in milliseconds: what the sliders stand on.

A panel keeps the leads' features in narrow columns, and what the model says of them. Each policy is scored from the
parts it shares with those tried before: only the criteria, the weights or the blend that differ are worked out anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from leadscore.scoring.blend import FARTHEST_LOGIT, WHOLE, has_weights
from leadscore.scoring.criteria import Criterion
from leadscore.scoring.inputs import ModelView
from leadscore.scoring.policy import ENGAGEMENT_GROUPS, FIT_GROUPS, Policy
from leadscore.scoring.scorecard import counted_points, full_marks, group_shares

Numbers = np.ndarray[Any, np.dtype[Any]]
Result = TypeVar("Result")
NOTHING = object()
REMEMBERED = {"points": 96, "group": 10, "rules": 3, "model": 3, "standing": 3, "best": 3, "ranking": 3}
"""Results kept for the next move, of each kind: the least recently used go first."""


@dataclass(frozen=True)
class ModelSide:
    """What a model says of the leads of a panel.

    Parameters
    ----------
    probability : ndarray of shape (n_leads,), in (0, 1)
    logit : ndarray of shape (n_leads,)
        Base + sum of the contributions.
    contributions : dict of str to ndarray of float32, shape (n_leads,)
        Log-odds by source column; columns that never say anything are left out.
    columns : tuple of str
        All source columns.
    tiers : ndarray of str or None
        The tier it gives each lead, where it tells three tiers apart.
    """

    probability: Numbers
    logit: Numbers
    contributions: dict[str, Numbers]
    columns: tuple[str, ...]
    tiers: Numbers | None = None

    def adjusted(self, policy: Policy) -> Numbers:
        """Give the probability after a person's weights: each adds what it changes, ``(w - 1) * phi``."""
        if not has_weights(policy):
            return self.probability
        moved = self.logit
        for name, part in self.contributions.items():
            if (weight := policy.weight_of(name)) != 1:
                moved = moved + (weight - 1.0) * part
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(moved, -FARTHEST_LOGIT, FARTHEST_LOGIT))))


@dataclass(frozen=True)
class Standing:
    """How the leads of a panel stand under a policy, in the order of the panel.

    Parameters
    ----------
    blended : ndarray of shape (n_leads,), in [0, 100]
        What rules and model say.
    score : ndarray of shape (n_leads,), in [0, 100]
        In force: a score set by hand stands.
    rule_score, fit, engagement : ndarray of shape (n_leads,), in [0, 100]
    """

    blended: Numbers
    score: Numbers
    rule_score: Numbers
    fit: Numbers
    engagement: Numbers


@dataclass(frozen=True)
class Rules:
    """What the scorecard says: three columns in [0, 100]."""

    rule_score: Numbers
    fit: Numbers
    engagement: Numbers


@dataclass(frozen=True)
class Panel:
    """Leads ready to be scored under any policy.

    Parameters
    ----------
    lead_ids : ndarray of int64, rising
    frame : DataFrame of shape (n_leads, n_features)
        Features in narrow columns; see :func:`narrow`.
    model : ModelSide or None
    by_hand : DataFrame
        People's own judgements: index ``lead_id``, columns ``score`` and ``tier``, either may be missing.
    """

    lead_ids: Numbers
    frame: pd.DataFrame
    model: ModelSide | None
    by_hand: pd.DataFrame
    _kept: dict[str, OrderedDict[Hashable, Any]] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        """Count the leads."""
        return len(self.lead_ids)

    @cached_property
    def bytes(self) -> int:
        """Size in memory, with what may be remembered of earlier moves."""
        model = self.model
        told = 0 if model is None else sum(part.nbytes for part in (model.probability, model.logit,
                                                                    *model.contributions.values()))
        remembered = 8 * len(self) * (REMEMBERED["group"] + 3 * REMEMBERED["rules"] + REMEMBERED["model"] + 10)
        points = 4 * len(self) * self.frame.shape[1]
        return int(self.frame.memory_usage(deep=False).sum()) + told + points + remembered

    def key(self, policy: Policy) -> tuple[Hashable, ...]:
        """Name what scores depend on: policies of one key score all leads alike."""
        return *self._rules_key(policy), *_weights_key(policy), 1.0 if self.model is None else policy.alpha

    def standing(self, policy: Policy) -> Standing:
        """Score all leads under a policy, as a scoring of the store would."""
        return self.remember("standing", self.key(policy), lambda: self._stand(policy))

    def remember(self, kind: str, key: Hashable, work: Callable[[], Result]) -> Result:
        """Give what was worked out for a key before, or work it out and keep it for the next moves."""
        kept = self._kept.setdefault(kind, OrderedDict())
        # taken out and put back at the end: pages of several people may ask at once
        found = kept.pop(key, NOTHING)
        result: Result = work() if found is NOTHING else found
        kept[key] = result
        while len(kept) > REMEMBERED[kind]:
            kept.popitem(last=False)
        return result

    def _stand(self, policy: Policy) -> Standing:
        rules = self.remember("rules", self._rules_key(policy), lambda: self._rules(policy))
        blended = rules.rule_score
        if self.model is not None:
            model = self.model
            adjusted = self.remember("model", _weights_key(policy), lambda: model.adjusted(policy))
            blended = np.clip(policy.alpha * blended + (1 - policy.alpha) * WHOLE * adjusted, 0, WHOLE)
        return Standing(blended, self._in_force(blended), rules.rule_score, rules.fit, rules.engagement)

    def _in_force(self, blended: Numbers) -> Numbers:
        known = self.by_hand["score"].dropna()
        if known.empty:
            return blended
        score = blended.copy()
        score[np.searchsorted(self.lead_ids, known.index.to_numpy())] = known.to_numpy(dtype=float)
        return score

    def _rules_key(self, policy: Policy) -> tuple[Hashable, ...]:
        groups = tuple((group, weight) for group, weight in policy.group_weights.items())
        marks = tuple(full_marks(policy, group) for group in policy.group_weights)
        return groups, marks, policy.criteria, policy.switched_off

    def _rules(self, policy: Policy) -> Rules:
        shares = group_shares(policy)
        reached = {group: self._reached(policy, group) * share for group, share in shares.items()}
        total = _total(list(reached.values()), len(self))
        return Rules(np.clip(total, 0, WHOLE), *(self._side(reached, shares, groups)
                                                 for groups in (FIT_GROUPS, ENGAGEMENT_GROUPS)))

    def _side(self, reached: dict[str, Numbers], shares: dict[str, float], groups: Sequence[str]) -> Numbers:
        reachable = sum(share for group, share in shares.items() if group in groups)
        total = _total([points for group, points in reached.items() if group in groups], len(self))
        return np.clip(WHOLE * total / reachable, 0, WHOLE) if reachable else total

    def _reached(self, policy: Policy, group: str) -> Numbers:
        """Give the share of its full marks that each lead reaches in a group, in [0, 1]."""
        most = full_marks(policy, group)
        counting = tuple(criterion for criterion in policy.criteria
                         if criterion.group == group and criterion.field not in policy.switched_off)
        raw = self.remember("group", counting, lambda: self._raw(counting, policy))
        return np.asarray(np.clip(raw, 0, most) / most)

    def _raw(self, criteria: Sequence[Criterion], policy: Policy) -> Numbers:
        columns = [self._points(criterion, policy) for criterion in criteria]
        return _total([column for column in columns if column is not None], len(self))

    def _points(self, criterion: Criterion, policy: Policy) -> Numbers | None:
        return self.remember("points", criterion,
                                lambda: _lossless(counted_points(self.frame, criterion, policy)))


def narrow(frame: pd.DataFrame) -> pd.DataFrame:
    """Give features columns that take little memory and hold the same values.

    Numbers become float32 where that loses nothing, texts become categories; a column without any value is left out,
    which no criterion can tell.
    """
    columns = {name: _narrow(frame[name]) for name in frame.columns if frame[name].notna().any()}
    return pd.DataFrame(columns, index=frame.index)


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put narrow frames below each other; a column one of them lacks is empty there."""
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    index = parts[0].index.append([part.index for part in parts[1:]])
    return pd.DataFrame({name: _joined([part.get(name) for part in parts], [len(part) for part in parts])
                         for name in names}, index=index)


def model_side(view: ModelView, tiers: pd.Series | None) -> ModelSide:
    """Take what a model said of leads, with its contributions, and the tiers it gave where it tells three apart."""
    shares = view.contributions
    parts = {str(name): shares[name].to_numpy(dtype=np.float32) for name in shares.columns}
    return ModelSide(
        np.asarray(view.probability, dtype=float), view.base + shares.to_numpy(dtype=float).sum(axis=1),
        {name: part for name, part in parts.items() if part.any()}, tuple(parts),
        None if tiers is None else np.asarray(tiers, dtype=object))


def joined_sides(sides: Sequence[ModelSide]) -> ModelSide:
    """Put what a model said of portions of leads below each other."""
    sizes = [len(side.logit) for side in sides]
    speaking = dict.fromkeys(name for side in sides for name in side.contributions)
    tiers = [side.tiers for side in sides if side.tiers is not None]
    return ModelSide(
        np.concatenate([side.probability for side in sides]), np.concatenate([side.logit for side in sides]),
        {name: np.concatenate([side.contributions.get(name, np.zeros(size, dtype=np.float32))
                               for side, size in zip(sides, sizes, strict=True)]) for name in speaking},
        sides[0].columns, np.concatenate(tiers) if tiers else None)


def _weights_key(policy: Policy) -> tuple[Hashable, ...]:
    moved = {name: weight for name, weight in policy.factor_weights.items() if weight != 1}
    return tuple(sorted(moved.items())), tuple(sorted(policy.switched_off))


def _total(columns: Sequence[Numbers], leads: int) -> Numbers:
    total = np.zeros(leads)
    for column in columns:
        total += column
    return total


def _lossless(values: Numbers) -> Numbers | None:
    """Keep a column in half the memory where that loses nothing, and not at all where it is empty."""
    small = values.astype(np.float32)
    if not small.any():
        return None
    return small if np.array_equal(small, values) else values


def _narrow(values: pd.Series) -> Any:
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype("category").array
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    small = numbers.astype(np.float32)
    return small if np.array_equal(small, numbers, equal_nan=True) else numbers


def _joined(parts: Sequence[pd.Series | None], sizes: Sequence[int]) -> Any:
    there = next(part for part in parts if part is not None)
    if isinstance(there.dtype, pd.CategoricalDtype):
        return pd.api.types.union_categoricals(
            [pd.Categorical([None] * size, dtype=there.dtype) if part is None else part.array
             for part, size in zip(parts, sizes, strict=True)])
    return np.concatenate([np.full(size, np.nan, dtype=np.float32) if part is None else part.to_numpy()
                           for part, size in zip(parts, sizes, strict=True)])



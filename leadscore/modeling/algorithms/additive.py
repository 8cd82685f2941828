"""Boosted trees of one column each, kept as one step function per column: what a column adds is looked up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xgboost

from leadscore.modeling.algorithms.fitting import Plan, Settings
from leadscore.modeling.algorithms.trees import BOOSTING, boost, margins
from leadscore.modeling.encoding import Codes, Floats

ADDITIVE: dict[str, Any] = BOOSTING | {"max_depth": 3, "learning_rate": 0.15}
ADDITIVE_SETTINGS: tuple[Settings, ...] = ({"max_depth": 3}, {"max_depth": 2})
MOST_ROUNDS = 500


@dataclass(frozen=True)
class Additive:
    """A sum of step functions, one per code column, centred on the training leads.

    Parameters
    ----------
    sizes : tuple of int
        Levels of each code column, 0 for a number.
    steps : tuple of ndarray, float32, ascending
        Where the function of a number steps; halfway between training values, so that none of them is kept.
    effects : tuple of ndarray
        Log-odds between the steps, or of each level; that of a missing value comes last.
    rounds : int
        Number of rounds learnt.
    """

    sizes: tuple[int, ...]
    steps: tuple[Floats, ...]
    effects: tuple[Floats, ...]
    base: float
    rounds: int
    settings: Settings = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Number of code columns it reads."""
        return len(self.sizes)

    def margin(self, codes: Codes) -> Floats:
        """Give uncalibrated log-odds of shape (n_leads,)."""
        return np.asarray(self.base + self.contributions(codes).sum(axis=1))

    def contributions(self, codes: Codes) -> Floats:
        """Give shape (n_leads, n_code_columns); base + row sum = margin."""
        result = np.empty(codes.values.shape)
        for column, (size, steps, effects) in enumerate(zip(self.sizes, self.steps, self.effects, strict=True)):
            values = codes.values[:, column]
            missing = len(effects) - 1
            place = np.nan_to_num(values, nan=missing) if size else np.searchsorted(steps, values, side="right")
            result[:, column] = effects[np.where(np.isnan(values), missing, place).astype(np.intp)]
        return result

    def state(self) -> dict[str, Any]:
        """Give what must be kept as JSON."""
        return {
            "sizes": list(self.sizes),
            "steps": [steps.tolist() for steps in self.steps],
            "effects": [effects.tolist() for effects in self.effects],
            "base": self.base,
            "rounds": self.rounds,
            "settings": dict(self.settings),
        }

    def trees(self) -> None:
        """Tell that no trees must be kept: the steps say all they say."""
        return None


def fit_additive(codes: Codes, y: Floats, plan: Plan) -> Additive:
    """Fit boosted trees that read one column each, and read off what each column adds."""
    alone = {"interaction_constraints": str([[column] for column in range(len(codes.sizes))])}
    booster = boost(ADDITIVE | alone | dict(plan.settings), codes, y, plan, most_rounds=MOST_ROUNDS)
    thresholds = _thresholds(booster, len(codes.sizes))
    shapes = [
        _number_steps(codes.values[:, column], thresholds[column])
        if size == 0
        else (np.empty(0, np.float32), np.arange(size, dtype=np.float32))
        for column, size in enumerate(codes.sizes)
    ]
    steps = tuple(shape[0] for shape in shapes)
    effects = _effects(booster, codes.sizes, [shape[1] for shape in shapes])
    raw = Additive(codes.sizes, steps, effects, 0.0, booster.num_boosted_rounds(), plan.settings)
    return _centred(raw, booster, codes)


def restore_additive(state: Mapping[str, Any]) -> Additive:
    """Build from the state that was kept; raises ValueError or KeyError when its parts do not fit together."""
    sizes = tuple(int(size) for size in state["sizes"])
    steps = tuple(np.asarray(part, dtype=np.float32) for part in state["steps"])
    effects = tuple(np.asarray(part, dtype=float) for part in state["effects"])
    wanted = [(size or len(part) + 1) + 1 for size, part in zip(sizes, steps, strict=True)]
    if [effect.shape for effect in effects] != [(length,) for length in wanted]:
        raise ValueError("steps and effects differ in number")
    return Additive(sizes, steps, effects, float(state["base"]), int(state["rounds"]), dict(state["settings"]))


def _thresholds(booster: xgboost.Booster, columns: int) -> list[Floats]:
    """Collect the values each number column is split at, in float32 as the trees compare them."""
    trees = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
    parts = {name: np.concatenate([np.asarray(tree[name]) for tree in trees])
             for name in ("left_children", "split_indices", "split_conditions", "split_type")}  # fmt: skip
    number = (parts["left_children"] >= 0) & (parts["split_type"] == 0)
    owner, value = parts["split_indices"][number], parts["split_conditions"][number].astype(np.float32)
    return [np.unique(value[owner == column]) for column in range(columns)]


def _number_steps(values: Floats, thresholds: Floats) -> tuple[Floats, Floats]:
    """Move thresholds to the middle between their neighbours in training; give a training value of each interval."""
    known = np.unique(values[~np.isnan(values)])
    if not len(known):
        return np.empty(0, np.float32), np.zeros(1, np.float32)
    above = np.unique(np.searchsorted(known, thresholds))
    above = above[(above > 0) & (above < len(known))]
    below, upper = known[above - 1], known[above]
    middle = ((below.astype(np.float64) + upper) / 2).astype(np.float32)
    # between neighbours in float32 there is no middle
    return np.where(middle > below, middle, upper), np.concatenate([known[:1], upper])


def _effects(booster: xgboost.Booster, sizes: tuple[int, ...], probes: Sequence[Floats]) -> tuple[Floats, ...]:
    """Ask the trees for each probe of one column with all others missing; a missing value counts 0."""
    ends = np.cumsum([len(part) for part in probes])
    asked = np.full((ends[-1] + 1, len(sizes)), np.nan, dtype=np.float32)
    asked[np.arange(ends[-1]), np.repeat(np.arange(len(sizes)), np.diff(ends, prepend=0))] = np.concatenate(probes)
    answers = margins(booster, Codes(asked, sizes))
    return tuple(np.append(part - answers[-1], 0.0) for part in np.split(answers[:-1], ends[:-1]))


def _centred(raw: Additive, booster: xgboost.Booster, codes: Codes) -> Additive:
    means = raw.contributions(codes).mean(axis=0)
    effects = tuple(part - mean for part, mean in zip(raw.effects, means, strict=True))
    nothing = Codes(np.full((1, len(raw.sizes)), np.nan, dtype=np.float32), raw.sizes)
    base = float(margins(booster, nothing)[0] + means.sum())
    return Additive(raw.sizes, raw.steps, effects, base, raw.rounds, raw.settings)

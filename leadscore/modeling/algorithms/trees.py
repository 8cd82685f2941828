"""Boosted trees and forests, and what each column adds to a lead's log-odds along their splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xgboost

from leadscore.modeling.algorithms.fitting import THREADS, Plan, Settings, keep_aside, threads_for
from leadscore.modeling.encoding import Codes, Floats

BOOSTING: dict[str, Any] = {
    "objective": "binary:logistic", "tree_method": "hist", "max_depth": 4, "learning_rate": 0.08,
    "subsample": 0.8, "colsample_bytree": 0.5, "min_child_weight": 1, "reg_lambda": 1.0, "max_cat_to_onehot": 1,
}  # fmt: skip
BOOSTING_SETTINGS: tuple[Settings, ...] = ({"max_depth": 4}, {"max_depth": 3}, {"max_depth": 6})
MOST_ROUNDS = 300
FEWEST_ROUNDS = 10
PATIENCE = 25
FOREST: dict[str, Any] = {
    "objective": "binary:logistic", "tree_method": "hist", "max_depth": 8, "learning_rate": 1.0,
    "subsample": 0.7, "colsample_bynode": 0.5, "min_child_weight": 2, "reg_lambda": 1.0, "num_parallel_tree": 100,
}  # fmt: skip
FOREST_SETTINGS: tuple[Settings, ...] = ({"max_depth": 8}, {"max_depth": 6})


@dataclass(frozen=True)
class Trees:
    """Boosted trees, with exact Shapley values, or a forest, with what each split on a lead's path adds.

    Both ways add up to the margin. The hundred deep trees of a forest would need minutes for the Shapley values of
    100,000 leads, the paths need a second. Forests small enough for Shapley values (40 trees of 40 leaves) ranked as
    well on 10,000 leads, but lost up to 0.007 of the area under the curve on 40,000.
    """

    booster: xgboost.Booster
    base: float
    by_path: bool
    settings: Settings = field(default_factory=dict)

    @property
    def rounds(self) -> int:
        """Number of rounds learnt."""
        return int(self.booster.num_boosted_rounds())

    @property
    def width(self) -> int:
        """Number of code columns it reads."""
        return int(self.booster.num_features())

    def margin(self, codes: Codes) -> Floats:
        """Give uncalibrated log-odds of shape (n_leads,)."""
        return margins(self.booster, codes)

    def contributions(self, codes: Codes) -> Floats:
        """Give shape (n_leads, n_code_columns); base + row sum = margin."""
        raw = self.booster.predict(matrix_of(codes), pred_contribs=True, approx_contribs=self.by_path)
        # XGBoost answers an empty question with a flat array
        return np.asarray(raw, dtype=np.float64).reshape(len(codes), len(codes.sizes) + 1)[:, :-1]

    def state(self) -> dict[str, Any]:
        """Give what must be kept as JSON; the trees themselves are kept beside it."""
        return {"base": self.base, "by_path": self.by_path, "settings": dict(self.settings)}

    def trees(self) -> bytes:
        """Give the trees in XGBoost's binary JSON."""
        return bytes(self.booster.save_raw("ubj"))


def fit_boosted(codes: Codes, y: Floats, plan: Plan) -> Trees:
    """Fit boosted trees; the rounds are those that help on leads kept aside."""
    booster = boost(BOOSTING | dict(plan.settings), codes, y, plan)
    return _with_base(booster, codes, plan, by_path=False)


def fit_forest(codes: Codes, y: Floats, plan: Plan) -> Trees:
    """Fit a forest of trees, each on other rows and columns."""
    booster = train_trees(FOREST | dict(plan.settings), 1, codes, y, plan)
    return _with_base(booster, codes, plan, by_path=True)


def restore_trees(state: Mapping[str, Any], kept: bytes | None) -> Trees:
    """Build from what was kept; raises ValueError, KeyError or XGBoostError when it does not fit together."""
    if kept is None:
        raise ValueError("the trees are missing")
    booster = xgboost.Booster({"nthread": THREADS})
    booster.load_model(bytearray(kept))
    return Trees(booster, float(state["base"]), bool(state["by_path"]), dict(state.get("settings", {})))


def boost(
    settings: Mapping[str, Any], codes: Codes, y: Floats, plan: Plan, *, most_rounds: int = MOST_ROUNDS
) -> xgboost.Booster:
    """Train boosted trees for the rounds of the plan, or for as many as help on leads kept aside."""
    rounds = _enough_rounds(settings, most_rounds, codes, y, plan) if plan.rounds is None else plan.rounds
    return train_trees(settings, rounds, codes, y, plan)


def margins(booster: xgboost.Booster, codes: Codes) -> Floats:
    """Give log-odds of shape (n_leads,)."""
    return np.asarray(booster.predict(matrix_of(codes), output_margin=True), dtype=np.float64)


def _enough_rounds(settings: Mapping[str, Any], most: int, codes: Codes, y: Floats, plan: Plan) -> int:
    """Find how many rounds help on original leads kept aside, weighted as the balance wants them."""
    aside = keep_aside(codes, y, plan)
    if aside is None:
        return FEWEST_ROUNDS
    booster = xgboost.train(
        _complete(settings, len(aside.fitted[1]), plan) | {"eval_metric": "logloss"}, matrix_of(*aside.fitted), most,
        evals=[(matrix_of(*aside.judged), "aside")], early_stopping_rounds=PATIENCE, verbose_eval=False,
    )  # fmt: skip
    return max(FEWEST_ROUNDS, int(booster.best_iteration) + 1)


def train_trees(settings: Mapping[str, Any], rounds: int, codes: Codes, y: Floats, plan: Plan) -> xgboost.Booster:
    """Train so many rounds on leads balanced as the plan wants them."""
    matrix = matrix_of(*plan.rebalance(codes, y))
    return xgboost.train(_complete(settings, len(y), plan), matrix, rounds, verbose_eval=False)


def _with_base(booster: xgboost.Booster, codes: Codes, plan: Plan, *, by_path: bool) -> Trees:
    one = matrix_of(codes.rows(np.arange(1)))
    base = booster.predict(one, pred_contribs=True, approx_contribs=by_path)[0, -1]
    return Trees(booster, float(base), by_path, plan.settings)


def matrix_of(codes: Codes, y: Floats | None = None, weights: Floats | None = None) -> xgboost.DMatrix:
    """Give codes the form XGBoost reads, with their outcomes and weights where it learns."""
    types = ["c" if size else "float" for size in codes.sizes]
    return xgboost.DMatrix(
        codes.values, y, weight=weights, feature_types=types, enable_categorical=True, nthread=threads_for(len(codes))
    )


def _complete(settings: Mapping[str, Any], rows: int, plan: Plan) -> dict[str, Any]:
    return {**settings, "nthread": threads_for(rows), "seed": plan.random_state, "verbosity": 0}

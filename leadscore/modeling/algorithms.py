"""The algorithms a model can use: each learns from codes and explains itself exactly, in log-odds per code column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, cast

import numpy as np
import xgboost
from sklearn.linear_model import LogisticRegression

from leadscore.errors import InvalidRequest
from leadscore.modeling.balancing import Balance, rebalance
from leadscore.modeling.encoding import Codes, Design, Floats, fit_design


class Algorithm(StrEnum):
    """Names of the algorithms, simplest first: a tie goes to the earlier one."""

    LOGISTIC = "logistic"
    XGBOOST = "xgboost"
    FOREST = "forest"
    NEURAL = "neural"


THREADS = 2
"""Fixed, because sums over another number of threads differ in the last bit and a repeat would not be a repeat."""
FEW_ROWS = 25_000
"""Below this a second thread costs more in waiting than it brings, above all on a busy machine."""

LOGISTIC_C = 1.0
LOGISTIC_TOLERANCE = 1e-3
BOOSTING: dict[str, Any] = {
    "objective": "binary:logistic", "tree_method": "hist", "max_depth": 4, "learning_rate": 0.08,
    "subsample": 0.8, "colsample_bytree": 0.5, "min_child_weight": 5, "reg_lambda": 2.0, "max_cat_to_onehot": 8,
}  # fmt: skip
MOST_ROUNDS = 300
FEWEST_ROUNDS = 10
PATIENCE = 25
ASIDE = 0.15
FOREST: dict[str, Any] = {
    "objective": "binary:logistic", "tree_method": "hist", "max_depth": 8, "learning_rate": 1.0,
    "subsample": 0.7, "colsample_bynode": 0.5, "min_child_weight": 2, "reg_lambda": 1.0, "num_parallel_tree": 100,
}  # fmt: skip


class Estimator(Protocol):
    """A fitted algorithm."""

    @property
    def base(self) -> float:
        """Log-odds before any column speaks."""

    def margin(self, codes: Codes) -> Floats:
        """Give uncalibrated log-odds of shape (n_leads,)."""

    def contributions(self, codes: Codes) -> Floats:
        """Give shape (n_leads, n_code_columns); base + row sum = margin."""

    def state(self) -> dict[str, Any]:
        """Give what must be kept as JSON."""


@dataclass(frozen=True)
class Logistic:
    """A weighted sum of standardised columns; contributions are centred on the training leads."""

    design: Design
    weights: Floats
    means: Floats
    base: float

    def margin(self, codes: Codes) -> Floats:
        """Give uncalibrated log-odds of shape (n_leads,)."""
        return np.asarray(self.base + self.contributions(codes).sum(axis=1))

    def contributions(self, codes: Codes) -> Floats:
        """Give shape (n_leads, n_code_columns); base + row sum = margin."""
        return self.design.terms(codes, self.weights) - self.means

    def state(self) -> dict[str, Any]:
        """Give what must be kept as JSON."""
        return {
            "design": self.design.to_dict(),
            "weights": self.weights.tolist(),
            "means": self.means.tolist(),
            "base": self.base,
        }


@dataclass(frozen=True)
class Trees:
    """Boosted trees, with exact Shapley values, or a forest, with what each split on a lead's path adds.

    Both ways add up to the margin. The hundred deep trees of a forest would need minutes for the Shapley values of
    100,000 leads, the paths need a second.
    """

    booster: xgboost.Booster
    base: float
    by_path: bool

    def margin(self, codes: Codes) -> Floats:
        """Give uncalibrated log-odds of shape (n_leads,)."""
        raw = self.booster.predict(_matrix(codes), output_margin=True)
        return np.asarray(raw, dtype=np.float64)

    def contributions(self, codes: Codes) -> Floats:
        """Give shape (n_leads, n_code_columns); base + row sum = margin."""
        raw = self.booster.predict(_matrix(codes), pred_contribs=True, approx_contribs=self.by_path)
        # XGBoost answers an empty question with a flat array
        return np.asarray(raw, dtype=np.float64).reshape(len(codes), len(codes.sizes) + 1)[:, :-1]

    def state(self) -> dict[str, Any]:
        """Give what must be kept as JSON; the trees themselves are kept beside it."""
        return {"base": self.base, "by_path": self.by_path}


def fit(algorithm: Algorithm, codes: Codes, y: Floats, balance: Balance, *, random_state: int) -> Estimator:
    """Fit one algorithm; resampling happens in here, so that no other rows are ever resampled.

    Parameters
    ----------
    algorithm : Algorithm
    codes : Codes of n_leads
    y : ndarray of shape (n_leads,), 0 or 1, both present
    balance : Balance
    random_state : int

    Returns
    -------
    Estimator

    Raises
    ------
    InvalidRequest
        ``not_available`` for an algorithm this version cannot fit.
    """
    if algorithm not in _FIT:
        raise InvalidRequest("not_available", f"The algorithm {algorithm} is not available yet.", "Use auto.")
    return _FIT[algorithm](codes, y, balance, random_state)


def parameters(algorithm: Algorithm, estimator: Estimator) -> dict[str, Any]:
    """Give the settings a fitted algorithm was made with, for the report."""
    if algorithm is Algorithm.LOGISTIC:
        return {"C": LOGISTIC_C, "penalty": "l2"}
    settings = BOOSTING if algorithm is Algorithm.XGBOOST else FOREST
    return settings | {"rounds": cast(Trees, estimator).booster.num_boosted_rounds()}


def restore(algorithm: Algorithm, state: Mapping[str, Any], booster: bytes | None) -> Estimator:
    """Build a fitted algorithm from what was kept.

    Raises
    ------
    ValueError, KeyError, xgboost.core.XGBoostError
        When the parts do not fit together.
    """
    if algorithm is Algorithm.LOGISTIC:
        return _restore_logistic(state)
    if booster is None:
        raise ValueError("the trees are missing")
    trees = xgboost.Booster({"nthread": THREADS})
    trees.load_model(bytearray(booster))
    return Trees(trees, float(state["base"]), bool(state["by_path"]))


def _fit_logistic(codes: Codes, y: Floats, balance: Balance, random_state: int) -> Logistic:
    codes, y, weights = rebalance(codes, y, balance, random_state=random_state)
    design = fit_design(codes)
    model = LogisticRegression(C=LOGISTIC_C, max_iter=200, tol=LOGISTIC_TOLERANCE)
    model.fit(design.wide(codes), y, sample_weight=weights)
    coefficients = np.asarray(model.coef_[0], dtype=np.float64)
    means = design.terms(codes, coefficients).mean(axis=0)
    return Logistic(design, coefficients, means, float(model.intercept_[0] + means.sum()))


def _restore_logistic(state: Mapping[str, Any]) -> Logistic:
    design = Design.from_dict(state["design"])
    weights, means = np.asarray(state["weights"], dtype=float), np.asarray(state["means"], dtype=float)
    if weights.shape != (sum(design.widths),) or means.shape != (len(design.sizes),):
        raise ValueError("weights and columns differ in number")
    return Logistic(design, weights, means, float(state["base"]))


def _matrix(codes: Codes, y: Floats | None = None, weights: Floats | None = None) -> xgboost.DMatrix:
    types = ["c" if size else "float" for size in codes.sizes]
    return xgboost.DMatrix(
        codes.values, y, weight=weights, feature_types=types, enable_categorical=True, nthread=_threads(len(codes))
    )


def _fit_xgboost(codes: Codes, y: Floats, balance: Balance, random_state: int) -> Trees:
    rounds = _enough_rounds(codes, y, balance, random_state)
    return _fit_trees(BOOSTING, rounds, codes, y, balance, random_state)


def _fit_forest(codes: Codes, y: Floats, balance: Balance, random_state: int) -> Trees:
    return _fit_trees(FOREST, 1, codes, y, balance, random_state)


def _enough_rounds(codes: Codes, y: Floats, balance: Balance, random_state: int) -> int:
    """Find how many rounds help on original leads kept aside, weighted as the balance wants them."""
    aside = np.random.default_rng(random_state).random(len(y)) < ASIDE
    if len(np.unique(y[aside])) < 2 or len(np.unique(y[~aside])) < 2:
        return FEWEST_ROUNDS
    fitted = rebalance(codes.rows(np.flatnonzero(~aside)), y[~aside], balance, random_state=random_state)
    how = Balance.NONE if balance is Balance.NONE else Balance.WEIGHTS
    judged = rebalance(codes.rows(np.flatnonzero(aside)), y[aside], how, random_state=random_state)
    booster = xgboost.train(
        _settings(BOOSTING, random_state, len(y)) | {"eval_metric": "logloss"}, _matrix(*fitted), MOST_ROUNDS,
        evals=[(_matrix(*judged), "aside")], early_stopping_rounds=PATIENCE, verbose_eval=False,
    )  # fmt: skip
    return max(FEWEST_ROUNDS, int(booster.best_iteration) + 1)


def _fit_trees(
    settings: Mapping[str, Any], rounds: int, codes: Codes, y: Floats, balance: Balance, random_state: int
) -> Trees:
    matrix = _matrix(*rebalance(codes, y, balance, random_state=random_state))
    booster = xgboost.train(_settings(settings, random_state, len(y)), matrix, rounds, verbose_eval=False)
    by_path = "num_parallel_tree" in settings
    one = _matrix(codes.rows(np.arange(1)))
    base = booster.predict(one, pred_contribs=True, approx_contribs=by_path)[0, -1]
    return Trees(booster, float(base), by_path)


def _settings(settings: Mapping[str, Any], random_state: int, rows: int) -> dict[str, Any]:
    return {**settings, "nthread": _threads(rows), "seed": random_state, "verbosity": 0}


def _threads(rows: int) -> int:
    return 1 if rows < FEW_ROWS else THREADS


_FIT: dict[Algorithm, Callable[[Codes, Floats, Balance, int], Estimator]] = {
    Algorithm.LOGISTIC: _fit_logistic,
    Algorithm.XGBOOST: _fit_xgboost,
    Algorithm.FOREST: _fit_forest,
}

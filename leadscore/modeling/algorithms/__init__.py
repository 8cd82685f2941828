"""The algorithms a model can use: each learns from codes and explains itself, in log-odds per code column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from leadscore.errors import InvalidRequest
from leadscore.modeling.algorithms.additive import ADDITIVE, ADDITIVE_SETTINGS, fit_additive, restore_additive
from leadscore.modeling.algorithms.average import AVERAGE, AVERAGE_SETTINGS, fit_average, restore_average
from leadscore.modeling.algorithms.fitting import Plan, Settings, threads_for
from leadscore.modeling.algorithms.linear import LINEAR, LINEAR_SETTINGS, fit_logistic, restore_logistic
from leadscore.modeling.algorithms.network import NETWORK, NETWORK_SETTINGS, fit_network, restore_network
from leadscore.modeling.algorithms.trees import (
    BOOSTING,
    BOOSTING_SETTINGS,
    FOREST,
    FOREST_SETTINGS,
    fit_boosted,
    fit_forest,
    restore_trees,
)
from leadscore.modeling.balancing import Balance
from leadscore.modeling.encoding import Codes, Floats


class Algorithm(StrEnum):
    """Names of the algorithms, simplest first: a tie goes to the earlier one."""

    LOGISTIC = "logistic"
    ADDITIVE = "additive"
    XGBOOST = "xgboost"
    FOREST = "forest"
    AVERAGE = "average"
    NEURAL = "neural"


class Estimator(Protocol):
    """A fitted algorithm."""

    @property
    def base(self) -> float:
        """Log-odds before any column speaks."""

    @property
    def rounds(self) -> int | None:
        """Number of rounds it learnt, to be used again in a later fit; None where it does not learn in rounds."""

    @property
    def settings(self) -> Settings:
        """The settings it was fitted with, out of :func:`settings_of`."""

    @property
    def width(self) -> int:
        """Number of code columns it reads."""

    def margin(self, codes: Codes) -> Floats:
        """Give uncalibrated log-odds of shape (n_leads,)."""

    def contributions(self, codes: Codes) -> Floats:
        """Give shape (n_leads, n_code_columns); base + row sum = margin."""

    def state(self) -> dict[str, Any]:
        """Give what must be kept as JSON."""

    def trees(self) -> bytes | None:
        """Give the trees that must be kept beside it, where there are any."""


@dataclass(frozen=True)
class _Recipe:
    """What never varies, what may be tried with the default first, and how to fit and to restore."""

    fixed: Mapping[str, Any]
    settings: tuple[Settings, ...]
    fit: Callable[[Codes, Floats, Plan], Estimator]
    restore: Callable[[Mapping[str, Any], bytes | None], Estimator]


_RECIPES: dict[Algorithm, _Recipe] = {
    Algorithm.LOGISTIC: _Recipe(LINEAR, LINEAR_SETTINGS, fit_logistic, lambda state, _: restore_logistic(state)),
    Algorithm.ADDITIVE: _Recipe(ADDITIVE, ADDITIVE_SETTINGS, fit_additive, lambda state, _: restore_additive(state)),
    Algorithm.XGBOOST: _Recipe(BOOSTING, BOOSTING_SETTINGS, fit_boosted, restore_trees),
    Algorithm.FOREST: _Recipe(FOREST, FOREST_SETTINGS, fit_forest, restore_trees),
    Algorithm.AVERAGE: _Recipe(AVERAGE, AVERAGE_SETTINGS, fit_average, restore_average),
    Algorithm.NEURAL: _Recipe(NETWORK, NETWORK_SETTINGS, fit_network, lambda state, _: restore_network(state)),
}


def settings_of(algorithm: Algorithm) -> tuple[Settings, ...]:
    """Give the settings worth trying, the default first."""
    return _RECIPES[algorithm].settings


def fit(
    algorithm: Algorithm,
    codes: Codes,
    y: Floats,
    balance: Balance,
    *,
    random_state: int,
    settings: Settings | None = None,
    rounds: int | None = None,
) -> Estimator:
    """Fit one algorithm; resampling happens in here, so that no other rows are ever resampled.

    Parameters
    ----------
    algorithm : Algorithm
    codes : Codes of n_leads
    y : ndarray of shape (n_leads,), 0 or 1, both present
    balance : Balance
    random_state : int
    settings : mapping or None
        One of :func:`settings_of`; None for the default.
    rounds : int or None
        The ``rounds`` of an earlier estimator, which spares the search for them; None looks for them on leads kept
        aside. Algorithms that do not learn in rounds ignore it.

    Returns
    -------
    Estimator

    Raises
    ------
    InvalidRequest
        ``unknown_option`` for settings the algorithm does not offer, or for less than one round.
    """
    recipe = _RECIPES[algorithm]
    chosen = recipe.settings[0] if settings is None else settings
    if chosen not in recipe.settings:
        raise InvalidRequest(
            "unknown_option", f"The algorithm {algorithm} has no settings {dict(chosen)}.", "Use one it offers."
        )
    if rounds is not None and rounds < 1:
        raise InvalidRequest("unknown_option", f"An algorithm cannot learn {rounds} rounds.", "Ask for one or more.")
    with threadpool_limits(threads_for(len(codes)), user_api="blas"):
        return recipe.fit(codes, y, Plan(balance, chosen, random_state, rounds))


def parameters(algorithm: Algorithm, estimator: Estimator) -> dict[str, Any]:
    """Give the settings a fitted algorithm was made with, for the report."""
    rounds = {} if estimator.rounds is None else {"rounds": estimator.rounds}
    return {**_RECIPES[algorithm].fixed, **estimator.settings, **rounds}


def restore(algorithm: Algorithm, state: Mapping[str, Any], booster: bytes | None) -> Estimator:
    """Build a fitted algorithm from what was kept.

    Raises
    ------
    ValueError, KeyError, xgboost.core.XGBoostError
        When the parts do not fit together.
    """
    return _RECIPES[algorithm].restore(state, booster)

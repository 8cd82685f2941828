"""The mean, in log-odds, of a logistic regression and boosted trees; what a column adds is the mean of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from leadscore.modeling.algorithms.fitting import Plan, Settings
from leadscore.modeling.algorithms.linear import LINEAR, Logistic, fit_logistic, restore_logistic
from leadscore.modeling.algorithms.trees import BOOSTING, Trees, fit_boosted, restore_trees
from leadscore.modeling.encoding import Codes, Floats

AVERAGE: dict[str, Any] = BOOSTING | LINEAR
AVERAGE_SETTINGS: tuple[Settings, ...] = ({"C": 1.0, "max_depth": 4}, {"C": 0.1, "max_depth": 3})


@dataclass(frozen=True)
class Average:
    """Two models on one scale: both were fitted with log loss, so that their log-odds can be averaged as they are."""

    linear: Logistic
    boosted: Trees

    @property
    def base(self) -> float:
        """Log-odds before any column speaks."""
        return (self.linear.base + self.boosted.base) / 2

    @property
    def rounds(self) -> int:
        """Number of rounds the trees learnt."""
        return self.boosted.rounds

    @property
    def settings(self) -> Settings:
        """Settings of both parts."""
        return {**self.linear.settings, **self.boosted.settings}

    @property
    def width(self) -> int:
        """Number of code columns it reads."""
        return self.boosted.width

    def margin(self, codes: Codes) -> Floats:
        """Give uncalibrated log-odds of shape (n_leads,)."""
        return np.asarray((self.linear.margin(codes) + self.boosted.margin(codes)) / 2)

    def contributions(self, codes: Codes) -> Floats:
        """Give shape (n_leads, n_code_columns); base + row sum = margin."""
        return (self.linear.contributions(codes) + self.boosted.contributions(codes)) / 2

    def state(self) -> dict[str, Any]:
        """Give what must be kept as JSON; the trees themselves are kept beside it."""
        return {"linear": self.linear.state(), "boosted": self.boosted.state()}

    def trees(self) -> bytes:
        """Give the trees in XGBoost's binary JSON."""
        return self.boosted.trees()


def fit_average(codes: Codes, y: Floats, plan: Plan) -> Average:
    """Fit both parts on the same leads."""
    linear = {name: value for name, value in plan.settings.items() if name == "C"}
    boosted = {name: value for name, value in plan.settings.items() if name != "C"}
    return Average(
        fit_logistic(codes, y, replace(plan, settings=linear)), fit_boosted(codes, y, replace(plan, settings=boosted))
    )


def restore_average(state: Mapping[str, Any], kept: bytes | None) -> Average:
    """Build from what was kept; raises ValueError, KeyError or XGBoostError when it does not fit together."""
    linear, boosted = restore_logistic(state["linear"]), restore_trees(state["boosted"], kept)
    if linear.width != boosted.width:
        raise ValueError("the two parts read different columns")
    return Average(linear, boosted)

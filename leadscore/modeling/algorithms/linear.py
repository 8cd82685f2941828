"""Logistic regression on standardised columns, and what each column adds to a lead's log-odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from leadscore.modeling.algorithms.fitting import Plan, Settings
from leadscore.modeling.encoding import Codes, Design, Floats, fit_design

LINEAR: dict[str, Any] = {"penalty": "l2"}
LINEAR_SETTINGS: tuple[Settings, ...] = ({"C": 1.0}, {"C": 0.1})
TOLERANCE = 1e-3
MOST_STEPS = 200


@dataclass(frozen=True)
class Logistic:
    """A weighted sum of standardised columns; contributions are centred on the training leads."""

    design: Design
    weights: Floats
    means: Floats
    base: float
    settings: Settings = field(default_factory=dict)

    @property
    def rounds(self) -> None:
        """Tell that it does not learn in rounds."""
        return None

    @property
    def width(self) -> int:
        """Number of code columns it reads."""
        return len(self.design.sizes)

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
            "settings": dict(self.settings),
        }

    def trees(self) -> None:
        """Tell that no trees must be kept."""
        return None


def fit_logistic(codes: Codes, y: Floats, plan: Plan) -> Logistic:
    """Fit a logistic regression; ``C`` is how little the weights are held back."""
    codes, y, weights = plan.rebalance(codes, y)
    design = fit_design(codes)
    model = LogisticRegression(C=plan.settings["C"], max_iter=MOST_STEPS, tol=TOLERANCE)
    model.fit(design.wide(codes), y, sample_weight=weights)
    coefficients = np.asarray(model.coef_[0], dtype=np.float64)
    means = design.terms(codes, coefficients).mean(axis=0)
    return Logistic(design, coefficients, means, float(model.intercept_[0] + means.sum()), plan.settings)


def restore_logistic(state: Mapping[str, Any]) -> Logistic:
    """Build from the state that was kept; raises ValueError or KeyError when its parts do not fit together."""
    design = Design.from_dict(state["design"])
    weights, means = np.asarray(state["weights"], dtype=float), np.asarray(state["means"], dtype=float)
    if weights.shape != (sum(design.widths),) or means.shape != (len(design.sizes),):
        raise ValueError("weights and columns differ in number")
    return Logistic(design, weights, means, float(state["base"]), kept_settings(state))


def kept_settings(state: Mapping[str, Any]) -> Settings:
    """Read the settings of a kept state; the first models were kept without them."""
    return {str(name): value for name, value in state.get("settings", {}).items()}

"""Turns margins into honest probabilities by an affine map in log-odds, which keeps contributions additive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from leadscore.modeling.encoding import Floats

SMALLEST_SLOPE = 1e-3
"""A slope of zero or less would erase or reverse the ranking; this leaves the order and says next to nothing."""


@dataclass(frozen=True)
class Calibration:
    """logit = slope · margin + offset."""

    slope: float = 1.0
    offset: float = 0.0

    def logit(self, margin: Floats) -> Floats:
        """Map margins of shape (n_leads,) to calibrated log-odds."""
        return self.slope * margin + self.offset

    def probability(self, margin: Floats) -> Floats:
        """Map margins of shape (n_leads,) to probabilities in (0, 1)."""
        return np.asarray(expit(self.logit(margin)))


def fit_calibration(margin: Floats, y: Floats) -> Calibration:
    """Fit Platt's map on leads the margins were not fitted on.

    Parameters
    ----------
    margin : ndarray of shape (n_leads,)
        Log-odds by models that have not seen these leads, nor leads resampled from them.
    y : ndarray of shape (n_leads,), 0 or 1

    Returns
    -------
    Calibration

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines, with its smoothed targets.
    """
    centre, spread = float(margin.mean()), float(margin.std()) or 1.0
    standard = (margin - centre) / spread
    slope, offset = _newton(standard, _smoothed(y))
    slope = max(slope / spread, SMALLEST_SLOPE)
    return Calibration(slope, offset - slope * centre)


def _smoothed(y: Floats) -> Floats:
    positives, negatives = y.sum(), (1 - y).sum()
    return np.asarray(np.where(y == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2)))


def _newton(x: Floats, target: Floats, rounds: int = 30) -> tuple[float, float]:
    design = np.column_stack([x, np.ones_like(x)])
    beta = np.array([0.0, np.log(target.mean() / (1 - target.mean()))])
    for _ in range(rounds):
        p = expit(design @ beta)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (target - p))
        # a full step overshoots when the classes are nearly separated
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0]), float(beta[1])

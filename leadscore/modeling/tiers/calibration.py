"""Turns margins of three tiers into honest chances, by one slope and an offset for each tier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from leadscore.modeling.calibration import SMALLEST_SLOPE
from leadscore.modeling.encoding import Floats


@dataclass(frozen=True)
class TierCalibration:
    """Calibrated margins = slope · margins + offset of the tier; chances are their softmax."""

    slope: float = 1.0
    offsets: tuple[float, ...] = (0.0, 0.0, 0.0)

    def margins(self, raw: Floats) -> Floats:
        """Map margins of shape (n_leads, n_tiers) to calibrated ones."""
        return np.asarray(self.slope * raw + np.array(self.offsets))

    def chances(self, raw: Floats) -> Floats:
        """Map margins of shape (n_leads, n_tiers) to chances; rows add up to 1."""
        return np.asarray(softmax(self.margins(raw), axis=1))


def fit_tier_calibration(raw: Floats, y: Floats) -> TierCalibration:
    """Fit slope and offsets on leads the margins were not fitted on.

    Parameters
    ----------
    raw : ndarray of shape (n_leads, n_tiers)
        Margins by models that have not seen these leads, nor leads resampled from them.
    y : ndarray of shape (n_leads,)
        Number of each lead's tier.

    Returns
    -------
    TierCalibration

    References
    ----------
    Guo et al. (2017), On Calibration of Modern Neural Networks, section 4.2: temperature scaling, here with the biases
    of vector scaling, which undo the shares a resampling has moved. Targets are smoothed as Platt (1999) does, so that
    separated tiers give no infinite slope.
    """
    target = _smoothed(y, raw.shape[1])
    centred = raw - raw.mean(axis=1, keepdims=True)
    scale = float(centred.std()) or 1.0
    standard = centred / scale

    def loss(parts: Floats) -> tuple[float, Floats]:
        logs = log_softmax(parts[0] * standard + parts[1:], axis=1)
        gap = np.exp(logs) - target
        gradient = np.append((gap * standard).sum(), gap.sum(axis=0)) / len(y)
        return float(-(target * logs).sum() / len(y)), gradient

    found = minimize(loss, np.append(1.0, np.zeros(raw.shape[1])), jac=True, method="BFGS").x
    slope = max(float(found[0]) / scale, SMALLEST_SLOPE)
    return TierCalibration(slope, tuple(float(part) for part in found[1:] - found[1:].mean()))


def _smoothed(y: Floats, tiers: int) -> Floats:
    hits = y[:, None] == np.arange(tiers)
    counts = hits.sum(axis=0)[y.astype(np.intp)][:, None]
    return np.asarray(np.where(hits, counts + 1, 1) / (counts + tiers))

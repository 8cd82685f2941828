"""Gives contributions back to the columns people know, and sums them up to importances."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.modeling.encoding import Floats, Rows


def to_sources(contributions: Floats, owners: Rows, slope: float) -> Floats:
    """Sum contributions of encoded columns per source column, on the calibrated scale.

    Parameters
    ----------
    contributions : ndarray of shape (n_leads, n_encoded)
        Log-odds before calibration.
    owners : ndarray of shape (n_encoded,), non-decreasing
        Position of the source column of each encoded column.
    slope : float
        Slope of the calibration, which scales every contribution alike.

    Returns
    -------
    ndarray of shape (n_leads, n_sources), float32
    """
    starts = np.flatnonzero(np.concatenate([[True], np.diff(owners) != 0]))
    summed = contributions if len(starts) == len(owners) else np.add.reduceat(contributions, starts, axis=1)
    return (summed * slope).astype(np.float32)


def importance(contributions: pd.DataFrame) -> dict[str, float]:
    """Give the mean absolute contribution of each column in log-odds, largest first."""
    mean = contributions.abs().mean().sort_values(ascending=False, kind="stable")
    return {str(column): float(value) for column, value in mean.items()}

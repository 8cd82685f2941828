"""Has a column of the leads changed? The shares of its values now against before, in one figure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2

BINS = 10
LEVELS = 20
"""Values told apart in a column of texts; all others count as one."""
LEAST_SHARE = 1e-4
"""A value that is new, or gone, would make the figure infinite."""
MODERATE, LARGE = 0.1, 0.25
LEAST_LEADS = 50
CERTAINTY = 0.95

Floats = npt.NDArray[np.float64]


class Band(StrEnum):
    """How much a column has changed."""

    STEADY = "steady"
    MODERATE = "moderate"
    LARGE = "large"


@dataclass(frozen=True)
class Drift:
    """How far the values of a column have moved.

    Parameters
    ----------
    index : float
        Population stability index, 0 for the same shares.
    by_chance : float
        What so few leads reach in 95 of 100 cases though nothing has changed; below it every index is steady.
    before, now : int
        Leads compared.
    """

    index: float
    by_chance: float
    before: int
    now: int

    @property
    def band(self) -> Band:
        """Steady below 0.1, or where chance alone explains it; moderate up to 0.25; large above."""
        if self.index < MODERATE or self.index <= self.by_chance:
            return Band.STEADY
        return Band.MODERATE if self.index < LARGE else Band.LARGE


def stability(before: pd.Series, now: pd.Series) -> Drift | None:
    """Compare the values of one column in two sets of leads.

    Numbers are cut at the tenths of the earlier leads; texts are told apart by their 20 commonest values there; what
    is missing is a value of its own.

    Parameters
    ----------
    before, now : Series of numbers or of texts

    Returns
    -------
    Drift or None
        None where either set has fewer than 50 leads.

    References
    ----------
    Siddiqi, N. (2006), Credit Risk Scorecards, for the index, sum of (now - before) * ln(now / before), and its bands
    of 0.1 and 0.25. Yurdakul, B. (2018), Statistical Properties of the Population Stability Index, for its size by
    chance, (1/n + 1/m) times a chi-squared variable with one degree of freedom less than there are values.
    """
    if min(len(before), len(now)) < LEAST_LEADS:
        return None
    counts = _counts(before, now)
    shares = np.maximum(counts / counts.sum(axis=1, keepdims=True), LEAST_SHARE)
    index = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    freedom = max(1, int((counts.sum(axis=0) > 0).sum()) - 1)
    by_chance = float(chi2.ppf(CERTAINTY, freedom)) * (1 / len(before) + 1 / len(now))
    return Drift(index, by_chance, len(before), len(now))


def _counts(before: pd.Series, now: pd.Series) -> Floats:
    """Count the leads of both sets by value; shape (2, n_values), the last for what is missing."""
    if pd.api.types.is_numeric_dtype(before.dtype):
        known = [part.to_numpy(dtype=float, na_value=np.nan) for part in (before, now)]
        edges = _edges(known[0])
        places = [np.where(np.isnan(part), len(edges) + 1, np.searchsorted(edges, part, side="left")) for part in known]
        size = len(edges) + 2
    else:
        levels = pd.Index(before.value_counts().index[:LEVELS])
        found = [levels.get_indexer(pd.Index(part)) for part in (before, now)]
        places = [np.where(part.isna(), len(levels) + 1, np.where(place < 0, len(levels), place))
                  for part, place in zip((before, now), found, strict=True)]
        size = len(levels) + 2
    return np.stack([np.bincount(place.astype(np.intp), minlength=size) for place in places]).astype(np.float64)


def _edges(numbers: Floats) -> Floats:
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return np.zeros(0)
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))

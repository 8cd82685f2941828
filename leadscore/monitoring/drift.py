"""Has a column of the leads changed? How far, in one figure, and whether chance alone would do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from scipy.stats import chi2, kstwobign

from leadscore.monitoring.profiles import Floats, Profile, counts_of, in_tenths, profile_of

LEAST_SHARE = 1e-4
"""A value that is new, or gone, would make the figure infinite."""
MODERATE, LARGE = 0.1, 0.25
LEAST_LEADS = 50
CERTAINTY = 0.95
ALPHA = 0.05
LEAST_EXPECTED = 5.0
"""Leads a value must be expected to have to be compared by itself; rarer ones are put together."""


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
        return self.banded(MODERATE)

    def banded(self, least: float) -> Band:
        """Give the band where an index counts from ``least`` on."""
        if self.index < least or self.index <= self.by_chance:
            return Band.STEADY
        return Band.MODERATE if self.index < max(LARGE, least) else Band.LARGE


@dataclass(frozen=True)
class Tested:
    """What a test says of a column.

    Parameters
    ----------
    test : {"KS", "chi2"}
    effect : float, in [0, 1]
        Largest gap between the two courses of a number, or Cramér's V of values.
    p_value : float
        Chance of such a difference, or a larger one, where nothing has changed.
    """

    test: str
    effect: float
    p_value: float


def stability(before: pd.Series, now: pd.Series) -> Drift | None:
    """Compare the values of one column in two sets of leads.

    Numbers are cut at the tenths of the earlier leads, a few numbers or texts are told apart by their 20 commonest
    values there; what is missing is a value of its own.

    Parameters
    ----------
    before, now : Series of numbers or of texts

    Returns
    -------
    Drift or None
        None where either set has fewer than 50 leads.
    """
    if min(len(before), len(now)) < LEAST_LEADS:
        return None
    profile = profile_of(before)
    return drift_from(profile, counts_of(profile, now))


def drift_from(profile: Profile, now: Floats) -> Drift:
    """Compare counts by the ranges or values of a profile with it.

    References
    ----------
    Siddiqi, N. (2006), Credit Risk Scorecards, for the index, sum of (now - before) * ln(now / before), and its bands
    of 0.1 and 0.25; rare values count together, as they make it jump. Yurdakul, B. (2018), Statistical Properties of
    the Population Stability Index, for its size by chance, (1/n + 1/m) times a chi-squared variable with one degree of
    freedom less than there are values.
    """
    counts = _pooled(np.stack([in_tenths(profile, np.array(profile.counts, dtype=float)), in_tenths(profile, now)]))
    sizes = counts.sum(axis=1)
    freedom = max(1, counts.shape[1] - 1)
    by_chance = float(chi2.ppf(CERTAINTY, freedom)) * float((1 / np.maximum(sizes, 1)).sum())
    return Drift(stability_index(counts[0], counts[1]), by_chance, int(sizes[0]), int(sizes[1]))


def stability_index(before: Floats, now: Floats) -> float:
    """Give the population stability index of two rows of counts over the same values."""
    shares = [np.maximum(counts / max(counts.sum(), 1), LEAST_SHARE) for counts in (before, now)]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def tested(profile: Profile, now: Floats) -> Tested:
    """Test whether a column has changed at all.

    Numbers are tested by their course (Kolmogorov-Smirnov, at the twentieths of the earlier leads, which never finds
    more than all places would) and by how many are missing, and the smaller of the two chances counts twice; values
    by chi-squared, those that are missing among them.
    """
    before = np.array(profile.counts, dtype=float)
    if not profile.of_ranges:
        return _chi2(before, now)
    effect, course = _kolmogorov_smirnov(before[:-1], now[:-1])
    gaps = _chi2(*(np.array([part[:-1].sum(), part[-1]]) for part in (before, now)))
    return Tested("KS", max(effect, gaps.effect), min(1.0, 2 * min(course, gaps.p_value)))


def significant(p_values: Sequence[float], alpha: float = ALPHA) -> np.ndarray:
    """Choose the columns that have changed, so that of those chosen at most a share of ``alpha`` has not.

    Returns
    -------
    ndarray of bool

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995), Controlling the false discovery rate. JRSS B 57.
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    below = p[order] <= alpha * np.arange(1, len(p) + 1) / max(len(p), 1)
    chosen = np.zeros(len(p), dtype=bool)
    if below.any():
        chosen[order[:int(np.flatnonzero(below)[-1]) + 1]] = True
    return chosen


def _kolmogorov_smirnov(before: Floats, now: Floats) -> tuple[float, float]:
    n, m = before.sum(), now.sum()
    if not n or not m:
        return 0.0, 1.0
    gap = float(np.abs(before.cumsum() / n - now.cumsum() / m).max())
    return gap, float(kstwobign.sf(gap * np.sqrt(n * m / (n + m))))


def _chi2(before: Floats, now: Floats) -> Tested:
    table = _pooled(np.stack([before, now]))
    total, rows = table.sum(), table.sum(axis=1, keepdims=True)
    if table.shape[1] < 2 or not rows.all():
        return Tested("chi2", 0.0, 1.0)
    expected = rows * table.sum(axis=0) / total
    statistic = float(((table - expected) ** 2 / expected).sum())
    return Tested("chi2", float(np.sqrt(statistic / total)), float(chi2.sf(statistic, table.shape[1] - 1)))


def _pooled(table: Floats) -> Floats:
    """Put together values that too few leads have to compare them by themselves."""
    table = table[:, table.sum(axis=0) > 0]
    expected = table.sum(axis=0) * table.sum(axis=1).min() / max(table.sum(), 1)
    rare = expected < LEAST_EXPECTED
    if not rare.any() or rare.all():
        return table if not rare.all() else table.sum(axis=1, keepdims=True)
    kept, together = table[:, ~rare], table[:, rare].sum(axis=1)
    if expected[rare].sum() >= LEAST_EXPECTED:
        return np.column_stack([kept, together])
    smallest = int(kept.sum(axis=0).argmin())
    kept[:, smallest] += together
    return kept

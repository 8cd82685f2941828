"""Numbers far from all others: where they are, and what they become when a person wants them cut."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.ingest.issues import WHOLE_FILE, Issue, Severity, issues_at, issues_frame

FEWEST_VALUES = 20
REACH = 3.0
"""Tukey's outer fence: so many interquartile ranges beyond the quartiles."""
TAIL = 0.995
"""A fence never cuts more than this tail; counts of visits are skewed without being wrong."""

OUTLIER_MESSAGE = "This number is far from all others in the column."


def fences(values: pd.Series) -> tuple[float, float]:
    """Give the bounds beyond which a number is an outlier.

    Returns
    -------
    (low, high)
        Infinite where there are too few numbers to tell.

    References
    ----------
    Tukey, J. W. (1977). Exploratory Data Analysis.
    """
    known = values.dropna().to_numpy("float64")
    if len(known) < FEWEST_VALUES:
        return -np.inf, np.inf
    tail_low, lower, upper, tail_high = np.quantile(known, [1 - TAIL, 0.25, 0.75, TAIL])
    reach = REACH * (upper - lower)
    return float(min(lower - reach, tail_low)), float(max(upper + reach, tail_high))


def flag_outliers(values: pd.Series, row_numbers: np.ndarray, header: str) -> list[pd.DataFrame]:
    """Tell where the outliers are, as issues."""
    low, high = fences(values)
    positions = np.flatnonzero(((values < low) | (values > high)).to_numpy(bool))
    if not len(positions):
        return []
    shown = values.iloc[positions].map("{:.15g}".format)
    return [issues_at(row_numbers[positions], header, "outlier", Severity.INFO, OUTLIER_MESSAGE, shown)]


def cap_outliers(
    values: pd.Series, header: str, *, low: float | None = None, high: float | None = None
) -> tuple[pd.Series, list[pd.DataFrame]]:
    """Move outliers to the fence, and what is outside the plausible range to its end.

    Returns
    -------
    (values, issues)
        One issue for the whole column, with the count.
    """
    fence_low, fence_high = fences(values)
    bottom = max(fence_low, -np.inf if low is None else low)
    top = min(fence_high, np.inf if high is None else high)
    if bottom > top:
        return values, []
    changed = int(((values < bottom) | (values > top)).sum())
    if not changed:
        return values, []
    message = f"{changed:,} numbers in '{header}' were moved to the nearest usual value ({bottom:g} to {top:g})."
    return values.clip(bottom, top), [issues_frame([Issue(WHOLE_FILE, header, "capped", Severity.INFO, message)])]

"""Counts become rates with an honest interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

Z_95 = 1.959963984540054


def with_interval(counts: pd.DataFrame) -> pd.DataFrame:
    """Add the share of converted leads to counts.

    Parameters
    ----------
    counts : DataFrame
        With columns ``leads`` and ``converted``.

    Returns
    -------
    DataFrame
        The same with ``rate``, ``rate_low`` and ``rate_high`` in [0, 1], missing where there are no leads.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22.
    """
    rate, low, high = wilson(counts["converted"].to_numpy(dtype=float), counts["leads"].to_numpy(dtype=float))
    return counts.assign(rate=rate, rate_low=low, rate_high=high)


def wilson(successes: np.ndarray, trials: np.ndarray, *, z: float = Z_95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give rate and score interval of binomial counts, 95 % unless told otherwise; NaN where there were no trials."""
    n = np.where(trials > 0, trials, np.nan)
    rate = successes / n
    centre = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return rate, np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)

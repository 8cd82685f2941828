"""The same figures of two views in, their differences out, and which of them are more than chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.monitoring.changes import beyond_chance
from leadscore.monitoring.rates import Z_95

COLUMNS = ("key", "first", "second", "difference", "low", "high", "certain")


def contrast(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Put the figures of two views side by side.

    Parameters
    ----------
    first, second : DataFrame
        Columns ``key``, ``value``, ``low`` and ``high``: each figure with its 95 % interval, which may be missing. Only
        keys of both are compared, in the order of the first.

    Returns
    -------
    DataFrame
        Columns ``key``, ``first``, ``second``, ``difference`` (second less first), ``low`` and ``high`` (its 95 %
        interval), and ``certain``: whether the interval leaves out 0, missing where there is none. Views that share
        leads differ by less than two independent ones, so that their interval is rather too wide than too narrow.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in
    Medicine 17: method 10, from two Wilson intervals. The same squares of distances hold for any two independent
    figures with intervals: Donner, A. and Zou, G. (2012). Statistical Methods in Medical Research 21.
    """
    names = ["value", "low", "high"]
    both = first.set_index("key")[names].join(second.set_index("key")[names].add_suffix("_2"), how="inner")
    figures = both.astype(float).where(np.isfinite(both.astype(float)))
    value, low, high = (figures[name].to_numpy() for name in names)
    value_2, low_2, high_2 = (figures[f"{name}_2"].to_numpy() for name in names)
    difference = value_2 - value
    below = difference - np.hypot(value_2 - low_2, high - value)
    above = difference + np.hypot(high_2 - value_2, value - low)
    certain = pd.array((below > 0) | (above < 0), dtype="boolean")
    certain[np.isnan(below) | np.isnan(above)] = pd.NA
    return pd.DataFrame({"key": figures.index.to_numpy(), "first": value, "second": value_2, "difference": difference,
                         "low": below, "high": above, "certain": certain})


def most_certain(differences: pd.DataFrame) -> str | None:
    """Name the figure that differs most against its noise; None where all differences may be chance.

    The more figures are looked at, the larger the largest of them must be (Bonferroni).
    """
    known = differences.dropna(subset=["certain"])
    towards = np.where(known["difference"] > 0, known["difference"] - known["low"],
                       known["high"] - known["difference"])
    # an interval without length is a figure nobody measured
    against = np.divide(Z_95 * known["difference"].abs(), towards, out=np.zeros(len(known)), where=towards > 0)
    if not len(known) or against.max() < beyond_chance(len(known)):
        return None
    return str(known["key"].iloc[int(against.argmax())])

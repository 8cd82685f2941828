"""Spend over periods in, spend of one period out, shared out by days."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd


def spend_between(spend: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """Give what was spent from one day to another.

    An amount counts by the share of its days that lie between the two: money for a month is spent evenly.

    Parameters
    ----------
    spend : DataFrame
        Columns ``kind``, ``source``, ``campaign``, ``starts``, ``ends`` (days as 2026-01-31, both included),
        ``amount``, ``currency``.
    first, last : date
        Both included.

    Returns
    -------
    DataFrame
        Columns ``kind``, ``source``, ``campaign``, ``currency`` and ``amount``, one row for each combination with an
        amount.
    """
    starts, ends = (pd.to_datetime(spend[name]).to_numpy("datetime64[D]") for name in ("starts", "ends"))
    days = (ends - starts).astype(int) + 1
    inside = (np.minimum(ends, np.datetime64(last)) - np.maximum(starts, np.datetime64(first))).astype(int) + 1
    share = np.clip(inside, 0, None) / days
    counted = spend.assign(amount=spend["amount"].to_numpy() * share)[share > 0]
    keys = ["kind", "source", "campaign", "currency"]
    summed: pd.DataFrame = counted.groupby(keys, dropna=False, as_index=False, sort=True)["amount"].sum()
    return summed[[*keys, "amount"]]

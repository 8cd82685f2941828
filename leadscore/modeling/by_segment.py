"""How well a model ranks and foretells leads it had not seen, segment by segment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.modeling.encoding import Floats
from leadscore.modeling.evaluation import auc_interval, roc_auc

FEWEST_LEADS, FEWEST_OF_EACH = 30, 10
"""Leads, and conversions and lost leads of them, below which nothing is said of a segment."""
MOST = 8
COLUMNS = ("segment", "leads", "converted", "rate", "expected", "auc", "auc_low", "auc_high")


def measured_by_segment(y: Floats, probability: Floats, segments: pd.Series) -> pd.DataFrame:
    """Measure the largest segments that hold enough leads of either end.

    Parameters
    ----------
    y : ndarray of shape (n_leads,)
        1 converted, 0 lost.
    probability : ndarray of shape (n_leads,), in [0, 1]
    segments : Series of shape (n_leads,)
        Missing where a lead is in none.

    Returns
    -------
    DataFrame
        ``COLUMNS``: largest first; ``expected`` is the mean chance, ``auc`` has its 95 % interval.
    """
    names, ends, said = segments.astype("str").to_numpy(), np.asarray(y, dtype=float), np.asarray(probability)
    rows = []
    for segment in segments.dropna().astype("str").value_counts().index[:MOST]:
        inside = names == segment
        won = float(ends[inside].sum())
        if inside.sum() < FEWEST_LEADS or min(won, inside.sum() - won) < FEWEST_OF_EACH:
            continue
        area = auc_interval(roc_auc(ends[inside], said[inside]), ends[inside])
        rows.append((segment, int(inside.sum()), int(won), float(ends[inside].mean()), float(said[inside].mean()),
                     area.value, area.low, area.high))
    return pd.DataFrame(rows, columns=list(COLUMNS))

"""Decided leads, how they ended, and their division into those learnt from and those measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from leadscore.modeling import splits
from leadscore.modeling.encoding import Floats, Rows
from leadscore.modeling.splits import Split

Part = TypeVar("Part", pd.Series, pd.DataFrame)


@dataclass(frozen=True)
class DividedLeads:
    """Decided leads in the order of the data.

    Parameters
    ----------
    features : DataFrame of shape (n_leads, n_columns)
    y : ndarray of shape (n_leads,)
        The number of each lead's outcome or tier.
    split : Split
    keys : ndarray of int of shape (n_leads,) or None
        Leads with one key stay together.
    moments : Series of shape (n_learnt,) or None
        When the outcomes learnt from were known.
    dates : DataFrame of shape (n_learnt, any) or None
        The dates behind columns that count days, of the leads learnt from.
    """

    features: pd.DataFrame
    y: Floats
    split: Split
    keys: Rows | None
    moments: pd.Series | None
    dates: pd.DataFrame | None

    @property
    def learnt(self) -> pd.DataFrame:
        """Features of the leads learnt from; in a forward split in the order of time."""
        return self.features.iloc[self.split.train]

    @property
    def tested(self) -> pd.DataFrame:
        """Features of the leads measured on, once."""
        return self.features.iloc[self.split.test]

    @property
    def y_learnt(self) -> Floats:
        """How the leads learnt from ended."""
        return self.y[self.split.train]

    @property
    def y_tested(self) -> Floats:
        """How the leads measured on ended."""
        return self.y[self.split.test]

    @property
    def keys_learnt(self) -> Rows | None:
        """Which of the leads learnt from stay together."""
        return None if self.keys is None else self.keys[self.split.train]

    @property
    def order(self) -> Rows:
        """Positions of all leads, those learnt from first."""
        return np.concatenate([self.split.train, self.split.test])


def divide(
    features: pd.DataFrame,
    y: pd.Series,
    *,
    times: pd.Series | None,
    groups: pd.Series | None,
    moments: pd.Series | None,
    dates: pd.DataFrame | None,
    random_state: int,
) -> DividedLeads:
    """Take the leads whose outcome is known and set the test leads among them aside.

    Parameters
    ----------
    features : DataFrame of shape (n_leads, n_columns)
    y : Series of shape (n_leads,)
        NaN where a lead can still go either way.
    times, groups, moments, dates : of the same leads in the same order, or None
        As in :func:`leadscore.modeling.training.train`.
    random_state : int

    Returns
    -------
    DividedLeads
    """
    decided = np.flatnonzero(y.notna().to_numpy())
    outcome = y.to_numpy(dtype=float, na_value=np.nan)[decided]
    groups = _rows(groups, decided)
    split = splits.split_test(outcome, _rows(times, decided), groups, random_state=random_state)
    learnt = decided[split.train]
    return DividedLeads(features.iloc[decided], outcome, split, splits.group_keys(groups), _rows(moments, learnt),
                        _rows(dates, learnt))


def _rows(part: Part | None, rows: Rows) -> Part | None:
    return None if part is None else part.iloc[rows]

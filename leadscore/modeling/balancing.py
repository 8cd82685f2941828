"""Makes rare conversions count for more while fitting: class weights or synthetic leads, on fitting rows only."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from imblearn.over_sampling import SMOTE, SMOTEN, SMOTENC

from leadscore.modeling.encoding import Codes, Floats, Rows

NEIGHBOURS = 5
NO_LEVEL = -1.0
MAX_POOL = 10_000
"""Neighbours are looked for among at most this many leads of the rarer class; the search grows with its square."""


class Balance(StrEnum):
    """What is done about one outcome being rarer than the other."""

    NONE = "none"
    WEIGHTS = "weights"
    SMOTE = "smote"


def rebalance(codes: Codes, y: Floats, how: Balance, *, random_state: int) -> tuple[Codes, Floats, Floats | None]:
    """Prepare fitting rows; never give it rows used to calibrate, to choose or to test.

    Parameters
    ----------
    codes : Codes of n_leads
    y : ndarray of shape (n_leads,), 0 or 1
    how : Balance
    random_state : int

    Returns
    -------
    codes, y, weights
        The original leads first, then synthetic ones; weights is None where every lead counts the same.
    """
    if how is Balance.WEIGHTS:
        rate = y.mean()
        return codes, y, np.where(y == 1, 0.5 / rate, 0.5 / (1 - rate))
    if how is Balance.SMOTE:
        return (*_smote(codes, y, random_state), None)
    return codes, y, None


def _smote(codes: Codes, y: Floats, random_state: int) -> tuple[Codes, Floats]:
    """Add leads between neighbours of the rarer class until both classes are equally frequent.

    Numbers are interpolated; categories, and whether a number is known at all, are those of most neighbours.

    References
    ----------
    Chawla et al. (2002), SMOTE: Synthetic Minority Over-sampling Technique, sections 4 and 6.1.
    """
    rare = float(y.mean() < 0.5)
    pool = np.flatnonzero(y == rare)
    wanted = len(y) - 2 * len(pool)
    if wanted <= 0 or len(pool) < 2:
        return codes, y
    if len(pool) > MAX_POOL:
        pool = np.sort(np.random.default_rng(random_state).choice(pool, MAX_POOL, replace=False))
    others = np.flatnonzero(y != rare)[:2]
    synthetic = _synthetic(codes, pool, others, wanted, random_state)
    values = np.vstack([codes.values, synthetic])
    return Codes(values, codes.sizes), np.concatenate([y, np.full(wanted, rare)])


def _synthetic(codes: Codes, pool: Rows, others: Rows, wanted: int, random_state: int) -> Floats:
    """Draw new leads like those of the pool; the sampler only needs the others to know that there is another class."""
    values = codes.values[np.concatenate([pool, others])]
    numeric = np.array([size == 0 for size in codes.sizes])
    gaps = np.isnan(values[:, numeric])
    plain = np.where(np.isnan(values), np.where(numeric, _middle(codes.values[pool]), NO_LEVEL), values)
    wide = np.hstack([plain, gaps])
    is_category = np.concatenate([~numeric, np.ones(gaps.shape[1], dtype=bool)])
    classes = np.concatenate([np.ones(len(pool)), np.zeros(len(others))])
    sampler = _sampler(is_category, min(NEIGHBOURS, len(pool) - 1), len(pool) + wanted, random_state)
    new = np.asarray(sampler.fit_resample(wide, classes)[0])[len(wide):]
    drawn, drawn_gaps = new[:, :values.shape[1]], new[:, values.shape[1]:] > 0.5
    drawn[:, ~numeric] = np.where(drawn[:, ~numeric] == NO_LEVEL, np.nan, drawn[:, ~numeric])
    drawn[:, numeric] = np.where(drawn_gaps, np.nan, drawn[:, numeric])
    return drawn.astype(np.float32)


def _sampler(is_category: npt.NDArray[np.bool_], neighbours: int, target: int, random_state: int) -> Any:
    options = {"k_neighbors": neighbours, "sampling_strategy": {1.0: target}, "random_state": random_state}
    if is_category.all():
        return SMOTEN(**options)
    return SMOTENC(np.flatnonzero(is_category).tolist(), **options) if is_category.any() else SMOTE(**options)


def _middle(values: Floats) -> Floats:
    """Give each column's median over the leads that have a value, 0 where none has."""
    known = ~np.isnan(values).all(axis=0)
    middle = np.zeros(values.shape[1])
    middle[known] = np.nanmedian(values[:, known], axis=0)
    return middle

"""Makes rare conversions count for more while fitting: class weights or synthetic leads, on fitting rows only."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.neighbors import NearestNeighbors

from leadscore.modeling.encoding import Codes, Floats, Rows, fit_design

NEIGHBOURS = 5
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
        return (*_smote(codes, y, np.random.default_rng(random_state)), None)
    return codes, y, None


def _smote(codes: Codes, y: Floats, rng: np.random.Generator) -> tuple[Codes, Floats]:
    """Add leads between neighbours of the rarer class until both classes are equally frequent.

    Numbers are interpolated and categories take the most frequent level among the neighbours (SMOTE-NC).

    References
    ----------
    Chawla et al. (2002), SMOTE: Synthetic Minority Over-sampling Technique, section 6.1.
    """
    rare = float(y.mean() < 0.5)
    pool = np.flatnonzero(y == rare)
    wanted = len(y) - 2 * len(pool)
    if wanted <= 0 or len(pool) < 2:
        return codes, y
    if len(pool) > MAX_POOL:
        pool = np.sort(rng.choice(pool, MAX_POOL, replace=False))
    synthetic = _between_neighbours(codes.rows(pool), wanted, rng)
    values = np.vstack([codes.values, synthetic])
    return Codes(values, codes.sizes), np.concatenate([y, np.full(wanted, rare)])


def _between_neighbours(pool: Codes, wanted: int, rng: np.random.Generator) -> Floats:
    neighbours = _neighbours(pool)
    starts = rng.integers(len(pool), size=wanted)
    chosen = neighbours[starts, rng.integers(neighbours.shape[1], size=wanted)]
    origin, target = pool.values[starts], pool.values[chosen]
    synthetic = origin + rng.random((wanted, 1), dtype=np.float32) * (target - origin)
    synthetic = np.where(np.isnan(synthetic), origin, synthetic)
    for column, size in enumerate(pool.sizes):
        if size:
            synthetic[:, column] = _most_frequent(pool.values[:, column], neighbours)[starts]
    return synthetic.astype(np.float32)


def _neighbours(pool: Codes) -> Rows:
    """Find the nearest leads of each lead, itself left out; shape (n_pool, k)."""
    wide = fit_design(pool).wide(pool)
    k = min(NEIGHBOURS, len(pool) - 1)
    search = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(wide)
    found: Rows = search.kneighbors(wide, return_distance=False)
    # a twin can push the lead itself off first place
    found = np.where(found == np.arange(len(pool))[:, None], found[:, :1], found)
    return found[:, 1:]


def _most_frequent(values: Floats, neighbours: Rows) -> npt.NDArray[Any]:
    levels = np.nan_to_num(values, nan=-1.0)[neighbours]
    votes = (levels[:, :, None] == levels[:, None, :]).sum(axis=2)
    winner = levels[np.arange(len(levels)), votes.argmax(axis=1)]
    return np.where(winner < 0, np.nan, winner)

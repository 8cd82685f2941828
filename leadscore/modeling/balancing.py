"""Makes rarer outcomes count for more while fitting: class weights or synthetic leads, on fitting rows only."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt
from imblearn.over_sampling import SMOTE

from leadscore.modeling.encoding import Codes, Floats, Rows

NEIGHBOURS = 5
EDGE = 0.5 ** 0.5
"""Length of a flag, so that two leads that differ in one category are one standard deviation apart."""

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
    y : ndarray of shape (n_leads,)
        0 or 1, or the numbers of several classes.
    how : Balance
    random_state : int

    Returns
    -------
    codes, y, weights
        The original leads first, then synthetic ones; weights is None where every lead counts the same.
    """
    if how is Balance.WEIGHTS:
        return codes, y, _weights(y)
    if how is Balance.SMOTE:
        return (*_smote(codes, y, random_state), None)
    return codes, y, None


def _weights(y: Floats) -> Floats:
    """Let every class weigh the same in all."""
    if y.max() <= 1:
        rate = y.mean()
        return np.asarray(np.where(y == 1, 0.5 / rate, 0.5 / (1 - rate)))
    _, places, counts = np.unique(y, return_inverse=True, return_counts=True)
    return np.asarray((len(y) / len(counts) / counts)[places])


def _smote(codes: Codes, y: Floats, random_state: int) -> tuple[Codes, Floats]:
    """Add leads between neighbours of each rarer class until all classes are equally frequent.

    Numbers are interpolated; categories, and whether a number is known at all, are those of the nearer of the two
    leads a new one lies between.

    References
    ----------
    Chawla et al. (2002), SMOTE: Synthetic Minority Over-sampling Technique, section 4.
    """
    classes, counts = np.unique(y, return_counts=True)
    values, outcome = [codes.values], [y]
    for rare, missing in zip(classes, counts.max() - counts, strict=True):
        pool = np.flatnonzero(y == rare)
        if not missing or len(pool) < 2:
            continue
        if len(pool) > MAX_POOL:
            pool = np.sort(np.random.default_rng(random_state).choice(pool, MAX_POOL, replace=False))
        others = np.flatnonzero(y != rare)[:2]
        values.append(_synthetic(codes, pool, others, int(missing), random_state))
        outcome.append(np.full(missing, rare))
    return Codes(np.vstack(values), codes.sizes), np.concatenate(outcome)


def _synthetic(codes: Codes, pool: Rows, others: Rows, wanted: int, random_state: int) -> Floats:
    """Draw new leads like those of the pool; the sampler only needs the others to know that there is another class."""
    values = codes.values[np.concatenate([pool, others])]
    numeric = np.array([size == 0 for size in codes.sizes])
    numbers, gaps = values[:, numeric], np.isnan(values[:, numeric])
    middle, spread = _middle(values[:len(pool), numeric])
    scaled = np.where(gaps, 0.0, (numbers - middle) / spread)
    levels = [_one_hot(values[:, column]) for column in np.flatnonzero(~numeric)]
    wide = np.hstack([scaled, gaps * EDGE, *(flags * EDGE for _, flags in levels)]).astype(np.float32)
    classes = np.concatenate([np.ones(len(pool)), np.zeros(len(others))])
    sampler = SMOTE(k_neighbors=min(NEIGHBOURS, len(pool) - 1), random_state=random_state,
                    sampling_strategy={1.0: len(pool) + wanted})
    new = np.asarray(sampler.fit_resample(wide, classes)[0])[len(wide):]
    drawn = np.empty((wanted, values.shape[1]), dtype=np.float32)
    width = int(numeric.sum())
    lowest, highest = scaled[:len(pool)].min(axis=0), scaled[:len(pool)].max(axis=0)
    between = np.clip(new[:, :width], lowest, highest) * spread + middle
    drawn[:, numeric] = np.where(new[:, width:2 * width] > EDGE / 2, np.nan, between)
    start = 2 * width
    for column, (names, flags) in zip(np.flatnonzero(~numeric), levels, strict=True):
        # between two levels there is none: the nearer one is taken
        drawn[:, column] = names[new[:, start:start + flags.shape[1]].argmax(axis=1)]
        start += flags.shape[1]
    return drawn


def _one_hot(column: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Give the levels of a column, missing among them, and which of them each lead has."""
    names, places = np.unique(column, return_inverse=True, equal_nan=True)
    return names, places[:, None] == np.arange(len(names))


def _middle(values: Floats) -> tuple[Floats, Floats]:
    """Give each column's median and spread over the leads that have a value; 0 and 1 where none has."""
    known = ~np.isnan(values).all(axis=0)
    middle, spread = np.zeros(values.shape[1]), np.ones(values.shape[1])
    middle[known], spread[known] = np.nanmedian(values[:, known], axis=0), np.nanstd(values[:, known], axis=0)
    return middle, np.where(spread > 0, spread, 1.0)

"""Two models that ranked the same leads are compared on what became of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

TOP = 0.2
CELLS = 4_000_000
"""Bootstrap weights in memory at a time."""
MOST_PLACES = 1_000
"""Runs of leads a draw tells apart; the figures themselves are exact."""
FIGURES = ("roc_auc", "average_precision", "capture_at_20")


@dataclass(frozen=True)
class Compared:
    """A figure of both models, and what the challenger gains with its 95 % interval; fractions in [0, 1]."""

    name: str
    champion: float
    challenger: float
    difference: float
    low: float
    high: float


def compare_rankings(converted: np.ndarray, champion: np.ndarray, challenger: np.ndarray, *, random_state: int,
                     draws: int = 200) -> list[Compared]:
    """Compare two rankings of the same leads.

    Parameters
    ----------
    converted : ndarray of bool, shape (n_leads,)
    champion, challenger : ndarray of float, shape (n_leads,)
        Probabilities.
    random_state : int
    draws : int
        Bootstrap draws. Each gives every lead one Poisson(1) weight, the same for both models, so that what is hard
        about the leads cancels out of the difference.

    Returns
    -------
    list of Compared
        ``roc_auc``, ``average_precision`` and ``capture_at_20`` (share of the conversions among the best 20 %; equal
        probabilities share their places). Empty while all leads have the same outcome.

    References
    ----------
    Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap, chapter 13 (percentile intervals). They hold
    for one look; the rule of stopping does not use them.
    """
    outcome = np.asarray(converted, dtype=float)
    if not 0 < outcome.sum() < len(outcome):
        return []
    rankings = [np.asarray(values, dtype=float) for values in (champion, challenger)]
    exact = [_figures(*_totals(_places(ranking), outcome)) for ranking in rankings]
    difference = (exact[1] - exact[0])[:, 0]
    drawn = _drawn_differences(rankings, outcome, np.random.default_rng(random_state), draws)
    # a draw without any conversion says nothing
    low, high = difference + np.nanquantile(drawn, [0.025, 0.975], axis=1)
    return [Compared(name, float(exact[0][row, 0]), float(exact[1][row, 0]), float(difference[row]), float(low[row]),
                     float(high[row])) for row, name in enumerate(FIGURES)]


def _drawn_differences(rankings: list[np.ndarray], outcome: np.ndarray, rng: np.random.Generator,
                       draws: int) -> np.ndarray:
    """Give how far the difference of each draw lies from that of the leads themselves: (n_figures, n_draws)."""
    leads = len(outcome)
    runs = [_places(ranking) // math.ceil(leads / MOST_PLACES) for ranking in rankings]
    summed = [_summing(run, outcome) for run in runs]
    portion = max(1, CELLS // leads)
    parts = []
    for done in range(0, draws, portion):
        weights = rng.poisson(1.0, (leads, min(portion, draws - done))).astype(float)
        first, second = (_figures(*_split(matrix @ weights)) for matrix in summed)
        parts.append(second - first)
    centre = [_figures(*_totals(run, outcome)) for run in runs]
    return np.asarray(np.concatenate(parts, axis=1) - (centre[1] - centre[0]))


def _places(probability: np.ndarray) -> np.ndarray:
    """Give each lead its place from 0, best first; equals share the first of their places."""
    ordered = np.sort(-probability)
    return np.asarray(np.searchsorted(ordered, -probability, side="left"))


def _totals(places: np.ndarray, outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _split(_summing(places, outcome) @ np.ones((len(outcome), 1)))


def _summing(places: np.ndarray, outcome: np.ndarray) -> csr_matrix:
    """Make the matrix that sums leads by place and outcome: two rows a place, lost above converted."""
    used, runs = np.unique(places, return_inverse=True)
    rows = 2 * runs + outcome.astype(np.int64)
    ones = np.ones(len(rows))
    return csr_matrix((ones, (rows, np.arange(len(rows)))), shape=(2 * len(used), len(rows)))


def _split(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give conversions and other leads by place, a column a draw."""
    return sums[1::2], sums[::2]


def _figures(positives: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Give area, average precision and capture, a row each, for every draw."""
    found, others = positives.cumsum(axis=0), negatives.cumsum(axis=0)
    seen = found + others
    total, rest = found[-1], others[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        area = (positives * (rest - others + negatives / 2)).sum(axis=0) / (total * rest)
        precision = (positives * np.where(seen > 0, found / seen, 0)).sum(axis=0) / total
        captured = _captured(found, seen, np.ceil((total + rest) * TOP - 1e-9)) / total
    return np.stack([area, precision, captured])


def _captured(found: np.ndarray, seen: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Count the conversions among the best, for each draw; the run at the border gives its share."""
    nothing = np.zeros((1, found.shape[1]))
    found, seen = np.vstack([nothing, found]), np.vstack([nothing, seen])
    end = (seen < wanted).sum(axis=0).clip(1, len(seen) - 1)
    draws = np.arange(found.shape[1])
    width = seen[end, draws] - seen[end - 1, draws]
    part = ((wanted - seen[end - 1, draws]) / np.where(width > 0, width, 1)).clip(0, 1)
    return np.asarray(found[end - 1, draws] + part * (found[end, draws] - found[end - 1, draws]))

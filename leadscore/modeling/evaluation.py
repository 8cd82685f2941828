"""Measures probabilities against outcomes, each figure with its bootstrap interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from leadscore.modeling.encoding import Floats

TOP = 0.2
BINS = 10
CONFIDENCE = 0.95
CHUNK_CELLS = 4_000_000
EPSILON = 1e-12


@dataclass(frozen=True)
class Interval:
    """A figure and the 95 % bootstrap interval around it."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Give value, low and high."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Interval:
        """Build from :meth:`to_dict`."""
        return cls(float(state["value"]), float(state["low"]), float(state["high"]))


@dataclass(frozen=True)
class _Ranked:
    """Leads from best to worst, with the places where a run of equal probabilities begins."""

    y: Floats
    probability: Floats
    starts: np.ndarray
    edges: np.ndarray


def measure(y: Floats, probability: Floats, *, random_state: int, n_boot: int = 200) -> dict[str, Interval]:
    """Measure a ranking and its probabilities.

    Parameters
    ----------
    y : ndarray of shape (n_leads,), 0 or 1, both present
    probability : ndarray of shape (n_leads,), in [0, 1]
    random_state : int
    n_boot : int
        Bootstrap draws; each lead gets a Poisson(1) weight, which keeps the ranking sorted.

    Returns
    -------
    dict of Interval
        ``roc_auc, average_precision, brier, log_loss, calibration_error`` (mean gap over ten bins of equal size),
        ``capture_at_20`` (share of all conversions among the best 20 %), ``lift_at_20``, ``precision_at_20``,
        ``accuracy`` (at probability 0.5) and ``base_rate``. Leads of equal probability share their places.
    """
    ranked = _rank(np.asarray(y, dtype=float), np.asarray(probability, dtype=float))
    point = _figures(ranked, np.ones((1, len(ranked.y))))
    rng = np.random.default_rng(random_state)
    draws = _bootstrap(ranked, rng, n_boot)
    tail = (1 - CONFIDENCE) / 2
    return {name: _interval(float(point[name][0]), draws[name], tail) for name in point}


def roc_auc(y: Floats, score: Floats) -> float:
    """Give the chance that a converted lead outranks another one; ties count half."""
    ranked = _rank(np.asarray(y, dtype=float), np.asarray(score, dtype=float))
    return float(_auc(*_group_sums(ranked, np.ones((1, len(ranked.y)))))[0])


def average_precision(y: Floats, score: Floats) -> float:
    """Give the mean precision over the places of converted leads."""
    ranked = _rank(np.asarray(y, dtype=float), np.asarray(score, dtype=float))
    return float(_average_precision(*_group_sums(ranked, np.ones((1, len(ranked.y)))))[0])


def auc_error_by_chance(y: Floats) -> float:
    """Give the standard error of the area when the ranking knows nothing (Mann–Whitney)."""
    positives, negatives = float(y.sum()), float((1 - y).sum())
    if not positives or not negatives:
        return float("inf")
    return float(np.sqrt((positives + negatives + 1) / (12 * positives * negatives)))


def reliability(y: Floats, probability: Floats) -> list[dict[str, float]]:
    """Give, for ten bins of equal size, the mean probability, the share converted and the number of leads."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return [
        {"probability": float(probability[part].mean()), "rate": float(y[part].mean()), "rows": len(part)}
        for part in parts
    ]


def gains(y: Floats, score: Floats, points: int = 20) -> list[dict[str, float]]:
    """Give the share of conversions found among the best 5 %, 10 %, … of the leads."""
    ranked = _rank(np.asarray(y, dtype=float), np.asarray(score, dtype=float))
    positives, negatives = _group_sums(ranked, np.ones((1, len(ranked.y))))
    shares = np.linspace(0, 1, points + 1)
    return [
        {"share": float(share), "captured": float(_found(positives, negatives, float(share))[0] / ranked.y.sum())}
        for share in shares
    ]


def _rank(y: Floats, probability: Floats) -> _Ranked:
    order = np.argsort(-probability, kind="stable")
    probability = probability[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(probability) != 0]))
    edges = np.unique(np.linspace(0, len(y), min(BINS, len(y)) + 1).astype(int)[:-1])
    return _Ranked(y[order], probability, starts, edges)


def _bootstrap(ranked: _Ranked, rng: np.random.Generator, n_boot: int) -> dict[str, Floats]:
    step = max(1, CHUNK_CELLS // max(len(ranked.y), 1))
    sizes = [min(step, n_boot - done) for done in range(0, n_boot, step)]
    parts = [_figures(ranked, rng.poisson(1.0, (size, len(ranked.y))).astype(float)) for size in sizes]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _interval(value: float, draws: Floats, tail: float) -> Interval:
    finite = draws[np.isfinite(draws)]
    if not len(finite):
        return Interval(value, value, value)
    low, high = np.quantile(finite, [tail, 1 - tail])
    return Interval(value, min(float(low), value), max(float(high), value))


def _figures(ranked: _Ranked, weights: Floats) -> dict[str, Floats]:
    """Compute every figure for each row of weights, shape (n_draws, n_leads)."""
    y, p = ranked.y, ranked.probability
    positives, negatives = _group_sums(ranked, weights)
    found = _found(positives, negatives, TOP)
    total, converted = weights.sum(axis=1), positives.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = found / (TOP * total)
        kept = np.clip(p, EPSILON, 1 - EPSILON)
        losses = -(y * np.log(kept) + (1 - y) * np.log1p(-kept))
        return {
            "roc_auc": _auc(positives, negatives),
            "average_precision": _average_precision(positives, negatives),
            "brier": weights @ (p - y) ** 2 / total,
            "log_loss": weights @ losses / total,
            "calibration_error": _calibration_error(ranked, weights),
            "capture_at_20": found / converted,
            "lift_at_20": precision / (converted / total),
            "precision_at_20": precision,
            "accuracy": weights @ ((p >= 0.5) == (y == 1)) / total,
            "base_rate": converted / total,
        }


def _group_sums(ranked: _Ranked, weights: Floats) -> tuple[Floats, Floats]:
    sums: Callable[[Floats], Floats] = lambda cells: np.add.reduceat(cells, ranked.starts, axis=1)  # noqa: E731
    return sums(weights * ranked.y), sums(weights * (1 - ranked.y))


def _auc(positives: Floats, negatives: Floats) -> Floats:
    above = np.cumsum(positives, axis=1) - positives / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((negatives * above).sum(axis=1) / (positives.sum(axis=1) * negatives.sum(axis=1)))


def _average_precision(positives: Floats, negatives: Floats) -> Floats:
    hits = np.cumsum(positives, axis=1)
    places = hits + np.cumsum(negatives, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(places > 0, hits / places, 0.0)
        return np.asarray((positives * precision).sum(axis=1) / hits[:, -1])


def _found(positives: Floats, negatives: Floats, share: float) -> Floats:
    """Count conversions among the best share; a run of ties across the border gives its proportion."""
    rows = positives + negatives
    room = np.clip(share * rows.sum(axis=1, keepdims=True) - (np.cumsum(rows, axis=1) - rows), 0, rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(rows > 0, positives * room / rows, 0.0).sum(axis=1))


def _calibration_error(ranked: _Ranked, weights: Floats) -> Floats:
    gaps = np.add.reduceat(weights * (ranked.probability - ranked.y), ranked.edges, axis=1)
    return np.asarray(np.abs(gaps).sum(axis=1) / weights.sum(axis=1))

"""Measures probabilities against outcomes, each figure with its bootstrap interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from leadscore.modeling.encoding import Floats

SHARES = (5, 10, 20, 30)
"""Per cent of the leads, best first, that capture, lift and precision are told for."""
BINS = 10
CONFIDENCE = 0.95
CHUNK_CELLS = 4_000_000
EPSILON = 1e-12
Z_95 = 1.959963984540054


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


@dataclass(frozen=True)
class Confusion:
    """How leads at or above a threshold, and those below it, ended."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    def to_dict(self) -> dict[str, int]:
        """Give the four counts."""
        return asdict(self)


def measure(
    y: Floats, probability: Floats, *, random_state: int, n_boot: int = 200, threshold: float = 0.5
) -> dict[str, Interval]:
    """Measure a ranking and its probabilities.

    Parameters
    ----------
    y : ndarray of shape (n_leads,), 0 or 1, both present
    probability : ndarray of shape (n_leads,), in [0, 1]
    random_state : int
    n_boot : int
        Bootstrap draws; each lead gets a Poisson(1) weight, which keeps the ranking sorted.
    threshold : float
        Probability from which a lead counts as predicted to convert.

    Returns
    -------
    dict of Interval
        ``roc_auc, average_precision, brier, log_loss, calibration_error`` (mean gap over ten bins of equal size);
        for 5, 10, 20 and 30 % of the leads, best first, ``capture_at_20`` (share of all conversions found there),
        ``lift_at_20`` and ``precision_at_20``; at the threshold ``accuracy``, ``precision``, ``recall`` and ``f1``;
        ``base_rate``. Leads of equal probability share their places.
    """
    ranked = _rank(np.asarray(y, dtype=float), np.asarray(probability, dtype=float))
    point = _figures(ranked, np.ones((1, len(ranked.y))), threshold)
    rng = np.random.default_rng(random_state)
    draws = _bootstrap(ranked, rng, n_boot, threshold)
    return {name: bootstrap_interval(float(point[name][0]), draws[name]) for name in point}


def confusion(y: Floats, probability: Floats, threshold: float) -> Confusion:
    """Count leads by whether they reached the threshold and whether they converted."""
    called, won = probability >= threshold, y == 1
    pairs = ((called, won), (called, ~won), (~called, won), (~called, ~won))
    return Confusion(*(int((said & ended).sum()) for said, ended in pairs))


def best_threshold(y: Floats, probability: Floats) -> float:
    """Find the probability from which calling leads predicted to convert gives the best F1.

    Parameters
    ----------
    y : ndarray of shape (n_leads,), 0 or 1
    probability : ndarray of shape (n_leads,), in (0, 1)
        Of leads the model was not fitted on, and never of those it is measured on afterwards.

    Returns
    -------
    float
        Half way between the last lead called and the next one.
    """
    order = np.argsort(-probability, kind="stable")
    ranked = probability[order]
    hits = np.cumsum(y[order])
    f1 = 2 * hits / (np.arange(1, len(y) + 1) + y.sum())
    # a threshold cannot part leads of one probability
    ends = np.append(ranked[1:] != ranked[:-1], True)
    last = int(np.argmax(np.where(ends, f1, -1.0)))
    following = ranked[last + 1] if last + 1 < len(ranked) else 0.0
    return float((ranked[last] + following) / 2)


def captured(y: Floats, score: Floats, share: float = 0.2) -> float:
    """Give the share of all conversions among the best leads; ties share their places."""
    ranked = _rank(np.asarray(y, dtype=float), np.asarray(score, dtype=float))
    return float(_found(*_group_sums(ranked, np.ones((1, len(ranked.y)))), [share])[0][0] / ranked.y.sum())


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


def auc_interval(area: float, y: Floats) -> Interval:
    """Give an area under the curve with its 95 % interval.

    Parameters
    ----------
    area : float, in [0, 1]
    y : ndarray of shape (n_leads,), 0 or 1, both present

    References
    ----------
    Hanley, J. A. and McNeil, B. J. (1982), The meaning and use of the area under a ROC curve. Radiology 143.
    """
    won, lost = float(y.sum()), float((1 - y).sum())
    same_won, same_lost = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (area * (1 - area) + (won - 1) * (same_won - area**2) + (lost - 1) * (same_lost - area**2)) / (won * lost)
    half = Z_95 * float(np.sqrt(max(spread, 0.0)))
    return Interval(area, max(0.0, area - half), min(1.0, area + half))


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
    shares = np.linspace(0, 1, points + 1).tolist()
    found = _found(positives, negatives, shares)
    return [
        {"share": share, "captured": float(part[0] / ranked.y.sum())} for share, part in zip(shares, found, strict=True)
    ]


def _rank(y: Floats, probability: Floats) -> _Ranked:
    order = np.argsort(-probability, kind="stable")
    probability = probability[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(probability) != 0]))
    edges = np.unique(np.linspace(0, len(y), min(BINS, len(y)) + 1).astype(int)[:-1])
    return _Ranked(y[order], probability, starts, edges)


def _bootstrap(ranked: _Ranked, rng: np.random.Generator, n_boot: int, threshold: float) -> dict[str, Floats]:
    step = max(1, CHUNK_CELLS // max(len(ranked.y), 1))
    sizes = [min(step, n_boot - done) for done in range(0, n_boot, step)]
    parts = [_figures(ranked, rng.poisson(1.0, (size, len(ranked.y))).astype(float), threshold) for size in sizes]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def bootstrap_interval(value: float, draws: Floats) -> Interval:
    """Give the 95 % interval of bootstrap draws, those that came out undefined left aside, around a figure.

    Parameters
    ----------
    value : float
        Measured on all leads; the interval always holds it.
    draws : ndarray of shape (n_draws,)
    """
    finite = draws[np.isfinite(draws)]
    if not len(finite):
        return Interval(value, value, value)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(finite, [tail, 1 - tail])
    return Interval(value, min(float(low), value), max(float(high), value))


def _figures(ranked: _Ranked, weights: Floats, threshold: float) -> dict[str, Floats]:
    """Compute every figure for each row of weights, shape (n_draws, n_leads)."""
    y, p = ranked.y, ranked.probability
    positives, negatives = _group_sums(ranked, weights)
    total, converted = weights.sum(axis=1), positives.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.clip(p, EPSILON, 1 - EPSILON)
        losses = -(y * np.log(kept) + (1 - y) * np.log1p(-kept))
        return {
            "roc_auc": _auc(positives, negatives),
            "average_precision": _average_precision(positives, negatives),
            "brier": weights @ (p - y) ** 2 / total,
            "log_loss": weights @ losses / total,
            "calibration_error": _calibration_error(ranked, weights),
            "base_rate": converted / total,
            **_best_first(positives, negatives),
            **_at_threshold(y, p >= threshold, weights),
        }


def _best_first(positives: Floats, negatives: Floats) -> dict[str, Floats]:
    """Compute what the best 5, 10, 20 and 30 % of the leads hold."""
    converted = positives.sum(axis=1)
    total = converted + negatives.sum(axis=1)
    figures: dict[str, Floats] = {}
    for share, found in zip(SHARES, _found(positives, negatives, [share / 100 for share in SHARES]), strict=True):
        precision = found / (share / 100 * total)
        figures[f"capture_at_{share}"] = found / converted
        figures[f"lift_at_{share}"] = precision / (converted / total)
        figures[f"precision_at_{share}"] = precision
    return figures


def _at_threshold(y: Floats, called: np.ndarray, weights: Floats) -> dict[str, Floats]:
    """Compute what calling the leads above the threshold gives; nothing called is no precision, hence 0."""
    won = y == 1
    hits, called_all, won_all = weights @ (called & won), weights @ called, weights @ won
    return {
        "precision": np.asarray(np.where(called_all > 0, hits / called_all, 0.0)),
        "recall": hits / won_all,
        "f1": np.asarray(2 * hits / (called_all + won_all)),
        "accuracy": weights @ (called == won) / weights.sum(axis=1),
    }


def _group_sums(ranked: _Ranked, weights: Floats) -> tuple[Floats, Floats]:
    positives = weights * ranked.y
    if len(ranked.starts) == len(ranked.y):
        # every lead stands alone, as nearly always with many leads
        return positives, weights - positives
    sides = (positives, weights - positives)
    first, second = (np.add.reduceat(side, ranked.starts, axis=1) for side in sides)
    return first, second


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


def _found(positives: Floats, negatives: Floats, shares: Sequence[float]) -> list[Floats]:
    """Count conversions among each best share; a run of ties across the border gives its proportion."""
    rows = positives + negatives
    before = np.cumsum(rows, axis=1) - rows
    total = rows.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(rows > 0, positives / rows, 0.0)
    return [(rate * np.clip(share * total - before, 0, rows)).sum(axis=1) for share in shares]


def _calibration_error(ranked: _Ranked, weights: Floats) -> Floats:
    gaps = np.add.reduceat(weights * (ranked.probability - ranked.y), ranked.edges, axis=1)
    return np.asarray(np.abs(gaps).sum(axis=1) / weights.sum(axis=1))

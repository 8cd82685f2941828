"""Compares two rankings of the same leads: how far they agree, and which one finds conversions sooner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadscore.modeling.encoding import Floats, Rows
from leadscore.modeling.evaluation import Interval, bootstrap_interval

TOP = 0.2
DRAWS = 1_000
CHUNK_CELLS = 2_000_000
MIN_LEADS_EACH = 20
"""Converted and lost leads below which a comparison on outcomes says nothing."""
WORST_LOSS = 0.01
"""Average precision a newer model may lose on the leads at hand and still count as not worse."""


@dataclass(frozen=True)
class PairedFigure:
    """One figure of two rankings on the same leads, and the second less the first with its 95 % interval."""

    first: float
    second: float
    difference: Interval

    @property
    def not_worse(self) -> bool:
        """Whether the second may replace the first.

        It must not be significantly worse (the interval reaches zero) and must not lose more than
        :data:`WORST_LOSS` on the leads at hand: with few leads an interval alone would let anything pass.
        """
        return self.difference.high >= 0 and self.difference.value > -WORST_LOSS

    def to_dict(self) -> dict[str, Any]:
        """Give the plain JSON form."""
        return {"first": self.first, "second": self.second, "difference": self.difference.to_dict()}


def ranks(score: Floats) -> Rows:
    """Give each lead its place, 1 for the best; of equal ones the earlier comes first, as in lists."""
    places = np.empty(len(score), dtype=np.int64)
    places[np.argsort(-np.asarray(score), kind="stable")] = np.arange(1, len(score) + 1)
    return places


def rank_correlation(first: Floats, second: Floats) -> float | None:
    """Give Spearman's correlation of two rankings in [-1, 1]; None where one of them ranks nothing."""
    places = [pd.Series(score).rank().to_numpy() for score in (first, second)]
    if any(len(place) == 0 or place.min() == place.max() for place in places):
        return None
    return float(np.corrcoef(places[0], places[1])[0, 1])


def compare_rankings(y: Floats, first: Floats, second: Floats, *, random_state: int,
                     draws: int = DRAWS) -> dict[str, PairedFigure]:
    """Measure two rankings on the same leads, and their difference by a paired bootstrap.

    Parameters
    ----------
    y : ndarray of shape (n_leads,), 0 or 1, both present
    first, second : ndarray of shape (n_leads,)
        Higher is better; leads of equal score share their places.
    random_state : int
    draws : int
        Each draw gives every lead one Poisson(1) weight, which both rankings use.

    Returns
    -------
    dict of PairedFigure
        ``average_precision`` and ``capture_at_20``.
    """
    sides = [_Side.of(np.asarray(y, dtype=float), np.asarray(score, dtype=float)) for score in (first, second)]
    point = [side.figures(np.ones((1, len(y)))) for side in sides]
    drawn = _draw(sides, len(y), np.random.default_rng(random_state), draws)
    return {name: PairedFigure(float(point[0][name][0]), float(point[1][name][0]),
                               bootstrap_interval(float(point[1][name][0] - point[0][name][0]), drawn[name]))
            for name in drawn}


@dataclass(frozen=True)
class _Side:
    """One ranking: its leads from best to worst, and where each run of equal scores begins."""

    order: Rows
    y: Floats
    starts: Rows

    @classmethod
    def of(cls, y: Floats, score: Floats) -> _Side:
        order = np.argsort(-score, kind="stable")
        starts = np.flatnonzero(np.concatenate([[True], np.diff(score[order]) != 0]))
        return cls(order, y[order], starts)

    def figures(self, weights: Floats) -> dict[str, Floats]:
        """Compute the figures for each row of weights, shape (n_draws, n_leads)."""
        ranked = weights[:, self.order]
        leads = np.add.reduceat(ranked, self.starts, axis=1)
        converted = np.add.reduceat(ranked * self.y, self.starts, axis=1)
        places, hits = np.cumsum(leads, axis=1), np.cumsum(converted, axis=1)
        room = np.clip(TOP * places[:, -1:] - (places - leads), 0, leads)
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = np.where(places > 0, hits / places, 0.0)
            found = np.where(leads > 0, converted * room / leads, 0.0)
            return {"average_precision": (converted * precision).sum(axis=1) / hits[:, -1],
                    "capture_at_20": found.sum(axis=1) / hits[:, -1]}


def _draw(sides: list[_Side], leads: int, rng: np.random.Generator, draws: int) -> dict[str, Floats]:
    step = max(1, CHUNK_CELLS // max(leads, 1))
    parts = []
    for done in range(0, draws, step):
        weights = rng.poisson(1.0, (min(step, draws - done), leads)).astype(float)
        before, after = (side.figures(weights) for side in sides)
        parts.append({name: after[name] - before[name] for name in after})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

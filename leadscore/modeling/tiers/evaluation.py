"""Measures how well tiers are told apart, each figure with its bootstrap interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from leadscore.modeling.encoding import Floats, Rows
from leadscore.modeling.evaluation import BINS, EPSILON, Interval, bootstrap_interval
from leadscore.schema import Tier

TIERS = tuple(str(tier) for tier in Tier)


@dataclass(frozen=True)
class TierFigures:
    """What was measured.

    Parameters
    ----------
    metrics : dict of Interval
        ``accuracy``, ``macro_recall``, ``high_recall``, ``tier_log_loss``, ``tier_brier`` (sum over tiers, in [0, 2])
        and ``confidence_error`` (mean gap between confidence and being right, over ten bins of equal size).
    classes : tuple of dict
        For each tier: ``tier``, ``rows``, and ``precision``, ``recall``, ``f1`` as {value, low, high}.
    confusion : tuple of tuple of int
        True tier by row, given tier by column, best tier first.
    """

    metrics: dict[str, Interval]
    classes: tuple[dict[str, Any], ...]
    confusion: tuple[tuple[int, ...], ...]


def measure_tiers(y: Rows, chances: Floats, given: Rows, *, random_state: int, n_boot: int = 200) -> TierFigures:
    """Measure tiers given to leads, and the chances behind them.

    Parameters
    ----------
    y, given : ndarray of int of shape (n_leads,)
        The true tier and the one given, 0 for the best.
    chances : ndarray of shape (n_leads, 3)
        Rows add up to 1.
    random_state : int
    n_boot : int
        Bootstrap draws; each lead gets a Poisson(1) weight.
    """
    tiers = chances.shape[1]
    confidence = chances[np.arange(len(y)), given]
    order = np.argsort(confidence, kind="stable")
    y, given, chances, confidence = y[order], given[order], chances[order], confidence[order]
    hits = y[:, None] == np.arange(tiers)
    columns = np.column_stack([
        (y * tiers + given)[:, None] == np.arange(tiers * tiers),
        -np.log(np.clip(chances[np.arange(len(y)), y], EPSILON, 1)),
        ((chances - hits) ** 2).sum(axis=1),
        _in_bins(confidence - (y == given)),
    ]).astype(float)
    weights = np.random.default_rng(random_state).poisson(1.0, (n_boot, len(y))).astype(float)
    point, draws = (_figures(part @ columns, part.sum(axis=1), tiers) for part in (np.ones((1, len(y))), weights))
    found = {name: bootstrap_interval(float(point[name][0]), draws[name]) for name in point}
    confusion = columns[:, : tiers * tiers].sum(axis=0).astype(int).reshape(tiers, tiers)
    return TierFigures(
        metrics={name: figure for name, figure in found.items() if not name.startswith("tier:")},
        classes=tuple(_of_one_tier(found, place, int(hits[:, place].sum())) for place in range(tiers)),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )


def _in_bins(gaps: Floats) -> Floats:
    """Put each lead's gap into the column of its bin; shape (n_leads, at most 10)."""
    bins = min(BINS, len(gaps))
    places = np.arange(len(gaps)) * bins // len(gaps)
    return np.where(places[:, None] == np.arange(bins), gaps[:, None], 0.0)


def _figures(sums: Floats, total: Floats, tiers: int) -> dict[str, Floats]:
    """Compute every figure for each draw from sums over leads, shape (n_draws, n_columns)."""
    cells = tiers * tiers
    confusion = sums[:, :cells].reshape(-1, tiers, tiers)
    right = np.einsum("nkk->nk", confusion)
    with np.errstate(divide="ignore", invalid="ignore"):
        recall, precision = right / confusion.sum(axis=2), right / confusion.sum(axis=1)
        # a tier nobody was given has no wrong members either
        precision = np.where(np.isnan(precision), 0.0, precision)
        f1 = 2 * right / (confusion.sum(axis=2) + confusion.sum(axis=1))
        plain = {
            "accuracy": right.sum(axis=1) / total,
            "macro_recall": recall.mean(axis=1),
            "high_recall": recall[:, 0],
            "tier_log_loss": sums[:, cells] / total,
            "tier_brier": sums[:, cells + 1] / total,
            "confidence_error": np.abs(sums[:, cells + 2 :]).sum(axis=1) / total,
        }
    named = {"precision": precision, "recall": recall, "f1": f1}
    return plain | {f"tier:{name}:{k}": cells[:, k] for name, cells in named.items() for k in range(tiers)}


def _of_one_tier(found: dict[str, Interval], place: int, rows: int) -> dict[str, Any]:
    figures = {name: found[f"tier:{name}:{place}"].to_dict() for name in ("precision", "recall", "f1")}
    return {"tier": TIERS[place], "rows": rows} | figures

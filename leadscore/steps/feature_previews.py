"""The values of one feature in, what people want to see before they keep it out: examples, spread, power, a warning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from leadscore.modeling.evaluation import Interval, auc_interval
from leadscore.modeling.leakage import column_power
from leadscore.schema import Kind

TOO_GOOD = 0.95
LEAST_OUTCOMES = 10
SHOWN_LEADS = 8
SHOWN_VALUES = 12
BARS = 12
MOST_OF_THEM = 0.98
LARGEST = 1e12
EPSILON = 1e-9


def power_alone(values: pd.Series, kind: Kind, y: pd.Series) -> Interval | None:
    """Say how well a feature alone ranks leads it has not seen; None with fewer than 10 converted or lost ones."""
    won = y.to_numpy(dtype=float)
    if min(won.sum(), (1 - won).sum()) < LEAST_OUTCOMES:
        return None
    return auc_interval(column_power(values, kind, won), won)


def warning_about(power: Interval | None) -> str:
    """Say that a feature is too good to be true; empty when it is not."""
    if power is None or power.value <= TOO_GOOD:
        return ""
    return (f"Alone it tells converted from lost leads nearly without a mistake (AUC {power.value:.2f}). It is "
            "probably filled in once the outcome is known, and a training will set it aside.")


def examples_of(values: pd.Series) -> tuple[tuple[int, str | float | None], ...]:
    """Show a few leads that differ, then whatever comes first."""
    different = values.dropna().drop_duplicates().head(SHOWN_LEADS)
    shown = pd.concat([different, values.drop(different.index).head(SHOWN_LEADS - len(different))])
    return tuple((int(lead), None if pd.isna(value) else value) for lead, value in shown.items())


def distribution_of(values: pd.Series, kind: Kind) -> tuple[tuple[str, int], ...]:
    """Count leads by value or range; texts by their commonest values, what is missing last."""
    known, gone = values.dropna(), int(values.isna().sum())
    if kind is Kind.NUMBER and known.nunique() > BARS:
        bars = _ranges(known)
    else:
        counted = known.value_counts()
        counted = counted.sort_index() if kind is not Kind.CATEGORY else counted
        bars = [(_shown(value, kind), int(leads)) for value, leads in counted.head(SHOWN_VALUES).items()]
        if rest := int(counted.iloc[SHOWN_VALUES:].sum()):
            bars.append(("others", rest))
    return (*bars, ("missing", gone)) if gone else tuple(bars)


def _ranges(known: pd.Series) -> list[tuple[str, int]]:
    """Count numbers in ranges of equal width; the few largest share the last one, so that they do not hide the rest."""
    numbers = np.clip(known.to_numpy(dtype=float), -LARGEST, LARGEST)
    low, high = float(numbers.min()), float(np.quantile(numbers, MOST_OF_THEM))
    step = _even_step((high - low) / (BARS - 1))
    start = math.floor(low / step)
    edges = step * np.arange(start, max(math.floor(high / step), start) + 1)
    # by rounding, the smallest number may lie a bit below the first edge
    places = np.maximum(np.searchsorted(edges, numbers, side="right") - 1, 0)
    counts = np.bincount(places, minlength=len(edges))
    words = [f"{edge:,.6g}" for edge in edges]
    names = [f"{start} to {end}" for start, end in zip(words[:-1], words[1:], strict=True)] + [f"{words[-1]} and more"]
    return [(name, int(leads)) for name, leads in zip(names, counts, strict=True)]


def _even_step(width: float) -> float:
    """Give the next width people count in: 1, 2 or 5 with zeros."""
    if not width > EPSILON:
        return 1.0
    size = 10.0 ** math.floor(math.log10(width))
    return next(step * size for step in (1, 2, 5, 10) if step * size >= width * (1 - EPSILON))


def _shown(value: Any, kind: Kind) -> str:
    if kind is Kind.BOOLEAN:
        return "yes" if value else "no"
    return f"{value:,.10g}" if kind is Kind.NUMBER else str(value)

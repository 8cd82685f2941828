"""Gives contributions back to the columns people know: importances, and what each value of a column does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadscore.modeling.encoding import (
    MIN_LEVEL_ROWS,
    Floats,
    Rows,
    as_text,
    frequent_tokens,
    may_be_named,
    means_codes,
    tokens_of,
)
from leadscore.schema import NUMERIC_KINDS, Kind

MOST_CURVES = 100
MOST_POINTS = 20
BINS = 12
DIGITS = 4
"""Numbers are rounded to so many significant digits, so that no curve holds the exact income of one lead."""
BAND = (0.1, 0.9)
NUMBER, CATEGORY, BOOLEAN, TEXT = "number", "category", "boolean", "text"
OTHER, FILLED = "other", "filled in"
YES, NO = "yes", "no"


@dataclass(frozen=True)
class CurvePoint:
    """What one value, or a range of values, does.

    Parameters
    ----------
    value : float, str or None
        Median of a range, a level, a word, ``other`` for all levels not named; None where the value is missing.
    effect : float
        Mean contribution in log-odds.
    low, high : float
        The middle 80 % of the contributions; they differ where the effect depends on other columns.
    leads : int
        How many leads stand behind it, at least 5.
    """

    value: float | str | None
    effect: float
    low: float
    high: float
    leads: int


@dataclass(frozen=True)
class Curve:
    """What the values of one column do: numbers ascending, levels by frequency, a missing value last."""

    label: str
    kind: str
    points: tuple[CurvePoint, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the plain JSON form."""
        return {"label": self.label, "kind": self.kind, "points": [asdict(point) for point in self.points]}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Curve:
        """Build from :meth:`to_dict`."""
        return cls(str(state["label"]), str(state["kind"]), tuple(CurvePoint(**point) for point in state["points"]))


def to_sources(contributions: Floats, owners: Rows, slope: float) -> Floats:
    """Sum contributions of encoded columns per source column, on the calibrated scale.

    Parameters
    ----------
    contributions : ndarray of shape (n_leads, n_encoded)
        Log-odds before calibration.
    owners : ndarray of shape (n_encoded,), non-decreasing
        Position of the source column of each encoded column.
    slope : float
        Slope of the calibration, which scales every contribution alike.

    Returns
    -------
    ndarray of shape (n_leads, n_sources), float32
    """
    starts = np.flatnonzero(np.concatenate([[True], np.diff(owners) != 0]))
    summed = contributions if len(starts) == len(owners) else np.add.reduceat(contributions, starts, axis=1)
    return (summed * slope).astype(np.float32)


def importance(contributions: pd.DataFrame) -> dict[str, float]:
    """Give the mean absolute contribution of each column in log-odds, largest first."""
    mean = contributions.abs().mean().sort_values(ascending=False, kind="stable")
    return {str(column): float(value) for column, value in mean.items()}


def effect_curves(features: pd.DataFrame, contributions: pd.DataFrame, kinds: Mapping[str, Kind],
                  labels: Mapping[str, str]) -> dict[str, Curve]:
    """Say for each column what its values do, by the contributions of leads that have them.

    A few thousand leads are enough. No value is named that fewer than five of these leads share, nor one that looks
    like an address, a number to call or a long text.

    Parameters
    ----------
    features : DataFrame of shape (n_leads, n_columns)
    contributions : DataFrame of shape (n_leads, n_source_columns)
        Log-odds of the same leads in the same order.
    kinds : mapping of column to Kind
    labels : mapping of column to what people call it

    Returns
    -------
    dict of column to Curve
        The columns that matter most first, at most 100; one that the model makes no use of has no curve.
    """
    curves = {}
    for column, size in list(importance(contributions).items())[:MOST_CURVES]:
        if size > 0 and column in features:
            shares = contributions[column].to_numpy(dtype=float)
            kind, points = _points(features[column], shares, kinds.get(column), column)
            if points:
                curves[column] = Curve(labels.get(column, column), kind, points)
    return curves


def _points(values: pd.Series, shares: Floats, kind: Kind | None, name: str) -> tuple[str, tuple[CurvePoint, ...]]:
    if kind is Kind.TEXT:
        return TEXT, _text_points(values, shares)
    if kind is Kind.BOOLEAN:
        return BOOLEAN, _level_points(_answers(values), shares)
    if kind in NUMERIC_KINDS and not means_codes(values, name):
        return NUMBER, _number_points(values, shares)
    return CATEGORY, _level_points(as_text(values), shares)


def _number_points(values: pd.Series, shares: Floats) -> tuple[CurvePoint, ...]:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(numbers)
    rounded = _rounded(numbers[known])
    bins = _bins(rounded)
    points = [_point(float(np.quantile(rounded[bins == place], 0.5, method="lower")), shares[known][bins == place])
              for place in range(bins.max() + 1)] if len(bins) else []
    return _shared([*points, _point(None, shares[~known])])


def _rounded(numbers: Floats) -> Floats:
    """Round to a few significant digits; equal numbers stay equal and the order stays."""
    size = np.floor(np.log10(np.abs(numbers), where=numbers != 0, out=np.zeros(len(numbers))))
    unit = 10.0 ** (DIGITS - 1 - np.clip(size, -290, 290))
    return np.asarray(np.round(numbers * unit) / unit)


def _bins(numbers: Floats) -> Rows:
    """Give each number its range: one a value where they are few, else about twelve, of at least five leads each."""
    distinct, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    wanted = MIN_LEVEL_ROWS if len(distinct) <= MOST_POINTS else max(MIN_LEVEL_ROWS, len(numbers) / BINS)
    bins, number, filled = np.zeros(len(distinct), dtype=np.intp), 0, 0
    for place, count in enumerate(counts.tolist()):
        if filled >= wanted:
            number, filled = number + 1, 0
        bins[place] = number
        filled += count
    if filled < MIN_LEVEL_ROWS:
        bins[bins == number] = max(number - 1, 0)
    return np.asarray(bins[places])


def _answers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    answers = np.array([NO, YES, None], dtype=object)[np.where(np.isnan(numbers), 2, (numbers != 0).astype(int))]
    return pd.Series(answers, index=values.index)


def _level_points(levels: pd.Series, shares: Floats) -> tuple[CurvePoint, ...]:
    counts = levels.value_counts()
    shared = sorted(counts[counts >= MIN_LEVEL_ROWS].items(), key=lambda item: (-item[1], str(item[0])))
    named = [str(level) for level, _ in shared if may_be_named(str(level))][:MOST_POINTS]
    known = levels.notna().to_numpy()
    others = known & ~levels.isin([*named, OTHER]).to_numpy() | (levels == OTHER).fillna(False).to_numpy(dtype=bool)
    points = [_point(level, shares[(levels == level).fillna(False).to_numpy(dtype=bool)])
              for level in named if level != OTHER]
    return _shared([*points, _point(OTHER, shares[others]), _point(None, shares[~known])])


def _text_points(values: pd.Series, shares: Floats) -> tuple[CurvePoint, ...]:
    """Give a point a word, over the leads whose text has it; one text may stand behind several."""
    known = values.notna().to_numpy()
    words = frequent_tokens(values)[:MOST_POINTS]
    codes, texts = pd.factorize(values.astype("str"))
    # a missing text has the code -1, which reads the last row: no words
    present = np.zeros((len(texts) + 1, len(words)), dtype=bool)
    for row, text in enumerate(texts):
        present[row] = [word in tokens_of(str(text)) for word in words]
    has = present[codes]
    points = [_point(word, shares[has[:, place]]) for place, word in enumerate(words)]
    rest = _point(OTHER if words else FILLED, shares[known & ~has.any(axis=1)])
    return _shared([*points, rest, _point(None, shares[~known])])


def _point(value: float | str | None, shares: Floats) -> CurvePoint:
    if not len(shares):
        return CurvePoint(value, 0.0, 0.0, 0.0, 0)
    low, high = np.quantile(shares, BAND)
    return CurvePoint(value, round(float(shares.mean()), 6), round(float(low), 6), round(float(high), 6), len(shares))


def _shared(points: list[CurvePoint]) -> tuple[CurvePoint, ...]:
    return tuple(point for point in points if point.leads >= MIN_LEVEL_ROWS)

"""What the pictures of the Performance page share: how they read frames, write figures, and say that one is missing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from leadscore.charts.numbers import MISSING, is_missing, percent
from leadscore.charts.picture import Picture

RECORD = "Record what became of leads, one by one or from a file"
FEW = 30
"""Leads below which a rate says little: its 95 % interval is some 30 points wide."""
LEAST_TOP = 0.01
WHOLE_FROM = 0.0995
"""Share from which labels leave decimals out."""


def nothing(key: str, title: str, sentence: str, table: pd.DataFrame) -> Picture:
    """Give the picture of nothing, with a sentence that says what to do."""
    return Picture(key=key, title=title, data=table, spec=None, empty=sentence)


def numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Give a column as floats; NaN throughout where the frame does not have it."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def counts(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Give a column of counts; missing counts are none."""
    found: np.ndarray = np.nan_to_num(numbers(frame, name), nan=0.0, posinf=0.0, neginf=0.0)
    return found


def words_in(frame: pd.DataFrame, name: str, unknown: str = "not said") -> list[str]:
    """Give a column of words as text people can read on one line."""
    return [" ".join(str(value).split()) or unknown if not is_missing(value) else unknown for value in frame[name]]


def told_apart(names: Iterable[str]) -> list[str]:
    """Add a number to names that occur more than once, so that each keeps a bar of its own."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found


def hundredths(values: np.ndarray) -> np.ndarray:
    """Give fractions as per cent with two decimals, for a table."""
    return np.round(100.0 * np.asarray(values, dtype=float), 2)


def share_text(share: float) -> str:
    """Write a share as briefly as it stays true: ``12 %``, ``3.4 %``."""
    if is_missing(share):
        return MISSING
    return percent(share, 0 if share >= WHOLE_FROM or share == 0 else 1)


def share_texts(shares: np.ndarray) -> list[str]:
    """Write shares."""
    return [share_text(share) for share in shares.tolist()]


def count_texts(values: np.ndarray) -> list[str]:
    """Write counts with thousands separators."""
    return [f"{value:,.0f}" for value in values.tolist()]


def between(low: np.ndarray, high: np.ndarray) -> list[str]:
    """Write intervals of shares; empty where one is not known."""
    return ["" if is_missing(start) or is_missing(end) else f"{share_text(start)} to {share_text(end)}"
            for start, end in zip(low.tolist(), high.tolist(), strict=True)]


def longest(words: Iterable[str]) -> int:
    """Give the length of the longest text, since labels are written all or none."""
    return max((len(word) for word in words), default=0)


def score_ranges(frame: pd.DataFrame) -> list[str]:
    """Write ranges of scores: ``40 to 50``."""
    return [f"{low:g} to {high:g}" for low, high in zip(numbers(frame, "low"), numbers(frame, "high"), strict=True)]


def total(values: np.ndarray) -> float:
    """Add up what is known."""
    return float(np.nansum(values)) if len(values) else 0.0


def sensible_top(rate: np.ndarray, high: np.ndarray, expected: np.ndarray, leads: np.ndarray) -> float:
    """Choose the end of an axis of rates: the wide intervals of a handful of leads must not flatten all others."""
    firm = high[(leads >= FEW) & np.isfinite(high)]
    known = np.concatenate([[LEAST_TOP], rate[np.isfinite(rate)], expected[np.isfinite(expected)], firm])
    return min(1.0, float(known.max()))

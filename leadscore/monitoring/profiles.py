"""What the values of a column are like, in a few numbers that can be kept with a model and tell of no single lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

FINE, COARSE = 20, 10
"""Ranges of equal numbers of leads a number is cut into, to compare courses and to add up shares."""
LEVELS = 20
"""Values told apart in a column of few values; all others count as one."""
LEAST_OF_A_VALUE = 5
"""A text fewer leads share is not named: it may be one person's."""
ROUGH_DIGITS = 2

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """How often each value of a column occurs.

    Parameters
    ----------
    edges : tuple of float
        Of numbers: the upper ends of the ranges, all but the last; empty where values are told apart.
    tenths : tuple of float
        Those of the edges that cut the leads into tenths.
    values : tuple of float or of str
        Values told apart, the commonest first.
    counts : tuple of int
        Leads by range, or by value and then all other values; last, those without a value.
    """

    edges: tuple[float, ...]
    tenths: tuple[float, ...]
    values: tuple[float, ...] | tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def leads(self) -> int:
        """All of them."""
        return sum(self.counts)

    @property
    def of_ranges(self) -> bool:
        """Whether numbers are cut into ranges."""
        return bool(self.edges)

    @property
    def of_numbers(self) -> bool:
        """Whether the values are numbers."""
        return self.of_ranges or (bool(self.values) and not isinstance(self.values[0], str))

    @property
    def missing(self) -> float:
        """Share of the leads without a value."""
        return self.counts[-1] / max(self.leads, 1)

    @property
    def rarest(self) -> int:
        """Leads that a value which is not named may have at most."""
        named = self.counts[:len(self.values)]
        return min(named) if len(named) == LEVELS else min(self.counts[-2], LEAST_OF_A_VALUE - 1)

    @property
    def varies(self) -> bool:
        """Whether more than one value occurs."""
        return self.of_ranges or sum(count > 0 for count in self.counts[:-1]) > 1

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return {"edges": list(self.edges), "tenths": list(self.tenths), "values": list(self.values),
                "counts": list(self.counts)}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Profile:
        """Build from :meth:`to_dict`."""
        return cls(tuple(state["edges"]), tuple(state["tenths"]), tuple(state["values"]), tuple(state["counts"]))


def profile_of(column: pd.Series, *, rough: bool = False) -> Profile:
    """Describe a column.

    Parameters
    ----------
    column : Series of numbers or of texts
    rough : bool
        For what describes persons: ends of ranges keep two digits, and no text is named.
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return _of_numbers(_floats(column), rough=rough)
    common = column.value_counts()
    named = [] if rough else [str(value) for value in common.index[:LEVELS]
                              if int(common[value]) >= LEAST_OF_A_VALUE]
    return _counted(Profile((), (), tuple(named), ()), column)


def counts_of(profile: Profile, column: pd.Series) -> Floats:
    """Count another column by the ranges or values of a profile.

    Parameters
    ----------
    column : Series
        A text where the profile is of numbers counts as missing, unless it is written like a number.

    Returns
    -------
    ndarray of shape (n_ranges + 1,) or (n_values + 2,)
        As :attr:`Profile.counts`.
    """
    if profile.of_numbers:
        return _places_of_numbers(profile, _floats(column))
    texts = column if not pd.api.types.is_numeric_dtype(column.dtype) else column.astype("str").where(column.notna())
    found = pd.Index(profile.values, dtype="str").get_indexer(pd.Index(texts))
    places = np.where(texts.isna(), len(profile.values) + 1, np.where(found < 0, len(profile.values), found))
    return _bincount(places, len(profile.values) + 2)


def in_tenths(profile: Profile, counts: Floats) -> Floats:
    """Put fine ranges together to tenths; values stay as they are, and so do those without one."""
    if not profile.of_ranges:
        return counts
    wide = np.searchsorted(np.array(profile.tenths), np.array([*profile.edges, np.inf]), side="left")
    parts: Floats = np.zeros(len(profile.tenths) + 2)
    np.add.at(parts, wide, counts[:-1])
    parts[-1] = counts[-1]
    return parts


def names_of(profile: Profile) -> list[str]:
    """Name the tenths or the values, then all others, then those without a value."""
    if profile.of_ranges:
        ends = [in_short(edge) for edge in profile.tenths]
        between = [f"{low} to {high}" for low, high in zip(ends, ends[1:], strict=False)]
        return [f"up to {ends[0]}", *between, f"above {ends[-1]}", "missing"]
    named = [in_short(value) if not isinstance(value, str) else value for value in profile.values]
    return [*named, "others", "missing"]


def in_short(number: float) -> str:
    """Write a number with three or four digits: ``12.5``, ``13.1k``, ``1.31M``."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= size:
            return f"{number / (1e3 if letter == 'k' else size):,.4g}{letter}"
    return f"{number:,.4g}"


def _of_numbers(numbers: Floats, *, rough: bool) -> Profile:
    known = numbers[np.isfinite(numbers)]
    different = np.unique(known)
    if len(different) <= LEVELS and not (rough and len(different) > 2):
        values, often = np.unique(known, return_counts=True)
        order = np.argsort(-often, kind="stable")
        return _counted(Profile((), (), tuple(values[order].tolist()), ()), pd.Series(numbers))
    fine = np.quantile(known, np.linspace(0, 1, FINE + 1)[1:-1])
    if rough:
        fine = np.array([float(f"{edge:.{ROUGH_DIGITS}g}") for edge in fine])
    every = FINE // COARSE
    profile = Profile(tuple(np.unique(fine).tolist()), tuple(np.unique(fine[every - 1::every]).tolist()), (), ())
    return _counted(profile, pd.Series(numbers))


def _counted(profile: Profile, column: pd.Series) -> Profile:
    counts = counts_of(profile, column).astype(int)
    return Profile(profile.edges, profile.tenths, profile.values, tuple(counts.tolist()))


def _places_of_numbers(profile: Profile, numbers: Floats) -> Floats:
    missing = np.isnan(numbers)
    if profile.of_ranges:
        ranges = np.searchsorted(np.array(profile.edges), numbers, side="left")
        return _bincount(np.where(missing, len(profile.edges) + 1, ranges), len(profile.edges) + 2)
    values = np.array(profile.values, dtype=float)
    found = pd.Index(values).get_indexer(pd.Index(numbers))
    places = np.where(missing, len(values) + 1, np.where(found < 0, len(values), found))
    return _bincount(places, len(values) + 2)


def _floats(column: pd.Series) -> Floats:
    numbers = column if pd.api.types.is_numeric_dtype(column.dtype) else pd.to_numeric(column, errors="coerce")
    found: Floats = numbers.to_numpy(dtype=float, na_value=np.nan)
    return found


def _bincount(places: np.ndarray, size: int) -> Floats:
    return np.bincount(places.astype(np.intp), minlength=size).astype(np.float64)

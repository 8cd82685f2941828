"""Turns a features frame into the compact matrix of codes that models read, the same way for training and scoring."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.schema import NUMERIC_KINDS, Kind

Floats = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.integer[Any]]

MODELLED_KINDS = NUMERIC_KINDS | {Kind.BOOLEAN, Kind.CATEGORY, Kind.TEXT}
MAX_LEVELS = 100
MAX_TOKENS = 30
MIN_LEVEL_ROWS = 5
"""A value is named in a model file only when at least this many leads share it: fewer could point at a person."""
MIN_LEVEL_SHARE = 0.001
MIN_TOKEN_SHARE = 0.01
MAX_LEVEL_CHARACTERS = 120

CODE_WORDS = frozenset({"code", "codes", "channel", "zip", "zipcode", "postcode", "region", "plz", "sic", "naics"})
PERSONAL_PATTERN = re.compile(r"@|https?://|www\.|(?:\d[\s().-]?){7,}")
TOKEN_PATTERN = re.compile(r"[^\W\d_]{2,}")
WORD_PATTERN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True)
class Codes:
    """Encoded leads.

    Parameters
    ----------
    values : ndarray of shape (n_leads, n_columns), float32
        Numbers as they are, categories as level numbers; NaN where missing.
    sizes : tuple of int
        Number of levels of each column, "other" included; 0 for a number.
    """

    values: Floats
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        """Count the leads."""
        return len(self.values)

    def rows(self, index: Rows) -> Codes:
        """Take some of the leads, in the order given."""
        return Codes(self.values[index], self.sizes)


@dataclass(frozen=True)
class ColumnPlan:
    """How one source column becomes codes: as a number, as levels, or as the presence of words."""

    name: str
    form: str
    vocabulary: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Number of encoded columns."""
        return len(self.vocabulary) if self.form == "tokens" else 1

    @property
    def sizes(self) -> tuple[int, ...]:
        """Levels of each encoded column; the level after the last stands for every other value."""
        return (len(self.vocabulary) + 1,) if self.form == "levels" else (0,) * self.width


@dataclass(frozen=True)
class Encoded:
    """Codes, and what did not fit what was trained.

    Parameters
    ----------
    unknown : dict of str to int
        For each category column, how many leads carry a value the model has not learnt.
    missing_columns : tuple of str
        Columns the model was trained on that this frame does not have; they count as missing.
    """

    codes: Codes
    unknown: dict[str, int] = field(default_factory=dict)
    missing_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Encoder:
    """The plan of every column, learnt on training leads only."""

    plans: tuple[ColumnPlan, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the source columns in order."""
        return tuple(plan.name for plan in self.plans)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Levels of every encoded column."""
        return tuple(size for plan in self.plans for size in plan.sizes)

    @property
    def owners(self) -> Rows:
        """Position of the source column each encoded column comes from, non-decreasing."""
        return np.repeat(np.arange(len(self.plans)), [plan.width for plan in self.plans])

    def encode(self, features: pd.DataFrame) -> Encoded:
        """Encode leads; extra columns are ignored, missing ones count as missing, new values as "other".

        Parameters
        ----------
        features : DataFrame of shape (n_leads, any)

        Returns
        -------
        Encoded
        """
        values = np.full((len(features), len(self.sizes)), np.nan, dtype=np.float32)
        unknown: dict[str, int] = {}
        start = 0
        for plan in self.plans:
            if plan.name in features.columns:
                block, strangers = _ENCODE[plan.form](features[plan.name], plan.vocabulary)
                values[:, start : start + plan.width] = block
                if strangers:
                    unknown[plan.name] = strangers
            start += plan.width
        missing = tuple(name for name in self.sources if name not in features.columns)
        return Encoded(Codes(values, self.sizes), unknown, missing)

    def to_dict(self) -> dict[str, Any]:
        """Give the plain JSON form."""
        return {"plans": [[plan.name, plan.form, list(plan.vocabulary)] for plan in self.plans]}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Encoder:
        """Build from :meth:`to_dict`."""
        return cls(tuple(ColumnPlan(str(n), _known_form(f), tuple(map(str, v))) for n, f, v in state["plans"]))


def fit_encoder(features: pd.DataFrame, kinds: Mapping[str, Kind]) -> Encoder:
    """Learn levels and words from training leads.

    Parameters
    ----------
    features : DataFrame of shape (n_leads, n_columns)
        Training leads only; the outcome is never looked at.
    kinds : mapping of column name to Kind
        Columns of other kinds than number, money, boolean, category and text are not modelled.

    Returns
    -------
    Encoder

    Raises
    ------
    InvalidRequest
        ``no_usable_column`` when nothing is left to learn from.
    """
    plans = [plan for name in features.columns if (plan := _plan(features[name], name, kinds.get(name)))]
    if not plans:
        raise InvalidRequest(
            "no_usable_column", "No column is left to learn from.", "Keep a column that was set aside, or add some."
        )
    return Encoder(tuple(plans))


def means_codes(values: pd.Series, name: str) -> bool:
    """Tell whether whole numbers are names in disguise (region 28 is not twice region 14)."""
    words = words_of(name)
    if not words or words[-1] not in CODE_WORDS:
        return False
    numbers = pd.to_numeric(values, errors="coerce").dropna()
    return bool(len(numbers)) and bool((numbers % 1 == 0).all()) and numbers.nunique() <= max(20, len(numbers) // 20)


def has_shared_words(values: pd.Series) -> bool:
    """Tell whether a text column has words that enough leads share to learn from."""
    return bool(frequent_tokens(values))


def words_of(name: str) -> tuple[str, ...]:
    """Split a header into lower-case words, at spaces, punctuation and humps."""
    return tuple(word.lower() for word in WORD_PATTERN.findall(name.removeprefix("custom:")))


def _known_form(form: str) -> str:
    if form not in _ENCODE:
        raise ValueError(f"unknown form {form!r}")
    return form


def _plan(values: pd.Series, name: str, kind: Kind | None) -> ColumnPlan | None:
    if kind in NUMERIC_KINDS and not means_codes(values, name):
        return ColumnPlan(name, "number")
    if kind is Kind.BOOLEAN:
        return ColumnPlan(name, "number")
    if kind is Kind.CATEGORY or kind in NUMERIC_KINDS:
        return ColumnPlan(name, "levels", _frequent(as_text(values).value_counts(), len(values)))
    if kind is Kind.TEXT:
        tokens = frequent_tokens(values)
        return ColumnPlan(name, "tokens", tokens) if tokens else None
    return None


def _frequent(counts: pd.Series, rows: int) -> tuple[str, ...]:
    """Name the values many leads share, most frequent first; the alphabet settles ties so that runs agree."""
    enough = counts[counts >= max(MIN_LEVEL_ROWS, MIN_LEVEL_SHARE * rows)]
    ordered = sorted(enough.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(str(level) for level, _ in ordered if may_be_named(str(level)))[:MAX_LEVELS]


def may_be_named(level: str) -> bool:
    """Tell whether a value is short and points at nobody, so that a model file may name it."""
    return len(level) <= MAX_LEVEL_CHARACTERS and not PERSONAL_PATTERN.search(level)


def frequent_tokens(values: pd.Series) -> tuple[str, ...]:
    """Name the words that enough leads share, most frequent first."""
    counts = Counter[str]()
    for text, rows in values.dropna().astype(str).value_counts().items():
        counts.update(dict.fromkeys(tokens_of(str(text)), int(rows)))
    wanted = max(MIN_LEVEL_ROWS, MIN_TOKEN_SHARE * len(values))
    ordered = sorted(((-rows, token) for token, rows in counts.items() if rows >= wanted))
    return tuple(token for _, token in ordered[:MAX_TOKENS])


def tokens_of(text: str) -> set[str]:
    """Give the words of a text; none of one that looks personal."""
    return set(TOKEN_PATTERN.findall(text.casefold())) if not PERSONAL_PATTERN.search(text) else set()


def as_text(values: pd.Series) -> pd.Series:
    """Give values as text; whole numbers lose their ``.0`` so that 28.0 and "28" are one level."""
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return values.map(lambda number: f"{number:.15g}", na_action="ignore").astype("str")
    return values.astype("str")


def _encode_number(values: pd.Series, _: Sequence[str]) -> tuple[Floats, int]:
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    # infinities would poison means and trees alike
    finite = np.where(np.isfinite(numbers), numbers, np.nan)
    return np.clip(finite, -1e30, 1e30).astype(np.float32)[:, None], 0


def _encode_levels(values: pd.Series, levels: Sequence[str]) -> tuple[Floats, int]:
    codes, uniques = pd.factorize(as_text(values))
    position = {level: number for number, level in enumerate(levels)}
    lookup = np.array([*(position.get(str(value), len(levels)) for value in uniques), np.nan], dtype=np.float32)
    block = lookup[codes]
    return block[:, None], int((block == len(levels)).sum())


def _encode_tokens(values: pd.Series, tokens: Sequence[str]) -> tuple[Floats, int]:
    codes, uniques = pd.factorize(values.astype("str"))
    table = np.full((len(uniques) + 1, len(tokens)), np.nan, dtype=np.float32)
    for row, text in enumerate(uniques):
        present = tokens_of(str(text))
        table[row] = [token in present for token in tokens]
    return table[codes], 0


_ENCODE = {"number": _encode_number, "levels": _encode_levels, "tokens": _encode_tokens}


@dataclass(frozen=True)
class Design:
    """The wide standardised matrix that linear models, networks and neighbours need, learnt on training codes.

    Numbers are pulled in to [low, high], compressed where skewed, standardised, and missing ones put at the mean with
    an indicator; each level of a category gets a column of its own.
    """

    sizes: tuple[int, ...]
    low: Floats
    high: Floats
    skewed: npt.NDArray[np.bool_]
    mean: Floats
    scale: Floats
    gaps: npt.NDArray[np.bool_]

    @property
    def widths(self) -> list[int]:
        """Number of wide columns of each code column: value and gap, or levels and gap."""
        return [max(size, 1) + int(gap) for size, gap in zip(self.sizes, self.gaps, strict=True)]

    @property
    def owners(self) -> Rows:
        """Position of the code column of each wide column."""
        return np.repeat(np.arange(len(self.sizes)), self.widths)

    def standardised(self, values: Floats, column: int) -> Floats:
        """Give one number column on the standard scale, 0 where missing; float64 of shape (n_leads,)."""
        kept = np.clip(values.astype(np.float64), self.low[column], self.high[column])
        if self.skewed[column]:
            kept = np.sign(kept) * np.log1p(np.abs(kept))
        return np.asarray(np.nan_to_num((kept - self.mean[column]) / self.scale[column]))

    def wide(self, codes: Codes) -> Floats:
        """Expand codes to a float32 matrix of shape (n_leads, sum of widths)."""
        matrix = np.zeros((len(codes), sum(self.widths)), dtype=np.float32)
        starts = np.concatenate([[0], np.cumsum(self.widths)])
        for column, size in enumerate(self.sizes):
            values, start = codes.values[:, column], starts[column]
            absent = np.isnan(values)
            if size:
                present = np.flatnonzero(~absent)
                matrix[present, start + values[present].astype(np.intp)] = 1
            else:
                matrix[:, start] = self.standardised(values, column)
            if self.gaps[column]:
                matrix[absent, starts[column + 1] - 1] = 1
        return matrix

    def terms(self, codes: Codes, weights: Floats) -> Floats:
        """Multiply the wide matrix by weights and sum per code column, without ever building it.

        Parameters
        ----------
        codes : Codes of n_leads
        weights : ndarray of shape (sum of widths,)

        Returns
        -------
        ndarray of shape (n_leads, n_code_columns), float64
        """
        result = np.empty((len(codes), len(self.sizes)))
        for column, block in enumerate(self.blocks(weights)):
            result[:, column] = self.column_terms(codes.values[:, column], column, block)
        return result

    def blocks(self, weights: Floats) -> list[Floats]:
        """Part weights of shape (sum of widths, ...) by code column."""
        return np.split(weights, np.cumsum(self.widths)[:-1])

    def column_terms(self, values: Floats, column: int, weights: Floats) -> Floats:
        """Multiply the wide columns of one code column by their weights.

        Parameters
        ----------
        values : ndarray of shape (n_leads,), codes of this column
        column : int
        weights : ndarray of shape (width of this column, ...)

        Returns
        -------
        ndarray of shape (n_leads, ...), float64
        """
        gap = weights[-1] if self.gaps[column] else np.zeros_like(weights[0])
        size = self.sizes[column]
        if size:
            table = np.concatenate([weights[:size], [gap]])
            return np.asarray(table[np.nan_to_num(values, nan=size).astype(np.intp)])
        present = np.multiply.outer(self.standardised(values, column), weights[0])
        return np.asarray(present + np.multiply.outer(np.isnan(values), gap))

    def to_dict(self) -> dict[str, Any]:
        """Give the plain JSON form."""
        return {"sizes": list(self.sizes)} | {name: getattr(self, name).tolist() for name in _DESIGN_ARRAYS}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Design:
        """Build from :meth:`to_dict`."""
        arrays: dict[str, Any] = {name: np.asarray(state[name], dtype=kind) for name, kind in _DESIGN_ARRAYS.items()}
        if any(array.shape != (len(state["sizes"]),) for array in arrays.values()):
            raise ValueError("the parts of the design differ in length")
        return cls(sizes=tuple(int(size) for size in state["sizes"]), **arrays)


_DESIGN_ARRAYS: dict[str, type] = {
    "low": float, "high": float, "skewed": bool, "mean": float, "scale": float, "gaps": bool,
}  # fmt: skip
TAIL = 0.005
"""Share of training leads left out at each end when the range of a number is taken."""
REACH = 1.0
"""Numbers may go this many training ranges beyond what was learnt: trends go on, typing errors do not count in full."""
SKEW = 2.0


def fit_design(codes: Codes) -> Design:
    """Learn ranges, means and scales of training codes."""
    columns = [_number_shape(codes.values[:, column], size) for column, size in enumerate(codes.sizes)]
    low, high, skewed, mean, scale = (np.array(part) for part in zip(*columns, strict=True))
    gaps = np.asarray(np.isnan(codes.values).any(axis=0))
    return Design(codes.sizes, low, high, skewed, mean, scale, gaps)


def _number_shape(values: Floats, size: int) -> tuple[float, float, bool, float, float]:
    present = values[~np.isnan(values)].astype(np.float64)
    if size or not len(present):
        return 0.0, 0.0, False, 0.0, 1.0
    low, high = np.quantile(present, [TAIL, 1 - TAIL])
    if low == high:
        low, high = present.min(), present.max()
    low, high = low - REACH * (high - low), high + REACH * (high - low)
    kept = np.clip(present, low, high)
    deviation = kept.std()
    skewed = bool(deviation > 0 and abs(((kept - kept.mean()) ** 3).mean()) / deviation**3 > SKEW)
    if skewed:
        kept = np.sign(kept) * np.log1p(np.abs(kept))
    return float(low), float(high), skewed, float(kept.mean()), float(kept.std()) or 1.0

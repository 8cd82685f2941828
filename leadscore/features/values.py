"""The values an expression works with: columns read as numbers, texts and dates, a value a lead, never a warning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Values = Any
"""NUMBER and YES_NO: float64 with NaN for missing; DATE: datetime64[us] with NaT; TEXT: an Arrow array of strings."""

NOT_A_DATE = np.datetime64("NaT", "us")
ONE_DAY = np.timedelta64(1, "D")


class Sort(StrEnum):
    """What the values of a part of an expression are."""

    NUMBER = "number"
    YES_NO = "yes/no"
    TEXT = "text"
    DATE = "date"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class View:
    """The leads an expression is worked out for.

    Parameters
    ----------
    leads : DataFrame
        A leads frame; a column it lacks is missing for every lead.
    as_of : datetime, UTC
        Later dates were not known then.
    """

    leads: pd.DataFrame
    as_of: datetime

    @property
    def size(self) -> int:
        """Number of leads."""
        return len(self.leads)


Run = Callable[[View], Values]


def missing(sort: Sort, size: int) -> Values:
    """Give values that are all missing."""
    if sort is Sort.TEXT:
        return pa.nulls(size, pa.large_string())
    if sort is Sort.DATE:
        return np.full(size, NOT_A_DATE, dtype="datetime64[us]")
    return np.full(size, np.nan)


def read(view: View, column: str, sort: Sort) -> Values:
    """Read a column of the leads; what does not fit its sort is missing, and so are infinite numbers."""
    if sort is Sort.UNKNOWN or column not in view.leads:
        return missing(sort, view.size)
    return _READ[sort](view.leads[column], view)


def finite(numbers: Floats) -> Floats:
    """Make what is no finite number missing."""
    return np.where(np.isfinite(numbers), numbers, np.nan)


def is_missing(values: Values, sort: Sort) -> npt.NDArray[np.bool_]:
    """Tell which values are missing."""
    if sort is Sort.TEXT:
        return np.asarray(values.is_null().to_numpy(zero_copy_only=False), dtype=bool)
    return np.asarray(np.isnat(values) if sort is Sort.DATE else np.isnan(values))


def choose(condition: npt.NDArray[np.bool_], first: Values, second: Values, sort: Sort) -> Values:
    """Take the first value where the condition holds, else the second."""
    if sort is Sort.TEXT:
        return pc.if_else(pa.array(condition), first, second)
    return np.where(condition, first, second)


def answers(held: pa.Array) -> Floats:
    """Turn Arrow's true, false and null into 1, 0 and missing."""
    return np.asarray(held.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def plain_text(values: pa.Array) -> pa.Array:
    """Lower the case and cut outer spaces, as every comparison of texts does."""
    return pc.utf8_trim_whitespace(pc.utf8_lower(values))


def as_series(values: Values, sort: Sort, index: pd.Index) -> pd.Series:
    """Give values the dtype a features frame has."""
    if sort is Sort.TEXT:
        return pd.Series(pd.array(values, dtype="str"), index=index)
    return pd.Series(values, index=index, dtype="float64")


def _read_numbers(values: pd.Series, _: View) -> Floats:
    if not pd.api.types.is_numeric_dtype(values.dtype):
        values = pd.to_numeric(values, errors="coerce")
    return finite(values.to_numpy(dtype=np.float64, na_value=np.nan))


def _read_texts(values: pd.Series, _: View) -> pa.Array:
    found = pa.array(values.astype("str"), type=pa.large_string(), from_pandas=True)
    # text held by Arrow comes in pieces
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) and found.num_chunks else found


def _read_dates(values: pd.Series, view: View) -> Values:
    moments = pd.to_datetime(values, errors="coerce", utc=True)
    known = moments.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    # a date after that of the scoring was not known then, which keeps a backtest from looking ahead
    return np.where(known > moment_of(view.as_of) + ONE_DAY, NOT_A_DATE, known)


def moment_of(as_of: datetime) -> np.datetime64:
    """Give a UTC time as numpy counts it."""
    return np.datetime64(as_of.astimezone(UTC).replace(tzinfo=None), "us")


_READ = {Sort.NUMBER: _read_numbers, Sort.YES_NO: _read_numbers, Sort.TEXT: _read_texts, Sort.DATE: _read_dates}

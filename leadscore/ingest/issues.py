"""Issues at scale: a frame with one row per remark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

import numpy as np
import pandas as pd

from leadscore.ingest.issue import VALUE_CHARACTERS, WHOLE_FILE, Issue, Severity

__all__ = [
    "COLUMNS",
    "EMPTY",
    "VALUE_CHARACTERS",
    "WHOLE_FILE",
    "Issue",
    "Severity",
    "concat_issues",
    "count_by_code",
    "issues_at",
    "issues_frame",
]

COLUMNS = tuple(field.name for field in fields(Issue))


def issues_frame(issues: Sequence[Issue]) -> pd.DataFrame:
    """Put single issues into a frame.

    Returns
    -------
    pandas.DataFrame
        Columns ``row`` (int64) and ``column``, ``code``, ``severity``, ``message``, ``value`` (str), shape (n, 6).
    """
    return _typed(pd.DataFrame([[getattr(issue, name) for name in COLUMNS] for issue in issues], columns=list(COLUMNS)))


def issues_at(
    rows: np.ndarray, column: str, code: str, severity: str, message: str, values: pd.Series | None = None
) -> pd.DataFrame:
    """Say the same about many cells of one column, without a loop.

    Parameters
    ----------
    rows : numpy.ndarray, shape (n,)
        Row numbers in the user's file.
    values : pandas.Series, shape (n,), optional
        The cells, in the order of ``rows``; cut to 80 characters here.
    """
    n = len(rows)
    shown = [""] * n if values is None else values.astype("str").fillna("").str.slice(0, VALUE_CHARACTERS).to_numpy()
    constants = {"column": column, "code": code, "severity": str(severity), "message": message}
    columns = {name: pd.Series([text], dtype="str").repeat(n).array for name, text in constants.items()}
    return _typed(pd.DataFrame({"row": np.asarray(rows, dtype="int64"), **columns, "value": shown}))


def concat_issues(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Join issue frames in the order given, with a fresh 0..n-1 index."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else EMPTY.copy()


def count_by_code(issues: pd.DataFrame) -> dict[str, int]:
    """Count issues per code, most frequent first, ties by name."""
    counts = issues["code"].value_counts()
    return dict(sorted(((str(code), int(n)) for code, n in counts.items()), key=lambda item: (-item[1], item[0])))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Give an issue frame its dtypes."""
    text = {name: "str" for name in COLUMNS if name != "row"}
    typed = frame.reset_index(drop=True).astype({"row": "int64", **text})
    return typed.assign(value=typed["value"].str.slice(0, VALUE_CHARACTERS))[list(COLUMNS)]


EMPTY = issues_frame([])
"""No issues: shape (0, 6) with the right dtypes. Treat it as read-only."""

"""How good a file is, in six dimensions and per column, each with a number, the rows concerned and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from leadscore.ingest.cleaning import FORMAT_CODES, CleanTable
from leadscore.ingest.issues import count_by_code
from leadscore.ingest.validation import ACCURACY_CODES, RANGE_CODES
from leadscore.schema import FIELD_BY_NAME, Group

FRESH_FOR = pd.Timedelta(days=365)
"""A lead nobody has touched for a year is out of date."""
ACTIVITY_DATES = ("last_activity_at", "modified_at", "created_at")
OPTIONAL_GROUPS = frozenset({Group.OUTCOME, Group.CONSENT})
"""Columns that are rightly empty for many leads; they do not count against completeness."""


@dataclass(frozen=True)
class Dimension:
    """One side of data quality.

    Parameters
    ----------
    name : str
        ``completeness``, ``format``, ``range``, ``uniqueness``, ``timeliness`` or ``accuracy``.
    score : float or None
        In [0, 1], 1 is perfect; None when the file has nothing to judge it by.
    affected : int
        Rows concerned.
    sentence : str
    """

    name: str
    score: float | None
    affected: int
    sentence: str


@dataclass(frozen=True)
class QualityReport:
    """The quality of one file.

    Parameters
    ----------
    rows : int
    dimensions : tuple of Dimension
    columns : DataFrame
        One row per column: ``header``, ``field`` (missing for the user's own), ``label``, ``filled`` (share in
        [0, 1]), ``distinct``, ``issues``.
    issues : dict of str to int
        Issues by code.
    """

    rows: int
    dimensions: tuple[Dimension, ...]
    columns: pd.DataFrame
    issues: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for JSON."""
        dimensions = {each.name: {"score": each.score, "affected": each.affected, "sentence": each.sentence}
                      for each in self.dimensions}
        columns = self.columns.astype({"field": object}).where(self.columns.notna(), None)
        return {"rows": self.rows, "dimensions": dimensions, "columns": columns.to_dict("records"),
                "issues": dict(self.issues)}


def quality_report(clean: CleanTable, issues: pd.DataFrame, *, as_of: datetime) -> QualityReport:
    """Sum up what reading, cleaning and validating a file have found.

    Parameters
    ----------
    clean : CleanTable
    issues : DataFrame
        All issues of the file.
    as_of : datetime
        The present, in UTC.
    """
    columns = coverage(clean, issues)
    dimensions = (
        _completeness(clean, columns), _format(clean, columns, issues), _range(clean, issues),
        _uniqueness(clean, issues), _timeliness(clean, as_of), _accuracy(clean, issues),
    )
    return QualityReport(len(clean.leads), dimensions, columns, count_by_code(issues))


def coverage(clean: CleanTable, issues: pd.DataFrame) -> pd.DataFrame:
    """Tell for each column how much of it is filled, how varied it is, and how many issues it has."""
    by_header = issues["column"].value_counts()
    names = [name for name in clean.leads.columns if name in clean.headers]
    fields = [FIELD_BY_NAME.get(name) for name in names]
    headers = [clean.headers[name] for name in names]
    n = max(1, len(clean.leads))
    return pd.DataFrame({
        "header": pd.Series(headers, dtype="str"),
        "field": pd.Series([field.name if field else None for field in fields], dtype="str"),
        "label": pd.Series([field.label if field else header for field, header in zip(fields, headers, strict=True)],
                           dtype="str"),
        "filled": pd.Series([float(clean.leads[name].notna().sum() / n) for name in names], dtype="float64"),
        "distinct": pd.Series([int(clean.leads[name].nunique()) for name in names], dtype="int64"),
        "issues": pd.Series([int(by_header.get(header, 0)) for header in headers], dtype="int64"),
    })


def _completeness(clean: CleanTable, columns: pd.DataFrame) -> Dimension:
    groups = [FIELD_BY_NAME[name].group if name in FIELD_BY_NAME else None for name in columns["field"].fillna("")]
    counted = columns[[group not in OPTIONAL_GROUPS for group in groups]]
    if not len(counted) or not len(clean.leads):
        return Dimension("completeness", None, 0, "There is no column to judge completeness by.")
    names = {header: name for name, header in clean.headers.items()}
    gaps = np.zeros(len(clean.leads), dtype=bool)
    for header in counted["header"]:
        gaps |= clean.leads[names[header]].isna().to_numpy(bool)
    score = float(counted["filled"].mean())
    emptiest = counted.sort_values("filled", kind="stable").iloc[0]
    sentence = f"{score:.0%} of the cells are filled; '{emptiest['header']}' least, with {emptiest['filled']:.0%}."
    return Dimension("completeness", score, int(gaps.sum()), sentence)


def _format(clean: CleanTable, columns: pd.DataFrame, issues: pd.DataFrame) -> Dimension:
    wrong = _of(issues, FORMAT_CODES)
    filled = float((columns["filled"] * len(clean.leads)).sum()) + len(wrong)
    if not filled:
        return Dimension("format", None, 0, "There is no value to judge formats by.")
    sentence = f"{len(wrong):,} cells could not be read." if len(wrong) else "Every cell could be read."
    return Dimension("format", 1.0 - len(wrong) / filled, _rows(wrong), sentence)


def _range(clean: CleanTable, issues: pd.DataFrame) -> Dimension:
    numbers = clean.leads.select_dtypes("float64")
    present = int(numbers.notna().to_numpy().sum())
    if not present:
        return Dimension("range", None, 0, "The file has no numbers.")
    wrong = _of(issues, RANGE_CODES).drop_duplicates(["row", "column"])
    sentence = (f"{len(wrong):,} numbers are implausible or far from all others." if len(wrong)
                else "All numbers are plausible.")
    return Dimension("range", max(0.0, 1.0 - len(wrong) / present), _rows(wrong), sentence)


def _uniqueness(clean: CleanTable, issues: pd.DataFrame) -> Dimension:
    if not len(clean.leads):
        return Dimension("uniqueness", None, 0, "The file has no rows.")
    repeated = _rows(_of(issues, frozenset({"duplicate"})))
    sentence = f"{repeated:,} rows repeat a lead of the same file." if repeated else "No lead appears twice."
    return Dimension("uniqueness", 1.0 - repeated / len(clean.leads), repeated, sentence)


def _timeliness(clean: CleanTable, as_of: datetime) -> Dimension:
    dates = [clean.leads[name] for name in ACTIVITY_DATES if name in clean.leads]
    latest = pd.concat(dates, axis=1).max(axis=1) if dates else pd.Series(dtype="datetime64[us, UTC]")
    known = latest.dropna()
    if not len(known):
        return Dimension("timeliness", None, 0, "The file has no dates of creation, change or activity.")
    present = pd.Timestamp(as_of)
    present = present.tz_localize("UTC") if present.tzinfo is None else present
    stale = int((known < present - FRESH_FOR).sum())
    sentence = (f"{stale:,} leads show no sign of life for a year or more." if stale
                else "Every lead with a date has moved within a year.")
    return Dimension("timeliness", 1.0 - stale / len(known), stale, sentence)


def _accuracy(clean: CleanTable, issues: pd.DataFrame) -> Dimension:
    judged = {"created_at", "last_activity_at", "converted", "stage", "consent", "email_opens", "modified_at"}
    if not judged & set(clean.leads.columns) or not len(clean.leads):
        return Dimension("accuracy", None, 0, "The file has no columns that could contradict each other.")
    wrong = _rows(_of(issues, ACCURACY_CODES))
    sentence = f"{wrong:,} rows contradict themselves." if wrong else "No row contradicts itself."
    return Dimension("accuracy", 1.0 - wrong / len(clean.leads), wrong, sentence)


def _of(issues: pd.DataFrame, codes: frozenset[str]) -> pd.DataFrame:
    return issues[issues["code"].isin(sorted(codes)) & (issues["row"] > 0)]


def _rows(issues: pd.DataFrame) -> int:
    return int(issues["row"].nunique())

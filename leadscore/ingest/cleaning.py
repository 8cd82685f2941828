"""A raw table and its mapping become typed leads; what could not be read becomes null plus an issue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.ingest.custom import WHOLE, infer_custom
from leadscore.ingest.issues import WHOLE_FILE, Issue, Severity, concat_issues, issues_at, issues_frame
from leadscore.ingest.kinds import Cells, Reading, encode, read, take
from leadscore.ingest.numbers import matches
from leadscore.ingest.outliers import cap_outliers, flag_outliers
from leadscore.ingest.readers import RawTable
from leadscore.schema import FIELD_BY_NAME, NUMERIC_KINDS, CustomField, Group, Kind

REFUSED_ABOVE = 0.5
"""A column of which more than this share cannot be read is not what its mapping says."""

UNREADABLE: dict[Kind, tuple[str, str]] = {
    Kind.NUMBER: ("unreadable_number", "This is not a number; the cell was left empty."),
    Kind.MONEY: ("unreadable_amount", "This is not an amount of money; the cell was left empty."),
    Kind.BOOLEAN: ("unreadable_answer", "This is neither yes nor no; the cell was left empty."),
    Kind.DATE: ("unreadable_date", "This is not a date that exists; the cell was left empty."),
    Kind.EMAIL: ("invalid_email", "This is not an e-mail address; the cell was left empty."),
    Kind.PHONE: ("invalid_phone", "This is not a telephone number; the cell was left empty."),
    Kind.URL: ("invalid_url", "This is not a web address; the cell was left empty."),
}
MASKED_MESSAGE = "The value was hidden before it came here; the cell counts as empty."
FORMAT_CODES = frozenset(code for code, _ in UNREADABLE.values())

PAST_FIELDS = frozenset({"created_at", "modified_at", "last_activity_at", "first_response_at", "consent_at"})
"""Dates that cannot lie ahead, which helps to tell 03-04 from 04-03."""

CURRENCY_OF_SYMBOL = {"$": "USD", "€": "EUR", "£": "GBP", "₹": "INR", "¥": "JPY"}
FILLED_GROUPS_EXCEPT = frozenset({Group.OUTCOME, Group.CONSENT, Group.CONTACT, Group.MANAGEMENT})
"""Nobody's outcome, consent, identity or owner is ever made up."""


class DuplicateChoice(StrEnum):
    """What becomes of a row that means a lead already seen."""

    UPDATE = "update"
    MERGE = "merge"
    SKIP = "skip"


class OutlierChoice(StrEnum):
    """What becomes of a number far from all others."""

    FLAG = "flag"
    CAP = "cap"
    LEAVE = "leave"


class MissingChoice(StrEnum):
    """What becomes of an empty cell."""

    LEAVE = "leave"
    FILL = "fill"


@dataclass(frozen=True)
class CleaningChoices:
    """What a person decided about cleaning.

    Parameters
    ----------
    duplicates : DuplicateChoice
    outliers : OutlierChoice
    missing : MissingChoice
    normalise : bool
        Give all spellings of a category one form.
    day_first : bool or None
        Whether 03-04-2021 is 3 April; None judges per column.
    """

    duplicates: DuplicateChoice = DuplicateChoice.UPDATE
    outliers: OutlierChoice = OutlierChoice.FLAG
    missing: MissingChoice = MissingChoice.LEAVE
    normalise: bool = True
    day_first: bool | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for JSON."""
        return {"duplicates": str(self.duplicates), "outliers": str(self.outliers), "missing": str(self.missing),
                "normalise": self.normalise, "day_first": self.day_first}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CleaningChoices:
        """Read what :meth:`to_dict` wrote; what is left out keeps its default.

        Raises
        ------
        InvalidRequest
            ``bad_cleaning_choice`` for a name or value that does not exist.
        """
        known = cls().to_dict()
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise InvalidRequest("bad_cleaning_choice", f"There is no cleaning choice '{unknown[0]}'.",
                                 f"Choices are: {', '.join(known)}.")
        try:
            merged = known | dict(values)
            return cls(DuplicateChoice(merged["duplicates"]), OutlierChoice(merged["outliers"]),
                       MissingChoice(merged["missing"]), bool(merged["normalise"]),
                       None if merged["day_first"] is None else bool(merged["day_first"]))
        except ValueError as problem:
            raise InvalidRequest("bad_cleaning_choice", f"{problem}.".replace("..", "."),
                                 "Duplicates: update, merge, skip; outliers: flag, cap, leave; missing: leave, fill."
                                 ) from problem


@dataclass(frozen=True)
class CleanTable:
    """Typed leads, in the order and number of the raw rows.

    Parameters
    ----------
    leads : DataFrame of shape (n, columns)
        A leads frame; index ``lead_id`` is the position 0..n-1.
    custom_fields : tuple of CustomField
        The user's own columns among them.
    headers : dict of str to str
        Column of ``leads`` to the user's header.
    row_numbers : ndarray of int, shape (n,)
        Row in the user's file.
    issues : DataFrame
        What cleaning has to say.
    """

    leads: pd.DataFrame
    custom_fields: tuple[CustomField, ...]
    headers: dict[str, str]
    row_numbers: np.ndarray
    issues: pd.DataFrame


@dataclass(frozen=True)
class _Column:
    name: str
    header: str
    kind: Kind
    values: pd.Series
    custom: CustomField | None = None
    issues: list[pd.DataFrame] = field(default_factory=list)


def clean_table(
    raw: RawTable, mapping: Mapping[str, str | None], choices: CleaningChoices, *, as_of: datetime
) -> CleanTable:
    """Read every column as what it is mapped to, or as what its values look like.

    Rows are never dropped or reordered; a column that is mostly unreadable as its field is kept as a custom column.

    Parameters
    ----------
    raw : RawTable
    mapping : mapping of str to str or None
        Header to field; headers that are not in it stay custom.
    choices : CleaningChoices
    as_of : datetime
        The present, in UTC: no lead was created after it.
    """
    present = pd.Timestamp(as_of)
    present = present.tz_localize("UTC") if present.tzinfo is None else present.tz_convert("UTC")
    columns: list[_Column] = []
    taken: set[str] = set()
    for header in raw.frame.columns:
        name = mapping.get(header)
        wanted = name if name in FIELD_BY_NAME and name not in taken else None
        column = _clean_column(raw, header, wanted, choices, present)
        columns.append(_tidied(column, raw.row_numbers, choices))
        taken |= {column.name}
    leads = pd.DataFrame({column.name: column.values.array for column in columns},
                         index=pd.RangeIndex(len(raw.frame), name="lead_id"))
    return CleanTable(
        leads=_with_currency(leads, raw, columns), custom_fields=tuple(each.custom for each in columns if each.custom),
        headers={column.name: column.header for column in columns}, row_numbers=np.asarray(raw.row_numbers),
        issues=concat_issues([frame for column in columns for frame in column.issues]))


# --- one column ---------------------------------------------------------------------------------------------


def _clean_column(raw: RawTable, header: str, name: str | None, choices: CleaningChoices,
                  present: pd.Timestamp) -> _Column:
    cells = encode(raw.frame[header])
    if name is None:
        return _custom_column(raw, header, cells, choices)
    kind = FIELD_BY_NAME[name].kind
    reading = read(cells, kind, field=name, day_first=choices.day_first, normalise=choices.normalise)
    if name in PAST_FIELDS and choices.day_first is None and not reading.day_order_certain:
        reading = _past_reading(cells, name, reading, present)
    if _share_unreadable(cells, reading) > REFUSED_ABOVE:
        column = _custom_column(raw, header, cells, choices)
        return _Column(column.name, header, column.kind, column.values, column.custom,
                       [_refusal(header, name, cells, reading), *column.issues])
    issues = [*_cell_issues(raw.row_numbers, header, kind, cells, reading), *_day_order_issue(header, reading)]
    return _Column(name, header, kind, take(reading.values, cells.codes), None, issues)


def _custom_column(raw: RawTable, header: str, cells: Cells, choices: CleaningChoices) -> _Column:
    custom = infer_custom(header, cells)
    if custom.kind is Kind.CATEGORY:
        cells = _whole_codes(cells)
    reading = read(cells, custom.kind, day_first=choices.day_first, normalise=choices.normalise)
    issues = [*_cell_issues(raw.row_numbers, header, custom.kind, cells, reading), *_day_order_issue(header, reading)]
    return _Column(custom.name, header, custom.kind, take(reading.values, cells.codes), custom, issues)


def _whole_codes(cells: Cells) -> Cells:
    """Write the codes 28.0 and 28 alike: a spread-sheet adds the point wherever one cell of the column is empty."""
    floats = matches(cells.distinct, WHOLE)
    shortened = cells.distinct.str.replace(r"\.0+$", "", regex=True)
    return Cells(cells.codes, cells.distinct.where(~floats, shortened), cells.counts)


def _past_reading(cells: Cells, name: str, reading: Reading, present: pd.Timestamp) -> Reading:
    """Prefer the order of day and month under which nothing has happened in the future."""
    if not (reading.values > present).any():
        return reading
    others = [read(cells, Kind.DATE, field=name, day_first=order) for order in (True, False)]
    ahead = [int((other.values > present).sum()) for other in others]
    return others[int(np.argmin(ahead))] if min(ahead) == 0 else reading


def _share_unreadable(cells: Cells, reading: Reading) -> float:
    present = int(cells.counts[~reading.missing & ~reading.masked].sum())
    return float(cells.counts[reading.unreadable].sum() / present) if present else 0.0


def _refusal(header: str, name: str, cells: Cells, reading: Reading) -> pd.DataFrame:
    label = FIELD_BY_NAME[name].label
    example = str(cells.distinct[reading.unreadable].iloc[0])
    message = (f"'{header}' cannot be read as {label} ({_share_unreadable(cells, reading):.0%} of its values); "
               "it was kept as a column of your own.")
    return issues_frame([Issue(WHOLE_FILE, header, "column_refused", Severity.WARNING, message, example)])


def _cell_issues(
    row_numbers: np.ndarray, header: str, kind: Kind, cells: Cells, reading: Reading
) -> list[pd.DataFrame]:
    found = []
    if reading.unreadable.any() and kind in UNREADABLE:
        code, message = UNREADABLE[kind]
        found.append(_at(row_numbers, header, code, Severity.WARNING, message, cells, reading.unreadable))
    if reading.masked.any():
        found.append(_at(row_numbers, header, "masked_value", Severity.INFO, MASKED_MESSAGE, cells, reading.masked))
    return found


def _at(row_numbers: np.ndarray, header: str, code: str, severity: Severity, message: str, cells: Cells,
        of_distinct: np.ndarray) -> pd.DataFrame:
    positions = np.flatnonzero(of_distinct[cells.codes])
    return issues_at(row_numbers[positions], header, code, severity, message,
                     take(cells.distinct, cells.codes[positions]))


def _day_order_issue(header: str, reading: Reading) -> list[pd.DataFrame]:
    if reading.day_order_certain:
        return []
    message = f"In '{header}' nothing shows whether the day or the month comes first; choose it if we guessed wrong."
    return [issues_frame([Issue(WHOLE_FILE, header, "ambiguous_dates", Severity.INFO, message)])]


# --- choices about values -----------------------------------------------------------------------------------


def _tidied(column: _Column, row_numbers: np.ndarray, choices: CleaningChoices) -> _Column:
    values, issues = column.values, list(column.issues)
    known = FIELD_BY_NAME.get(column.name)
    if column.kind in NUMERIC_KINDS and choices.outliers is OutlierChoice.FLAG:
        issues += flag_outliers(values, row_numbers, column.header)
    if column.kind in NUMERIC_KINDS and choices.outliers is OutlierChoice.CAP:
        low, high = (known.low, known.high) if known else (None, None)
        values, capped = cap_outliers(values, column.header, low=low, high=high)
        issues += capped
    if choices.missing is MissingChoice.FILL and _may_fill(column):
        values, filled = _fill(values, column.header)
        issues += filled
    return _Column(column.name, column.header, column.kind, values, column.custom, issues)


def _may_fill(column: _Column) -> bool:
    if column.kind not in NUMERIC_KINDS | {Kind.CATEGORY, Kind.BOOLEAN}:
        return False
    known = FIELD_BY_NAME.get(column.name)
    return known.group not in FILLED_GROUPS_EXCEPT if known else not (column.custom and column.custom.personal)


def _fill(values: pd.Series, header: str) -> tuple[pd.Series, list[pd.DataFrame]]:
    empty = int(values.isna().sum())
    if empty in (0, len(values)):
        return values, []
    typical: Any = values.median() if values.dtype == "float64" else values.mode().iloc[0]
    message = f"{empty:,} empty cells in '{header}' were filled with the most typical value, {typical}."
    issue = Issue(WHOLE_FILE, header, "filled_missing", Severity.INFO, message, str(typical)[:80])
    return values.fillna(typical), [issues_frame([issue])]


def _with_currency(leads: pd.DataFrame, raw: RawTable, columns: list[_Column]) -> pd.DataFrame:
    """Keep the currency that deal amounts carry as a symbol, when the file has no column for it."""
    header = next((column.header for column in columns if column.name == "revenue"), None)
    if header is None or "currency" in leads:
        return leads
    cells = encode(raw.frame[header])
    symbols = cells.distinct.str.extract(f"([{''.join(CURRENCY_OF_SYMBOL)}])")[0].map(CURRENCY_OF_SYMBOL).astype("str")
    if symbols.isna().all():
        return leads
    return leads.assign(currency=take(symbols, cells.codes).array)

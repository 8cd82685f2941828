"""The criteria of a scorecard as a CSV file that opens in a spreadsheet, and as entries of other files; and back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import pandas as pd

from leadscore.errors import InvalidRequest, LeadScoreError
from leadscore.ingest.guard import GUARD, TRIGGER, without_guard
from leadscore.schema import normalise_header
from leadscore.scoring.criteria import (
    MOST_CRITERIA,
    WITH_NUMBER,
    WITHOUT_VALUE,
    Criterion,
    Operator,
    check_criteria,
    read_criterion,
)
from leadscore.steps.exporting import csv_bytes

COLUMNS = ("group", "label", "field", "operator", "value", "points", "cap", "half_life_days", "id")
_BY_HEADER = {normalise_header(name): name for name in COLUMNS}
OPTIONAL = ("cap", "half_life_days", "id", "value")
TEXTS = ("id", "label", "group", "field", "operator")
MOST_BYTES = 1_000_000
LONGEST_TEXT = 500
MOST_VALUES = 200
LARGEST_NUMBER = 1e12
RANGE = re.compile(r"\s*(.+?)\s+to\s+(.+?)\s*")
PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?", re.ASCII)
# the guard of our exports is written in Arrow's dialect of patterns
_TRIGGER = re.compile(GUARD + "*" + re.sub(r"\\x\{([0-9a-f]{4})\}", r"\\u\1", TRIGGER))


@dataclass(frozen=True)
class Known:
    """What a criterion may look at.

    Parameters
    ----------
    fields : collection of str
        Names of columns.
    """

    fields: Collection[str]


def criteria_csv(criteria: tuple[Criterion, ...]) -> bytes:
    """Write one row a criterion; a cell a spreadsheet would execute gets a leading apostrophe."""
    rows = [[_guarded(_written(name, criterion)) for name in COLUMNS] for criterion in criteria]
    return csv_bytes(pd.DataFrame(rows, columns=list(COLUMNS), dtype="str"))


def read_criteria_csv(data: bytes, known: Known) -> list[dict[str, Any]]:
    """Read such a file as plain criteria.

    Commas, semicolons and tabs may part the cells; with semicolons a comma may part decimals, as spreadsheets of many
    countries write. A criterion without an id gets one from its label.

    Raises
    ------
    InvalidRequest
        The file is too large or no such table, or a cell cannot be used; the message names row and column.
    """
    too_large(data)
    rows, comma = _rows(data)
    entries: list[dict[str, Any]] = []
    ids: set[str] = set()
    for place, cells in rows:
        entry = _entry(cells, place, comma)
        entry["id"] = entry["id"] or _new_id(entry["label"], ids)
        if entry["id"] in ids:
            _refuse("criterion_twice", f"Row {place}, column 'id': '{entry['id']}' stands there a second time.",
                    "Leave the cell empty to get a new one.")
        ids.add(entry["id"])
        check_entry(entry, f"Row {place}", known)
        entries.append(entry)
    if not entries:
        _refuse("empty_scorecard", "The file has no row with a criterion.", "Export one to see what it looks like.")
    return entries


def too_large(data: bytes) -> None:
    """Refuse a file larger than any scorecard.

    Raises
    ------
    InvalidRequest
    """
    if len(data) > MOST_BYTES:
        _refuse("file_too_large", f"The file has {len(data) / 1e6:,.1f} MB; a scorecard has at most "
                                  f"{MOST_BYTES / 1e6:g} MB.", "Choose an exported scorecard.")


def check_entry(entry: Any, place: str, known: Known) -> None:
    """Refuse a plain criterion that cannot be used, naming its place.

    Raises
    ------
    InvalidRequest
    """
    if not isinstance(entry, Mapping):
        _refuse("wrong_value", f"{place} is not a criterion.", "Compare it with an exported one.")
    for name in entry:
        if name not in COLUMNS:
            _refuse("unknown_setting", f"{place} has an entry '{str(name)[:40]}' no criterion has.",
                    f"The entries are {', '.join(COLUMNS)}.")
    for name in TEXTS:
        text = entry.get(name)
        if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_TEXT:
            _refuse("wrong_value", f"{place}, '{name}': a text of 1 to {LONGEST_TEXT} characters is missing.",
                    "Compare it with an exported one.")
    for name in ("points", "cap", "half_life_days"):
        _check_number(entry.get(name), f"{place}, '{name}'", needed=name == "points")
    _check_texts(entry.get("value"), place)
    if entry["field"] not in known.fields:
        _refuse("unknown_field", f"{place}, 'field': your leads have no column '{entry['field'][:60]}'.",
                "Use the name of a field as an exported scorecard writes it.")
    try:
        check_criteria([read_criterion(entry)])
    except LeadScoreError as refusal:
        raise InvalidRequest(refusal.code, f"{place}: {refusal.message}", refusal.hint) from refusal


def _check_number(value: Any, place: str, *, needed: bool) -> None:
    if value is None and not needed:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
        shown = "it is empty" if value is None else f"'{str(value)[:40]}' is not a number"
        _refuse("wrong_number", f"{place}: {shown}.", "Give a number such as 5 or -2.5.")


def _check_texts(value: Any, place: str) -> None:
    parts = value if isinstance(value, list | tuple) else [value]
    if len(parts) > MOST_VALUES or any(isinstance(part, str) and len(part) > LONGEST_TEXT for part in parts):
        _refuse("wrong_value", f"{place}, 'value': more than {MOST_VALUES} values, or one longer than "
                               f"{LONGEST_TEXT} characters.", "Split it into several criteria.")


# --- writing ------------------------------------------------------------------------------------------------


def _written(name: str, criterion: Criterion) -> str | None:
    value = getattr(criterion, name)
    if name != "value" or value is None:
        return _text(value)
    if criterion.operator == Operator.BETWEEN:
        return f"{_text(value[0])} to {_text(value[1])}"
    return _list(value) if criterion.operator == Operator.ONE_OF else _text(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() and abs(value) <= LARGEST_NUMBER else repr(float(value))


def _list(texts: Collection[str]) -> str:
    target = io.StringIO()
    csv.writer(target, delimiter=";", lineterminator="\r\n").writerow(texts)
    return target.getvalue().removesuffix("\r\n")


def _guarded(text: str | None) -> str | None:
    """Guard what a spreadsheet would execute, and what already begins like a guarded text, so that it comes back."""
    if text is None or not _TRIGGER.match(text) or PLAIN_NUMBER.fullmatch(text):
        return text
    return GUARD + text


# --- reading ------------------------------------------------------------------------------------------------


def _rows(data: bytes) -> tuple[list[tuple[int, dict[str, str]]], bool]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        _refuse("unreadable_scorecard", "The file is not text in UTF-8.", "Save it as 'CSV UTF-8'.")
    first = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        _refuse("unreadable_scorecard", "The file is not a table of cells.", "Save it as 'CSV UTF-8'.")
    filled = [(place, cells) for place, cells in enumerate(lines, start=1) if any(cell.strip() for cell in cells)]
    header = [_BY_HEADER.get(normalise_header(cell), cell) for cell in filled[0][1]] if filled else []
    missing = [name for name in COLUMNS if name not in header and name not in OPTIONAL]
    if missing:
        _refuse("missing_column", f"The file has no column '{missing[0]}'.", f"Its columns are {', '.join(COLUMNS)}.")
    if len(filled) - 1 > MOST_CRITERIA:
        _refuse("too_many_criteria", f"{len(filled) - 1:,} criteria are more than {MOST_CRITERIA}.", "Merge some.")
    return [(place, dict(zip(header, cells, strict=False))) for place, cells in filled[1:]], separator == ";"


def _entry(cells: Mapping[str, str], place: int, comma: bool) -> dict[str, Any]:
    plain = {name: _unguarded(cells.get(name, "")) for name in COLUMNS}
    numbers = {name: _read_number(plain[name], f"Row {place}, column '{name}'", comma)
               for name in ("points", "cap", "half_life_days")}
    where = f"Row {place}, column 'value'"
    operator = plain["operator"].strip()
    value = _read_value(plain["value"], operator, lambda text: _read_number(text, where, comma), where)
    return plain | numbers | {"operator": operator, "value": value}


def _read_value(text: str, operator: str, as_number: Callable[[str], float | None], where: str) -> Any:
    if operator in WITHOUT_VALUE or not text:
        return None
    if operator in WITH_NUMBER:
        return as_number(text)
    if operator == Operator.BETWEEN:
        found = RANGE.fullmatch(text)
        if not found:
            _refuse("wrong_value", f"{where}: '{text[:40]}' is not two numbers.", "Write them as '10 to 50'.")
        return [as_number(part) for part in found.groups()]
    return _read_list(text, where) if operator == Operator.ONE_OF else text


def _read_list(text: str, where: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))
    except csv.Error:
        _refuse("wrong_value", f"{where}: '{text[:40]}' is not a list.", "Part the values by semicolons.")


def _read_number(text: str, where: str, comma: bool) -> float | None:
    plain = text.strip()
    if not plain:
        return None
    if not PLAIN_NUMBER.fullmatch(plain) or ("," in plain and not comma):
        _refuse("wrong_number", f"{where}: '{plain[:40]}' is not a number.", "Write it without units: 5 or -2.5.")
    return float(plain.replace(",", "."))


def _unguarded(text: str) -> str:
    text = str(without_guard(pd.Series([text], dtype="str")).iloc[0]) if GUARD in text[1:] else text
    return text[1:] if text.startswith(GUARD) and _TRIGGER.match(text[1:]) else text


def _new_id(label: str, taken: Collection[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:40] or "criterion"
    names = (base if number == 1 else f"{base}_{number}" for number in range(1, MOST_CRITERIA + 2))
    return next(name for name in names if name not in taken)


def _refuse(code: str, message: str, hint: str) -> NoReturn:
    raise InvalidRequest(code, message, hint)

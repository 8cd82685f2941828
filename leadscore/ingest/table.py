"""A table of text as both readers deliver it, in Arrow and free of pandas, and what is the same for every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadscore.ingest import refusals
from leadscore.ingest.issue import VALUE_CHARACTERS, Issue, Severity
from leadscore.ingest.limits import Limits

ISSUE_SCHEMA = pa.schema(
    [(field.name, pa.int64() if field.name == "row" else pa.large_string()) for field in fields(Issue)]
)


@dataclass(frozen=True)
class TextTable:
    """A table before any meaning: every column is ``large_string`` without nulls.

    Parameters
    ----------
    cells : pyarrow.Table
        n rows; column names are the unique headers.
    row_numbers : numpy.ndarray, shape (n,), int64
        Row of the user's file on which each row starts.
    issues : pyarrow.Table
        Schema :data:`ISSUE_SCHEMA`.
    sheet, sheets, encoding, delimiter
        What was found; None where it does not apply.
    """

    cells: pa.Table
    row_numbers: np.ndarray
    issues: pa.Table
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class Grid:
    """Header cells and columns as they stand in the file; there may be more columns than header cells."""

    header: list[str]
    header_row: int
    columns: list[pa.ChunkedArray]
    row_numbers: np.ndarray


@dataclass(frozen=True)
class _Named:
    """The columns that are kept: unique names, header texts as they stand, cells, remarks."""

    names: list[str]
    texts: list[str]
    columns: list[pa.ChunkedArray]
    issues: list[Issue]


def finish(grid: Grid, limits: Limits, issues: Sequence[Issue]) -> tuple[pa.Table, np.ndarray, pa.Table]:
    """Name the columns, drop blank rows and empty nameless columns, and tell what is odd.

    Returns
    -------
    tuple
        Cells (n rows), row numbers (n,), issues.

    Raises
    ------
    UnreadableFile
        ``no_rows``, ``too_many_rows``, ``too_many_columns`` or ``cell_too_long``.
    """
    grid = _without_blank_rows(grid)
    if not len(grid.row_numbers):
        raise refusals.no_rows()
    if len(grid.row_numbers) > limits.max_rows:
        raise refusals.too_many_rows(limits)
    named = _named(grid)
    if not named.columns:
        raise refusals.empty_file()
    if len(named.columns) > limits.max_columns:
        raise refusals.too_many_columns(len(named.columns), limits)
    _check_lengths(named, grid.header_row, grid.row_numbers, limits)
    odd = [issue_table([*issues, *named.issues]), _surplus(grid), _repeated_headers(grid.row_numbers, named)]
    return pa.table(named.columns, names=named.names), grid.row_numbers, pa.concat_tables(odd)


def issue_table(issues: Sequence[Issue]) -> pa.Table:
    """Put single issues into an Arrow table."""
    names = [field.name for field in fields(Issue)]
    return pa.table(
        {name: [_plain(getattr(issue, name)) for issue in issues] for name in names}, schema=ISSUE_SCHEMA
    )


def same_issue(rows: np.ndarray, code: str, severity: Severity, messages: Sequence[str] | str) -> pa.Table:
    """Tell the same of many rows, as columns; a list of messages has one for each row."""
    n = len(rows)
    texts = [messages] * n if isinstance(messages, str) else list(messages)
    constants = {"column": "", "code": code, "severity": severity.value, "value": ""}
    repeated = {name: pa.array([text] * n, pa.large_string()) for name, text in constants.items()}
    columns = {"row": pa.array(rows, pa.int64()), "message": pa.array(texts, pa.large_string()), **repeated}
    return pa.table({name: columns[name] for name in ISSUE_SCHEMA.names}, schema=ISSUE_SCHEMA)


def _plain(value: object) -> object:
    return str(value)[: VALUE_CHARACTERS * 8] if isinstance(value, str) else value


def _is_blank(column: pa.ChunkedArray) -> np.ndarray:
    """Tell which cells show nothing, shape (n,); spaces count as nothing."""
    shown: np.ndarray = pc.binary_length(pc.utf8_trim_whitespace(column)).to_numpy()
    blank: np.ndarray = shown == 0
    return blank


def _without_blank_rows(grid: Grid) -> Grid:
    """Drop rows in which no cell shows anything."""
    suspects: np.ndarray | None = None
    for column in grid.columns:
        looked_at = column if suspects is None else column.take(pa.array(suspects))
        blank = np.flatnonzero(_is_blank(looked_at))
        suspects = blank if suspects is None else suspects[blank]
        if not len(suspects):
            return grid
    if suspects is None:
        return grid
    keep = np.ones(len(grid.row_numbers), dtype=bool)
    keep[suspects] = False
    kept = [column.filter(pa.array(keep)) for column in grid.columns]
    return Grid(grid.header, grid.header_row, kept, grid.row_numbers[keep])


def _surplus(grid: Grid) -> pa.Table:
    """Tell of rows with values to the right of the last header cell."""
    too_long = np.zeros(len(grid.row_numbers), dtype=bool)
    for column in grid.columns[len(grid.header) :]:
        too_long |= ~_is_blank(column)
    message = f"This row has more cells than the header, which has {len(grid.header):,}."
    return same_issue(grid.row_numbers[too_long], "row_too_long", Severity.ERROR, message)


def _named(grid: Grid) -> _Named:
    """Give every column that has a header or a value a unique name."""
    named = _Named([], [], [], [])
    texts = [text.strip() for text in grid.header]
    taken = set(texts)
    for place, (text, column) in enumerate(zip(texts, grid.columns, strict=False), start=1):
        if not text and _is_blank(column).all():
            continue
        is_first = bool(text) and text not in named.names
        unique = text if is_first else _unique_name(text or f"Column {place}", taken)
        taken.add(unique)
        named.names.append(unique)
        named.texts.append(text)
        named.columns.append(column)
        named.issues.extend(_naming_issue(grid.header_row, text, unique))
    return named


def _unique_name(name: str, taken: set[str]) -> str:
    """Add the first free number: a second ``Email`` becomes ``Email (2)``."""
    number = 2
    candidate = name
    while candidate in taken:
        candidate = f"{name} ({number})"
        number += 1
    return candidate


def _naming_issue(row: int, name: str, unique: str) -> list[Issue]:
    if name == unique:
        return []
    if not name:
        message = f"A column without a header has values; it is called '{unique}'."
        return [Issue(row, unique, "unnamed_column", Severity.WARNING, message)]
    message = f"The header '{name}' occurs more than once; this column is called '{unique}'."
    return [Issue(row, unique, "duplicate_header", Severity.WARNING, message, name[:VALUE_CHARACTERS])]


def _check_lengths(named: _Named, header_row: int, rows: np.ndarray, limits: Limits) -> None:
    """Refuse the first cell that is too long; bytes are counted first because they are at hand."""
    for place, text in enumerate(named.texts, start=1):
        if len(text) > limits.max_cell_characters:
            raise refusals.cell_too_long(header_row, str(place), limits)
    for name, column in zip(named.names, named.columns, strict=True):
        if (pc.max(pc.binary_length(column)).as_py() or 0) <= limits.max_cell_characters:
            continue
        lengths = pc.utf8_length(column).to_numpy()
        if lengths.max() > limits.max_cell_characters:
            where = int(np.argmax(lengths > limits.max_cell_characters))
            raise refusals.cell_too_long(int(rows[where]), quoted(name), limits)


def quoted(name: str) -> str:
    """Show a header in a sentence, cut where it is long."""
    return f"'{name[:VALUE_CHARACTERS]}'"


def _repeated_headers(row_numbers: np.ndarray, named: _Named) -> pa.Table:
    """Tell of data rows that are the header once more, as files pasted together have them."""
    rows = np.arange(len(row_numbers))
    for text, column in zip(named.texts, named.columns, strict=True):
        cells = column if len(rows) == len(column) else column.take(pa.array(rows))
        rows = rows[pc.equal(cells, pa.scalar(text, pa.large_string())).to_numpy()]
        if not len(rows):
            break
    return same_issue(row_numbers[rows], "repeated_header", Severity.ERROR, "This row repeats the header.")

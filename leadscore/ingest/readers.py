"""Files become raw tables: every cell exactly as it stands in the file, with what is odd about it beside."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from leadscore.ingest import issues as issue_frames
from leadscore.ingest import wire
from leadscore.ingest.contents import read_contents
from leadscore.ingest.limits import Limits
from leadscore.ingest.table import ISSUE_SCHEMA, TextTable

__all__ = ["Limits", "RawTable", "from_ipc", "read_table", "to_ipc"]

_TEXT = pd.StringDtype(na_value=np.nan)
_LONGEST_NAME = 255


@dataclass(frozen=True)
class RawTable:
    """A file as a table of text.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (n, columns)
        All columns ``str``, ``""`` where the cell is empty; headers stripped and unique.
    row_numbers : numpy.ndarray, shape (n,), int64
        Row in the user's file: the spreadsheet row, or the line on which a CSV record starts.
    filename : str
        Last part of the name the file was given.
    sha256 : str
        Of the file's bytes, hexadecimal.
    sheet, sheets : str or None, tuple of str
        The sheet read and all worksheets of a workbook.
    encoding, delimiter : str or None
        Of a text file; the delimiter is None when it has one column.
    issues : pandas.DataFrame
        See :mod:`leadscore.ingest.issues`.
    rows_read : int
        Data rows of the file, the header and blank rows not counted; always ``len(frame)``.
    """

    frame: pd.DataFrame
    row_numbers: np.ndarray
    filename: str
    sha256: str
    sheet: str | None
    sheets: tuple[str, ...]
    encoding: str | None
    delimiter: str | None
    issues: pd.DataFrame
    rows_read: int


def read_table(data: bytes, filename: str, sheet: str | None = None, limits: Limits = Limits()) -> RawTable:  # noqa: B008
    """Read a CSV, TSV, TXT or XLSX file, judged by its content.

    Parameters
    ----------
    data : bytes
        The whole file.
    filename : str
        Kept for the record; it decides nothing.
    sheet : str, optional
        Sheet of a workbook; by default the first with a table.

    Raises
    ------
    UnreadableFile
        With a code and a sentence, for every input that is not a table within the limits.
    """
    return _raw(read_contents(data, sheet, limits), filename, hashlib.sha256(data).hexdigest())


def to_ipc(table: RawTable) -> bytes:
    """Pack a raw table for another process."""
    columns = [pa.chunked_array(pa.array(table.frame[name], pa.large_string())) for name in table.frame]
    issues = pa.Table.from_pandas(table.issues, schema=ISSUE_SCHEMA, preserve_index=False)
    cells = pa.table(columns, names=list(table.frame.columns))
    text = TextTable(
        cells, table.row_numbers, issues, table.sheet, table.sheets, table.encoding, table.delimiter
    )
    return bytes(wire.pack(text, {"filename": table.filename, "sha256": table.sha256}))


def from_ipc(data: bytes) -> RawTable:
    """Unpack what :func:`to_ipc` or the child process packed."""
    table, about = wire.unpack(data)
    return _raw(table, about["filename"], about["sha256"])


def _raw(table: TextTable, filename: str, sha256: str) -> RawTable:
    return RawTable(
        frame=_frame(table.cells),
        row_numbers=table.row_numbers,
        filename=_last_part(filename),
        sha256=sha256,
        sheet=table.sheet,
        sheets=table.sheets,
        encoding=table.encoding,
        delimiter=table.delimiter,
        issues=_issues(table.issues),
        rows_read=len(table.row_numbers),
    )


def _frame(cells: pa.Table) -> pd.DataFrame:
    """Wrap Arrow columns as pandas text without copying them."""
    wrap: Any = pd.arrays.ArrowStringArray
    columns = {name: wrap(column, dtype=_TEXT) for name, column in zip(cells.column_names, cells.columns, strict=True)}
    return pd.DataFrame(columns, copy=False)


def _issues(issues: pa.Table) -> pd.DataFrame:
    """Sort the remarks by row, those on the whole file first."""
    if not issues.num_rows:
        return issue_frames.EMPTY.copy()
    frame = pd.DataFrame({name: issues.column(name).to_numpy() for name in ("row",)}).join(
        _frame(issues.select(ISSUE_SCHEMA.names[1:]))
    )
    return frame.sort_values("row", kind="stable", ignore_index=True)[list(issue_frames.COLUMNS)]


def _last_part(filename: str) -> str:
    """Keep the name and not the path it claims to have."""
    return re.split(r"[/\\]", filename)[-1][-_LONGEST_NAME:] or "file"

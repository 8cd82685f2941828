"""XLSX workbooks: bytes to a table of text, each cell as a person sees it."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import chain, islice

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum

from leadscore.errors import UnreadableFile
from leadscore.ingest import refusals
from leadscore.ingest.archives import check_archive
from leadscore.ingest.issue import WHOLE_FILE, Issue, Severity
from leadscore.ingest.limits import Limits
from leadscore.ingest.table import Grid, TextTable, finish

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ROWS_AT_ONCE = 20_000
_HEADER_ROWS = 50
_EXACT_DIGITS = 15
_SMALL = 10**_EXACT_DIGITS

Row = list[object]


def read_workbook(data: bytes, sheet: str | None, limits: Limits) -> TextTable:
    """Read one sheet of an XLSX or XLSM workbook; row numbers are those the spreadsheet program shows.

    Parameters
    ----------
    sheet : str or None
        Name of the sheet; None takes the first that holds a table.

    Raises
    ------
    UnreadableFile
        Damaged, protected, another format, over a limit, no such sheet.
    """
    parts = check_archive(data, limits)
    _refuse_other_archives(data, parts)
    with _engine():
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = tuple(found.name for found in workbook.sheets_metadata if found.typ == SheetTypeEnum.WorkSheet)
        chosen = _choose(workbook, names, sheet)
        grid, issues = _read_sheet(workbook.get_sheet_by_name(chosen), limits)
    issues += _notes(parts, names, chosen, sheet)
    cells, row_numbers, table = finish(grid, limits, issues)
    return TextTable(cells, row_numbers, table, sheet=chosen, sheets=names)


def refuse_ole(data: bytes) -> UnreadableFile:
    """Tell a protected workbook from an old one; both are containers of the same kind."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return refusals.password_protected()
    if any(name.encode("utf-16-le") in data for name in ("Workbook", "Book")):
        return refusals.unsupported_format("an Excel 97–2003 workbook (.xls)")
    return refusals.not_a_table("an Office document")


def _refuse_other_archives(data: bytes, parts: set[str]) -> None:
    if "xl/workbook.bin" in parts:
        raise refusals.unsupported_format("a binary Excel workbook (.xlsb)")
    if b"opendocument.spreadsheet" in data[:200]:
        raise refusals.unsupported_format("an OpenDocument spreadsheet (.ods)")
    if "word/document.xml" in parts or "ppt/presentation.xml" in parts:
        raise refusals.not_a_table("an Office document")
    if "[Content_Types].xml" not in parts and "xl/workbook.xml" not in parts:
        raise refusals.not_a_table("a ZIP archive")


@contextmanager
def _engine() -> Iterator[None]:
    """Turn what the parser raises into one refusal; its panics are not even of kind Exception."""
    try:
        yield
    except (CalamineError, ValueError, OSError) as problem:
        raise refusals.damaged_workbook() from problem
    except BaseException as problem:
        if type(problem).__name__ == "PanicException":
            raise refusals.damaged_workbook() from problem
        raise


def _choose(workbook: CalamineWorkbook, names: tuple[str, ...], sheet: str | None) -> str:
    """Take the sheet asked for, else the first with a header and a row of two cells, else the first with anything."""
    if not names:
        raise refusals.damaged_workbook()
    if sheet is not None:
        if sheet not in names:
            raise refusals.unknown_sheet(sheet, names)
        return sheet
    if len(names) == 1:
        return names[0]
    sizes = [(name, *_size(workbook, name)) for name in names]
    tables = [name for name, rows, columns in sizes if rows >= 2 and columns >= 2]
    lists = [name for name, rows, _ in sizes if rows >= 2]
    filled = [name for name, rows, _ in sizes if rows]
    for candidates in (tables, lists, filled):
        if candidates:
            return candidates[0]
    raise refusals.empty_file()


def _size(workbook: CalamineWorkbook, name: str) -> tuple[int, int]:
    """Count filled rows (up to three) and the cells of the fullest among the first."""
    filled = [count for count in map(_filled, islice(workbook.get_sheet_by_name(name).iter_rows(), 1_000)) if count]
    return len(filled), max(filled, default=0)


def _filled(row: Row) -> int:
    return sum(1 for cell in row if cell != "")


def _read_sheet(sheet: CalamineSheet, limits: Limits) -> tuple[Grid, list[Issue]]:
    rows = iter(sheet.iter_rows()) if sheet.end is not None else iter(())
    first = list(islice(rows, _HEADER_ROWS))
    place = _header_place(first)
    header = _as_text(first[place])
    columns = _columns(chain(first[place + 1 :], rows), len(header), limits)
    n = len(columns[0]) if columns else 0
    grid = Grid(header, place + 1, columns, np.arange(place + 2, place + 2 + n, dtype=np.int64))
    return grid, _rows_above(first[:place])


def _header_place(rows: Sequence[Row]) -> int:
    """Find the header: the first row that fills more than half of what the fullest of the first rows fills."""
    counts = [_filled(row) for row in rows]
    fullest = max(counts, default=0)
    if not fullest:
        raise refusals.empty_file()
    return next(place for place, count in enumerate(counts) if count * 2 > fullest)


def _columns(rows: Iterator[Row], width: int, limits: Limits) -> list[pa.ChunkedArray]:
    """Render the cells column by column, some thousand rows at a time."""
    chunks: list[list[pa.Array]] = [[] for _ in range(width)]
    n = 0
    while batch := list(islice(rows, _ROWS_AT_ONCE)):
        n += len(batch)
        if n > 2 * limits.max_rows + 1_000:
            raise refusals.too_many_rows(limits)
        for chunk, cells in zip(chunks, zip(*batch, strict=True), strict=True):
            chunk.append(pa.array(_as_text(cells), pa.large_string()))
    return [pa.chunked_array(chunk, pa.large_string()) for chunk in chunks]


def _as_text(cells: Sequence[object]) -> list[str]:
    """Render the cells of one column, or of the header."""
    kinds = set(map(type, cells))
    if kinds <= {str}:
        return list(cells)  # type: ignore[arg-type]
    return [cell if type(cell) is str else _render(cell) for cell in cells]


def _render(cell: object) -> str:
    """Show one cell as the spreadsheet program does, dates in ISO form."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _render_number(float(cell))
    if isinstance(cell, datetime.datetime):
        return _render_moment(cell)
    if isinstance(cell, datetime.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell)


def _render_number(number: float) -> str:
    """Write whole numbers without a point, and no more digits than the spreadsheet program keeps."""
    if number.is_integer() and abs(number) < _SMALL:
        return str(int(number))
    text = f"{number:.{_EXACT_DIGITS}g}"
    return f"{Decimal(text):f}" if number.is_integer() and abs(number) < _SMALL**2 else text


def _render_moment(moment: datetime.datetime) -> str:
    whole = moment.replace(microsecond=0) + datetime.timedelta(seconds=round(moment.microsecond / 1e6))
    return whole.date().isoformat() if whole.time() == datetime.time() else whole.isoformat(sep=" ")


def _rows_above(rows: Sequence[Row]) -> list[Issue]:
    filled = sum(1 for row in rows if _filled(row))
    if not filled:
        return []
    message = f"{filled:,} filled rows above the header (a title or notes) are not read."
    return [Issue(WHOLE_FILE, "", "rows_above_header", Severity.INFO, message)]


def _notes(parts: set[str], names: tuple[str, ...], chosen: str, asked: str | None) -> list[Issue]:
    notes = []
    if any(part.endswith("vbaProject.bin") for part in parts):
        message = "The workbook contains macros; they were ignored and not kept."
        notes.append(Issue(WHOLE_FILE, "", "macros_ignored", Severity.INFO, message))
    if asked is None and len(names) > 1:
        message = f"The workbook has {len(names)} sheets; '{chosen}' was read."
        notes.append(Issue(WHOLE_FILE, "", "sheet_chosen", Severity.INFO, message))
    return notes

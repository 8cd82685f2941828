"""A frame becomes the bytes of a CSV or XLSX file that no spreadsheet will execute."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import xlsxwriter

from leadscore.errors import InvalidRequest
from leadscore.ingest.guard import GUARD, TRIGGER, guard_within

FORMATS = ("csv", "xlsx")
XLSX_MAX_ROWS = 1_048_575
XLSX_MAX_TEXT = 32_767

PLAIN_NUMBER = r"^-?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?$"
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"

FIRST_PRINTABLE = 0x20
SEMICOLON = ord(";")
_FIRST_BYTES = np.zeros(256, dtype=bool)
"""Bytes a dangerous text can begin with: the signs, white space, and the lead bytes of all wider characters."""
_FIRST_BYTES[np.frombuffer(b"=+-@| ", dtype=np.uint8)] = True
_FIRST_BYTES[:FIRST_PRINTABLE + 1] = True
_FIRST_BYTES[0xC2:] = True

_COLUMN_WIDTH = 16


def check_format(name: str) -> str:
    """Give the format a file name or a word asks for.

    Raises
    ------
    InvalidRequest
        It is neither CSV nor XLSX.
    """
    wanted = name.rsplit(".", 1)[-1].lower()
    if wanted not in FORMATS:
        raise InvalidRequest("unknown_format", f"'{name}' is neither a .csv nor an .xlsx file.",
                             "Choose one of the two.")
    return wanted


def table_bytes(frame: pd.DataFrame, file_format: str) -> bytes:
    """Write a frame as a file.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        The index is not written.
    file_format : {"csv", "xlsx"}
    """
    return xlsx_bytes(frame) if check_format(file_format) == "xlsx" else csv_bytes(frame)


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Write a frame as UTF-8 CSV with a byte-order mark, every value quoted, formula beginnings guarded.

    A cell that a spreadsheet would execute gets a leading apostrophe; numbers are left alone. So does a formula
    beginning within a cell after a semicolon, a tab or a line break, where a spreadsheet with another list separator
    begins a cell: it sees the quotes of the first cell only.
    """
    arrays = [_guard(_as_array(frame.iloc[:, position])) for position in range(frame.shape[1])]
    names = [_guard_text(str(name)) for name in frame.columns]
    table = pa.Table.from_arrays(arrays, schema=pa.schema(
        [pa.field(name, array.type) for name, array in zip(names, arrays, strict=True)]))
    target = io.BytesIO()
    target.write("\ufeff".encode())
    pacsv.write_csv(table, target, pacsv.WriteOptions(quoting_style="all_valid"))
    return target.getvalue()


def xlsx_bytes(frame: pd.DataFrame) -> bytes:
    """Write a frame as a workbook: numbers as numbers, dates as dates, all else as text, never a formula or a link.

    Raises
    ------
    InvalidRequest
        More rows than a sheet holds.
    """
    if len(frame) > XLSX_MAX_ROWS:
        raise InvalidRequest("too_many_rows_for_xlsx",
                             f"A sheet holds {XLSX_MAX_ROWS:,} rows; this list has {len(frame):,}.", "Export as CSV.")
    target = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "nan_inf_to_errors": False, "default_date_format": "yyyy-mm-dd hh:mm"}
    with xlsxwriter.Workbook(target, options) as workbook:
        sheet = workbook.add_worksheet("Leads")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(frame.shape[1] - 1, 0), _COLUMN_WIDTH)
        bold = workbook.add_format({"bold": True})
        for position, name in enumerate(frame.columns):
            sheet.write_string(0, position, str(name)[:XLSX_MAX_TEXT], bold)
        _write_rows(sheet, [_cells(frame.iloc[:, position]) for position in range(frame.shape[1])])
    return target.getvalue()


def _write_rows(sheet: Any, columns: list[tuple[str, Iterable[Any]]]) -> None:
    writers = [{"number": sheet.write_number, "date": sheet.write_datetime}.get(kind, sheet.write_string)
               for kind, _ in columns]
    positions = range(len(columns))
    for number, values in enumerate(zip(*(values for _, values in columns), strict=True), start=1):
        for position in positions:
            value = values[position]
            if value is not None:
                writers[position](number, position, value)


def _cells(column: pd.Series) -> tuple[str, list[Any]]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        plain = column.dt.tz_convert("UTC").dt.tz_localize(None)
        return "date", [None if pd.isna(moment) else moment.to_pydatetime() for moment in plain]
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        return "number", [value if np.isfinite(value) else None for value in values.tolist()]
    array = pc.utf8_slice_codeunits(pc.replace_substring_regex(_as_array(column), CONTROL, ""), 0, XLSX_MAX_TEXT)
    return "text", array.to_pylist()


def _as_array(column: pd.Series) -> Any:
    """Give a column as Arrow: numbers stay numbers, dates and yes/no become text people read."""
    dtype = column.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        return pa.array(column.dt.strftime("%Y-%m-%d %H:%M"), type=pa.string(), from_pandas=True)
    if pd.api.types.is_bool_dtype(dtype):
        words = column.astype("boolean").map({True: "yes", False: "no"}, na_action="ignore")
        return pa.array(words, type=pa.string(), from_pandas=True)
    if pd.api.types.is_numeric_dtype(dtype):
        return pa.array(column, from_pandas=True)
    return pa.array(column.astype("str"), type=pa.string(), from_pandas=True)


def _guard(array: Any) -> Any:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if not pa.types.is_string(array.type) or not _may_be_dangerous(array):
        return array
    array = guard_within(pc.replace_substring_regex(array, CONTROL, ""))
    dangerous = pc.and_(pc.match_substring_regex(array, f"^{TRIGGER}"),
                        pc.invert(pc.match_substring_regex(array, PLAIN_NUMBER)))
    return pc.if_else(dangerous, pc.binary_join_element_wise(GUARD, array, ""), array)


def _may_be_dangerous(array: Any) -> bool:
    """Look at first bytes, control characters and semicolons alone, which clears most columns without a pattern."""
    _, ends, data = array.buffers()
    if data is None or not len(array):
        return False
    offsets = np.frombuffer(ends, dtype=np.int32)[array.offset:array.offset + len(array) + 1]
    text = np.frombuffer(data, dtype=np.uint8)[:offsets[-1]]
    first = text[offsets[:-1][offsets[1:] > offsets[:-1]]]
    inside = text[offsets[0]:]
    return bool(_FIRST_BYTES[first].any() or (inside < FIRST_PRINTABLE).any() or (inside == SEMICOLON).any())


def _guard_text(text: str) -> str:
    return str(_guard(pa.array([text], type=pa.string()))[0].as_py())

"""The sentences with which a file is refused: what, where and the way out, each written once."""

from __future__ import annotations

from leadscore.errors import UnreadableFile
from leadscore.ingest.limits import MEGABYTE, Limits


def empty_file() -> UnreadableFile:
    """Refuse a file without a single filled cell."""
    return UnreadableFile("empty_file", "The file is empty.", "Export it again with a header row and your leads.")


def no_rows() -> UnreadableFile:
    """Refuse a header without data."""
    return UnreadableFile("no_rows", "The file has a header row but no data rows.", "Export it again with your leads.")


def not_a_table(what: str) -> UnreadableFile:
    """Refuse a file of another kind."""
    return UnreadableFile("not_a_table", f"The file is {what}, not a table.", "Upload a CSV, TSV or XLSX file.")


def unreadable() -> UnreadableFile:
    """Refuse a file that defeats the reader in a way nobody foresaw."""
    return UnreadableFile(
        "unreadable_file",
        "This file could not be read.",
        "Open it in a spreadsheet program and save it as CSV (UTF-8).",
    )


def file_too_large(limits: Limits) -> UnreadableFile:
    """Refuse a file over the size limit."""
    size = f"{limits.max_bytes / MEGABYTE:,.0f} MB" if limits.max_bytes >= MEGABYTE else f"{limits.max_bytes:,} bytes"
    return UnreadableFile(
        "file_too_large", f"The file is larger than {size}.", "Split it, or use the command line for larger files."
    )


def too_many_rows(limits: Limits) -> UnreadableFile:
    """Refuse a table that is too long."""
    return UnreadableFile(
        "too_many_rows", f"The file has more than {limits.max_rows:,} rows.", "Split it into several files."
    )


def too_many_columns(columns: int, limits: Limits) -> UnreadableFile:
    """Refuse a table that is too wide."""
    return UnreadableFile(
        "too_many_columns",
        f"The file has {columns:,} columns; at most {limits.max_columns:,} are read.",
        "Remove the columns you do not need, empty ones on the right included.",
    )


def too_many_cells(cells: int) -> UnreadableFile:
    """Refuse a table that is long and wide at once, and mostly empty."""
    return UnreadableFile(
        "too_many_cells",
        f"The file has {cells:,} cells, almost all of them empty.",
        "Remove the columns you do not need, or split the file.",
    )


def cell_too_long(row: int, column: str, limits: Limits) -> UnreadableFile:
    """Refuse a table with a cell that is no cell."""
    return UnreadableFile(
        "cell_too_long",
        f"The cell in row {row:,}, column {column}, is longer than {limits.max_cell_characters:,} characters.",
        "Shorten the cell, or check whether a quotation mark before it is never closed.",
    )


def unclosed_quote(row: int, column: str) -> UnreadableFile:
    """Refuse a text file in which one cell swallows all that follows."""
    return UnreadableFile(
        "unclosed_quote",
        f"The quotation mark that opens in row {row:,}, column {column}, is never closed.",
        'Close it, or remove it; a quotation mark inside a quoted cell is written twice ("").',
    )


def nul_bytes(row: int) -> UnreadableFile:
    """Refuse a text file with NUL characters."""
    return UnreadableFile(
        "nul_bytes",
        f"Row {row:,} contains NUL characters, so the file is damaged or not a text file.",
        "Export it again as CSV (UTF-8).",
    )


def damaged_workbook() -> UnreadableFile:
    """Refuse a workbook that is cut or changed."""
    return UnreadableFile(
        "damaged_workbook",
        "The workbook is damaged or incomplete.",
        "Open it in your spreadsheet program, save it again and upload the new file.",
    )


def password_protected() -> UnreadableFile:
    """Refuse an encrypted workbook."""
    return UnreadableFile(
        "password_protected", "The workbook is protected by a password.", "Save it without a password and try again."
    )


def unsupported_format(what: str) -> UnreadableFile:
    """Refuse a spreadsheet of a kind that is not read."""
    return UnreadableFile(
        "unsupported_format", f"The file is {what}, which is not read.", "Save it as .xlsx or CSV and upload that."
    )


def unsafe_workbook() -> UnreadableFile:
    """Refuse a workbook that declares XML entities."""
    return UnreadableFile(
        "unsafe_workbook",
        "The workbook contains XML entity declarations, which real workbooks never have.",
        "Save it again from a spreadsheet program, or export CSV.",
    )


def zip_bomb() -> UnreadableFile:
    """Refuse a workbook that unpacks to far more than it seems."""
    return UnreadableFile(
        "zip_bomb",
        "The workbook unpacks to an implausible size.",
        "Save it again from a spreadsheet program, or export CSV.",
    )


def workbook_too_large(where: str) -> UnreadableFile:
    """Refuse a workbook whose used area is far larger than its content."""
    return UnreadableFile(
        "workbook_too_large",
        f"The workbook is too large to read: {where}.",
        "Delete the cells far from the table (or copy the table to a new workbook), or export CSV.",
    )


def unknown_sheet(sheet: str, sheets: tuple[str, ...]) -> UnreadableFile:
    """Refuse a sheet name the workbook does not have."""
    names = ", ".join(f"'{name}'" for name in sheets)
    return UnreadableFile("unknown_sheet", f"The workbook has no sheet '{sheet}'.", f"Its sheets are {names}.")

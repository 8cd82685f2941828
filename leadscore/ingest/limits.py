"""How large an upload may be; every reader takes its limits from here."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Upper bounds of one file.

    Parameters
    ----------
    max_bytes : int
        Size of the file as uploaded, in bytes.
    max_rows : int
        Data rows, the header not counted.
    max_columns : int
        Columns of the table.
    max_cell_characters : int
        Characters in one cell.
    """

    max_bytes: int = 200 * MEGABYTE
    max_rows: int = 2_000_000
    max_columns: int = 1_000
    max_cell_characters: int = 32_767

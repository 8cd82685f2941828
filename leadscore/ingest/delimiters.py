"""Which character separates the cells of a text file, judged by the first rows."""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from itertools import islice

DELIMITERS = (",", ";", "\t", "|")
_ROWS = 200
_DECLARED = re.compile(r"""^"?sep=([,;\t|])"?\s*$""", re.IGNORECASE)


def declared(line: str) -> str | None:
    """Read the ``sep=;`` line that some spreadsheet programs write first."""
    found = _DECLARED.match(line)
    return found.group(1) if found else None


def detect(lines: list[str]) -> str | None:
    """Choose the delimiter under which the rows agree best with the header.

    Parameters
    ----------
    lines : list of str
        The first lines of the file from the header on, line ends included.

    Returns
    -------
    str or None
        None when the file has one column.
    """
    judged = [(_judge(lines, delimiter), delimiter) for delimiter in DELIMITERS]
    usable = [(score, delimiter) for score, delimiter in judged if score is not None]
    return max(usable, key=lambda item: item[0])[1] if usable else None


def first_records(lines: list[str], delimiter: str) -> list[list[str]]:
    """Split lines into the first filled records, up to a cell the parser cannot hold."""
    records: list[list[str]] = []
    with suppress(csv.Error):
        records.extend(record for record in islice(csv.reader(lines, delimiter=delimiter), _ROWS) if record)
    return records


def _judge(lines: list[str], delimiter: str) -> tuple[float, int] | None:
    """Give the share of rows as long as the header (to one tenth), and the header's length."""
    records = first_records(lines, delimiter)
    if not records or len(records[0]) < 2:
        return None
    rows = records[1:-1] or records[1:]
    agreeing = sum(len(record) == len(records[0]) for record in rows)
    return round(agreeing / len(rows) if rows else 1.0, 1), len(records[0])

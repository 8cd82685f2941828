"""One remark about a file, a column or a cell; free of pandas, so that the child process that reads starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

VALUE_CHARACTERS = 80
"""Longest piece of a cell that an issue quotes."""

WHOLE_FILE = 0
"""Row number of an issue about no row in particular."""


class Severity(StrEnum):
    """How bad an issue is; an error on a row makes an import reject that row."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Issue:
    """One remark.

    Parameters
    ----------
    row : int
        1-based row number in the user's file (the header is usually row 1); 0 is the whole file.
    column : str
        The user's header; ``""`` is the whole row.
    code : str
        Stable machine name, snake_case.
    severity : str
        ``"info"``, ``"warning"`` or ``"error"``.
    message : str
        One sentence for people.
    value : str
        The cell in question, at most 80 characters.
    """

    row: int
    column: str
    code: str
    severity: str
    message: str
    value: str = ""

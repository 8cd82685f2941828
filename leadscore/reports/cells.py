"""Tables of a report as text: headings, cells, and which of them stand to the right; the same for screen and paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from leadscore.reports.document import Table

MOST_ROWS = 200
"""Rows of a table on paper; what is longer belongs into a file of its own."""
MISSING = "—"


@dataclass(frozen=True)
class Written:
    """A table as text: headings and cells with whether they are set to the right, and how many rows are left out."""

    title: str
    headings: list[tuple[str, bool]]
    rows: list[list[tuple[str, bool]]]
    left_out: int


def written(table: Table) -> Written:
    """Write a table as text; of a long one the first rows."""
    shown = table.rows.head(MOST_ROWS)
    right = [pd.api.types.is_numeric_dtype(shown[name]) and not pd.api.types.is_bool_dtype(shown[name])
             for name in shown]
    columns = [_texts(shown[name], share=str(name) in table.shares) for name in shown]
    return Written(table.title, list(zip(map(str, shown.columns), right, strict=True)),
                   [list(zip(cells, right, strict=True)) for cells in zip(*columns, strict=True)],
                   len(table.rows) - len(shown))


def _texts(values: pd.Series, *, share: bool) -> list[str]:
    """Write a column; all of its numbers get the same number of decimals."""
    missing = values.isna()
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return [MISSING if gone else _word(value)
                for value, gone in zip(values.tolist(), missing.tolist(), strict=True)]
    numbers = values.astype(float)
    ending = ".1%" if share else ",.0f" if (numbers.dropna() % 1 == 0).all() else ",.1f"
    return [MISSING if gone else format(number, ending).replace("%", " %")
            for number, gone in zip(numbers.tolist(), missing.tolist(), strict=True)]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

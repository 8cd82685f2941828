"""What a page and a report show of one question: a chart, the rows behind it, and the words around both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Picture:
    """A figure people look at.

    Parameters
    ----------
    key : str
        Short and stable: names files and places on a page.
    title : str
    data : DataFrame
        The rows that are drawn, with headings for people: what is downloaded as a table.
    spec : dict or None
        A Vega-Lite specification with its data inside; None where there is nothing to draw, and ``empty`` says why.
    alt : str
        What is seen, for those who cannot see it.
    caption : str
        What it means, below the chart.
    empty : str
        What to do so that there is something to draw.
    """

    key: str
    title: str
    data: pd.DataFrame
    spec: dict[str, Any] | None
    alt: str = ""
    caption: str = ""
    empty: str = ""

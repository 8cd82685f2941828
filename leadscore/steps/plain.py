"""Frames become plain values, for JSON and for pages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a frame as a list of rows with missing values as None."""
    return [{str(name): None if is_missing(value) else value for name, value in row.items()}
            for row in frame.to_dict("records")]


def is_missing(value: Any) -> bool:
    """Say whether a value is none at all; a list or an array never is."""
    return value is None or (np.ndim(value) == 0 and bool(pd.isna(value)))

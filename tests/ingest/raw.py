"""Raw tables built by hand for the tests of this folder."""

import numpy as np
import pandas as pd

from leadscore.ingest.issues import EMPTY
from leadscore.ingest.readers import RawTable

NOW = pd.Timestamp("2026-11-21", tz="UTC")


def raw_table(columns: dict[str, list[str]]) -> RawTable:
    frame = pd.DataFrame({header: pd.Series(values, dtype="str") for header, values in columns.items()})
    n = len(frame)
    return RawTable(
        frame=frame,
        row_numbers=np.arange(2, n + 2),
        filename="leads.csv",
        sha256="0" * 64,
        sheet=None,
        sheets=(),
        encoding="utf-8",
        delimiter=",",
        issues=EMPTY,
        rows_read=n,
    )


def text(*values: str) -> pd.Series:
    return pd.Series(list(values), dtype="str")

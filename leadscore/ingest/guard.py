"""The apostrophe that spreadsheet exports put before a formula beginning: what needs it, and how it comes off again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

GUARD = "'"
INVISIBLE = r"[\s\x{00a0}\x{200b}-\x{200f}\x{2060}\x{feff}]*"
TRIGGER = rf"{INVISIBLE}[=+\-@|\t\r\n\x00\x{{ff1d}}\x{{ff0b}}\x{{ff0d}}\x{{ff20}}]"
"""Beginnings that Excel, LibreOffice or Google Sheets take for a formula (OWASP, CSV injection), also after
invisible characters and in full width."""


def without_guard(texts: pd.Series) -> pd.Series:
    """Take the guard off texts that have one, so that our own export comes back as the values it was made from.

    Parameters
    ----------
    texts : Series of str
        Distinct texts; an apostrophe before anything but a formula beginning stays.
    """
    suspects = np.asarray(texts.str.startswith(GUARD).fillna(False), dtype=bool)
    if not suspects.any():
        return texts
    bare = pc.replace_substring_regex(
        pa.array(texts[suspects], pa.large_string()), f"^{GUARD}({TRIGGER})", r"\1", max_replacements=1
    )
    plain = texts.copy()
    plain[suspects] = bare.to_pylist()
    return plain

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

_BREAK = r"[;\t\r\n]"
_RUN = rf'"*{INVISIBLE}[=@\x{{ff1d}}\x{{ff20}}]|"*[+\-|\x{{ff0b}}\x{{ff0d}}][^;\t\r\n]*[|!(]'
WITHIN = rf"({_BREAK})({GUARD}*(?:{_RUN}))"
"""Where a program that splits at semicolons, tabs or lines finds a formula within a text, although it is quoted: such a
program takes the quotes of all cells but the first for text. A plus or minus counts only before what looks like a call;
lists of notes have many."""
_GUARDED_WITHIN = rf"({_BREAK}){GUARD}({GUARD}*(?:{_RUN}))"


def guard_within(texts: pa.Array) -> pa.Array:
    """Put the guard before formula beginnings within texts, where another separator would begin a cell."""
    return pc.replace_substring_regex(texts, WITHIN, rf"\1{GUARD}\2")


def without_guard(texts: pd.Series) -> pd.Series:
    """Take the guard off texts that have one, so that our own export comes back as the values it was made from.

    Parameters
    ----------
    texts : Series of str
        Distinct texts; an apostrophe before anything but a formula beginning stays.
    """
    texts = _without_guard_within(texts)
    suspects = np.asarray(texts.str.startswith(GUARD).fillna(False), dtype=bool)
    if not suspects.any():
        return texts
    bare = pc.replace_substring_regex(
        pa.array(texts[suspects], pa.large_string()), f"^{GUARD}({TRIGGER})", r"\1", max_replacements=1
    )
    plain = texts.copy()
    plain[suspects] = bare.to_pylist()
    return plain


def _without_guard_within(texts: pd.Series) -> pd.Series:
    plain = pa.array(texts, pa.large_string(), from_pandas=True)
    suspects = pc.fill_null(pc.match_substring(plain, GUARD), False).to_numpy(zero_copy_only=False)
    if not suspects.any():
        return texts
    bare = texts.copy()
    bare[suspects] = pc.replace_substring_regex(plain.filter(pa.array(suspects)), _GUARDED_WITHIN,
                                                r"\1\2").to_pylist()
    return bare

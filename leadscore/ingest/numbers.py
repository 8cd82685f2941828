"""Text becomes numbers: thousands separators of any country, currencies, 1.2k, ranges, percentages, (negatives)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

PLAIN = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?"
CURRENCY_SYMBOLS = "$€£¥₹₽₺₩₪฿₫₴₦"
CURRENCY_WORDS = (
    "usd|eur|euros?|gbp|inr|chf|jpy|cny|rmb|aud|cad|nzd|sek|nok|dkk|pln|czk|huf|brl|zar|"
    "mxn|sgd|hkd|aed|sar|ils|try|thb|dollars?|rs\\.?|kr\\.?|zł"
)
MAGNITUDES = {
    "": 1.0, "k": 1e3, "tsd": 1e3, "thousand": 1e3, "m": 1e6, "mm": 1e6, "mn": 1e6, "mio": 1e6, "mil": 1e6, "mln": 1e6,
    "million": 1e6, "millions": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9, "billion": 1e9, "billions": 1e9, "l": 1e5,
    "lac": 1e5, "lakh": 1e5, "lakhs": 1e5, "cr": 1e7, "crore": 1e7, "crores": 1e7,
}
"""What a suffix multiplies by; mm is the American accountant's million."""

HEADCOUNT_WORDS = "employees|employee|people|staff|mitarbeiter|users"
_SUFFIX = "(?:" + "|".join(sorted((m for m in MAGNITUDES if m), key=len, reverse=True)) + r")?\.?"
_SINGLE = rf"([+-]?)([0-9.,]*[0-9][0-9.,]*)({_SUFFIX})\+?"
_RANGE = rf"([0-9.,]*[0-9][0-9.,]*)({_SUFFIX})(?:-|to|bis|\.\.)([0-9.,]*[0-9][0-9.,]*)({_SUFFIX})\+?"

GROUPED_BY_COMMA = r"[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]*)?"
GROUPED_BY_POINT = r"[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]*)?"
SURELY_BY_POINT = r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,}"
DECIMAL_POINT = r"[0-9]+\.?[0-9]*|\.[0-9]+"
DECIMAL_COMMA = r"[0-9]*,[0-9]+"
EVIDENCE_OF_COMMA = r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]+,[0-9]{1,2}"
EVIDENCE_OF_POINT = r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]*\.[0-9]{1,2}"
LARGEST = 1e15
"""Beyond this a cell is an account number or a typing accident, not a quantity."""


def read_numbers(texts: pd.Series, *, ranges: bool = True) -> pd.Series:
    """Read numbers.

    Whether ``1.234`` is about one or over a thousand is judged for all texts together: a decimal comma anywhere
    (and no decimal point) makes the point a thousands separator.

    Parameters
    ----------
    texts : Series of str, shape (n,)
        Trimmed texts.
    ranges : bool
        Whether ``51-200`` is read as its middle, 125.5.

    Returns
    -------
    Series of float64, shape (n,)
        NaN where the text is no number.
    """
    plain = matches(texts, PLAIN)
    values = np.full(len(texts), np.nan)
    values[plain] = pd.to_numeric(texts[plain], errors="coerce").to_numpy("float64", na_value=np.nan)
    if not plain.all():
        bodies = _unadorned(texts[~plain])
        comma = _writes_decimal_comma(bodies, texts[plain])
        values[~plain] = _read_adorned(bodies, comma=comma, ranges=ranges)
        if comma:
            by_point = plain & matches(texts, GROUPED_BY_POINT)
            values[by_point] = _digits(texts[by_point], comma=True)
    values[~(np.abs(values) <= LARGEST)] = np.nan
    return pd.Series(values, index=texts.index)


def has_currency(texts: pd.Series) -> np.ndarray:
    """Tell which texts carry a currency, as a symbol or a word beside the digits."""
    beside = rf"(?:{CURRENCY_WORDS}) *[0-9].*|.*[0-9] *(?:{CURRENCY_WORDS})"
    return matches(texts.str.lower(), rf".*[{CURRENCY_SYMBOLS}].*|{beside}")


def matches(texts: pd.Series, pattern: str) -> np.ndarray:
    """Tell which texts the whole pattern fits."""
    found = pc.match_substring_regex(_arrow(texts), f"^(?:{pattern})$")
    return np.asarray(pc.fill_null(found, False), dtype=bool)


def substitute(texts: pd.Series, pattern: str, replacement: str) -> pd.Series:
    """Replace in Arrow throughout; pandas falls back to a Python loop as soon as a pattern has a class for spaces."""
    replaced = pc.replace_substring_regex(_arrow(texts), pattern, replacement)
    return pd.Series(pd.array(replaced, dtype="str"), index=texts.index)


def _arrow(texts: pd.Series) -> pa.Array:
    return pa.array(texts, from_pandas=True).cast(pa.large_string())


def _unadorned(texts: pd.Series) -> pd.Series:
    """Take off currency, spaces, per cent and brackets; a bracketed amount becomes negative."""
    body = substitute(texts, f"(?:US|AU|CA|NZ|HK|R|A|C|S)\\$|[{CURRENCY_SYMBOLS}%\\s\u00a0\u202f\u2009'’_]", "")
    worded = body.str.contains(r"[^0-9.,+]", regex=True).fillna(False).to_numpy(bool)
    if worded.any():
        body = body.mask(worded, _without_words(body[worded]))
    return body


def _without_words(body: pd.Series) -> pd.Series:
    body = body.str.lower().str.replace("[\u2212\u2010-\u2015]", "-", regex=True)
    body = body.str.replace(rf"^([+-]?)(?:{CURRENCY_WORDS})([0-9.,(-])", r"\1\2", regex=True)
    body = body.str.replace(rf"([0-9.,km)])(?:{CURRENCY_WORDS}|{HEADCOUNT_WORDS})$", r"\1", regex=True)
    body = body.str.replace(r"^\((.*)\)$", r"-\1", regex=True)
    body = body.str.replace(r"^(?:~|ca\.?|approx\.?|circa)", "", regex=True)
    return body.str.replace(r"^([0-9.,]+)-$", r"-\1", regex=True)


def _writes_decimal_comma(adorned: pd.Series, plain: pd.Series) -> bool:
    numbers = adorned.str.replace(r"^[+-]|[a-z+]+$", "", regex=True)
    comma = int(matches(numbers, EVIDENCE_OF_COMMA).sum())
    point = int(matches(numbers, EVIDENCE_OF_POINT).sum()) + int(matches(plain, r"[+-]?" + EVIDENCE_OF_POINT).sum())
    return comma > point


def _read_adorned(bodies: pd.Series, *, comma: bool, ranges: bool) -> np.ndarray:
    single = matches(bodies, _SINGLE)
    values = np.full(len(bodies), np.nan)
    values[single] = _read_single(bodies[single], comma)
    spans = ~single & matches(bodies, _RANGE) if ranges else np.zeros(len(bodies), dtype=bool)
    if spans.any():
        values[spans] = _read_ranges(bodies[spans], comma)
    return values


def _read_single(bodies: pd.Series, comma: bool) -> np.ndarray:
    bare = matches(bodies, "[0-9.,]+")
    values = np.full(len(bodies), np.nan)
    values[bare] = _digits(bodies[bare], comma)
    if not bare.all():
        values[~bare] = _read_signed(bodies[~bare], comma)
    return values


def _read_signed(bodies: pd.Series, comma: bool) -> np.ndarray:
    sign = np.where(bodies.str.startswith("-").to_numpy(bool), -1.0, 1.0)
    digits = bodies.str.replace(r"[^0-9.,]|\.?\+?$", "", regex=True).str.replace(r"\.$", "", regex=True)
    suffix = bodies.str.replace(r"[^a-z]", "", regex=True)
    return np.asarray(sign * _digits(digits, comma) * _magnitude(suffix))


def _read_ranges(bodies: pd.Series, comma: bool) -> np.ndarray:
    parts = bodies.str.extract(f"^{_RANGE}$")
    low_size, high_size = _magnitude(parts[1].str.rstrip(".")), _magnitude(parts[3].str.rstrip("."))
    low, high = _digits(parts[0], comma), _digits(parts[2], comma) * high_size
    # in '1-5M' the suffix counts for both ends, unless that would turn them round
    shared = (low_size == 1.0) & (low <= high / high_size)
    low = low * np.where(shared, high_size, low_size)
    return np.where(low <= high, (low + high) / 2.0, np.nan)


def _magnitude(suffixes: pd.Series) -> np.ndarray:
    return np.asarray(suffixes.fillna("").map(MAGNITUDES).to_numpy("float64", na_value=np.nan))


def _digits(texts: pd.Series, comma: bool) -> np.ndarray:
    """Read digits with points and commas; NaN where the separators stand where none can be."""
    english, european = f"{GROUPED_BY_COMMA}|{DECIMAL_POINT}", f"{SURELY_BY_POINT}|{DECIMAL_COMMA}"
    if comma:
        european = f"{GROUPED_BY_POINT}|{DECIMAL_COMMA}"
    first, second = (european, english) if comma else (english, european)
    values = np.full(len(texts), np.nan)
    for pattern in (first, second):
        fits = np.isnan(values) & matches(texts, pattern)
        if fits.any():
            values[fits] = _to_float(texts[fits], decimal="." if pattern is english else ",")
    return values


def _to_float(texts: pd.Series, decimal: str) -> np.ndarray:
    bare = texts.str.replace("," if decimal == "." else ".", "", regex=False)
    point = bare if decimal == "." else bare.str.replace(",", ".", regex=False)
    return np.asarray(pd.to_numeric(point, errors="coerce").to_numpy("float64", na_value=np.nan))

"""Text becomes moments in UTC, whichever of the usual ways it is written; day or month first is judged per column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from leadscore.ingest.numbers import matches

FIRST_YEAR, LAST_YEAR = 1900, 2200
UTC_MOMENTS = "datetime64[us, UTC]"

ISO = r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:[T ].*)?)?"
COMPACT = r"(?:19|20|21)[0-9]{6}"
COMPACT_TIME = r"(?:19|20|21)[0-9]{12}"
SERIAL = r"[2-8][0-9]{4}(?:\.[0-9]+)?"
EPOCH = r"1?[0-9]{9}(?:\.[0-9]+)?"
EPOCH_MS = r"[0-9]{12,13}"
SERIAL_ZERO = pd.Timestamp("1899-12-30")
"""Day 0 of spread-sheets: they count a 29 February 1900 that never was."""

CLOCK = r"^(.*?)(?:[T,\s]+|,\s*)([0-9]{1,2}:[0-9]{2}.*)$"
CLOCK_PARTS = (
    r"^(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?\s*"
    r"(?P<half>[AaPp]\.?\s?[Mm]\.?)?\s*(?:Z|UTC|GMT|(?:UTC|GMT)?(?P<zone>[+-][0-9]{2}:?[0-9]{2}))?$"
)
YEAR_FIRST = r"^(?P<a>[0-9]{4})[-/. ](?P<b>[0-9]{1,2})[-/. ](?P<c>[0-9]{1,2})\.?$"
YEAR_LAST = r"^(?P<a>[0-9]{1,2})(?P<sep>[-/. ])(?P<b>[0-9]{1,2})[-/. ](?P<c>[0-9]{4}|[0-9]{2})$"
DAY_MONTH = (
    r"^(?:[^\W\d_]{2,12}\.?,?\s+)?(?P<a>[0-9]{1,2})(?:st|nd|rd|th|\.|º)?[-\s/.]*(?:de\s+|of\s+)?"
    r"(?P<b>[^\W\d_]{3,12})\.?,?[-\s/.,']*(?:de\s+)?(?P<c>[0-9]{4}|[0-9]{2})$"
)
MONTH_DAY = (
    r"^(?:[^\W\d_]{2,12}\.?,\s+|(?:[Mm]on|[Tt]ue|[Ww]ed|[Tt]hu|[Ff]ri|[Ss]at|[Ss]un)[a-z]*\s+)?"
    r"(?P<b>[^\W\d_]{3,12})\.?[-\s/.]*(?P<a>[0-9]{1,2})(?:st|nd|rd|th)?(?:,\s*|[-\s/.]+)(?P<c>[0-9]{4})$"
)
_MONTH_WORDS = (
    "jan january januar janvier enero ene janv jän jänner|feb february februar février fevrier febrero févr|"
    "mar march märz maerz mär mars marzo mrz|apr april avril abril abr avr|may mai mayo|jun june juni juin junio|"
    "jul july juli juillet julio juil|aug august août aout agosto ago|sep sept september septembre septiembre|"
    "oct october okt oktober octobre octubre|nov november novembre noviembre|"
    "dec december dez dezember décembre decembre diciembre dic déc"
)
MONTHS = {word: float(number) for number, words in enumerate(_MONTH_WORDS.split("|"), 1) for word in words.split()}
CENTURY_TURN = 70
"""Two-digit years below this are 20xx, the others 19xx."""


@dataclass(frozen=True)
class Dates:
    """Moments, and how the order of day and month was decided.

    Parameters
    ----------
    values : Series of datetime64[us, UTC]
        NaT where the text is no date.
    day_first : bool or None
        How 03-04-2021 was read; None when nothing depended on it.
    certain : bool
        False when no value showed which comes first.
    """

    values: pd.Series
    day_first: bool | None = None
    certain: bool = True


def read_dates(texts: pd.Series, *, day_first: bool | None = None, bare_numbers: bool = True) -> Dates:
    """Read dates.

    Parameters
    ----------
    texts : Series of str, shape (n,)
        Trimmed distinct texts of one column.
    day_first : bool or None
        Whether 03-04-2021 is 3 April; None judges by the column's own unmistakable dates, else a slash means
        month first and a dash or a point day first.
    bare_numbers : bool
        Whether spread-sheet serials and Unix times are dates too.
    """
    moments = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]")
    iso = matches(texts, ISO)
    if iso.any():
        moments[iso] = _iso(texts[iso])
    if bare_numbers:
        _fill(moments, texts, {SERIAL: _serials, EPOCH: _seconds, EPOCH_MS: _milliseconds})
        _fill(moments, texts, {COMPACT_TIME: _compact_times})
    _fill(moments, texts, {COMPACT: _compact})
    rest = np.isnat(moments) & matches(texts, r".*[0-9].*")
    order: tuple[bool | None, bool] = (None, True)
    if rest.any():
        moments[rest], order = _written(texts[rest], day_first)
    years = moments.astype("datetime64[Y]").astype("float64") + 1970
    moments[~((years >= FIRST_YEAR) & (years <= LAST_YEAR))] = np.datetime64("NaT")
    return Dates(pd.Series(moments, index=texts.index).dt.tz_localize("UTC"), *order)


def _fill(moments: np.ndarray, texts: pd.Series, readers: dict[str, Callable[[pd.Series], np.ndarray]]) -> None:
    for pattern, reader in readers.items():
        fits = np.isnat(moments) & matches(texts, pattern)
        if fits.any():
            moments[fits] = reader(texts[fits])


def _naive(moments: pd.Series) -> np.ndarray:
    return np.asarray(moments.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]").to_numpy())


def _iso(texts: pd.Series) -> np.ndarray:
    bare = texts.str.replace(r"\s*(?:UTC|GMT)$", "", regex=True)
    return _naive(pd.to_datetime(bare, format="ISO8601", utc=True, errors="coerce"))


def _serials(texts: pd.Series) -> np.ndarray:
    days = pd.to_numeric(texts).to_numpy("float64")
    seconds = np.rint(days * 86_400.0).astype("int64")
    return np.asarray(SERIAL_ZERO.to_datetime64().astype("datetime64[us]") + seconds.astype("timedelta64[s]"))


def _seconds(texts: pd.Series) -> np.ndarray:
    return np.asarray((pd.to_numeric(texts).to_numpy("float64") * 1e6).astype("int64").astype("datetime64[us]"))


def _milliseconds(texts: pd.Series) -> np.ndarray:
    return np.asarray((pd.to_numeric(texts).to_numpy("int64") * 1000).astype("datetime64[us]"))


def _compact(texts: pd.Series) -> np.ndarray:
    number = pd.to_numeric(texts).to_numpy("int64")
    return _days(number // 10_000, number // 100 % 100, number % 100)


def _compact_times(texts: pd.Series) -> np.ndarray:
    parsed = pd.to_datetime(texts, format="%Y%m%d%H%M%S", errors="coerce", utc=True)
    return _naive(parsed)


def _written(texts: pd.Series, day_first: bool | None) -> tuple[np.ndarray, tuple[bool | None, bool]]:
    """Read day and clock apart: a million moments have few distinct days and at most 86,400 clock times."""
    day_texts, clock_texts = _split_clock(texts)
    day_codes, day_words = pd.factorize(day_texts)
    clock_codes, clock_words = pd.factorize(clock_texts)
    days, order = _read_days(pd.Series(day_words, dtype="str"), day_first)
    clocks = _read_clocks(pd.Series(clock_words, dtype="str"))
    return days[day_codes] + clocks[clock_codes], order


def _split_clock(texts: pd.Series) -> tuple[pd.Series, pd.Series]:
    cells = pa.array(texts.to_numpy(object), type=pa.large_string())
    timed = pc.match_substring_regex(cells, CLOCK)
    days = pc.if_else(timed, pc.replace_substring_regex(cells, CLOCK, r"\1"), cells)
    clocks = pc.if_else(timed, pc.replace_substring_regex(cells, CLOCK, r"\2"), pa.scalar("", pa.large_string()))
    return pd.Series(days.to_numpy(False), dtype="str"), pd.Series(clocks.to_numpy(False), dtype="str")


def _read_clocks(texts: pd.Series) -> np.ndarray:
    parts = texts.str.extract(CLOCK_PARTS)
    hour, minute = _number(parts["hour"]), _number(parts["minute"])
    second = np.nan_to_num(_number(parts["second"]))
    half = parts["half"].str.lower().str[0]
    twelve = half.notna().to_numpy()
    valid = (hour < 24) & (minute < 60) & (second < 60) & (~twelve | ((hour >= 1) & (hour <= 12)))
    hour = np.where(twelve, hour % 12 + 12 * (half == "p").fillna(False).to_numpy(bool), hour)
    micro = np.nan_to_num(_number(parts["fraction"].str.ljust(6, "0").str.slice(0, 6)))
    total = (hour * 3600 + minute * 60 + second - _zone_seconds(parts["zone"])) * 1e6 + micro
    spans = np.where(valid, np.nan_to_num(total), 0).astype("int64").astype("timedelta64[us]")
    none = (texts == "").to_numpy(bool)
    return np.where(valid | none, spans, np.timedelta64("NaT"))


def _zone_seconds(zones: pd.Series) -> np.ndarray:
    parts = zones.str.extract(r"^([+-])([0-9]{2}):?([0-9]{2})$")
    seconds = np.nan_to_num(_number(parts[1])) * 3600 + np.nan_to_num(_number(parts[2])) * 60
    return np.asarray(np.where((parts[0] == "-").fillna(False).to_numpy(bool), -seconds, seconds))


def _read_days(texts: pd.Series, day_first: bool | None) -> tuple[np.ndarray, tuple[bool | None, bool]]:
    result = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[us]")
    order: tuple[bool | None, bool] = (None, True)
    first = texts.str.extract(YEAR_FIRST)
    _put(result, _days(_number(first["a"]), _number(first["b"]), _number(first["c"])))
    last = texts.str.extract(YEAR_LAST)
    if last["a"].notna().any():
        a, b, years = _number(last["a"]), _number(last["b"]), _full_years(last["c"])
        leads, certain = _day_leads(a, b, last["sep"], day_first)
        _put(result, _days(years, np.where(leads, b, a), np.where(leads, a, b)))
        order = (bool(leads[~np.isnan(a)].mean() >= 0.5), certain)
    for pattern in (DAY_MONTH, MONTH_DAY):
        named = texts.str.extract(pattern)
        months = named["b"].str.lower().map(MONTHS).to_numpy("float64", na_value=np.nan)
        _put(result, _days(_full_years(named["c"]), months, _number(named["a"])))
    return result, order


def _put(result: np.ndarray, found: np.ndarray) -> None:
    gaps = np.isnat(result)
    result[gaps] = found[gaps]


def _day_leads(a: np.ndarray, b: np.ndarray, separators: pd.Series, wish: bool | None) -> tuple[np.ndarray, bool]:
    """Decide per value whether the day stands first; a value that can be read only one way is read that way."""
    day_first, month_first = int(((a > 12) & (b <= 12)).sum()), int(((b > 12) & (a <= 12)).sum())
    slashes = (separators == "/").mean() > 0.5
    leaning = wish if wish is not None else (day_first > month_first if day_first != month_first else not slashes)
    leads = np.full(len(a), bool(leaning))
    leads[(a > 12) & (b <= 12)] = True
    leads[(b > 12) & (a <= 12)] = False
    undecided = bool(((a <= 12) & (b <= 12) & (a != b)).any())
    return leads, wish is not None or not undecided or (day_first > 0) != (month_first > 0)


def _number(texts: pd.Series) -> np.ndarray:
    return np.asarray(pd.to_numeric(texts, errors="coerce").to_numpy("float64", na_value=np.nan))


def _full_years(texts: pd.Series) -> np.ndarray:
    years = _number(texts)
    short = (texts.str.len() == 2).fillna(False).to_numpy(bool)
    return np.where(short, years + np.where(years < CENTURY_TURN, 2000, 1900), years)


def _days(years: np.ndarray, months: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Put calendar parts together; NaT where there is no such day."""
    y, m, d = (np.nan_to_num(np.asarray(part, "float64"), nan=-1.0).astype("int64") for part in (years, months, days))
    valid = (y >= 1) & (y <= 9999) & (m >= 1) & (m <= 12) & (d >= 1) & (d <= 31)
    month = np.where(valid, (y - 1970) * 12 + m - 1, 0).astype("datetime64[M]")
    day = month.astype("datetime64[D]") + np.where(valid, d - 1, 0).astype("timedelta64[D]")
    exists = valid & (day.astype("datetime64[M]") == month)
    return np.where(exists, day.astype("datetime64[us]"), np.datetime64("NaT"))

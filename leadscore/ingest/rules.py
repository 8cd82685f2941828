"""A client's own rules for the values of its leads: what breaks one, and what becomes of the cell or the row."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from leadscore.errors import InvalidRequest
from leadscore.ingest.cleaning import CleanTable
from leadscore.ingest.issues import Severity, concat_issues, issues_at
from leadscore.schema import label_of

MOST_LENGTH = 1_000_000_000
GRACE = pd.Timedelta(days=1)
"""Clocks and time zones differ; within a day nothing lies in the future."""

Mask = npt.NDArray[np.bool_]


class Check(StrEnum):
    """What a rule asks of a value."""

    REQUIRED = "required"
    RANGE = "range"
    ONE_OF = "one_of"
    PATTERN = "pattern"
    LONGEST = "longest"
    UNIQUE = "unique"
    NOT_FUTURE = "not_in_future"
    DATES = "dates"


class Consequence(StrEnum):
    """What happens where a rule is broken."""

    FLAG = "flag"
    EMPTY = "empty"
    REJECT = "reject"


@dataclass(frozen=True)
class Rule:
    """One rule about one field.

    Parameters
    ----------
    field : str
        Column of the leads.
    check : str
        A :class:`Check`.
    consequence : str
        A :class:`Consequence`.
    low, high : float or None
        Ends of a ``range``, both included; either may be left out.
    values : tuple of str
        What ``one_of`` allows, case and outer spaces aside.
    pattern : str
        What the whole text must be like, in the notation of RE2, which takes time in proportion to the text.
    longest : int or None
        Most characters.
    earliest, latest : str
        Days (2026-01-31) of ``dates``, both included; either may be empty.
    """

    field: str
    check: str
    consequence: str = Consequence.FLAG
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()
    pattern: str = ""
    longest: int | None = None
    earliest: str = ""
    latest: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Rule:
        """Read plain values; :func:`leadscore.ingest.rule_checks.check_rules` says whether the rule can be used.

        Raises
        ------
        InvalidRequest
            A part is missing or of another kind.
        """
        known = {item.name for item in fields(cls)}
        try:
            rule = cls(**{name: value for name, value in values.items() if name in known})
            return replace(rule, field=_text(rule.field), check=_text(rule.check), consequence=_text(rule.consequence),
                           values=tuple(_text(value).strip() for value in rule.values),
                           low=_number(rule.low), high=_number(rule.high),
                           longest=None if rule.longest is None else min(int(rule.longest), MOST_LENGTH),
                           pattern=_text(rule.pattern), earliest=_text(rule.earliest), latest=_text(rule.latest))
        except (TypeError, ValueError, OverflowError, AttributeError) as problem:
            raise InvalidRequest("unreadable_rule", "This validation rule cannot be read.",
                                 "Say for which field, what is asked and what happens.") from problem


def _text(value: Any) -> str:
    """Give a value as text; half a character, which no file can hold, is refused."""
    text = str(value)
    text.encode()
    return text


@dataclass(frozen=True)
class Applied:
    """Leads after the rules.

    Parameters
    ----------
    clean : CleanTable
        With the cells emptied that a rule says to empty; rows to reject are still there.
    issues : DataFrame
        One row a broken rule and row; those of severity ``error`` reject their row.
    """

    clean: CleanTable
    issues: pd.DataFrame


def apply_rules(clean: CleanTable, rules: Sequence[Rule], *, as_of: datetime) -> Applied:
    """Hold clean leads against rules.

    Every rule looks at the values of the file, so that their order does not matter; only what must be there is looked
    at last, and a cell another rule has emptied counts as empty.

    Parameters
    ----------
    clean : CleanTable
        Not changed.
    rules : sequence of Rule
        Checked ones. A column the file does not have can only break ``required``.
    as_of : datetime, UTC
        The present.
    """
    now, last = ([rule for rule in rules if (rule.check == Check.REQUIRED) is late] for late in (False, True))
    leads, found = _judge(clean, clean.leads, now, as_of)
    leads, missed = _judge(clean, leads, last, as_of)
    return Applied(replace(clean, leads=leads), concat_issues([*found, *missed]))


def _judge(clean: CleanTable, leads: pd.DataFrame, rules: Sequence[Rule],
           as_of: datetime) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Give the leads without the cells these rules empty, and what they find."""
    emptied: dict[str, pd.Series] = {}
    found = []
    for rule in rules:
        broken = broken_by(leads, rule, as_of=as_of)
        if not broken.any():
            continue
        found.append(_issues(clean, leads, rule, broken))
        if rule.consequence == Consequence.EMPTY:
            emptied[rule.field] = emptied.get(rule.field, leads[rule.field]).mask(broken)
    return leads.assign(**emptied), found


def broken_by(leads: pd.DataFrame, rule: Rule, *, as_of: datetime) -> Mask:
    """Tell which leads break a rule; a missing value breaks ``required`` only.

    Returns
    -------
    ndarray of bool, shape (n_leads,)
    """
    if rule.field not in leads:
        return np.full(len(leads), rule.check == Check.REQUIRED)
    values = leads[rule.field]
    present = values.notna().to_numpy(dtype=bool)
    if rule.check == Check.REQUIRED:
        return ~present
    return np.asarray(present & ~holds(values, rule, as_of=as_of))


WORDS = {
    Check.REQUIRED: "must be there", Check.RANGE: "must lie in a range", Check.ONE_OF: "must be one of a list",
    Check.PATTERN: "must look like a pattern", Check.LONGEST: "must not be too long",
    Check.UNIQUE: "must be different for every lead", Check.NOT_FUTURE: "must not lie in the future",
    Check.DATES: "must lie between two days"}
HAPPENS = {Consequence.FLAG: "", Consequence.EMPTY: " The cell was left empty.",
            Consequence.REJECT: " The row was not taken."}


def holds(values: pd.Series, rule: Rule, *, as_of: datetime) -> Mask:
    """Tell which known values a rule is content with; not for ``required``, which is about unknown ones."""
    return _HOLDS[Check(rule.check)](values, rule, as_of)


def described(rule: Rule) -> str:
    """Say what a rule asks, in words that follow the name of its field."""
    if rule.check == Check.RANGE:
        return _between(rule.low, rule.high)
    if rule.check == Check.DATES:
        return _between(rule.earliest or None, rule.latest or None)
    if rule.check == Check.ONE_OF:
        shown = ", ".join(rule.values[:5])
        return f"must be one of {shown}{' …' if len(rule.values) > 5 else ''}"
    if rule.check == Check.PATTERN:
        return f"must look like {rule.pattern}"
    return f"must have at most {rule.longest} characters" if rule.check == Check.LONGEST else WORDS[Check(rule.check)]


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def matches(texts: pa.Array, pattern: str) -> pa.Array:
    """Tell which texts are as a whole like a pattern; RE2, so no pattern takes more than linear time."""
    return pc.match_substring_regex(texts, rf"^(?:{pattern})$")


def _in_range(values: pd.Series, rule: Rule, _: datetime) -> Mask:
    # a column of their own may hold words in one file and numbers in the next
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    low, high = (-np.inf if rule.low is None else rule.low), (np.inf if rule.high is None else rule.high)
    return np.asarray((numbers >= low) & (numbers <= high))


def _is_one_of(values: pd.Series, rule: Rule, _: datetime) -> Mask:
    allowed = {value.casefold() for value in rule.values if value}
    codes, distinct = pd.factorize(values.astype("str"))
    held = [str(value).strip().casefold() in allowed for value in distinct]
    return np.array([*held, True], dtype=bool)[codes]


def _is_like(values: pd.Series, rule: Rule, _: datetime) -> Mask:
    texts = pa.array(values.astype("str"), type=pa.large_string(), from_pandas=True)
    return np.asarray(pc.fill_null(matches(texts, rule.pattern), True).to_numpy(zero_copy_only=False), dtype=bool)


def _is_short(values: pd.Series, rule: Rule, _: datetime) -> Mask:
    return (values.astype("str").str.len().fillna(0) <= (rule.longest or 0)).to_numpy(dtype=bool)


def _is_first(values: pd.Series, _rule: Rule, _: datetime) -> Mask:
    texts = values.astype("str").str.strip().str.casefold() if values.dtype == "str" else values
    return ~texts.duplicated().to_numpy(dtype=bool)


def _is_past(values: pd.Series, _rule: Rule, as_of: datetime) -> Mask:
    return (_moments(values) <= pd.Timestamp(as_of) + GRACE).to_numpy(dtype=bool)


def _is_between(values: pd.Series, rule: Rule, _: datetime) -> Mask:
    moments = _moments(values)
    held = moments.notna().to_numpy(dtype=bool, copy=True)
    if rule.earliest:
        held &= (moments >= pd.Timestamp(rule.earliest, tz="UTC")).to_numpy(dtype=bool)
    if rule.latest:
        held &= (moments < pd.Timestamp(rule.latest, tz="UTC") + pd.Timedelta(days=1)).to_numpy(dtype=bool)
    return held


def _moments(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values, errors="coerce", utc=True, format="ISO8601") if values.dtype == "str" else values


def _issues(clean: CleanTable, leads: pd.DataFrame, rule: Rule, broken: Mask) -> pd.DataFrame:
    places = np.flatnonzero(broken)
    header = clean.headers.get(rule.field, label_of(rule.field))
    cells = leads[rule.field].iloc[places].reset_index(drop=True) if rule.field in leads else None
    severity = Severity.ERROR if rule.consequence == Consequence.REJECT else Severity.WARNING
    message = f"Your rule: this {described(rule)}.{HAPPENS[Consequence(rule.consequence)]}"
    return issues_at(clean.row_numbers[places], header, f"rule_{rule.check}", severity, message, cells)


def _between(low: Any, high: Any) -> str:
    shown = [f"{end:,.10g}" if isinstance(end, float) else end for end in (low, high)]
    if low is None or high is None:
        return f"must be at most {shown[1]}" if low is None else f"must be at least {shown[0]}"
    return f"must lie between {shown[0]} and {shown[1]}"


_HOLDS: dict[Check, Callable[[pd.Series, Rule, datetime], Mask]] = {
    Check.RANGE: _in_range, Check.ONE_OF: _is_one_of, Check.PATTERN: _is_like, Check.LONGEST: _is_short,
    Check.UNIQUE: _is_first, Check.NOT_FUTURE: _is_past, Check.DATES: _is_between}

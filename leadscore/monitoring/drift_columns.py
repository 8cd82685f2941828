"""Which columns of the leads have changed since a model learnt, what has happened to each, and to how many leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from leadscore.monitoring.drift import (
    ALPHA,
    LARGE,
    LEAST_LEADS,
    MODERATE,
    Band,
    drift_from,
    significant,
    stability_index,
    tested,
)
from leadscore.monitoring.profiles import Floats, Profile, counts_of, in_short, in_tenths, names_of

FACTORS = (1_000.0, 1_000_000.0, 100.0, 10.0, 60.0, 3_600.0, 24.0)
"""What a number is multiplied by where its unit changes: thousands, cents, per cent, minutes and hours."""
MUCH_CLOSER = 0.2
"""A change is explained where it leaves so much of the index, at most."""
NEW_SHARE = 0.01
YES_OR_NO = {"1": "yes", "0": "no"}
TIMES_AS_OFTEN = 2.0


class Cause(StrEnum):
    """What has happened to a column."""

    UNIT = "unit"
    SWAPPED = "swapped"
    CONSTANT = "constant"
    MISSING = "missing"
    NEW_VALUE = "new value"
    MOVED = "moved"


@dataclass(frozen=True)
class Limits:
    """When a change counts.

    Parameters
    ----------
    index : float
        Least stability index, above 0; what chance alone reaches with so few leads is never enough.
    alpha : float
        Share of the columns found that may be found by chance, in (0, 0.5].
    """

    index: float = MODERATE
    alpha: float = ALPHA


@dataclass(frozen=True)
class Column:
    """What is known of a column beforehand.

    Parameters
    ----------
    label : str
    importance : float
        Its part of what moves the score, in [0, 1].
    accumulates : bool
        Whether it counts what a lead has done so far: newer leads have had less time.
    stored : bool
        Whether lists can be filtered by it.
    yes_or_no : bool
        Whether 1 means yes and 0 no.
    """

    label: str
    importance: float = 0.0
    accumulates: bool = False
    stored: bool = False
    yes_or_no: bool = False


@dataclass(frozen=True)
class ColumnDrift:
    """What has become of a column; plain values.

    Parameters
    ----------
    index, by_chance : float
        Population stability index, and what chance alone reaches.
    test, effect, p_value
        As in :class:`leadscore.monitoring.drift.Tested`.
    moved : bool
        Whether it is found to have changed: the index is large enough and chance does not explain it.
    band : str
    cause, sentence : str
        What has happened, where it has moved; else empty.
    bins : tuple of str
        Ranges or values, with the share of the leads ``before`` and ``now`` in each.
    affected : float
        Share of the newer leads concerned, in [0, 1].
    filter : tuple of str
        Field, test and value that find them in a list; empty where no filter does.
    """

    name: str
    label: str
    importance: float
    index: float
    by_chance: float
    test: str
    effect: float
    p_value: float
    moved: bool = False
    band: str = Band.STEADY
    cause: str = ""
    sentence: str = ""
    bins: tuple[str, ...] = ()
    before: tuple[float, ...] = ()
    now: tuple[float, ...] = ()
    affected: float = 0.0
    filter: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> ColumnDrift:
        """Build from :meth:`to_dict`; unknown names are ignored."""
        plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value
                                 for name, value in state.items() if name in cls.__dataclass_fields__}
        return cls(**plain)


def compare_columns(reference: Mapping[str, Profile], now: pd.DataFrame, about: Mapping[str, Column],
                    limits: Limits | None = None) -> tuple[ColumnDrift, ...]:
    """Compare the columns of newer leads with what they were like before, those that moved most first.

    A column has moved where its stability index is large enough, larger than by chance, and a test of the whole column
    is significant among all columns tested (Benjamini-Hochberg).

    Parameters
    ----------
    reference : mapping of str to Profile
    now : DataFrame
        Newer leads; a column that is not there counts as missing for all of them.
    about : mapping of str to Column
        Columns to compare.

    Returns
    -------
    tuple of ColumnDrift
        Without columns of which fewer than 50 leads were known before; empty with fewer than 50 newer leads.
    """
    limits = limits or Limits()
    if len(now) < LEAST_LEADS:
        return ()
    # what a model said is known of the leads held out alone: where these are few the columns can still be compared
    chosen = [name for name in about if name in reference and reference[name].leads >= LEAST_LEADS]
    columns = {name: _column_of(now, name) for name in chosen}
    counts = {name: counts_of(reference[name], columns[name]) for name in chosen}
    tests = {name: tested(reference[name], counts[name]) for name in chosen}
    sure = dict(zip(chosen, significant([tests[name].p_value for name in chosen], limits.alpha), strict=True))
    found = []
    for name in chosen:
        drift, test = drift_from(reference[name], counts[name]), tests[name]
        band = drift.banded(limits.index) if sure[name] else Band.STEADY
        bins, before, after = _bars(reference[name], counts[name], yes_or_no=about[name].yes_or_no)
        found.append(ColumnDrift(
            name, about[name].label, about[name].importance, drift.index, drift.by_chance, test.test, test.effect,
            test.p_value, moved=band is not Band.STEADY, band=str(band), bins=bins, before=before, now=after))
    told = _told(found, reference, columns, about)
    return tuple(sorted(told, key=lambda each: (not each.moved, -each.index)))


def _column_of(now: pd.DataFrame, name: str) -> pd.Series:
    return now[name] if name in now else pd.Series(np.nan, index=now.index)


def _bars(profile: Profile, counts: Floats, *,
          yes_or_no: bool) -> tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]:
    sides = [in_tenths(profile, part) for part in (np.array(profile.counts, dtype=float), counts)]
    shares = [tuple(np.round(side / max(side.sum(), 1), 4).tolist()) for side in sides]
    names = [YES_OR_NO.get(name, name) if yes_or_no else name for name in names_of(profile)]
    return tuple(names), shares[0], shares[1]


# --- what has happened ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Story:
    cause: Cause
    sentence: str
    affected: float
    filter: tuple[str, ...] = ()


def _told(found: Sequence[ColumnDrift], reference: Mapping[str, Profile], columns: Mapping[str, pd.Series],
          about: Mapping[str, Column]) -> list[ColumnDrift]:
    moved = [each for each in found if each.moved]
    partners = _swapped(moved, reference, columns)
    told = []
    for each in found:
        if each.moved:
            profile, values = reference[each.name], columns[each.name]
            story = _partner_story(each, partners, about) or _story(each, profile, values, about[each.name])
            filter_ = story.filter if about[each.name].stored else ()
            each = replace(each, cause=str(story.cause), sentence=story.sentence, affected=story.affected,
                           filter=filter_)
        told.append(each)
    return told


def _swapped(moved: Sequence[ColumnDrift], reference: Mapping[str, Profile],
             columns: Mapping[str, pd.Series]) -> dict[str, str]:
    """Find pairs of columns each of which now looks as the other did."""
    partners: dict[str, str] = {}
    large = [each for each in moved if each.index >= LARGE]
    for place, one in enumerate(large):
        for other in large[place + 1:]:
            if one.name in partners or other.name in partners:
                continue
            crossed = (_index(reference[one.name], columns[other.name]), _index(reference[other.name],
                                                                                columns[one.name]))
            if crossed[0] < MUCH_CLOSER * one.index and crossed[1] < MUCH_CLOSER * other.index:
                partners |= {one.name: other.name, other.name: one.name}
    return partners


def _partner_story(each: ColumnDrift, partners: Mapping[str, str], about: Mapping[str, Column]) -> _Story | None:
    if each.name not in partners:
        return None
    other = about[partners[each.name]].label
    return _Story(Cause.SWAPPED, f"{each.label} now holds what {other} held, and the other way round: have the columns "
                                 "been mixed up?", 1.0)


def _story(each: ColumnDrift, profile: Profile, values: pd.Series, about: Column) -> _Story:
    """Tell what has happened to a column that has moved."""
    missing = float(values.isna().mean())
    if values.nunique() == 1 and profile.varies:
        return _Story(Cause.CONSTANT, f"{each.label} is the same for every lead.", 1.0 - missing,
                      (each.name, "is_filled", ""))
    if profile.of_numbers and (factor := _unit_factor(each, profile, values)):
        size = f"{factor:,.0f} times as large" if factor >= 1 else f"{1 / factor:,.0f} times as small"
        return _Story(Cause.UNIT, f"{each.label} is about {size}: has its unit changed?", 1.0 - missing,
                      (each.name, "is_filled", ""))
    if _known_alone(profile, values) < MUCH_CLOSER * each.index:
        return _gaps(each, profile, missing)
    grown = max(np.subtract(each.now, each.before)[:len(profile.values)], default=0.0)
    if not profile.of_numbers and (new := _new_value(profile, values)) and new[1] > grown:
        value, share = new
        return _Story(Cause.NEW_VALUE, f"{each.label} has a value the model has hardly met: “{value}”, "
                                       f"{share:.0%} of the newer leads.", share, (each.name, "is", value))
    return _shifted(each, profile, values, about)


def _gaps(each: ColumnDrift, profile: Profile, missing: float) -> _Story:
    if missing >= profile.missing:
        return _Story(Cause.MISSING, f"{each.label} is missing for {missing:.0%} of the newer leads, before for "
                                     f"{profile.missing:.0%}.", missing, (each.name, "is_empty", ""))
    return _Story(Cause.MISSING, f"{each.label} is now known for {1 - missing:.0%} of the leads, before for "
                                 f"{1 - profile.missing:.0%}.", 1 - missing, (each.name, "is_filled", ""))


def _shifted(each: ColumnDrift, profile: Profile, values: pd.Series, about: Column) -> _Story:
    before, now = np.array(each.before), np.array(each.now)
    if profile.of_ranges:
        numbers = pd.to_numeric(values, errors="coerce")
        middle, was = float(numbers.median()), _middle(profile)
        if np.searchsorted(profile.tenths, middle) == np.searchsorted(profile.tenths, was):
            return _grown(each, profile, before, now)
        less = " Newer leads have had less time for it." if about.accumulates and middle < was else ""
        sentence = f"{each.label}: the middle value is {in_short(middle)}, it was about {in_short(was)}.{less}"
        up = middle > was
        beyond = profile.edges[-1] if up else profile.edges[0]
        share = float((numbers > beyond).mean() if up else (numbers <= beyond).mean())
        return _Story(Cause.MOVED, sentence, share, (each.name, "at_least" if up else "at_most", f"{beyond:g}"))
    return _grown(each, profile, before, now)


def _grown(each: ColumnDrift, profile: Profile, before: Floats, now: Floats) -> _Story:
    most = int(np.argmax(now - before))
    sentence = f"{each.label}: “{each.bins[most]}” is {now[most]:.0%} of the newer leads, before {before[most]:.0%}."
    named = most < len(profile.values) and now[most] > before[most]
    grown = float(now[now > before].sum())
    return _Story(Cause.MOVED, sentence, float(now[most]) if named else grown,
                  (each.name, "is", str(profile.values[most])) if named else ())


def _unit_factor(each: ColumnDrift, profile: Profile, values: pd.Series) -> float | None:
    """Find by what all numbers seem to be multiplied."""
    if each.index < LARGE:
        return None
    numbers = pd.to_numeric(values, errors="coerce")
    tried = {factor: _index(profile, numbers / factor) for known in FACTORS for factor in (known, 1 / known)}
    best = min(tried, key=lambda factor: tried[factor])
    return best if tried[best] < MUCH_CLOSER * each.index and tried[best] < LARGE else None


def _known_alone(profile: Profile, values: pd.Series) -> float:
    """Give the index of those that have a value."""
    before, now = (in_tenths(profile, part)[:-1] for part in (np.array(profile.counts, dtype=float),
                                                              counts_of(profile, values)))
    return stability_index(before, now) if before.sum() and now.sum() else 0.0


def _new_value(profile: Profile, values: pd.Series) -> tuple[str, float] | None:
    """Find the commonest text that was rare or unknown."""
    shares = values.value_counts(normalize=False) / max(len(values), 1)
    fresh = shares[~shares.index.isin(profile.values)]
    known = TIMES_AS_OFTEN * profile.rarest / max(profile.leads, 1)
    if fresh.empty or float(fresh.iloc[0]) < max(NEW_SHARE, known):
        return None
    return str(fresh.index[0]), float(fresh.iloc[0])


def _middle(profile: Profile) -> float:
    """Give the end of the range in which the middle of the known values lies."""
    known = np.cumsum(profile.counts[:-1])
    place = int(np.searchsorted(known, known[-1] / 2))
    return float(profile.edges[min(place, len(profile.edges) - 1)])


def _index(profile: Profile, values: pd.Series) -> float:
    return drift_from(profile, counts_of(profile, values)).index

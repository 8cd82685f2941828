"""How good the stored leads are: counts in, six dimensions, fields, sources, months, and what to mend first out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

FILLED, WRONG = "filled:", "wrong:"
UNNAMED = "no source"
OFTEN = 0.05
"""Share of the leads of a source without a value from which on a gap is worth mending."""
FEW = 30
"""Leads below which a source is not told apart."""
MOST_FIXES = 12
MOST_SOURCES = 12
DIMENSIONS = ("completeness", "format", "range", "uniqueness", "timeliness", "accuracy")


@dataclass(frozen=True)
class QualityDimension:
    """One side of data quality, in the words imports are judged in.

    Parameters
    ----------
    name : str
        One of ``DIMENSIONS``.
    score : float or None
        In [0, 1], 1 is perfect; None where there is nothing to judge it by.
    affected : int
        Leads concerned; for format and completeness cells.
    sentence : str
    """

    name: str
    score: float | None
    affected: int
    sentence: str


@dataclass(frozen=True)
class FieldFacts:
    """What is known of a field beforehand.

    Parameters
    ----------
    label : str
    counted : bool
        Whether gaps count against completeness; outcomes and consent are rightly empty for many.
    number : bool
    importance : float
        Its part of what moves the score, in [0, 1].
    """

    label: str
    counted: bool
    number: bool
    importance: float


@dataclass(frozen=True)
class Fix:
    """Something to mend.

    Parameters
    ----------
    field, label : str
        Empty for what is not about one field.
    problem : str
        ``missing``, ``implausible``, ``unread``, ``contradicting``, ``stale`` or ``repeated``.
    leads : int
    importance : float
        Of the field for the score.
    cost : float
        Share of the leads times what the field counts for; what they are ranked by.
    source : str
        Where most of it comes from; empty where no source stands out.
    sentence, advice : str
    """

    field: str
    label: str
    problem: str
    leads: int
    importance: float
    cost: float
    source: str
    sentence: str
    advice: str


@dataclass(frozen=True)
class Quality:
    """How good the stored leads of a client are.

    Parameters
    ----------
    leads : int
    dimensions : tuple of QualityDimension
    fields : DataFrame
        ``field``, ``label``, ``importance``, ``filled``, ``implausible`` (shares of the leads), ``missing`` (leads).
    sources : DataFrame
        ``source``, ``leads``, ``completeness``, ``range``, ``timeliness``, ``accuracy``.
    cells : DataFrame
        ``field``, ``label``, ``source``, ``leads``, ``usable``: the share with a value in a plausible range.
    months : DataFrame
        ``month``, ``leads`` and the four dimensions that can be told by month.
    fixes : tuple of Fix
    """

    leads: int
    dimensions: tuple[QualityDimension, ...]
    fields: pd.DataFrame
    sources: pd.DataFrame
    cells: pd.DataFrame
    months: pd.DataFrame
    fixes: tuple[Fix, ...]


def measure_quality(by_source: pd.DataFrame, by_month: pd.DataFrame, repeated: pd.DataFrame,
                    facts: Mapping[str, FieldFacts], *, unread: int, cells_read: int) -> Quality:
    """Judge the stored leads.

    Parameters
    ----------
    by_source, by_month : DataFrame
        As of :func:`of_sources` and :func:`of_months`.
    repeated : DataFrame
        Columns ``source`` and ``leads``: those that share an address or an id with another one.
    facts : mapping of str to FieldFacts
        The fields that were counted.
    unread : int
        Cells that could not be read, as imports have noted; they are empty since.
    cells_read : int
        Cells that imports have read.
    """
    leads = int(by_source["leads"].sum())
    fields = _fields(by_source, facts, leads)
    totals = by_source.drop(columns="source").sum()
    return Quality(
        leads, _dimensions(totals, fields, facts, leads, unread, cells_read, int(repeated["leads"].sum())),
        fields, _sources(by_source, facts), _cells(by_source, facts), _months(by_month, facts),
        _fixes(by_source, fields, facts, totals, unread=unread, repeated=int(repeated["leads"].sum())))


def of_sources(counted: pd.DataFrame) -> pd.DataFrame:
    """Add up counts by source and month to those by source."""
    return counted.drop(columns="month").groupby("source", dropna=False, sort=True).sum().reset_index()


def of_months(counted: pd.DataFrame, facts: Mapping[str, FieldFacts]) -> pd.DataFrame:
    """Add up counts by source and month to those by month.

    Returns
    -------
    DataFrame
        Columns ``month``, ``leads``, ``filled`` (cells of the fields that count), ``numbers`` (cells that hold one),
        ``wrong`` (implausible ones), ``dated``, ``stale`` and ``contradicting``.
    """
    sums = counted.drop(columns="source").groupby("month", dropna=False).sum().reset_index()
    filled = [FILLED + name for name, known in facts.items() if known.counted]
    numbers = [FILLED + name for name, known in facts.items() if known.number]
    wrong = [name for name in sums if str(name).startswith(WRONG)]
    return sums[["month", "leads", "dated", "stale", "contradicting"]].assign(
        filled=sums[filled].sum(axis=1), numbers=sums[numbers].sum(axis=1), wrong=sums[wrong].sum(axis=1))


def robust_distance(values: pd.Series, centre: float, spread: float) -> pd.Series:
    """Say how far numbers are from the middle, in standard deviations of a bell curve with the same middle half."""
    return (values - centre).abs() / (spread / 1.349) if spread > 0 else pd.Series(np.inf, index=values.index)


def _dimensions(totals: pd.Series, fields: pd.DataFrame, facts: Mapping[str, FieldFacts], leads: int, unread: int,
                cells_read: int, repeated: int) -> tuple[QualityDimension, ...]:
    counted = fields[[facts[name].counted for name in fields["field"]]]
    numbers = int(sum(totals[FILLED + name] for name, known in facts.items() if known.number))
    wrong = int(sum(totals.get(WRONG + name, 0) for name in facts))
    dated, stale, contradicting = (int(totals[name]) for name in ("dated", "stale", "contradicting"))
    return (
        _completeness(counted, leads),
        _dimension("format", cells_read, unread, "There is no value to judge formats by.",
                   f"{unread:,} cells could not be read when they were imported.", "Every cell could be read."),
        _dimension("range", numbers, wrong, "There are no numbers.", f"{wrong:,} numbers are implausible.",
                   "All numbers are plausible."),
        _dimension("uniqueness", leads, repeated, "There are no leads.",
                   f"{repeated:,} leads share an e-mail address or a CRM id with another one.",
                   "No lead is there twice."),
        _dimension("timeliness", dated, stale, "No lead has a date of creation, change or activity.",
                   f"{stale:,} leads have shown no sign of life for a year or more.",
                   "Every lead with a date has moved within a year."),
        _dimension("accuracy", leads, contradicting, "There are no leads.",
                   f"{contradicting:,} leads contradict themselves.", "No lead contradicts itself."))


def _dimension(name: str, whole: int, bad: int, nothing: str, some: str, none: str) -> QualityDimension:
    if not whole:
        return QualityDimension(name, None, 0, nothing)
    return QualityDimension(name, max(0.0, 1 - bad / whole), bad, some if bad else none)


def _completeness(counted: pd.DataFrame, leads: int) -> QualityDimension:
    if counted.empty or not leads:
        return QualityDimension("completeness", None, 0, "There is no column to judge completeness by.")
    emptiest = counted.sort_values("filled", kind="stable").iloc[0]
    score = float(counted["filled"].mean())
    return QualityDimension("completeness", score, int(counted["missing"].sum()),
                            f"{score:.0%} of the cells are filled; '{emptiest['label']}' least, with "
                            f"{emptiest['filled']:.0%}.")


def _fields(by_source: pd.DataFrame, facts: Mapping[str, FieldFacts], leads: int) -> pd.DataFrame:
    filled = [int(by_source[FILLED + name].sum()) for name in facts]
    wrong = [int(by_source[WRONG + name].sum()) if WRONG + name in by_source else 0 for name in facts]
    return pd.DataFrame({
        "field": pd.array(list(facts), dtype="str"), "label": [known.label for known in facts.values()],
        "importance": [known.importance for known in facts.values()],
        "filled": np.array(filled, dtype=float) / max(leads, 1), "implausible": np.array(wrong) / max(leads, 1),
        "missing": leads - np.array(filled, dtype=np.int64)})


def _sources(by_source: pd.DataFrame, facts: Mapping[str, FieldFacts]) -> pd.DataFrame:
    shown = _named(by_source)
    counted = [FILLED + name for name, known in facts.items() if known.counted]
    numbers = [FILLED + name for name, known in facts.items() if known.number]
    wrong = [name for name in shown if str(name).startswith(WRONG)]
    return pd.DataFrame({
        "source": shown["source"], "leads": shown["leads"],
        "completeness": _ratio(shown[counted].sum(axis=1), shown["leads"] * max(len(counted), 1)),
        "range": 1 - _ratio(shown[wrong].sum(axis=1), shown[numbers].sum(axis=1)),
        "timeliness": 1 - _ratio(shown["stale"], shown["dated"]),
        "accuracy": 1 - _ratio(shown["contradicting"], shown["leads"])}).reset_index(drop=True)


def _cells(by_source: pd.DataFrame, facts: Mapping[str, FieldFacts]) -> pd.DataFrame:
    shown = _named(by_source).head(MOST_SOURCES)
    parts = []
    for name, known in facts.items():
        if known.counted and name != "source":
            wrong = shown.get(WRONG + name, 0)
            parts.append(pd.DataFrame({"field": name, "label": known.label, "source": shown["source"],
                                       "leads": shown["leads"],
                                       "usable": _ratio(shown[FILLED + name] - wrong, shown["leads"])}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(
        {name: [] for name in ("field", "label", "source", "leads", "usable")})


def _months(by_month: pd.DataFrame, facts: Mapping[str, FieldFacts]) -> pd.DataFrame:
    ordered = by_month.dropna(subset="month").sort_values("month").reset_index(drop=True)
    counted = max(sum(known.counted for known in facts.values()), 1)
    return pd.DataFrame({
        "month": ordered["month"], "leads": ordered["leads"],
        "completeness": _ratio(ordered["filled"], ordered["leads"] * counted),
        "range": 1 - _ratio(ordered["wrong"], ordered["numbers"]),
        "timeliness": 1 - _ratio(ordered["stale"], ordered["dated"]),
        "accuracy": 1 - _ratio(ordered["contradicting"], ordered["leads"])})


# --- what to mend first -----------------------------------------------------------------------------------------


def _fixes(by_source: pd.DataFrame, fields: pd.DataFrame, facts: Mapping[str, FieldFacts], totals: pd.Series, *,
           unread: int, repeated: int) -> tuple[Fix, ...]:
    leads = max(int(by_source["leads"].sum()), 1)
    found = [*_of_fields(by_source, fields, facts, leads), *_of_leads(totals, leads, unread=unread, repeated=repeated)]
    return tuple(sorted(found, key=lambda fix: (-fix.cost, -fix.leads, fix.label))[:MOST_FIXES])


def _of_fields(by_source: pd.DataFrame, fields: pd.DataFrame, facts: Mapping[str, FieldFacts],
               leads: int) -> list[Fix]:
    found = []
    for name, label, weight, missing in fields[["field", "label", "importance", "missing"]].itertuples(index=False):
        wrong = int(by_source[WRONG + name].sum()) if WRONG + name in by_source else 0
        if facts[name].counted and missing > OFTEN * leads:
            source, share = _worst(by_source, by_source["leads"] - by_source[FILLED + name])
            where = f", most from {source} ({share:.0%} of its leads)" if source else ""
            found.append(Fix(name, label, "missing", missing, weight, weight * missing / leads, source,
                             f"{label} is missing for {missing:,} leads ({missing / leads:.0%}){where}.",
                             f"Ask {source} for it, or make it a required field there." if source else
                             "Ask for it where leads come in, or take it out of the scorecard."))
        if wrong:
            source, _ = _worst(by_source, by_source[WRONG + name])
            found.append(Fix(name, label, "implausible", wrong, weight, weight * wrong / leads, source,
                             f"{label} is outside the plausible range for {wrong:,} leads.",
                             "Look at the unit and the decimal sign where it comes from; a validation rule can "
                             "empty such cells."))
    return found


def _of_leads(totals: pd.Series, leads: int, *, unread: int, repeated: int) -> list[Fix]:
    parts = (
        ("contradicting", int(totals["contradicting"]), "leads contradict themselves: dates out of order, more clicks "
         "than opened e-mails, or consent given and refused.", "See the remarks of the imports they came with."),
        ("unread", unread, "cells could not be read when they were imported and are empty since.",
         "Write them the same way throughout the file: see the remarks of the import."),
        ("stale", int(totals["stale"]), "leads have shown no sign of life for a year or more.",
         "Refresh or retire them: they fade in the ranking, and consent may have run out."),
        ("repeated", repeated, "leads share an e-mail address or a CRM id with another one.",
         "Import the CRM's file again with 'update': it joins them."))
    # of no field in particular: counted as one in a hundred of what moves the score
    return [Fix("", "", problem, count, 0.0, 0.01 * count / leads, "", f"{count:,} {words}", advice)
            for problem, count, words, advice in parts if count]


def _worst(by_source: pd.DataFrame, bad: pd.Series) -> tuple[str, float]:
    """Name the source that brings clearly more of it than all, with the share of its leads."""
    usual = float(bad.sum()) / max(float(by_source["leads"].sum()), 1)
    share = _ratio(bad, by_source["leads"])
    chosen = by_source["source"].notna() & (by_source["leads"] >= FEW) & (share >= max(1.5 * usual, usual + 0.1))
    if not chosen.any():
        return "", 0.0
    place = int(bad.where(chosen, -1).to_numpy().argmax())
    return str(by_source["source"].iloc[place]), float(share.iloc[place])


def _named(by_source: pd.DataFrame) -> pd.DataFrame:
    shown = by_source.sort_values("leads", ascending=False, kind="stable")
    return shown.assign(source=shown["source"].fillna(UNNAMED))


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.where(whole > 0)

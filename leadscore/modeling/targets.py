"""Reads an outcome column: which value means converted, which lost, and which leads are still open."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest


def plain_words(value: str) -> str:
    """Reduce a value to its words: “Closed - Won”, “closed_won” and “Closed-Won” say the same."""
    if not any(character.isalpha() for character in value):
        return value
    return re.sub(r"[\W_]+", " ", value).strip()


def _words(text: str) -> frozenset[str]:
    return frozenset(plain_words(word) for word in text.split("|"))


POSITIVE = _words(
    "yes|y|true|t|1|won|win|converted|customer|client|sold|purchased|bought|success|successful|subscribed|enrolled|"
    "closed won|closedwon|closed converted|deal won|became customer|signed|paid|paying customer|active customer|"
    "evangelist|order placed"
)
NEGATIVE = _words(
    "no|n|false|f|0|-1|lost|loss|not converted|unconverted|closed lost|closedlost|deal lost|"
    "closed not converted|unqualified|disqualified|junk|junk lead|bad lead|lost lead|rejected|declined|"
    "not interested|no longer interested|not qualified|dead|dead lead|failed|failure|churned|invalid|spam|"
    "cancelled|canceled|cannot contact|wrong number|lost to competitor|do not contact"
)
OPEN = _words(
    "new|open|open lead|open not contacted|open contacted|open deal|not contacted|working|working contacted|"
    "in progress|pending|contacted|attempted|attempted to contact|attempting|attempting to contact|connected|engaged|"
    "nurture|nurturing|contact in future|pre qualified|qualified|lead|prospect|subscriber|opportunity|mql|sql|sal|"
    "marketing qualified lead|sales qualified lead|marketingqualifiedlead|salesqualifiedlead|sales accepted|proposal|"
    "proposal sent|quote sent|contract sent|negotiation|meeting scheduled|appointment scheduled|demo|demo scheduled|"
    "trial|interested|call back|callback|no answer|bad timing|assigned|unassigned|untouched|follow up|on hold|"
    "unknown|n/a|na|none|null|select|-|"
)
SHOWN_VALUES = 8
MOST_OUTCOMES = 50
"""A column with more different values is hardly an outcome."""
NAME_IT = "Choose the value that means converted (on the command line: --positive VALUE)"


class Meaning(StrEnum):
    """What a value says of a lead."""

    CONVERTED = "converted"
    LOST = "lost"
    OPEN = "open"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Target:
    """An outcome column as numbers.

    Parameters
    ----------
    y : Series of shape (n_leads,), float
        1 converted, 0 lost, NaN still open or unknown.
    positive_label : str
        The value that means converted, as the file spells it most often.
    open_labels : tuple of str
        Values left out because these leads can still go either way.
    sentence : str
        How the column was read, for people.
    """

    y: pd.Series
    positive_label: str
    open_labels: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class TargetValue:
    """One value of an outcome column: as most leads spell it, how many have it, and what it is taken to mean."""

    label: str
    rows: int
    meaning: Meaning


@dataclass(frozen=True)
class TargetChoices:
    """How an outcome column would be read.

    Parameters
    ----------
    values : tuple of TargetValue
        Most frequent first, at most 50 of them.
    missing : int
        Leads without a value; they are left out.
    sentence : str
        What a training would learn from, or why it would be refused.
    hint : str
        What to do when it would be refused; empty otherwise.
    """

    values: tuple[TargetValue, ...]
    missing: int
    sentence: str
    hint: str

    @property
    def usable(self) -> bool:
        """True when a model can learn from the column as it was read."""
        return not self.hint

    @property
    def positive(self) -> str | None:
        """The commonest value that means converted; None when there is none."""
        return next(iter(self.labels(Meaning.CONVERTED)), None)

    def labels(self, meaning: Meaning) -> tuple[str, ...]:
        """Give the values of one meaning."""
        return tuple(value.label for value in self.values if value.meaning is meaning)


@dataclass(frozen=True)
class _Reading:
    """The values of a column in the order of their frequency, and what each is taken to mean.

    Parameters
    ----------
    counts : Series of int, indexed by folded value
    labels : dict of folded value to its commonest spelling
    guessed : bool
        True when nobody said which value means converted.
    """

    plain: pd.Series
    counts: pd.Series
    labels: dict[str, str]
    meanings: dict[str, Meaning]
    guessed: bool

    def those(self, meaning: Meaning) -> list[str]:
        return [value for value, meant in self.meanings.items() if meant is meaning]

    def rows(self, *meanings: Meaning) -> int:
        return int(sum(self.counts[value] for value, meant in self.meanings.items() if meant in meanings))

    def shown(self, *meanings: Meaning) -> str:
        named = [self.labels[value] for value, meant in self.meanings.items() if not meanings or meant in meanings]
        more = f" and {len(named) - SHOWN_VALUES} more" if len(named) > SHOWN_VALUES else ""
        return ", ".join(f"“{label[:40]}”" for label in named[:SHOWN_VALUES]) + more


def binary_target(values: pd.Series, positive: str | None = None) -> Target:
    """Read an outcome column.

    Parameters
    ----------
    values : Series of shape (n_leads,)
        Text, booleans or numbers.
    positive : str, optional
        The value that means converted; by default a word that commonly does (yes, 1, won, customer, …).

    Returns
    -------
    Target

    Raises
    ------
    InvalidRequest
        ``unknown_positive`` when no lead has that value, ``one_outcome`` when all decided leads ended alike,
        ``unclear_target`` when it cannot be told which value means converted or lost.
    """
    reading = _read(values, positive)
    if refusal := _refusal(reading, positive):
        raise refusal
    y = pd.Series(np.nan, index=values.index, name="y")
    y[reading.plain.isin(reading.those(Meaning.LOST)).to_numpy()] = 0.0
    y[reading.plain.isin(reading.those(Meaning.CONVERTED)).to_numpy()] = 1.0
    open_labels = tuple(reading.labels[value] for value in reading.those(Meaning.OPEN))
    return Target(y, reading.labels[reading.those(Meaning.CONVERTED)[0]], open_labels, _sentence(reading))


def describe_target(values: pd.Series, positive: str | None = None) -> TargetChoices:
    """Say how :func:`binary_target` reads a column, and refuse nothing.

    Parameters
    ----------
    values : Series of shape (n_leads,)
        Text, booleans or numbers.
    positive : str, optional
        The value that means converted; guessed when left out.

    Returns
    -------
    TargetChoices
    """
    reading = _read(values, positive)
    refusal = _refusal(reading, positive)
    shown = [TargetValue(reading.labels[value], int(reading.counts[value]), meant)
             for value, meant in list(reading.meanings.items())[:MOST_OUTCOMES]]
    sentence, hint = (refusal.message, refusal.hint) if refusal else (_sentence(reading), "")
    return TargetChoices(tuple(shown), int(reading.plain.isna().sum()), sentence, hint)


def _read(values: pd.Series, positive: str | None) -> _Reading:
    plain = _plain(values)
    counts = plain.value_counts()
    present = [str(value) for value in counts.index]
    labels = _commonest_spellings(values, plain)
    wanted = None if positive is None else str(_plain(pd.Series([positive])).iloc[0])
    meanings = {value: _meaning(value, wanted) for value in present}
    return _Reading(plain, counts, labels, _settled(meanings, guessed=positive is None), positive is None)


def _plain(values: pd.Series) -> pd.Series:
    """Reduce values to folded text, whole numbers without ``.0``; empty becomes missing."""
    text = values.astype("str").str.strip().str.casefold()
    text = text.str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    return text.mask(text == "")


def _commonest_spellings(values: pd.Series, plain: pd.Series) -> dict[str, str]:
    pairs = pd.DataFrame({"plain": plain.to_numpy(), "spelled": values.astype("str").str.strip().to_numpy()})
    ranked = pairs.dropna().value_counts().reset_index().sort_values(["count", "spelled"], ascending=[False, True])
    first = ranked.drop_duplicates("plain")
    return dict(zip(first["plain"].astype(str), first["spelled"].astype(str), strict=True))


def _meaning(value: str, wanted: str | None) -> Meaning:
    word = plain_words(value)
    if value == wanted or (wanted is None and word in POSITIVE):
        return Meaning.CONVERTED
    if word in OPEN:
        return Meaning.OPEN
    return Meaning.LOST if wanted is not None or word in NEGATIVE else Meaning.UNCLEAR


def _settled(meanings: dict[str, Meaning], *, guessed: bool) -> dict[str, Meaning]:
    """Take the one other value of a column of two as lost, whatever it is called."""
    others = [value for value, meant in meanings.items() if meant is not Meaning.CONVERTED]
    if guessed and len(others) == 1 < len(meanings) and meanings[others[0]] is Meaning.UNCLEAR:
        return meanings | {others[0]: Meaning.LOST}
    return meanings


def _refusal(reading: _Reading, positive: str | None) -> InvalidRequest | None:
    """Find what keeps a model from learning from the column as it was read."""
    won, lost = reading.rows(Meaning.CONVERTED), reading.rows(Meaning.LOST)
    if not reading.meanings:
        return InvalidRequest("one_outcome", "The outcome column is empty.", "Choose another column.")
    if positive is not None and not won:
        return InvalidRequest("unknown_positive", f"No lead has the outcome “{positive}”.",
                              f"Found: {reading.shown()}.")
    unclear = reading.those(Meaning.UNCLEAR)
    if unclear and len(reading.meanings) > MOST_OUTCOMES:
        return InvalidRequest(
            "unclear_target", f"The column has {len(reading.meanings):,} different values; an outcome has a few.",
            f"Choose another column. Or: {NAME_IT[0].lower()}{NAME_IT[1:]}; all others then count as lost.")
    if unclear and not won:
        return InvalidRequest("unclear_target", f"It is not clear which value means converted: {reading.shown()}.",
                              f"{NAME_IT}.")
    if unclear:
        return InvalidRequest(
            "unclear_target",
            f"It is not clear whether these leads are lost or still open: {reading.shown(Meaning.UNCLEAR)}.",
            f"{NAME_IT}; all others but open ones then count as lost.")
    if not won or not lost:
        return _one_sided(reading)
    return None


def _one_sided(reading: _Reading) -> InvalidRequest:
    decided = reading.rows(Meaning.CONVERTED, Meaning.LOST)
    told = reading.shown(Meaning.CONVERTED, Meaning.LOST)
    sentence = (f"All decided leads ended alike ({decided:,} with {told})." if decided
                else f"No lead is decided yet: {reading.shown()}.")
    way_out = "A model needs both converted and lost leads."
    still_open = reading.rows(Meaning.OPEN)
    if still_open and not reading.rows(Meaning.CONVERTED) and reading.guessed:
        way_out += f" If one of the {still_open:,} open ones has converted: {NAME_IT[0].lower()}{NAME_IT[1:]}."
    return InvalidRequest("one_outcome", sentence, way_out)


def _sentence(reading: _Reading) -> str:
    converted, lost = reading.rows(Meaning.CONVERTED), reading.rows(Meaning.LOST)
    verb = "means" if len(reading.those(Meaning.CONVERTED)) == 1 else "mean"
    sentence = f"{reading.shown(Meaning.CONVERTED)} {verb} converted: {converted:,} converted, {lost:,} lost."
    left_out = len(reading.plain) - converted - lost
    if left_out:
        names = f" ({reading.shown(Meaning.OPEN)})" if reading.those(Meaning.OPEN) else ""
        sentence += f" {left_out:,} leads still open or without outcome{names} are left out."
    return sentence

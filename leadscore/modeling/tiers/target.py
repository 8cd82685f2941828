"""Reads a column of three tiers: which word is the best one, which the last, and which leads have none yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.modeling.encoding import words_of
from leadscore.modeling.targets import NEGATIVE, OPEN, POSITIVE, plain_words

MIN_PER_TIER = 20
SHOWN_LABELS = 8

Wording = tuple[tuple[str, ...], ...]
"""For each of three tiers, best first, the words that mean it."""

WORDINGS: tuple[Wording, ...] = (
    (("high",), ("medium", "med", "mid", "moderate"), ("low",)),
    (("hot",), ("warm",), ("cold",)),
    (("a",), ("b",), ("c",)),
)
NUMBERED: Wording = (("1",), ("2",), ("3",))
"""Only where the column is named so, or a label says it: elsewhere 1, 2 and 3 are counts, or stars with 3 the best."""
NAMES_OF_TIERS = frozenset({"tier", "tiers", "priority", "grade", "class", "rank"})
FILLERS = NAMES_OF_TIERS | {"lead", "leads", "value", "quality", "intent", "potential"}
"""Words beside the one that counts, as in "High priority" or "Tier 1"."""


@dataclass(frozen=True)
class TierTarget:
    """A column of tiers as numbers.

    Parameters
    ----------
    y : Series of shape (n_leads,), float
        0 for the best tier, 1 for the middle one, 2 for the last; NaN where there is none.
    labels : tuple of str
        The three words, best first, as the file spells them most often.
    open_labels : tuple of str
        Values left out because nobody has judged these leads yet.
    sentence : str
        How the column was read, for people.
    """

    y: pd.Series
    labels: tuple[str, str, str]
    open_labels: tuple[str, ...]
    sentence: str


def holds_tiers(values: pd.Series, name: str = "") -> bool:
    """Say whether a column speaks of three tiers; it may still be refused by :func:`tier_target`.

    Parameters
    ----------
    values : Series of shape (n_leads,)
    name : str
        The header, which decides whether 1, 2 and 3 are tiers.
    """
    present = _judged(_folded(values))
    wording = _wording(present, name)
    if wording is None or _decided(present) - _all(wording):
        return False
    found = sum(bool(present & set(words)) for words in wording)
    return found == len(wording) or (wording in WORDINGS and present <= _all(wording))


def tier_target(
    values: pd.Series, name: str = "", *, order: Sequence[str] = (), least: int = MIN_PER_TIER
) -> TierTarget:
    """Read a column of three tiers.

    Parameters
    ----------
    values : Series of shape (n_leads,)
        Text or numbers.
    name : str
        The header, which decides whether 1, 2 and 3 are tiers.
    order : sequence of three str, optional
        The labels best first, where they are not High, Medium, Low; Hot, Warm, Cold; A, B, C; or numbers.
    least : int
        Leads needed of each tier; to measure takes fewer than to learn.

    Returns
    -------
    TierTarget

    Raises
    ------
    InvalidRequest
        ``unclear_tiers`` when the labels are not known or ``order`` does not name three of them, ``fourth_tier``,
        ``missing_tier`` when one of the three is absent, ``too_few_outcomes`` when one has too few leads.
    """
    folded = _folded(values)
    present = _judged(folded)
    wording = _ordered(order) if order else _wording(present, name)
    if wording is None:
        raise InvalidRequest(
            "unclear_tiers", f"It is not clear which of these is the best tier: {_shown(present)}.",
            "Name the three labels, best first.",
        )  # fmt: skip
    _refuse_strangers(present, wording)
    y = pd.Series(np.nan, index=values.index, name="y")
    for number, words in enumerate(wording):
        y[folded.isin(words).to_numpy()] = float(number)
    spelt = values.astype("str").str.strip().groupby(folded.to_numpy()).agg(lambda group: group.mode().iloc[0])
    labels = _labels(y, values, wording)
    still_open = tuple(str(spelt[value]) for value in folded.value_counts().index if value not in present)
    _refuse_few(y, labels, least)
    return TierTarget(y, labels, still_open, _sentence(y, labels, still_open))


def _folded(values: pd.Series) -> pd.Series:
    """Reduce labels to the one word that counts, folded, whole numbers without ``.0``; empty becomes missing."""
    text = values.astype("str").str.strip().str.casefold().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    known = {label: _core(str(label)) for label in text.dropna().unique()}
    return text.map(known, na_action="ignore").astype("str").mask(lambda label: label == "")


def _core(label: str) -> str:
    words = label.replace("-", " ").replace("_", " ").split()
    left = [word for word in words if word not in FILLERS]
    # "tier 1" says that 1 is a tier; a column of bare numbers must say so by its name
    numbered = len(left) == 1 and left[0].isdecimal() and bool(set(words) & NAMES_OF_TIERS)
    return f"tier {left[0]}" if numbered else " ".join(left) or label


def _judged(folded: pd.Series) -> frozenset[str]:
    return frozenset(label for label in folded.dropna().unique().astype(str) if plain_words(label) not in OPEN)


def _decided(present: frozenset[str]) -> frozenset[str]:
    """Find the labels that belong to two outcomes rather than three tiers."""
    return frozenset(label for label in present if plain_words(label) in POSITIVE | NEGATIVE)


def _wording(present: frozenset[str], name: str) -> Wording | None:
    """Find the words this column uses: the wording it shares most labels with, at least two."""
    spelt = tuple((f"tier {number}",) for (number,) in NUMBERED)
    bare = (NUMBERED,) if set(words_of(name)) & NAMES_OF_TIERS else ()
    shared = {wording: sum(bool(present & set(words)) for words in wording) for wording in (*WORDINGS, spelt, *bare)}
    best = max(shared, key=lambda wording: shared[wording])
    return best if shared[best] > 1 else None


def _all(wording: Wording) -> frozenset[str]:
    return frozenset(word for words in wording for word in words)


def _ordered(order: Sequence[str]) -> Wording:
    wanted = [str(label) for label in _folded(pd.Series(list(order), dtype="str")).dropna()]
    if len(wanted) != 3 or len(set(wanted)) != 3:
        raise InvalidRequest(
            "unclear_tiers", f"Three different labels are needed, best first; these are {_shown(order)}.",
            "Name them as they stand in the column.",
        )  # fmt: skip
    return tuple((label,) for label in wanted)


def _refuse_strangers(present: frozenset[str], wording: Wording) -> None:
    missing = [words[0] for words in wording if not present & set(words)]
    if missing:
        raise InvalidRequest(
            "missing_tier", f"No lead has the tier {_shown(missing)}; found: {_shown(sorted(present))}.",
            "Learn two classes instead: name the better one with --positive VALUE.",
        )  # fmt: skip
    strangers = sorted(present - _all(wording))
    if strangers:
        raise InvalidRequest(
            "fourth_tier", f"Three tiers can be learnt, and the column holds more: {_shown(strangers)}.",
            "Give these cells one of the three labels, or learn two classes: name the best with --positive VALUE.",
        )  # fmt: skip


def _refuse_few(y: pd.Series, labels: Sequence[str], least: int) -> None:
    counts = [int((y == number).sum()) for number in range(3)]
    if min(counts) < least:
        rarest = int(np.argmin(counts))
        raise InvalidRequest(
            "too_few_outcomes",
            f"Only {counts[rarest]} leads are “{labels[rarest]}”; a model needs {least} of each tier.",
            "Label more leads, or score by rules until then.",
        )


def _labels(y: pd.Series, values: pd.Series, wording: Wording) -> tuple[str, str, str]:
    best, middle, last = (str(values[(y == number).to_numpy()].astype("str").str.strip().mode().iloc[0])
                          for number in range(len(wording)))  # fmt: skip
    return best, middle, last


def _shown(labels: Sequence[str] | frozenset[str]) -> str:
    listed = list(labels) if isinstance(labels, (list, tuple)) else sorted(labels)
    more = f" and {len(listed) - SHOWN_LABELS} more" if len(listed) > SHOWN_LABELS else ""
    return ", ".join(f"“{label[:40]}”" for label in listed[:SHOWN_LABELS]) + more


def _sentence(y: pd.Series, labels: Sequence[str], still_open: Sequence[str]) -> str:
    counts = ", ".join(f"{int((y == number).sum())} “{label}”" for number, label in enumerate(labels))
    sentence = f"Three tiers, best first: {counts}."
    left_out = int(y.isna().sum())
    if left_out:
        names = f" ({_shown(still_open)})" if still_open else ""
        sentence += f" {left_out} leads without a tier{names} are left out."
    return sentence

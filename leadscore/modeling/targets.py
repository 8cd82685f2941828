"""Reads an outcome column: which value means converted, which lost, and which leads are still open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("|"))


POSITIVE = _words(
    "yes|y|true|t|1|won|win|converted|customer|client|sold|purchased|bought|success|successful|subscribed|enrolled|"
    "closed won|closed - won|closed-won|closedwon|closed converted|closed - converted|deal won|became customer|signed|"
    "paid|paying customer|evangelist"
)
NEGATIVE = _words(
    "no|n|false|f|0|-1|lost|loss|not converted|unconverted|closed lost|closed - lost|closed-lost|closedlost|"
    "closed not converted|closed - not converted|unqualified|disqualified|junk|junk lead|bad lead|lost lead|rejected|"
    "not interested|not qualified|dead|failed|failure|churned|invalid|do not contact"
)
OPEN = _words(
    "new|open|open - not contacted|open - contacted|open deal|not contacted|working|working - contacted|in progress|"
    "in-progress|pending|contacted|attempted|attempted to contact|attempting|connected|nurture|nurturing|"
    "contact in future|pre-qualified|qualified|lead|prospect|subscriber|opportunity|mql|sql|marketing qualified lead|"
    "sales qualified lead|marketingqualifiedlead|salesqualifiedlead|proposal|negotiation|meeting scheduled|demo|"
    "bad timing|assigned|unassigned|follow up|follow-up|on hold|unknown|n/a|na|none|null|select|-|"
)
SHOWN_VALUES = 8


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
    plain = _plain(values)
    spellings = values.astype("str").str.strip().groupby(plain.to_numpy()).agg(lambda group: group.mode().iloc[0])
    counts = plain.value_counts()
    present = [str(value) for value in counts.index]
    won = _positives(present, positive)
    still_open = [value for value in present if value in OPEN and value not in won]
    lost = [value for value in present if value not in won and value not in still_open]
    _refuse_unclear(won, lost, present, positive, counts)
    y = pd.Series(np.nan, index=values.index, name="y")
    y[plain.isin(lost).to_numpy()] = 0.0
    y[plain.isin(won).to_numpy()] = 1.0
    labels = tuple(str(spellings[value]) for value in still_open)
    positive_label = str(spellings[won[0]])
    return Target(y, positive_label, labels, _sentence(positive_label, y, labels))


def _plain(values: pd.Series) -> pd.Series:
    """Reduce values to folded text, whole numbers without ``.0``; empty becomes missing."""
    text = values.astype("str").str.strip().str.casefold()
    text = text.str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    return text.mask(text == "")


def _positives(present: Sequence[str], positive: str | None) -> list[str]:
    if positive is None:
        return [value for value in present if value in POSITIVE]
    wanted = str(_plain(pd.Series([positive])).iloc[0])
    if wanted not in present:
        raise InvalidRequest("unknown_positive", f"No lead has the outcome “{positive}”.", f"Found: {_shown(present)}.")
    return [wanted]


def _refuse_unclear(
    won: Sequence[str], lost: Sequence[str], present: Sequence[str], positive: str | None, counts: pd.Series
) -> None:
    if not present:
        raise InvalidRequest("one_outcome", "The outcome column is empty.", "Choose another column.")
    if not won and (len(lost) > 1 or not set(lost) <= NEGATIVE):
        raise InvalidRequest(
            "unclear_target", f"It is not clear which value means converted: {_shown(present)}.",
            "Name it with --positive VALUE.",
        )  # fmt: skip
    if not won or not lost:
        raise InvalidRequest(
            "one_outcome", f"All decided leads ended alike ({counts.sum()} with {_shown(present)}).",
            "A model needs both converted and lost leads.",
        )  # fmt: skip
    unclear = [value for value in lost if value not in NEGATIVE]
    if positive is None and unclear and len(lost) > 1:
        raise InvalidRequest(
            "unclear_target", f"It is not clear whether these leads are lost or still open: {_shown(unclear)}.",
            "Name the value that means converted with --positive VALUE; all others but open ones then count as lost.",
        )  # fmt: skip


def _shown(values: Sequence[str]) -> str:
    more = f" and {len(values) - SHOWN_VALUES} more" if len(values) > SHOWN_VALUES else ""
    return ", ".join(f"“{value[:40]}”" for value in values[:SHOWN_VALUES]) + more


def _sentence(label: str, y: pd.Series, open_labels: Sequence[str]) -> str:
    left_out = int(y.isna().sum())
    sentence = f"“{label}” means converted: {int((y == 1).sum())} converted, {int((y == 0).sum())} lost."
    if left_out:
        names = f" ({_shown(open_labels)})" if open_labels else ""
        sentence += f" {left_out} leads still open or without outcome{names} are left out."
    return sentence

"""What is known of a client's leads when sentences are made of it, and what a sentence is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import pandas as pd

from leadscore.monitoring.performance import Measured


class SentenceKind(StrEnum):
    """What a sentence is about."""

    CHANGE = "what changed most"
    UNCERTAIN = "what is not certain yet"
    NEXT = "what to do next"


class NextAction(StrEnum):
    """Where a sentence leads to."""

    IMPORT_LEADS = "import_leads"
    OPEN_HIGH_UNCONTACTED = "open_high_uncontacted"
    RECORD_OUTCOMES = "record_outcomes"
    TRAIN = "train"
    RETRAIN = "retrain"
    ENTER_SPEND = "enter_spend"
    LOOK_AT_SOURCE = "look_at_source"
    SET_THRESHOLD = "set_threshold"
    LOOK_AT_DRIFT = "look_at_drift"
    SET_RATES = "set_rates"


@dataclass(frozen=True)
class Sentence:
    """One short, true sentence; ``target`` says more of where the action leads, such as the name of a source."""

    kind: SentenceKind
    text: str
    action: NextAction | None = None
    target: str | None = None


def _no_sources() -> pd.DataFrame:
    return pd.DataFrame({"source": pd.array([], dtype="str"), "leads": [], "converted": []})


@dataclass(frozen=True)
class Span:
    """The leads that came in within one period.

    Parameters
    ----------
    leads, converted, lost : int
    qualified : int or None
        Leads at or above the qualified threshold.
    average_score, score_spread : float or None
        Mean and standard deviation of the scores.
    accuracy : Measured
        How often a converted lead had scored higher than a lost one, in [0, 1].
    revenue, revenue_squares : float or None
        Sum of the amounts in the main currency, and of their squares.
    sources : DataFrame
        Columns ``source``, ``leads``, ``converted``; optional ``spend`` in the main currency. Leads that name no source
        need not be among them.
    """

    leads: int = 0
    converted: int = 0
    lost: int = 0
    qualified: int | None = None
    average_score: float | None = None
    score_spread: float | None = None
    accuracy: Measured = field(default_factory=lambda: Measured(None))
    revenue: float | None = None
    revenue_squares: float | None = None
    sources: pd.DataFrame = field(default_factory=_no_sources)


@dataclass(frozen=True)
class Situation:
    """Everything sentences may be made of; what is left out is not spoken of.

    Parameters
    ----------
    now : Span
    before : Span or None
        The period of the same length before, counted when its leads were as old as those of now are today.
    days : int or None
        Length of the period in days.
    days_with_leads : int or None
        Days on which any came in.
    dispersion : float
        Variance of the counts of single days over their mean (``changes.dispersion``).
    days_to_conversion : float or None
        Median.
    one_source_chosen : bool
        Whether the leads were narrowed to a source on purpose.
    undated : int
        Converted or lost leads whose end has no date.
    without_source, without_country : int
        Leads that name none.
    currency : str
        The main one.
    currencies : tuple of str
        Those of revenue and spend that could not be added up.
    spent_elsewhere : bool
        Whether spend is known in a currency that is not the main one.
    spend_told_apart : bool
        False while other filters than period and source are on: costs are left out then.
    has_model : bool or None
    held_out : Measured
        What accuracy the champion had on leads set aside at its training.
    high_waiting : int
        High leads nobody has contacted although their deadline is over.
    deadline : str
        That deadline in words, such as ``within 24 hours``.
    days_since_outcome : int or None
        Since anybody recorded an outcome last.
    threshold, best_threshold : float or None
        The qualified threshold in force, and the score from which contacting pays most.
    drifted : tuple of str
        Features in which newer leads differ clearly.
    """

    now: Span = field(default_factory=Span)
    before: Span | None = None
    days: int | None = None
    days_with_leads: int | None = None
    dispersion: float = 1.0
    days_to_conversion: float | None = None
    one_source_chosen: bool = False
    undated: int = 0
    without_source: int = 0
    without_country: int = 0
    currency: str = ""
    currencies: tuple[str, ...] = ()
    spent_elsewhere: bool = False
    spend_told_apart: bool = True
    has_model: bool | None = None
    held_out: Measured = field(default_factory=lambda: Measured(None))
    high_waiting: int = 0
    deadline: str = ""
    days_since_outcome: int | None = None
    threshold: float | None = None
    best_threshold: float | None = None
    drifted: tuple[str, ...] = ()

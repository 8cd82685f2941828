"""What is asked of a compliance report, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import pandas as pd
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.reports.document import Brand, Document, Section
from leadscore.workbench import Workbench

NO_ADVICE = ("This report states facts about this workbench as it recorded them. It is no legal advice and no "
             "certificate: whether it answers a law in full is for a lawyer or an auditor to say.")
NOT_PROVIDED = "not provided"
LONGEST_PERIOD_DAYS = 3_660


class Kind(StrEnum):
    """The compliance reports there are."""

    NOTICE = "notice"
    PROCESSING = "processing"
    ACCESS = "access"
    CCPA = "ccpa"
    SOC2 = "soc2"
    RISKS = "risks"


ABOUT_A_PERIOD = frozenset({Kind.ACCESS, Kind.SOC2})
ABOUT_A_LEAD = frozenset({Kind.NOTICE})
WITH_RECORDS = frozenset({Kind.ACCESS, Kind.CCPA, Kind.SOC2, Kind.RISKS})
NAMES_PERSONS = frozenset({Kind.NOTICE, Kind.CCPA})


@dataclass(frozen=True)
class Period:
    """Whole days in UTC, both ends included.

    Raises
    ------
    InvalidRequest
        It ends before it begins, or is longer than ten years.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse what is no period."""
        if self.last < self.first or (self.last - self.first).days > LONGEST_PERIOD_DAYS:
            raise InvalidRequest("wrong_period", "This is no period a report can be made for.",
                                 "Give a first day and a last day after it, at most ten years apart.")

    @property
    def after(self) -> str:
        """The day after the last."""
        return f"{self.last + timedelta(days=1)}"

    @property
    def words(self) -> str:
        """The period as people read it."""
        return f"{in_words(self.first)} to {in_words(self.last)}"


def in_words(day: date) -> str:
    """Write a day as people read it."""
    return f"{day.day} {day:%B %Y}"


def moment(at: datetime) -> str:
    """Write a moment as people read it, in UTC to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


@dataclass(frozen=True)
class Asked:
    """A question to a report: whose leads, seen when, and of whom or when.

    Parameters
    ----------
    as_of : datetime
        The moment the report speaks of.
    upto : int
        The last record of the log that is looked at, so that the same question finds the same answer later.
    """

    session: Session
    workbench: Workbench
    client_id: int
    client: str
    as_of: datetime
    upto: int
    period: Period | None = None
    lead_id: int | None = None

    @property
    def days(self) -> Period:
        """The period asked for."""
        if self.period is None:
            raise InvalidRequest("no_period", "This report is about a period.", "Give its first and its last day.")
        return self.period


@dataclass(frozen=True)
class Compiled:
    """What a report says.

    Parameters
    ----------
    records : DataFrame or None
        What its CSV holds, in full; None for a report that has none.
    text : str
        Plain words that are kept with the decision they explain; empty for other reports.
    """

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()
    records: pd.DataFrame | None = None
    text: str = ""


def document_of(compiled: Compiled, asked: Asked, brand: Brand, *, made_by: str) -> Document:
    """Put what a report says under its brand, with what is needed to check it."""
    trace = (f"As of {moment(asked.as_of)} UTC, from the audit trail up to record {asked.upto:,}. The trail holds the "
             "fingerprint of this report; the tab Reports of the Audit page makes it again and compares.")
    return Document(compiled.title, compiled.subtitle, brand, asked.as_of, made_by, compiled.sections,
                    (*compiled.notes, trace, NO_ADVICE))

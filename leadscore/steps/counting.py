"""What the database counts of some leads, asked once for everything a report is made of."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeVar

import pandas as pd
from sqlmodel import Session

from leadscore.monitoring import foretelling
from leadscore.monitoring import performance as measures
from leadscore.store import performance as counted
from leadscore.store.database import read
from leadscore.store.list_filter import ListFilter
from leadscore.workbench import Workbench

TODAY = "today"
QUESTIONS = (counted.days, counted.ended, counted.foretold, counted.decided, counted.waits, counted.contact_waits)
AT_A_TIME = 2
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Counts:
    """What the database has counted of the leads a filter leaves: frames as of ``store.performance``.

    Parameters
    ----------
    foretold : DataFrame
        Those whose end is known, by what their score said without knowing it. Where that is known of nobody, as right
        after an upgrade, today's scores stand in; ``foretold_by`` says so.
    """

    cells: pd.DataFrame
    countries: pd.DataFrame
    days: pd.DataFrame
    ended: pd.DataFrame
    foretold: pd.DataFrame
    decided: pd.DataFrame
    waits: pd.DataFrame
    contact_waits: pd.DataFrame

    @property
    def by_today(self) -> bool:
        """Whether today's scores stand in for what was foretold."""
        return bool((self.foretold["foretold_by"] == TODAY).any())

    @cached_property
    def tenths(self) -> pd.DataFrame:
        """Those whose end is known, by tenths of a point."""
        return foretelling.by_tenth(self.foretold)

    @cached_property
    def sold(self) -> pd.DataFrame:
        """Conversions by source, country, owner, tier and currency, with their revenue."""
        return measures.sold(self.ended)


def count(workbench: Workbench, client_id: int, chosen: ListFilter, *, until: date | None = None) -> Counts:
    """Let the database count the leads a filter leaves, with two questions at a time: each looks at all leads once.

    Parameters
    ----------
    until : date or None
        Count as if no conversion had happened after that day.
    """
    def asked(question: Callable[[Session, int, ListFilter], Answer]) -> Answer:
        with read(workbench.engine) as session:
            return question(session, client_id, chosen)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        everybody = pool.submit(asked, counted.everybody)
        days, ended, foretold, decided, waits, contact_waits = pool.map(asked, QUESTIONS)
        cells, countries = everybody.result()
    foretold = foretold if len(foretold) else _by_today(cells)
    if until is not None and len(later := asked(lambda session, client, kept: counted.decided_after(
            session, client, kept, until.isoformat()))):
        cells, ended, waits = measures.as_of(cells, ended, waits, later)
    return Counts(cells, countries, days, ended, foretold, decided, waits, contact_waits)


def _by_today(cells: pd.DataFrame) -> pd.DataFrame:
    known = cells[cells["outcome"].isin([measures.CONVERTED, measures.LOST])]
    return pd.DataFrame({
        "foretold": 10 * known["band"], "foretold_by": pd.array([TODAY] * len(known), dtype="str"),
        "outcome": known["outcome"], "currency": pd.array([None] * len(known), dtype="str"),
        "step": float("nan"), "leads": known["leads"], "revenue": 0.0, "chance": float("nan")}).reset_index(drop=True)

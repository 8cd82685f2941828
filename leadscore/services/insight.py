"""Does scoring pay? Figures over what a client has stored, of any leads a view means."""

from __future__ import annotations

from datetime import date
from functools import partial

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.monitoring.contrast import contrast as contrast
from leadscore.monitoring.contrast import most_certain as most_certain
from leadscore.monitoring.situation import NextAction as NextAction
from leadscore.monitoring.situation import Sentence as Sentence
from leadscore.monitoring.situation import SentenceKind as SentenceKind
from leadscore.steps.adoption import Adoption as Adoption
from leadscore.steps.listing import ListView as ListView
from leadscore.steps.performance import Report as Report
from leadscore.steps.performance import report_of
from leadscore.steps.records import LOOKS
from leadscore.steps.remembering import remembered
from leadscore.store import audit, clients
from leadscore.store import performance as counted
from leadscore.store.database import read
from leadscore.workbench import Workbench

EVERYTHING = ListView()
TRIES = 3
REMEMBERED = 64
"""Reports kept in memory; a report is some hundred rows."""


def performance(workbench: Workbench, actor: Actor, *, client: str, view: ListView = EVERYTHING) -> Report:
    """Measure the leads a view means; a report is remembered until something changes, or the day is over.

    Raises
    ------
    InvalidRequest, NotFound
        The view is narrowed by something that is not there, or to a period that ends before it starts.
    """
    require(actor, Action.VIEW_LEADS, client)
    for _ in range(TRIES):
        with read(workbench.engine) as session:
            client_id = clients.id_of(session, client)
            before = _state(session, client_id)
            # a saved view may be one person's alone
            key = (client_id, view, actor.name if view.segment else None, workbench.clock().date(), before)
            found = remembered(workbench, "performance", key, partial(
                report_of, session, workbench, client_id, view, by=actor.name), most=REMEMBERED)
        with read(workbench.engine) as session:
            # counted in several looks into the store: what changed between them would not add up
            if _state(session, client_id) == before:
                break
    return found


def state(workbench: Workbench, actor: Actor, *, client: str) -> int:
    """Give a number that changes whenever figures may have changed: whatever changes them is in the audit trail."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        return _state(session, clients.id_of(session, client))


def span(workbench: Workbench, actor: Actor, *, client: str) -> tuple[date, date] | None:
    """Give the first and the last day on which a scored lead of this client came in; None without any."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        days = counted.first_and_last_day(session, clients.id_of(session, client))
    return (date.fromisoformat(days[0]), date.fromisoformat(days[1])) if days else None


def _state(session: Session, client_id: int) -> int:
    return audit.latest(session, client_id, besides=LOOKS)

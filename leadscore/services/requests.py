"""Requests under data protection law: received, due within a month, answered; a contested score is looked at anew."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.steps.alerting import WORKBENCH, AlertKind, Severity, raise_alert, settle_alert
from leadscore.store import audit, clients, lead_reading, privacy_requests
from leadscore.store.database import read, write
from leadscore.store.privacy_requests import DONE, OPEN, REFUSED
from leadscore.store.privacy_requests import RequestKind as RequestKind
from leadscore.store.tables import PrivacyRequest
from leadscore.workbench import Workbench

SOON = timedelta(days=7)
"""Time before a request is due from which somebody is reminded of it."""


@dataclass(frozen=True)
class RequestView:
    """A request as people see it; ``note`` is empty for those who may not see personal data."""

    id: int
    kind: str
    lead_id: int | None
    state: str
    received_at: datetime
    due_at: datetime
    days_left: int
    overdue: bool
    note: str
    outcome: str | None
    recorded_by: str
    closed_by: str | None
    closed_at: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self)


def open_request(workbench: Workbench, actor: Actor, *, client: str, kind: str, lead_id: int | None = None,
                 note: str = "", received_at: datetime | None = None) -> int:
    """Write down what a person has asked for, and return its number.

    Raises
    ------
    InvalidRequest
        No such kind of request, or one received in the future.
    NotFound
        The client has no such lead.
    """
    require(actor, Action.EDIT_LEADS, client)
    now = workbench.clock()
    if kind not in set(RequestKind):
        raise InvalidRequest("unknown_request_kind", f"'{kind}' is no request.",
                             f"Use one of {', '.join(RequestKind)}.")
    if received_at and received_at > now:
        raise InvalidRequest("future_request", "A request cannot come from the future.", "Check the date.")
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        if lead_id is not None:
            lead_reading.find_lead(session, client_id, lead_id)
        row = privacy_requests.add(session, workbench.vault, client_id, kind=RequestKind(kind), lead_id=lead_id,
                                   note=note, received_at=received_at or now, by=actor.name)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="request_received", object=f"request:{row.id}",
                     detail={"kind": kind, "lead": lead_id, "due": f"{row.due_at:%Y-%m-%d}"})
    return int(row.id or 0)


def close_request(workbench: Workbench, actor: Actor, *, client: str, request_id: int, outcome: str,
                  refused: bool = False) -> None:
    """Write down how a request was answered; what was decided on a contested score is part of the log.

    Raises
    ------
    InvalidRequest
        It is answered already, or nothing is said about how.
    NotFound
        The client has no such request.
    """
    require(actor, Action.EDIT_LEADS, client)
    if not outcome.strip():
        raise InvalidRequest("no_outcome_of_request", "It is not said how the request was answered.",
                             "Write what was done, or why it was refused.")
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        row = privacy_requests.get(session, client_id, request_id)
        if row.state != OPEN:
            raise InvalidRequest("request_answered", f"Request {request_id} has been answered.", "Nothing is to do.")
        privacy_requests.close(session, row, state=REFUSED if refused else DONE, outcome=outcome.strip(),
                               by=actor.name, now=now)
        settle_alert(session, workbench, client_id=client_id, kind=AlertKind.REQUEST, subject=_subject(row), now=now,
                     by=actor.name)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="request_closed",
                     object=f"request:{request_id}",
                     detail={"kind": row.kind, "lead": row.lead_id, "refused": refused, "late": now > row.due_at})


def list_requests(workbench: Workbench, actor: Actor, *, client: str,
                  lead_id: int | None = None) -> list[RequestView]:
    """List the requests of a client, or those about one lead: open ones first, by when they are due."""
    require(actor, Action.VIEW_AUDIT, client)
    now, personal = workbench.clock(), actor.may(Action.VIEW_PERSONAL_DATA)
    with read(workbench.engine) as session:
        rows = privacy_requests.list_all(session, clients.id_of(session, client), lead_id=lead_id)
    return [_view(workbench, row, now, personal) for row in rows]


def remind_of_requests(workbench: Workbench) -> int:
    """Raise an alert for every request that is due within a week or overdue; returns how many there are."""
    now = workbench.clock()
    with read(workbench.engine) as session:
        urgent = [row for row in privacy_requests.waiting(session) if row.due_at - now <= SOON]
    for row in urgent:
        late = now > row.due_at
        words = f"Request {row.id} ({row.kind}) " + ("is overdue since" if late else "is due on")
        with write(workbench.engine) as session:
            raise_alert(session, workbench, client_id=row.client_id, kind=AlertKind.REQUEST, subject=_subject(row),
                        text=f"{words} {row.due_at:%d %b %Y}.", now=now, by=WORKBENCH,
                        severity=Severity.SERIOUS if late else Severity.WARNING)
    return len(urgent)


def _view(workbench: Workbench, row: PrivacyRequest, now: datetime, personal: bool) -> RequestView:
    waiting = row.state == OPEN
    return RequestView(
        id=int(row.id or 0), kind=row.kind, lead_id=row.lead_id, state=row.state, received_at=row.received_at,
        due_at=row.due_at, days_left=(row.due_at.date() - now.date()).days if waiting else 0,
        overdue=waiting and now > row.due_at, note=privacy_requests.note_of(workbench.vault, row) if personal else "",
        outcome=row.outcome, recorded_by=row.recorded_by, closed_by=row.closed_by, closed_at=row.closed_at)


def _subject(row: PrivacyRequest) -> str:
    return f"request:{row.id}"

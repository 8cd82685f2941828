"""What people have asked for under data protection law: received, due, answered."""

from __future__ import annotations

import calendar
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from leadscore.errors import NotFound
from leadscore.store.tables import PrivacyRequest
from leadscore.store.vault import Vault

OPEN, DONE, REFUSED = "open", "done", "refused"
LONGEST_OUTCOME = 200


class RequestKind(StrEnum):
    """What can be asked for."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    OBJECTION = "objection"
    PORTABILITY = "portability"
    CONTEST = "contest"


def add(session: Session, vault: Vault, client_id: int, *, kind: RequestKind, lead_id: int | None, note: str,
        received_at: datetime, by: str) -> PrivacyRequest:
    """Write down a request; it is due within one month (GDPR Art. 12(3))."""
    row = PrivacyRequest(client_id=client_id, kind=str(kind), lead_id=lead_id, state=OPEN, received_at=received_at,
                         due_at=month_later(received_at), recorded_by=by[:80])
    session.add(row)
    session.flush()
    if note.strip():
        row.note = vault.encrypt(note.strip().encode(), place(int(row.id or 0)))
        session.add(row)
        session.flush()
    return row


def month_later(moment: datetime) -> datetime:
    """Give the same day of the next month, or that month's last day."""
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def get(session: Session, client_id: int, request_id: int) -> PrivacyRequest:
    """Find a request of this client or refuse.

    Raises
    ------
    NotFound
        The client has no such request.
    """
    row = session.exec(select(PrivacyRequest).where(PrivacyRequest.id == request_id,
                                                    PrivacyRequest.client_id == client_id)).one_or_none()
    if row is None:
        raise NotFound("unknown_request", f"There is no request {request_id}.", "The Privacy tab lists them.")
    return row


def list_all(session: Session, client_id: int, *, lead_id: int | None = None, limit: int = 500) -> list[PrivacyRequest]:
    """List requests: the open ones first, by when they are due; then those answered, newest first."""
    statement = select(PrivacyRequest).where(PrivacyRequest.client_id == client_id)
    if lead_id is not None:
        statement = statement.where(PrivacyRequest.lead_id == lead_id)
    rows = list(session.exec(statement.order_by(col(PrivacyRequest.id).desc()).limit(limit)))
    waiting = sorted((row for row in rows if row.state == OPEN), key=lambda row: row.due_at)
    return waiting + [row for row in rows if row.state != OPEN]


def waiting(session: Session) -> list[PrivacyRequest]:
    """List the open requests of all clients, the most urgent first."""
    return list(session.exec(select(PrivacyRequest).where(PrivacyRequest.state == OPEN)
                             .order_by(col(PrivacyRequest.due_at), col(PrivacyRequest.id))))


def close(session: Session, row: PrivacyRequest, *, state: str, outcome: str, by: str, now: datetime) -> None:
    """Write down the answer."""
    row.state, row.outcome, row.closed_by, row.closed_at = state, outcome[:LONGEST_OUTCOME], by[:80], now
    session.add(row)
    session.flush()


def note_of(vault: Vault, row: PrivacyRequest) -> str:
    """Read what was written beside a request."""
    return vault.decrypt(row.note, place(int(row.id or 0))).decode() if row.note else ""


def place(request_id: int) -> str:
    """Name the place the note of a request is encrypted for."""
    return f"privacy_requests:{request_id}"

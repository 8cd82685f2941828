"""Alerts: what somebody must look at, until somebody says that it is dealt with or it is over by itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from leadscore.errors import NotFound
from leadscore.store.tables import Alert


def raise_one(session: Session, *, client_id: int | None, kind: str, subject: str, severity: str, text: str,
              owner: str | None, now: datetime) -> Alert:
    """Open an alert, or say of the one that is open already that it is still true.

    Parameters
    ----------
    client_id : int or None
        None for what is about the workbench as a whole.
    subject : str
        What it is about, for the program: the next one of this kind and subject is the same alert.
    """
    row = _open(session, client_id, kind, subject) or Alert(
        client_id=client_id, kind=kind, subject=subject[:80], severity=severity, text=text[:500], owner=owner,
        raised_at=now, last_at=now, times=0)
    row.severity, row.text, row.owner, row.last_at, row.times = severity, text[:500], owner, now, row.times + 1
    session.add(row)
    session.flush()
    return row


def settle(session: Session, *, client_id: int | None, kind: str, subject: str, by: str, now: datetime) -> bool:
    """Close what is open of a kind and subject; False where nothing is."""
    row = _open(session, client_id, kind, subject)
    if row is not None:
        _close(session, row, by, now)
    return row is not None


def settle_by_id(session: Session, client_id: int | None, alert_id: int, *, by: str, now: datetime) -> Alert:
    """Close one open alert of a client, or of the workbench where no client is given.

    Raises
    ------
    NotFound
        There is no such open alert.
    """
    row = session.exec(select(Alert).where(Alert.id == alert_id, _of(client_id),
                                           col(Alert.settled_at).is_(None))).one_or_none()
    if row is None:
        raise NotFound("unknown_alert", "There is no such open alert.", "Somebody may have dealt with it already.")
    return _close(session, row, by, now)


def list_open(session: Session, client_id: int | None, *, of_workbench: bool = False) -> list[Alert]:
    """List the open alerts of a client, the newest first; on request those of the workbench as well."""
    mine = or_(_of(client_id), _of(None)) if of_workbench else _of(client_id)
    return list(session.exec(select(Alert).where(mine, col(Alert.settled_at).is_(None))
                             .order_by(col(Alert.raised_at).desc(), col(Alert.id).desc())))


def between(session: Session, client_id: int | None, *, first: datetime, last: datetime) -> list[Alert]:
    """List the alerts of a client that were raised between two moments, the oldest first."""
    return list(session.exec(select(Alert).where(_of(client_id), Alert.raised_at >= first, Alert.raised_at <= last)
                             .order_by(col(Alert.raised_at), col(Alert.id))))


def _of(client_id: int | None) -> ColumnElement[bool]:
    return col(Alert.client_id).is_(None) if client_id is None else col(Alert.client_id) == client_id


def _open(session: Session, client_id: int | None, kind: str, subject: str) -> Alert | None:
    return session.exec(select(Alert).where(_of(client_id), Alert.kind == kind, Alert.subject == subject[:80],
                                            col(Alert.settled_at).is_(None))).one_or_none()


def _close(session: Session, row: Alert, by: str, now: datetime) -> Alert:
    row.settled_by, row.settled_at = by[:80], now
    session.add(row)
    session.flush()
    return row

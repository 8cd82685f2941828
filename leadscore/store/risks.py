"""The risks of a client: what could go wrong, how likely and how bad, what is done about it and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from leadscore.errors import NotFound
from leadscore.store.tables import Risk


def add(session: Session, client_id: int, values: Mapping[str, Any], *, by: str, now: datetime) -> Risk:
    """Write a new risk."""
    row = Risk(client_id=client_id, changed_by=by[:80], changed_at=now, **values)
    session.add(row)
    session.flush()
    return row


def change(session: Session, client_id: int, risk_id: int, values: Mapping[str, Any], *, by: str,
           now: datetime) -> Risk:
    """Write other words in the place of those of a risk.

    Raises
    ------
    NotFound
        The client has no such risk.
    """
    row = find(session, client_id, risk_id)
    for name, value in values.items():
        setattr(row, name, value)
    row.changed_by, row.changed_at = by[:80], now
    session.add(row)
    session.flush()
    return row


def find(session: Session, client_id: int, risk_id: int) -> Risk:
    """Give a risk of a client.

    Raises
    ------
    NotFound
        The client has no such risk.
    """
    row = session.exec(select(Risk).where(Risk.client_id == client_id, Risk.id == risk_id)).one_or_none()
    if row is None:
        raise NotFound("unknown_risk", f"There is no risk {risk_id}.", "The risk record shows their numbers.")
    return row


def list_all(session: Session, client_id: int) -> list[Risk]:
    """List the risks of a client in the order they were entered."""
    return list(session.exec(select(Risk).where(Risk.client_id == client_id).order_by(col(Risk.id))))

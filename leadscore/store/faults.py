"""Faults of the program, under the number people were told; what they say of data is encrypted."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, or_, select

from leadscore.store.personal_traces import ERASED, Traces
from leadscore.store.tables import ErrorRecord
from leadscore.store.vault import Vault


def add(session: Session, row: ErrorRecord) -> None:
    """Keep a fault."""
    session.add(row)
    session.flush()


def find(session: Session, number: str) -> ErrorRecord | None:
    """Find a fault by its number."""
    return session.get(ErrorRecord, number)


def recent(session: Session, *, number: str = "", client_id: int | None = None, limit: int = 50) -> list[ErrorRecord]:
    """List the newest faults whose number begins with what was given, of one client when it is named."""
    statement = select(ErrorRecord).where(col(ErrorRecord.id).startswith(number, autoescape=True))
    if client_id is not None:
        statement = statement.where(ErrorRecord.client_id == client_id)
    return list(session.exec(statement.order_by(col(ErrorRecord.at).desc(), col(ErrorRecord.id)).limit(limit)))


def place(number: str) -> str:
    """Name the place the words of a fault are encrypted for."""
    return f"errors:{number}"


def forget(session: Session, vault: Vault, client_id: int, traces: Traces) -> int:
    """Empty the words of the faults that tell of a person; returns how many that were."""
    changed = 0
    of_client = or_(ErrorRecord.client_id == client_id, col(ErrorRecord.client_id).is_(None))
    for row in session.exec(select(ErrorRecord).where(of_client)).all():
        if traces.told_in(vault.decrypt(row.trace, place(row.id)).decode()):
            row.trace = vault.encrypt(ERASED.encode(), place(row.id))
            session.add(row)
            changed += 1
    session.flush()
    return changed


def moments(session: Session, since: datetime) -> list[datetime]:
    """List when faults happened since a moment, oldest first."""
    return list(session.exec(select(ErrorRecord.at).where(ErrorRecord.at >= since).order_by(col(ErrorRecord.at))))

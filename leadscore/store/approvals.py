"""What second persons said of model versions; never changed, the latest word counts."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from leadscore.store.tables import Approval


def add(session: Session, client_id: int, *, model_version: int, approved: bool, comment: str, by: str,
        now: datetime) -> Approval:
    """Write down a word on a version."""
    row = Approval(client_id=client_id, model_version=model_version, approved=approved, comment=comment, by=by[:80],
                   at=now)
    session.add(row)
    session.flush()
    return row


def list_all(session: Session, client_id: int, model_version: int | None = None) -> list[Approval]:
    """List what was said of one version, or of all of a client, oldest first."""
    wanted = select(Approval).where(Approval.client_id == client_id)
    if model_version is not None:
        wanted = wanted.where(Approval.model_version == model_version)
    return list(session.exec(wanted.order_by(col(Approval.id))))

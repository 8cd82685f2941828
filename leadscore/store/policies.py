"""The scoring policies of a client: saved once, never changed, one of them active."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select, update

from leadscore.errors import NotFound
from leadscore.store.tables import PolicyVersion


def save(session: Session, client_id: int, *, body: Mapping[str, Any], comment: str, created_by: str, now: datetime,
         activate: bool = True) -> PolicyVersion:
    """Keep a policy as the client's next version, active unless told otherwise."""
    latest = session.exec(select(func.max(col(PolicyVersion.version)))
                          .where(PolicyVersion.client_id == client_id)).one()
    if activate:
        _rest(session, client_id)
    row = PolicyVersion(client_id=client_id, version=(latest or 0) + 1, body=dict(body), comment=comment[:500],
                        active=activate, created_by=created_by[:80], created_at=now)
    session.add(row)
    session.flush()
    return row


def active(session: Session, client_id: int) -> PolicyVersion | None:
    """Find the policy in force."""
    return session.exec(select(PolicyVersion).where(PolicyVersion.client_id == client_id,
                                                    col(PolicyVersion.active))).one_or_none()


def find(session: Session, client_id: int, version: int) -> PolicyVersion | None:
    """Find a version."""
    return session.exec(select(PolicyVersion).where(PolicyVersion.client_id == client_id,
                                                    PolicyVersion.version == version)).one_or_none()


def list_all(session: Session, client_id: int) -> list[PolicyVersion]:
    """List the versions, newest first."""
    return list(session.exec(select(PolicyVersion).where(PolicyVersion.client_id == client_id)
                             .order_by(col(PolicyVersion.version).desc())))


def activate(session: Session, client_id: int, version: int) -> PolicyVersion:
    """Put a version in force.

    Raises
    ------
    NotFound
        The client has no such version.
    """
    row = find(session, client_id, version)
    if row is None:
        raise NotFound("unknown_policy", f"There is no policy version {version}.", "The Settings page lists them.")
    _rest(session, client_id)
    row.active = True
    session.add(row)
    session.flush()
    return row


def _rest(session: Session, client_id: int) -> None:
    # at most one row may be active at any moment, so the old one rests first
    session.exec(update(PolicyVersion).where(col(PolicyVersion.client_id) == client_id, col(PolicyVersion.active))
                 .values(active=False))
    session.flush()

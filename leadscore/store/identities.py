"""Accounts as sign-in services know them: by the service and the number it gave the person, never by name alone."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from leadscore.store.tables import Identity, User


def find(session: Session, *, issuer: str, subject: str) -> User | None:
    """Find the account that is bound to an identity."""
    return session.exec(select(User).join(Identity, col(Identity.user_id) == col(User.id))
                        .where(Identity.issuer == issuer, Identity.subject == subject)).one_or_none()


def is_bound(session: Session, *, issuer: str, user_id: int) -> bool:
    """Say whether an account is bound to some identity of a service already."""
    return session.exec(select(Identity.subject).where(Identity.issuer == issuer, Identity.user_id == user_id)
                        .limit(1)).first() is not None


def bind(session: Session, *, issuer: str, subject: str, user_id: int, now: datetime) -> None:
    """Bind an account to an identity for good."""
    session.add(Identity(issuer=issuer, subject=subject, user_id=user_id, created_at=now))
    session.flush()

"""The clients: accounts whose leads are kept apart."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from leadscore.errors import InvalidRequest, NotFound
from leadscore.store.tables import Client

LONGEST_NAME = 80
NOBODY = -1


def ensure(session: Session, name: str, now: datetime) -> int:
    """Give the id of a client, which is made when it is new.

    Raises
    ------
    InvalidRequest
        The name is empty, too long, or holds unprintable characters.
    """
    row = find(session, name)
    if row is None:
        row = Client(name=_checked(name), created_at=now)
        session.add(row)
        session.flush()
    return row.id or 0


def find(session: Session, name: str) -> Client | None:
    """Find a client by its name."""
    return session.exec(select(Client).where(Client.name == name)).one_or_none()


def require(session: Session, name: str) -> int:
    """Give the id of a client or refuse.

    Raises
    ------
    NotFound
        There is no such client.
    """
    row = find(session, name)
    if row is None or row.id is None:
        raise NotFound("unknown_client", f"There is no client '{name}'.", "Import leads for it first.")
    return row.id


def id_of(session: Session, name: str) -> int:
    """Give the id of a client, to ask about what it has stored; of one that is not there an id that nothing has."""
    row = find(session, name)
    return row.id if row and row.id else NOBODY


def name_of(session: Session, client_id: int) -> str:
    """Give the name of a client; empty when there is none."""
    row = session.get(Client, client_id)
    return row.name if row else ""


def list_all(session: Session) -> list[Client]:
    """List the clients by name."""
    return list(session.exec(select(Client).order_by(col(Client.name))))


def save_settings(session: Session, client_id: int, settings: dict[str, Any]) -> None:
    """Replace what a client has chosen for itself."""
    row = session.get_one(Client, client_id)
    row.settings = dict(settings)
    session.add(row)
    session.flush()


def _checked(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidRequest("wrong_client_name", "This cannot be the name of a client.",
                             f"Use 1 to {LONGEST_NAME} printable characters.")
    return name

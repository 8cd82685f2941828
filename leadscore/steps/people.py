"""Rows of the user table become actors, and what is done to accounts is told to the audit trail."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from sqlmodel import Session

from leadscore.access import Actor, Role
from leadscore.errors import InvalidRequest
from leadscore.store import audit, users
from leadscore.store.tables import User
from leadscore.workbench import Workbench

NAME = re.compile(r"[\w.@+-][\w .@+-]{0,78}[\w.@+-]")


def check_name(name: str) -> str:
    """Give the one way a name is kept: compatible characters, no capitals, no spaces around it.

    Raises
    ------
    InvalidRequest
        It has other characters than letters, digits, inner spaces and ``. @ + - _``, or not 2 to 80 of them.
    """
    kept = unicodedata.normalize("NFKC", name).strip().casefold()
    if not NAME.fullmatch(kept):
        raise InvalidRequest("wrong_name", "This cannot be a user name.",
                             "Use 2 to 80 letters, digits, or one of . @ + - _ as in anna.berg.")
    return kept


def actor_from(session: Session, row: User) -> Actor:
    """Give the actor a user is, with the role and clients of this moment."""
    role = Role(row.role)
    own = frozenset[str]() if role is Role.ADMIN else users.clients_of(session, id_of(row) or 0)
    return Actor(name=row.name, role=role, user_id=id_of(row), clients=own)


def tell(workbench: Workbench, session: Session, now: datetime, *, actor: str, action: str, user_id: int | None,
         detail: dict[str, object]) -> None:
    """Write down what was done to an account, or at the door."""
    audit.append(session, workbench.vault, at=now, client_id=None, actor=actor, action=action,
                 object=f"user:{user_id}" if user_id else "user:unknown", detail=detail)


def password_due(user_id: int | None) -> str:
    """Name the fact that a user must choose a password before anything else."""
    return f"password_due:{user_id}"


def id_of(row: User | None) -> int | None:
    """Give the number of a user, if there is one."""
    return row.id if row else None


def name_of(row: User | None) -> str:
    """Give the name of a user for the audit trail."""
    # what was typed may be a password in the wrong box, so an unknown name is not written down
    return row.name if row else "unknown"

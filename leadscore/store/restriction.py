"""Leads whose person has objected: they stay stored, and nothing else is done with them.

Such leads are few, and every reading of all leads has to leave them out. Their numbers are therefore also kept in one
row, so that leaving them out costs one look instead of a walk through all leads.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import orjson
from sqlalchemy import text
from sqlmodel import Session

from leadscore.store.bulk import in_portions, member_of, members
from leadscore.store.tables import Fact, to_text

STANDING = "restricted_at IS NULL"
"""The condition that a lead may be worked with."""


def restricted_ids(session: Session, client_id: int) -> np.ndarray:
    """List the leads of a client that must not be worked with, in ascending order."""
    row = session.get(Fact, _fact(client_id))
    return np.array(orjson.loads(row.value) if row else [], dtype=np.int64)


def mark(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray, *, now: datetime) -> np.ndarray:
    """Note that the persons of these leads object; gives those who had not before, in ascending order."""
    known = restricted_ids(session, client_id)
    fresh = np.setdiff1d(np.asarray(lead_ids, dtype=np.int64), known)
    _set(session, client_id, fresh, to_text(now))
    _keep(session, client_id, np.union1d(known, fresh))
    return fresh


def unmark(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray) -> np.ndarray:
    """Let leads be worked with again; gives those that could not be before, in ascending order."""
    known = restricted_ids(session, client_id)
    freed = np.intersect1d(np.asarray(lead_ids, dtype=np.int64), known)
    _set(session, client_id, freed, None)
    _keep(session, client_id, np.setdiff1d(known, freed))
    return freed


def forget(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray) -> None:
    """Drop leads that are being deleted."""
    known = restricted_ids(session, client_id)
    if np.isin(known, lead_ids).any():
        _keep(session, client_id, np.setdiff1d(known, lead_ids))


def _set(session: Session, client_id: int, lead_ids: np.ndarray, moment: str | None) -> None:
    for portion in in_portions(lead_ids):
        session.execute(text("UPDATE leads SET restricted_at = :moment WHERE client_id = :client AND "
                             f"{member_of(session, 'id', 'ids')}"),
                        {"moment": moment, "client": client_id, "ids": members(session, portion)})


def _keep(session: Session, client_id: int, lead_ids: np.ndarray) -> None:
    session.merge(Fact(name=_fact(client_id), value=orjson.dumps(lead_ids.tolist()).decode()))
    session.flush()


def _fact(client_id: int) -> str:
    return f"restricted:{client_id}"

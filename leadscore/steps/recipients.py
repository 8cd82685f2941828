"""Who has looked at a lead and who has taken it out of the house, as the audit trail tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from sqlmodel import Session

from leadscore.steps.members import unpacked
from leadscore.store.bulk import fetch_columns, fetch_for


@dataclass(frozen=True)
class Handed:
    """A file of leads that left the house.

    Parameters
    ----------
    certain : bool
        True when the lead is known to be in it; False when it may be: records of old do not say whom a file held.
    """

    seq: int
    at: str
    by: str
    rows: int
    certain: bool


@dataclass(frozen=True)
class Looked:
    """Somebody who has looked at a lead's personal data."""

    seq: int
    at: str
    by: str


def handed_out(session: Session, client_id: int, lead_ids: Sequence[int]) -> list[Handed]:
    """List the exports that held one of these leads, or may have, oldest first: all between its import and its last."""
    stored, exported = fetch_for(session, "SELECT stored_at, exported_at FROM leads WHERE client_id = :client AND "
                                          "exported_at IS NOT NULL", "id", np.asarray(lead_ids, dtype=np.int64),
                                 {"client": client_id})
    found: dict[int, Handed] = {}
    for first, last in zip(stored, exported, strict=True):
        for seq, at, by, detail in _records(session, client_id, "leads_exported", first, last):
            told = orjson.loads(detail)
            if "leads" in told and not np.isin(unpacked(told["leads"]), lead_ids).any():
                continue
            certain = "leads" in told or at == last or (seq in found and found[seq].certain)
            found[seq] = Handed(seq, at, by, int(told.get("rows", 0)), certain)
    return [found[seq] for seq in sorted(found)]


def looked_at(session: Session, client_id: int, lead_ids: Sequence[int]) -> list[Looked]:
    """List who has looked at the page of one of these leads, oldest first."""
    objects = [f"lead:{lead_id}" for lead_id in lead_ids]
    columns = fetch_for(session, "SELECT seq, at, actor FROM audit_events WHERE client_id = :client AND "
                                 "action = 'lead_viewed'", "object", objects, {"client": client_id})
    return [Looked(*row) for row in sorted(zip(*columns, strict=True))]


def _records(session: Session, client_id: int, action: str, first: str, last: str) -> list[tuple[Any, ...]]:
    columns = fetch_columns(session, "SELECT seq, at, actor, detail FROM audit_events WHERE client_id = :client AND "
                            "action = :action AND at >= :first AND at <= :last ORDER BY seq",
                            {"client": client_id, "action": action, "first": first, "last": last})
    return list(zip(*columns, strict=True))

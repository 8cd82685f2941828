"""What an import brought is taken back; what a lead leaves behind is removed with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import orjson
from sqlalchemy import delete, text
from sqlmodel import Session, col

from leadscore.errors import InvalidRequest, NotFound
from leadscore.schema import OutcomeStage
from leadscore.store import endings, erasure
from leadscore.store.bulk import (
    fetch_columns,
    in_portions,
    member_of,
    members,
    update_rows,
)
from leadscore.store.leads import change_place, save_states, stored_states
from leadscore.store.tables import (
    Activity,
    Batch,
    LeadChange,
    Outcome,
)
from leadscore.store.vault import Vault

LATEST_FIRST = "CASE WHEN o.at > o.recorded_at THEN o.recorded_at ELSE coalesce(o.at, '') END DESC, o.id DESC"
"""The order of ``outcomes o`` that puts the word that stands first. Nothing has happened after it was told of: what is
dated later counts from then, so that whatever is recorded afterwards can correct it."""


@dataclass(frozen=True)
class Undone:
    """What undoing an import did; ``restored_ids`` are the leads that have their earlier values again."""

    deleted: int
    restored: int
    outcomes: int
    activities: int
    restored_ids: np.ndarray


def undo_batch(session: Session, vault: Vault, *, client_id: int, batch_id: int, now: datetime) -> Undone:
    """Take back a whole import: its leads go, leads it changed have their earlier values again.

    A value that a person has changed since stays as the person left it.

    Raises
    ------
    NotFound
        The client has no such import.
    InvalidRequest
        It is undone already, or a later import changed the same leads.
    """
    batch = session.get(Batch, batch_id)
    if batch is None or batch.client_id != client_id:
        raise NotFound("unknown_batch", f"There is no import {batch_id}.", "The list of imports shows their numbers.")
    if batch.undone_at is not None:
        raise InvalidRequest("already_undone", f"Import {batch_id} has already been undone.", "Nothing is left to do.")
    _refuse_if_built_upon(session, client_id, batch_id)
    restored = _restore(session, vault, client_id, batch_id, now)
    own = _ids_of_batch(session, client_id, batch_id)
    told = _leads_told_of(session, client_id, batch_id)
    endings.before_taking_back(session, client_id, told)
    outcomes = _delete_of_batch(session, Outcome, client_id, batch_id)
    activities = _delete_of_batch(session, Activity, client_id, batch_id)
    _delete_of_batch(session, LeadChange, client_id, batch_id)
    erasure.delete_leads(session, client_id, own)
    settle_outcomes(session, client_id, told)
    batch.state, batch.undone_at = "undone", now
    session.add(batch)
    session.flush()
    return Undone(len(own), len(restored), outcomes, activities, restored)


def settle_outcomes(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray) -> None:
    """Set each lead's outcome, in its row and in its score, to the latest recorded one; ``new`` without any.

    Only leads whose outcome differs are written. Latest means by date, then by order of recording; a date after the
    recording counts as the moment of recording. What reports know of the end of these leads follows.
    """
    latest = ("(SELECT o.{column} FROM outcomes o WHERE o.client_id = l.client_id AND o.lead_id = l.id "
              f"ORDER BY {LATEST_FIRST} LIMIT 1)")
    statement = (f"SELECT id, stage, moment FROM (SELECT l.id, l.outcome, l.outcome_at, "
                 f"coalesce({latest.format(column='stage')}, :new) AS stage, {latest.format(column='at')} AS moment "
                 f"FROM leads l WHERE l.client_id = :client AND {member_of(session, 'l.id', 'ids')}) settled "
                 f"WHERE outcome <> stage OR coalesce(outcome_at, '') <> coalesce(moment, '')")
    for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)):
        found, stages, moments = fetch_columns(
            session, statement, {"client": client_id, "new": str(OutcomeStage.NEW), "ids": members(session, portion)})
        update_rows(session, "leads", {"id": found, "outcome": stages, "outcome_at": moments})
        update_rows(session, "scores", {"lead_id": found, "outcome": stages}, key="lead_id")
    endings.refresh(session, client_id, lead_ids)


def _ids_of_batch(session: Session, client_id: int, batch_id: int) -> np.ndarray:
    (found,) = fetch_columns(session, "SELECT id FROM leads WHERE client_id = :client AND batch_id = :batch",
                             {"client": client_id, "batch": batch_id})
    return np.array(found, dtype=np.int64)


def _leads_told_of(session: Session, client_id: int, batch_id: int) -> np.ndarray:
    (found,) = fetch_columns(session, "SELECT DISTINCT lead_id FROM outcomes WHERE client_id = :client AND "
                             "batch_id = :batch", {"client": client_id, "batch": batch_id})
    return np.array(found, dtype=np.int64)


def _delete_of_batch(session: Session, table: type[Outcome] | type[Activity] | type[LeadChange], client_id: int,
                     batch_id: int) -> int:
    removed = session.execute(delete(table).where(col(table.client_id) == client_id, col(table.batch_id) == batch_id))
    return int(removed.rowcount)  # type: ignore[attr-defined]


def _refuse_if_built_upon(session: Session, client_id: int, batch_id: int) -> None:
    later = session.execute(text(
        "SELECT min(batch_id) FROM lead_changes WHERE client_id = :client AND batch_id > :batch AND (lead_id IN "
        "(SELECT id FROM leads WHERE client_id = :client AND batch_id = :batch) OR lead_id IN (SELECT lead_id FROM "
        "lead_changes WHERE client_id = :client AND batch_id = :batch))"),
        {"client": client_id, "batch": batch_id}).scalar()
    if later is not None:
        raise InvalidRequest("changed_since", f"Import {later} has since changed leads of import {batch_id}.",
                             f"Undo import {later} first.")


def _restore(session: Session, vault: Vault, client_id: int, batch_id: int, now: datetime) -> np.ndarray:
    lead_ids, blobs = fetch_columns(session, "SELECT lead_id, before FROM lead_changes WHERE client_id = :client AND "
                                    "batch_id = :batch ORDER BY id DESC", {"client": client_id, "batch": batch_id})
    if not lead_ids:
        return np.zeros(0, dtype=np.int64)
    opened = vault.decrypt_many(blobs, [change_place(lead_id, batch_id) for lead_id in lead_ids])
    notes = [orjson.loads(note or b"{}") for note in opened]
    names = sorted({name for note in notes for name in note["before"].get("values", {})})
    touched = np.array(lead_ids, dtype=np.int64)
    states = stored_states(session, vault, client_id, touched, names)
    for lead_id, note in zip(lead_ids, notes, strict=True):
        states[lead_id].revert(note["before"], note["after"])
    save_states(session, vault, list(states.values()), names, now)
    return np.unique(touched)

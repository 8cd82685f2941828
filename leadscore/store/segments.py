"""Named filters of the ranked list, and who was in them when they were last looked at."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
from sqlalchemy import text
from sqlmodel import Session, col, delete, or_, select

from leadscore.errors import InvalidRequest, NotFound
from leadscore.store.bulk import fetch_columns, in_portions, insert_rows, member_of, members
from leadscore.store.personal_traces import ERASED, Traces
from leadscore.store.tables import Segment, SegmentMember, to_text
from leadscore.store.vault import Vault

LONGEST_NAME = 80
MOST_SEGMENTS = 200
SEALED = "sealed"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def save(session: Session, vault: Vault, client_id: int, *, name: str, view: Mapping[str, Any], shared: bool, by: str,
         now: datetime) -> Segment:
    """Keep a view under a name; the same person may save it again. What was searched for may be a name: it is sealed.

    Raises
    ------
    InvalidRequest
        The name cannot be one, is somebody else's, or there are too many.
    """
    row = _named(session, client_id, _checked(name))
    if row is None:
        if len(list_all(session, client_id)) >= MOST_SEGMENTS:
            raise InvalidRequest("too_many_segments", f"There are {MOST_SEGMENTS} saved views already.",
                                 "Remove one that nobody uses.")
        row = Segment(client_id=client_id, name=name.strip(), view={}, created_by=by[:80], created_at=now)
    elif row.created_by != by:
        raise InvalidRequest("name_taken", f"'{row.name}' was saved by {row.created_by}.", "Choose another name.")
    row.view, row.shared = _sealed(vault, client_id, row.name, view), shared
    # another filter has other members; whoever is in it now did not just come in
    row.checked_at = None
    session.add(row)
    session.flush()
    return row


def opened(vault: Vault, row: Segment) -> dict[str, Any]:
    """Give the view a segment was saved with."""
    sealed = base64.b64decode(row.view[SEALED])
    view: dict[str, Any] = orjson.loads(vault.decrypt(sealed, place(row.client_id, row.name)))
    return view


def forget(session: Session, vault: Vault, client_id: int, traces: Traces) -> int:
    """Take what tells of a person out of the names and filters of a client; returns how many that were."""
    changed = 0
    for row in list_all(session, client_id):
        view = opened(vault, row)
        cleaned = traces.without(view)
        if cleaned != view or traces.told_in(row.name):
            row.name = f"{ERASED} {row.id}" if traces.told_in(row.name) else row.name
            row.view = _sealed(vault, client_id, row.name, cleaned)
            session.add(row)
            changed += 1
    session.flush()
    return changed


def get(session: Session, client_id: int, segment_id: int | None, *, seen_by: str | None = None) -> Segment:
    """Find a segment or refuse.

    Parameters
    ----------
    seen_by : str, optional
        A person: what somebody else keeps for themselves is as good as not there.

    Raises
    ------
    NotFound
        The client has no such segment, or none this person may see.
    """
    row = session.exec(select(Segment).where(Segment.id == segment_id, Segment.client_id == client_id)).one_or_none()
    if row is None or (seen_by is not None and not row.shared and row.created_by != seen_by):
        raise NotFound("unknown_segment", f"There is no saved view {segment_id}.", "It may have been removed.")
    return row


def find_named(session: Session, client_id: int, name: str) -> Segment:
    """Find a segment by its name, whatever its case, or refuse.

    Raises
    ------
    NotFound
        The client has no segment of this name.
    """
    row = _named(session, client_id, name)
    if row is None:
        raise NotFound("unknown_segment", f"There is no saved view '{name}'.", "The Leads page lists them.")
    return row


def list_all(session: Session, client_id: int, *, seen_by: str | None = None) -> list[Segment]:
    """List the segments by name: all, or those a person may see: shared ones and their own."""
    statement = select(Segment).where(Segment.client_id == client_id)
    if seen_by is not None:
        statement = statement.where(or_(col(Segment.shared), Segment.created_by == seen_by))
    return sorted(session.exec(statement), key=lambda row: row.name.casefold())


def remove(session: Session, client_id: int, segment_id: int) -> None:
    """Forget a segment and who was in it."""
    for table, key in ((SegmentMember, SegmentMember.segment_id), (Segment, Segment.id)):
        session.exec(delete(table).where(col(table.client_id) == client_id, col(key) == segment_id))
    session.flush()


def set_trigger(session: Session, client_id: int, segment_id: int, trigger: Mapping[str, Any] | None) -> Segment:
    """Say what happens when a lead comes into a segment; None for nothing."""
    row = get(session, client_id, segment_id)
    row.trigger = None if trigger is None else dict(trigger)
    session.add(row)
    session.flush()
    return row


def members_before(session: Session, client_id: int, segment_id: int) -> np.ndarray:
    """List who was in a segment when it was last looked at, in ascending order."""
    (found,) = fetch_columns(session, "SELECT lead_id FROM segment_members WHERE client_id = :client AND "
                             "segment_id = :segment ORDER BY lead_id", {"client": client_id, "segment": segment_id})
    return np.array(found, dtype=np.int64)


def newcomers(session: Session, client_id: int) -> dict[int, int]:
    """Count by segment who came in when it was last looked at."""
    ids, counts = fetch_columns(
        session, "SELECT m.segment_id, count(*) FROM segment_members m JOIN segments s ON s.id = m.segment_id "
        "WHERE m.client_id = :client AND m.since >= s.checked_at GROUP BY m.segment_id", {"client": client_id})
    return dict(zip(map(int, ids), map(int, counts), strict=True))


def move(session: Session, client_id: int, segment_id: int, *, came: np.ndarray, went: np.ndarray, now: datetime,
         at_start: bool = False) -> None:
    """Write down who came into a segment and who left it; nobody knows since when those at its start were in it."""
    row = get(session, client_id, segment_id)
    for portion in in_portions(went):
        session.execute(text("DELETE FROM segment_members WHERE client_id = :client AND segment_id = :segment AND "
                             f"{member_of(session, 'lead_id', 'ids')}"),
                        {"client": client_id, "segment": segment_id, "ids": members(session, portion)})
    insert_rows(session, "segment_members", {"segment_id": segment_id, "lead_id": came, "client_id": client_id,
                                             "since": np.full(len(came), to_text(LONG_AGO if at_start else now),
                                                              dtype=object)})
    row.checked_at = now
    session.add(row)
    session.flush()


def _named(session: Session, client_id: int, name: str) -> Segment | None:
    wanted = name.strip().casefold()
    return next((row for row in list_all(session, client_id) if row.name.casefold() == wanted), None)


def _sealed(vault: Vault, client_id: int, name: str, view: Mapping[str, Any]) -> dict[str, Any]:
    blob = vault.encrypt(orjson.dumps(dict(view)), place(client_id, name))
    return {SEALED: base64.b64encode(blob).decode()}


def place(client_id: int, name: str) -> str:
    """Name the place a filter is encrypted for."""
    return f"segments:{client_id}:{name}"


def _checked(name: str) -> str:
    if not name.strip() or len(name.strip()) > LONGEST_NAME or not name.isprintable():
        raise InvalidRequest("wrong_segment_name", "This cannot be the name of a view.",
                             f"Use 1 to {LONGEST_NAME} printable characters.")
    return name

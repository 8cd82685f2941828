"""The log is listed, counted by day and written out; a million records must not keep a page waiting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlalchemy import text
from sqlmodel import Session

from leadscore.errors import NotFound
from leadscore.store import audit
from leadscore.store.bulk import fetch_columns
from leadscore.store.checkpoints import DIGEST_OF_NOTHING, Mark, linked, public_key, sign
from leadscore.store.tables import AuditEvent, to_text
from leadscore.store.vault import Vault

SHOWN_COLUMNS = ("seq", "at", "client_id", "actor", "action", "object", "detail")
MOST_COUNTED = 10_000
"""Records a filter is counted up to; nobody pages further, and counting a million takes a second."""
DISORDER = timedelta(days=1)
"""A record carries the moment its work began, and work takes less than this: so far times may be out of order."""
EXPORT_FORMAT = "leadscore-audit/1"
END_SIGNED_AS = b"leadscore audit export "


@dataclass(frozen=True)
class EventFilter:
    """Which records are meant; what is left out takes all.

    Parameters
    ----------
    client_id : int, optional
    actions : sequence of str
        One of these; empty for every action.
    actor : str, optional
    object : str, optional
        Exactly this, ``"lead:17"``; ``"lead:"`` with the colon at its end means every object that begins so.
    since, until : datetime, optional
        Not before, and before.
    """

    client_id: int | None = None
    actions: Sequence[str] = ()
    actor: str | None = None
    object: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERY_EVENT = EventFilter()


def list_events(session: Session, chosen: EventFilter = EVERY_EVENT, *, limit: int = 100,
                offset: int = 0) -> tuple[pd.DataFrame, int]:
    """List records, newest first.

    Returns
    -------
    DataFrame, int
        Columns ``SHOWN_COLUMNS``; and how many records match, counted up to ``MOST_COUNTED`` + 1.
    """
    where, parameters = _where(session, chosen)
    if chosen == EVERY_EVENT:
        total = session.execute(text("SELECT count(*) FROM audit_events")).scalar_one()
    else:
        total = session.execute(text(f"SELECT count(*) FROM (SELECT 1 FROM audit_events WHERE {where} "
                                     f"LIMIT {MOST_COUNTED + 1}) found"), parameters).scalar_one()
    columns = fetch_columns(session, f"SELECT {', '.join(SHOWN_COLUMNS)} FROM audit_events WHERE {where} "
                            "ORDER BY seq DESC LIMIT :limit OFFSET :offset",
                            parameters | {"limit": limit, "offset": offset})
    return pd.DataFrame(dict(zip(SHOWN_COLUMNS, columns, strict=True))), int(total)


def one(session: Session, client_id: int, seq: int) -> AuditEvent:
    """Find a record about a client that holds sealed details of a person.

    Raises
    ------
    NotFound
        There is none with this number.
    """
    record = session.get(AuditEvent, seq)
    if record is None or record.client_id != client_id or "sealed" not in orjson.loads(record.detail):
        raise NotFound("unknown_record", f"There is no record {seq} with personal details.",
                       "The Trail tab lists the records.")
    return record


def matching(session: Session, chosen: EventFilter = EVERY_EVENT) -> Iterator[tuple[Any, ...]]:
    """Give the records of a filter in order as :data:`audit.COLUMNS`, a portion at a time."""
    where, parameters = _where(session, chosen)
    after = -1
    while True:
        columns = fetch_columns(session, f"SELECT {', '.join(audit.COLUMNS)} FROM audit_events WHERE {where} AND "
                                f"seq > :after ORDER BY seq LIMIT {audit.PORTION}", parameters | {"after": after})
        if not columns[0]:
            return
        yield from zip(*columns, strict=True)
        after = columns[0][-1]


def activity(session: Session, chosen: EventFilter = EVERY_EVENT) -> pd.DataFrame:
    """Count records by day, person and action.

    Returns
    -------
    DataFrame
        Columns ``day`` (text), ``actor``, ``action``, ``records``, ``last_at``.
    """
    where, parameters = _where(session, chosen)
    columns = fetch_columns(session, "SELECT substr(at, 1, 10), actor, action, count(*), max(at) FROM audit_events "
                            f"WHERE {where} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", parameters)
    days, actors, actions, counts, last = columns
    return pd.DataFrame({"day": pd.array(days, dtype="str"), "actor": pd.array(actors, dtype="str"),
                         "action": pd.array(actions, dtype="str"), "records": np.array(counts, dtype=np.int64),
                         "last_at": pd.array(last, dtype="str")})


def sealed_export(session: Session, vault: Vault, marks: Sequence[Mark], *, now: datetime) -> Iterator[bytes]:
    """Write the whole log as JSON lines that a stranger can check with nothing but our public key.

    First a line about the file; then each record with the digest of all records up to it; where a checkpoint was
    signed, its line; at last a signed line with the number of records and what our own check of the MACs has found.
    """
    by_number = {mark.seq: mark for mark in marks if mark.digest}
    head = {"format": EXPORT_FORMAT, "exported_at": to_text(now), "public_key": public_key(vault)}
    yield orjson.dumps(head) + b"\n"
    digest, prev, count, fault = DIGEST_OF_NOTHING, audit.GENESIS, 0, ""
    broken_at: int | None = None
    for count, record in enumerate(audit.records_after(session), start=1):
        if broken_at is None and (fault := audit.fault_of(vault, record, count, prev)):
            broken_at = min(record[0], count)
        digest, prev = linked(digest, record), record[-1]
        yield orjson.dumps(dict(zip(audit.COLUMNS, record, strict=True)) | {"digest": digest.hex()}) + b"\n"
        if count in by_number:
            mark = by_number[count]
            yield orjson.dumps({"checkpoint": mark.signed, "signature": mark.signature}) + b"\n"
    body = f"{count} {digest.hex()} {to_text(now)} {'ok' if broken_at is None else f'broken at {broken_at}'}"
    yield orjson.dumps({"end": body, "reason": fault, "signature": sign(vault, END_SIGNED_AS + body.encode())}) + b"\n"


def seq_at(session: Session, moment: datetime) -> int:
    """Find a record that was written about a moment, by halving: times are in order but for the length of work."""
    first, last = session.execute(text("SELECT min(seq), max(seq) FROM audit_events")).one()
    low, high = int(first or 0), int(last or 0) + 1
    wanted = to_text(moment)
    while low < high:
        middle = (low + high) // 2
        at = session.execute(text("SELECT at FROM audit_events WHERE seq >= :seq ORDER BY seq LIMIT 1"),
                             {"seq": middle}).scalar_one()
        low, high = (low, middle) if str(at) >= wanted else (middle + 1, high)
    return low


def _where(session: Session, chosen: EventFilter) -> tuple[str, dict[str, Any]]:
    """Write the conditions of a filter; a period is turned into numbers too, so that only its part is read."""
    parameters: dict[str, Any] = {}
    conditions = ["seq > 0"] if chosen != EVERY_EVENT else ["true"]
    if chosen.client_id is not None:
        conditions.append("client_id = :client")
        parameters["client"] = chosen.client_id
    if chosen.actor is not None:
        conditions.append("actor = :actor")
        parameters["actor"] = chosen.actor
    if chosen.actions:
        names = {f"action{place}": name for place, name in enumerate(chosen.actions)}
        conditions.append(f"action IN ({', '.join(f':{name}' for name in names)})")
        parameters |= names
    if chosen.object is not None:
        several = chosen.object.endswith(":")
        conditions.append("substr(object, 1, :length) = :object" if several else "object = :object")
        parameters |= {"object": chosen.object} | ({"length": len(chosen.object)} if several else {})
    if chosen.since is not None:
        conditions.append("at >= :since AND seq >= :first")
        parameters |= {"since": to_text(chosen.since), "first": seq_at(session, chosen.since - DISORDER)}
    if chosen.until is not None:
        conditions.append("at < :until AND seq < :behind_last")
        parameters |= {"until": to_text(chosen.until), "behind_last": seq_at(session, chosen.until + DISORDER)}
    return " AND ".join(conditions), parameters

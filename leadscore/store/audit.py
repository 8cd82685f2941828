"""The tamper-evident log: each record carries the MAC of itself and of the record before.

A record can neither be changed, removed, added nor moved without the key. Cutting off the newest ones is found by
checkpoints, signed lines in a file outside the database.
"""

from __future__ import annotations

import hmac
import math
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from leadscore.errors import LeadScoreError, TamperedData
from leadscore.store.bulk import fetch_columns
from leadscore.store.checkpoints import DIGEST_OF_NOTHING, FORGED, Mark, linked
from leadscore.store.checkpoints import add as add_mark
from leadscore.store.checkpoints import checkpoint_file as checkpoint_file
from leadscore.store.checkpoints import newest as newest_mark
from leadscore.store.checkpoints import read_all as read_marks
from leadscore.store.database import is_sqlite
from leadscore.store.tables import AuditEvent, to_text
from leadscore.store.vault import Vault

GENESIS = "0" * 64
APPEND_LOCK = 7_361_002
PORTION = 10_000
COLUMNS = ("seq", "at", "client_id", "actor", "action", "object", "detail", "prev", "mac")

_EMAIL = re.compile(r"[^\s\"'@\\<>]+@[^\s\"'@\\<>]+\.[^\s\"'@\\<>]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MASK = "[e-mail]"


@dataclass(frozen=True)
class Verdict:
    """What a check of the log has found.

    Parameters
    ----------
    records : int
        Records in the log.
    ok : bool
        Whether every one is as it was written.
    broken_at : int or None
        Number of the first record that is not.
    reason : str
        What is wrong with it, in a sentence; empty when all is well.
    checked_from : int
        Number of the first record that was checked; those before it were when a checkpoint was signed.
    checkpoint, checkpoint_at : int and str, or None
        The last checkpoint that holds: the number of its record, and when it was signed. None without any: then
        nothing proves that the newest records have not been cut off.
    """

    records: int
    ok: bool
    broken_at: int | None = None
    reason: str = ""
    checked_from: int = 1
    checkpoint: int | None = None
    checkpoint_at: str | None = None


def append(session: Session, vault: Vault, *, at: datetime, client_id: int | None, actor: str, action: str,
           object: str, detail: Mapping[str, Any] | None = None) -> AuditEvent:  # noqa: A002
    """Write a record in the transaction of the change it tells of.

    Call it after the change: on PostgreSQL it makes other writers of the log wait until the transaction ends.

    Parameters
    ----------
    object : str
        What was acted on, ``"lead:17"``; ids, never personal data.
    detail : mapping, optional
        Anything JSON can hold; e-mail addresses in it are masked.
    """
    if not is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": APPEND_LOCK})
    session.flush()
    last, prev = _head(session)
    values: dict[str, Any] = {
        "seq": last + 1, "at": to_text(at), "client_id": client_id, "actor": _plain(actor, 80),
        "action": _plain(action, 40), "object": _plain(_EMAIL.sub(_MASK, object), 120),
        "detail": _written(detail or {}), "prev": prev,
    }
    event = AuditEvent(**values, mac=_mac(vault.key("audit"), tuple(values[name] for name in COLUMNS[:-1])))
    session.add(event)
    session.flush()
    return event


def latest(session: Session, client_id: int, *, besides: Sequence[str] = ()) -> int:
    """Give the number of the newest record about a client, 0 without one; records of some actions are left aside.

    Every change is told of here, so as long as this number stays the same nothing has changed.
    """
    statement = select(col(AuditEvent.seq)).where(col(AuditEvent.client_id) == client_id,
                                                  col(AuditEvent.action).not_in(besides))
    return session.exec(statement.order_by(col(AuditEvent.seq).desc()).limit(1)).first() or 0


def verify(session: Session, vault: Vault, checkpoints: Path | None = None, *, from_checkpoint: bool = False,
           tell: Callable[[int], None] | None = None) -> Verdict:
    """Check every record and name the first that is not as it was written.

    Parameters
    ----------
    checkpoints : Path, optional
        The file of :func:`checkpoint`; without it, a log cut off at its end looks whole.
    from_checkpoint : bool
        Check only what came after the last checkpoint; all before was checked when that was signed.
    tell : callable, optional
        Is told, now and then, how many records have been checked.
    """
    marks = read_marks(checkpoints, vault)
    forged = marks.pop(FORGED.seq, None) is not None
    start = _last_until(marks) if from_checkpoint else None
    found = _walk(session, vault, marks, start, tell)
    if forged and found.ok:
        found = Verdict(found.records, False, 0, "The file of checkpoints has been changed.")
    good = _last_until(marks, found.records if found.ok else (found.broken_at or 0) - 1)
    found = replace(found, checked_from=start.seq + 1 if start else 1)
    return replace(found, checkpoint=good.seq, checkpoint_at=good.at) if good else found


def checkpoint(session: Session, vault: Vault, path: Path, *, at: datetime, every: int = 1) -> bool:
    """Add a signed line with the number and MAC of the newest record to a file outside the database.

    To be called on a committed state, never in the transaction that appends. What came since the last line is checked
    first, so that a line always means a log that was whole up to it.

    Parameters
    ----------
    every : int
        Write only when at least so many records are newer than the last line.

    Returns
    -------
    bool
        Whether a line was written.

    Raises
    ------
    TamperedData
        A record since the last line is not as it was written; nothing was signed.
    """
    seq, mac = _head(session)
    before = newest_mark(path, vault)
    if not seq or seq - (before.seq if before else 0) < every:
        return False
    # a line of the first version has no digest: it is made once for the whole log
    start = before if before and before.digest else None
    digest = bytes.fromhex(start.digest) if start else DIGEST_OF_NOTHING
    expected, prev = (start.seq + 1, start.mac) if start else (1, GENESIS)
    for record in records_after(session, start.seq if start else None):
        reason = _fault(vault.key("audit"), record, expected, prev)
        if reason:
            raise TamperedData("broken_audit", reason, "Check the whole audit trail and keep a copy of the database.")
        expected, prev, digest = expected + 1, record[-1], linked(digest, record)
    add_mark(path, vault, seq=expected - 1, mac=prev, at=to_text(at), digest=digest)
    return True


def records_after(session: Session, after: int | None = None) -> Iterator[tuple[Any, ...]]:
    """Give every record after a number in order, as :data:`COLUMNS`, a portion at a time; all of them without one."""
    # numbers below 1 are no records of ours, so they must be looked at too
    while True:
        start = "" if after is None else "WHERE seq > :after"
        statement = f"SELECT {', '.join(COLUMNS)} FROM audit_events {start} ORDER BY seq LIMIT {PORTION}"
        columns = fetch_columns(session, statement, {} if after is None else {"after": after})
        if not columns[0]:
            return
        yield from zip(*columns, strict=True)
        after = columns[0][-1]


def fault_of(vault: Vault, record: tuple[Any, ...], expected: int, prev: str) -> str:
    """Say what is wrong with a record that should have this number and follow this MAC; empty when nothing is."""
    return _fault(vault.key("audit"), record, expected, prev)


def _walk(session: Session, vault: Vault, marks: Mapping[int, Mark], start: Mark | None,
          tell: Callable[[int], None] | None) -> Verdict:
    key = vault.key("audit")
    expected, prev = (start.seq + 1, start.mac) if start else (1, GENESIS)
    try:
        if start and _mac_of(session, start.seq) != start.mac:
            return Verdict(count(session), False, start.seq, f"Record {start.seq} is not the one its checkpoint saw.")
        for record in records_after(session, start.seq if start else None):
            reason = _fault(key, record, expected, prev)
            if reason:
                return Verdict(count(session), False, expected if record[0] > expected else record[0], reason)
            if expected in marks and marks[expected].mac != record[-1]:
                return Verdict(count(session), False, expected,
                               f"Record {expected} is not the one its checkpoint saw.")
            if tell and expected % PORTION == 0:
                tell(expected)
            expected, prev = expected + 1, record[-1]
    except (DBAPIError, sqlite3.Error):
        return Verdict(count(session), False, expected, f"Record {expected} or one soon after it cannot be read.")
    return _judge_end(expected - 1, marks)


def newest(session: Session) -> int:
    """Give the number of the newest record, 0 without any."""
    return _head(session)[0]


def count(session: Session) -> int:
    """Count the records."""
    return int(session.execute(text("SELECT count(*) FROM audit_events")).scalar_one())


def _head(session: Session) -> tuple[int, str]:
    row = session.execute(text("SELECT seq, mac FROM audit_events ORDER BY seq DESC LIMIT 1")).one_or_none()
    return (int(row[0]), str(row[1])) if row else (0, GENESIS)


def _mac_of(session: Session, seq: int) -> str | None:
    found = session.execute(text("SELECT mac FROM audit_events WHERE seq = :seq"), {"seq": seq}).scalar_one_or_none()
    return None if found is None else str(found)


def _fault(key: bytes, record: tuple[Any, ...], expected: int, prev: str) -> str:
    seq = record[0]
    if seq > expected:
        return f"Record {expected} is missing; the next one is {seq}."
    if seq < expected:
        return f"Record {seq} has been added."
    if not _genuine(key, record):
        return f"Record {seq} has been changed."
    if record[-2] != prev:
        return f"Record {seq} does not follow the record before it."
    return ""


def _genuine(key: bytes, record: tuple[Any, ...]) -> bool:
    try:
        return hmac.compare_digest(_mac(key, record[:-1]).encode(), str(record[-1]).encode())
    except TypeError:
        # a value of a kind that we never write
        return False


def _judge_end(records: int, marks: Mapping[int, Mark]) -> Verdict:
    last = max(marks, default=0)
    if last <= records:
        return Verdict(records, True)
    good = _last_until(marks, records)
    named = f" The last good checkpoint is that of record {good.seq}, signed {good.at}." if good else ""
    return Verdict(records, False, records + 1,
                   f"Record {records + 1} and those after it have been cut off; there were at least {last}.{named}")


def _last_until(marks: Mapping[int, Mark], seq: float = math.inf) -> Mark | None:
    return max((mark for mark in marks.values() if mark.seq <= seq), key=lambda mark: mark.seq, default=None)


def _mac(key: bytes, values: tuple[Any, ...]) -> str:
    return hmac.digest(key, orjson.dumps(values), "sha256").hex()


def _written(detail: Mapping[str, Any]) -> str:
    try:
        packed = orjson.dumps(dict(detail), option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY, default=str)
    except orjson.JSONEncodeError as problem:
        raise LeadScoreError("wrong_audit_detail", "The audit record cannot be written.",
                             "This is a fault of the program.") from problem
    return _EMAIL.sub(_MASK, packed.decode())


def _plain(value: str, longest: int) -> str:
    return _CONTROL.sub(" ", value)[:longest]

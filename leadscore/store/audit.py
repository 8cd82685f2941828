"""The tamper-evident log: each record carries the MAC of itself and of the record before.

A record can neither be changed, removed, added nor moved without the key. Cutting off the newest ones is found by
checkpoints, signed lines in a file outside the database.
"""

from __future__ import annotations

import hmac
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from leadscore.errors import LeadScoreError
from leadscore.store.bulk import fetch_columns
from leadscore.store.database import is_sqlite
from leadscore.store.tables import AuditEvent, to_text
from leadscore.store.vault import Vault

GENESIS = "0" * 64
APPEND_LOCK = 7_361_002
CHECKPOINT_FILE = "audit_checkpoints.txt"
PORTION = 10_000
SHOWN_COLUMNS = ("seq", "at", "actor", "action", "object", "detail")
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
    """

    records: int
    ok: bool
    broken_at: int | None = None
    reason: str = ""


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


def verify(session: Session, vault: Vault, checkpoints: Path | None = None) -> Verdict:
    """Check every record and name the first that is not as it was written.

    Parameters
    ----------
    checkpoints : Path, optional
        The file of :func:`checkpoint`; without it, a log cut off at its end looks whole.
    """
    key = vault.key("audit")
    marks = _read_checkpoints(checkpoints, key) if checkpoints is not None else {}
    expected, prev = 1, GENESIS
    try:
        for record in _records(session):
            reason = _fault(key, record, expected, prev)
            if reason:
                return Verdict(_count(session), False, expected if record[0] > expected else record[0], reason)
            if marks.get(expected, record[-1]) != record[-1]:
                return Verdict(_count(session), False, expected,
                               f"Record {expected} is not the one its checkpoint saw.")
            expected, prev = expected + 1, record[-1]
    except (DBAPIError, sqlite3.Error):
        return Verdict(_count(session), False, expected, f"Record {expected} or one soon after it cannot be read.")
    return _judge_end(expected - 1, marks)


def checkpoint(session: Session, vault: Vault, path: Path, *, at: datetime, every: int = 1) -> bool:
    """Add a signed line with the number and MAC of the newest record to a file outside the database.

    To be called on a committed state, never in the transaction that appends.

    Parameters
    ----------
    every : int
        Write only when at least so many records are newer than the last line.

    Returns
    -------
    bool
        Whether a line was written.
    """
    seq, mac = _head(session)
    marks = _read_checkpoints(path, vault.key("audit"))
    if not seq or seq - max(marks, default=0) < every:
        return False
    body = f"{seq} {mac} {to_text(at)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        file.write(f"{body} {_sign(vault.key('audit'), body)}\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def list_events(session: Session, *, client_id: int | None = None, action: str | None = None,
                actor: str | None = None, limit: int = 100, offset: int = 0,
                with_chain: bool = False) -> tuple[pd.DataFrame, int]:
    """List records, newest first; of all clients when none is named.

    Parameters
    ----------
    with_chain : bool
        Adds ``client_id``, ``prev`` and ``mac``, oldest record first: all that is needed to check the log elsewhere.

    Returns
    -------
    DataFrame, int
        Columns ``seq``, ``at``, ``actor``, ``action``, ``object``, ``detail``; and how many records match in all.
    """
    names = COLUMNS if with_chain else SHOWN_COLUMNS
    wanted = {"client_id": client_id, "action": action, "actor": actor}
    parameters = {name: value for name, value in wanted.items() if value is not None}
    where = "".join(f" AND {name} = :{name}" for name in parameters)
    total = session.execute(text(f"SELECT count(*) FROM audit_events WHERE true{where}"), parameters).scalar_one()
    columns = fetch_columns(session, f"SELECT {', '.join(names)} FROM audit_events WHERE true{where} ORDER BY seq "
                            f"{'' if with_chain else 'DESC'} LIMIT :limit OFFSET :offset",
                            parameters | {"limit": limit, "offset": offset})
    return pd.DataFrame(dict(zip(names, columns, strict=True))), int(total)


def checkpoint_file(data_folder: Path) -> Path:
    """Say where the checkpoints are kept."""
    return data_folder / CHECKPOINT_FILE


def all_records(session: Session) -> Iterator[dict[str, Any]]:
    """Give every record in order as stored, a portion at a time, for export and for checking elsewhere."""
    for record in _records(session):
        yield dict(zip(COLUMNS, record, strict=True))


def _head(session: Session) -> tuple[int, str]:
    row = session.execute(text("SELECT seq, mac FROM audit_events ORDER BY seq DESC LIMIT 1")).one_or_none()
    return (int(row[0]), str(row[1])) if row else (0, GENESIS)


def _count(session: Session) -> int:
    return int(session.execute(text("SELECT count(*) FROM audit_events")).scalar_one())


def _records(session: Session) -> Iterator[tuple[Any, ...]]:
    # numbers below 1 are no records of ours, so they must be looked at too
    after: int | None = None
    while True:
        start = "" if after is None else "WHERE seq > :after"
        statement = f"SELECT {', '.join(COLUMNS)} FROM audit_events {start} ORDER BY seq LIMIT {PORTION}"
        columns = fetch_columns(session, statement, {} if after is None else {"after": after})
        if not columns[0]:
            return
        yield from zip(*columns, strict=True)
        after = columns[0][-1]


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


def _judge_end(records: int, marks: Mapping[int, str]) -> Verdict:
    if 0 in marks:
        return Verdict(records, False, 0, "The file of checkpoints has been changed.")
    last = max(marks, default=0)
    if last > records:
        return Verdict(records, False, records + 1,
                       f"Record {records + 1} and those after it have been cut off; there were at least {last}.")
    return Verdict(records, True)


def _mac(key: bytes, values: tuple[Any, ...]) -> str:
    return hmac.digest(key, orjson.dumps(values), "sha256").hex()


def _sign(key: bytes, body: str) -> str:
    return hmac.new(key, b"checkpoint " + body.encode(), sha256).hexdigest()


def _read_checkpoints(path: Path, key: bytes) -> dict[int, str]:
    """Map record numbers to their MACs; the number 0 stands for a line that we did not write."""
    marks: dict[int, str] = {}
    lines = path.read_text(encoding="ascii", errors="replace").splitlines() if path.exists() else []
    for line in lines:
        body, _, signature = line.rpartition(" ")
        genuine = hmac.compare_digest(_sign(key, body).encode(), signature.encode())
        number, mac = body.split(" ")[:2] if genuine else ("0", "")
        marks[int(number)] = mac
    return marks


def _written(detail: Mapping[str, Any]) -> str:
    try:
        packed = orjson.dumps(dict(detail), option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY, default=str)
    except orjson.JSONEncodeError as problem:
        raise LeadScoreError("wrong_audit_detail", "The audit record cannot be written.",
                             "This is a fault of the program.") from problem
    return _EMAIL.sub(_MASK, packed.decode())


def _plain(value: str, longest: int) -> str:
    return _CONTROL.sub(" ", value)[:longest]

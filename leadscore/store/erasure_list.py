"""The list of who was erased, kept outside the database, so that a restored backup does not bring them back.

Each line is signed together with the line before it. It names leads by number and people by blind indexes only.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import orjson
from sqlalchemy import Engine
from sqlmodel import Session

from leadscore.errors import TamperedData
from leadscore.store import audit, clients, erasure, suppression
from leadscore.store.bulk import fetch_for
from leadscore.store.database import read, wipe, write
from leadscore.store.personal_traces import traces_of
from leadscore.store.tables import Fact, to_text
from leadscore.store.vault import Vault

FILE_NAME = "erasures.txt"
APPLIED, WIPE_WANTED = "erasures_applied", "wipe_wanted"
REASON = "erased"


@dataclass(frozen=True)
class Erasure:
    """Who was erased: leads by number, people by the blind indexes of their addresses and numbers."""

    client: str
    lead_ids: tuple[int, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    at: datetime


def list_file(data_folder: Path) -> Path:
    """Say where the list is kept."""
    return data_folder / FILE_NAME


def append(session: Session, vault: Vault, path: Path, erasure_: Erasure) -> None:
    """Write an erasure down, in the list and in the store; to be called last in the transaction that erases.

    When the transaction fails after all, the line stays, and the erasure is done when the store is opened next.
    """
    content, lines = _content(path), _lines(path)
    body = orjson.dumps({"client": erasure_.client, "leads": list(erasure_.lead_ids), "emails": list(erasure_.emails),
                         "phones": list(erasure_.phones), "at": to_text(erasure_.at)}).decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        file.seek(content.rfind(b"\n") + 1)
        # a line that a power cut has left unfinished makes room
        file.truncate()
        file.write(f"{_sign(vault, lines[-1] if lines else '', body)} {body}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    # a line whose transaction has failed is still to be done, and this one must not hide it
    if _noted(session) == len(lines):
        _note(session, len(lines) + 1)


def catch_up(engine: Engine, vault: Vault, data_folder: Path, *, now: datetime) -> int:
    """Erase again whom a restored backup has brought back, and clean the disk; returns how many leads went.

    Raises
    ------
    TamperedData
        The list of erasures was changed.
    """
    path = list_file(data_folder)
    with read(engine) as session:
        if not is_behind(session, path):
            return 0
    with write(engine) as session:
        if not is_behind(session, path):
            return 0
        gone = apply(session, vault, path, now=now)
        want_wipe(session)
        audit.append(session, vault, at=now, client_id=None, actor="workbench", action="erasures_repeated",
                     object="erasures", detail={"leads": gone})
    wipe(engine, rebuild=True)
    return gone


def want_wipe(session: Session) -> None:
    """Note that the disk is to be cleaned of what was deleted."""
    session.merge(Fact(name=WIPE_WANTED, value="1"))
    session.flush()


def is_wipe_wanted(session: Session) -> bool:
    """Say whether the disk is still to be cleaned."""
    row = session.get(Fact, WIPE_WANTED)
    return row is not None and row.value == "1"


def note_wiped(session: Session) -> None:
    """Note that the disk is clean."""
    session.merge(Fact(name=WIPE_WANTED, value="0"))
    session.flush()


def is_behind(session: Session, path: Path) -> bool:
    """Say whether the list names erasures this store knows nothing of, as after an older backup was put back."""
    return len(_lines(path)) > _noted(session)


def apply(session: Session, vault: Vault, path: Path, *, now: datetime) -> int:
    """Do the erasures again that this store knows nothing of; returns how many leads went.

    Raises
    ------
    TamperedData
        A line was changed, added or removed.
    """
    erasures = read_list(vault, path)
    gone = 0
    for known in erasures[_noted(session):]:
        row = clients.find(session, known.client)
        if row is None or row.id is None:
            continue
        lead_ids = _leads_of(session, row.id, known)
        erasure.erase(session, vault, row.id, lead_ids, traces_of(session, vault, row.id, lead_ids))
        suppression.add(session, row.id, emails=known.emails, phones=known.phones, reason=REASON, now=now)
        gone += len(lead_ids)
    _note(session, len(erasures))
    return gone


def read_list(vault: Vault, path: Path) -> list[Erasure]:
    """Give all erasures of the list, oldest first.

    Raises
    ------
    TamperedData
        A line was changed, added or removed.
    """
    found, before = [], ""
    for number, line in enumerate(_lines(path), 1):
        signature, _, body = line.partition(" ")
        if not hmac.compare_digest(signature, _sign(vault, before, body)):
            raise TamperedData("erasure_list_changed", f"Line {number} of the list of erased people is not as it was "
                               "written.", f"Put back {FILE_NAME} as it was; without it a restored backup would bring "
                               "erased people back.")
        found.append(_read(body))
        before = line
    return found


def _read(body: str) -> Erasure:
    told = orjson.loads(body)
    return Erasure(told["client"], tuple(told["leads"]), tuple(told["emails"]), tuple(told["phones"]),
                   datetime.fromisoformat(told["at"]))


def _leads_of(session: Session, client_id: int, known: Erasure) -> np.ndarray:
    """Find the leads of an erasure by their numbers, and those that share an address or a number with the person."""
    wanted: tuple[tuple[str, Sequence[object]], ...] = (
        ("id", known.lead_ids), ("email_index", known.emails), ("phone_index", known.phones))
    found = [fetch_for(session, "SELECT id FROM leads WHERE client_id = :client", column, values,
                       {"client": client_id})[0] for column, values in wanted]
    return np.unique(np.array([lead_id for part in found for lead_id in part], dtype=np.int64))


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _lines(path: Path) -> list[str]:
    """Give the finished lines."""
    return _content(path).decode().split("\n")[:-1]


def _sign(vault: Vault, before: str, body: str) -> str:
    return hmac.new(vault.key("erasures"), f"{before}\n{body}".encode(), sha256).hexdigest()


def _noted(session: Session) -> int:
    row = session.get(Fact, APPLIED)
    return int(row.value) if row else 0


def _note(session: Session, count: int) -> None:
    session.merge(Fact(name=APPLIED, value=str(count)))
    session.flush()

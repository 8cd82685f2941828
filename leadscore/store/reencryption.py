"""What an older field key has encrypted is encrypted anew, a portion at a time; what is not yet done stays readable."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from sqlalchemy import text
from sqlmodel import Session, select

from leadscore.store import batches, faults, held_out, language_answers, privacy_requests, segments, subject_keys
from leadscore.store.bulk import fetch_columns
from leadscore.store.database import is_sqlite
from leadscore.store.lead_reading import place as lead_place
from leadscore.store.leads import change_place
from leadscore.store.tables import Segment
from leadscore.store.vault import Vault

PORTION = 5_000


@dataclass(frozen=True)
class Sealed:
    """A column of values encrypted by the vault, and the place each is encrypted for.

    Parameters
    ----------
    keys : tuple of str
        The primary key.
    more : tuple of str
        Further columns the place is made of.
    place : callable
        Takes the values of ``keys`` and ``more``.
    """

    table: str
    column: str
    keys: tuple[str, ...]
    place: Callable[..., str]
    more: tuple[str, ...] = ()


SEALED = (
    Sealed("leads", "personal", ("id",), lead_place),
    Sealed("lead_changes", "before", ("id",), lambda _, lead_id, batch_id: change_place(lead_id, batch_id),
           ("lead_id", "batch_id")),
    Sealed("batches", "issue_rows", ("id",), batches.issues_place),
    Sealed("held_out", "body", ("model_version",), lambda version, client_id: held_out.place(client_id, version),
           ("client_id",)),
    Sealed("language_answers", "body", ("client_id", "key"), language_answers.place),
    Sealed("privacy_requests", "note", ("id",), privacy_requests.place),
    Sealed("subject_keys", "sealed_key", ("lead_id",), subject_keys.wrapping),
    Sealed("errors", "trace", ("id",), faults.place),
)
"""Every column the vault encrypts, but for the filters of segments, which stand in JSON."""

OTHER_BYTES = {
    ("key_ring", "sealed_key"): "encrypted with the secret itself",
    ("lead_vectors", "vector"): "turned, not encrypted",
    ("scores", "seal"): "a seal",
    ("score_history", "seal"): "a seal",
}
"""Columns of bytes the vault does not encrypt; a test refuses one that is in neither list."""


def waiting(session: Session, vault: Vault) -> int:
    """Count the values that an older key has encrypted."""
    counts = [session.execute(text(f"SELECT count(*) FROM {part.table} WHERE {_older(part)}"),
                              {"head": vault.head}).scalar_one() for part in SEALED]
    return sum(int(found) for found in counts) + len(_old_segments(session, vault))


def next_portion(session: Session, vault: Vault) -> int:
    """Encrypt up to 5,000 values anew in the caller's transaction; 0 when none is left."""
    for part in SEALED:
        done = _portion(session, vault, part)
        if done:
            return done
    return _segments(session, vault)


def _portion(session: Session, vault: Vault, part: Sealed) -> int:
    names = (*part.keys, *part.more)
    # what is being read must not be changed by somebody else before it is written
    lock = "" if is_sqlite(session) else " FOR UPDATE"
    *about, blobs = fetch_columns(
        session, f"SELECT {', '.join(names)}, {part.column} FROM {part.table} WHERE {_older(part)} ORDER BY "
                 f"{', '.join(part.keys)} LIMIT :portion{lock}", {"head": vault.head, "portion": PORTION})
    if not blobs:
        return 0
    places = [part.place(*values) for values in zip(*about, strict=True)]
    sealed = vault.encrypt_many(vault.decrypt_many(blobs, places), places)
    found = " AND ".join(f"{name} = :{name}" for name in part.keys)
    rows = [dict(zip((*part.keys, "sealed"), values, strict=True))
            for values in zip(*about[:len(part.keys)], sealed, strict=True)]
    session.execute(text(f"UPDATE {part.table} SET {part.column} = :sealed WHERE {found}"), rows)
    return len(rows)


def _older(part: Sealed) -> str:
    return f"{part.column} IS NOT NULL AND substr({part.column}, 1, length(:head)) <> :head"


def _old_segments(session: Session, vault: Vault) -> list[Segment]:
    return [row for row in session.exec(select(Segment)).all()
            if not base64.b64decode(row.view[segments.SEALED]).startswith(vault.head)]


def _segments(session: Session, vault: Vault) -> int:
    rows = _old_segments(session, vault)
    for row in rows:
        blob = vault.encrypt(orjson.dumps(segments.opened(vault, row)), segments.place(row.client_id, row.name))
        row.view = {segments.SEALED: base64.b64encode(blob).decode()}
        session.add(row)
    session.flush()
    return len(rows)

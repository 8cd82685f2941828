"""The secret can be changed, and the key of personal fields renewed, without losing what was stored before.

All keys but those of the ring are derived from the first secret a store was made with. Once the secret is changed, that
first one is kept encrypted with the new one, in the store and beside it. Keys of personal fields of later generations
are random and known through the ring alone: whoever has an old secret and a copy of the files cannot read what was
encrypted since.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from leadscore.config import Settings
from leadscore.errors import InvalidRequest
from leadscore.store.database import read, write
from leadscore.store.tables import Fact, RingKey
from leadscore.store.vault import (
    KEY_BYTES,
    KEY_CHECK,
    ROOT_FILE,
    SECRET_FILE,
    SHORTEST_SECRET,
    Vault,
    fingerprint,
    given_secret,
    load_secret,
    unwrapped,
    wrapped,
    write_private,
    wrong_secret,
)

ROOT, FIELDS = "root", "fields"
NEXT_SECRET_FILE = "secret.key.next"


@dataclass(frozen=True)
class KeyState:
    """A key of the ring, without the key itself."""

    purpose: str
    generation: int
    created_by: str
    created_at: datetime
    retired_at: datetime | None


def open_vault(settings: Settings, engine: Engine, *, now: datetime) -> Vault:
    """Open the vault of a store with the secret people keep; a change of the secret that was begun is finished.

    Raises
    ------
    InvalidRequest
        The secret does not open the keys of this store, or is too short.
    """
    secret = given_secret(settings)
    vault = _opened(settings, engine, secret) or _changed(settings, engine, secret, now)
    if vault is None:
        with read(engine) as session:
            if session.exec(select(RingKey)).first() is not None:
                raise wrong_secret()
        # another secret than a store was made with is refused by check_key, which says the same
        vault = Vault(load_secret(settings))
    vault.look_up = lambda: field_keys(engine, secret)
    return vault


def new_generation(session: Session, vault: Vault, secret: bytes, *, by: str, now: datetime) -> int:
    """Make a new key for personal fields, in the caller's transaction; gives its number.

    It is used once :func:`take_up` has read it from the store: what a key encrypts that was never kept is lost.
    """
    key, generation = os.urandom(KEY_BYTES), vault.generation + 1
    for row in session.exec(select(RingKey).where(RingKey.purpose == FIELDS, col(RingKey.retired_at).is_(None))).all():
        row.retired_at = now
        session.add(row)
    session.add(RingKey(purpose=FIELDS, generation=generation, sealed_key=wrapped(key, secret), created_by=by[:80],
                        created_at=now))
    session.flush()
    return generation


def take_up(session: Session, vault: Vault, secret: bytes) -> None:
    """Let a vault use the newest key of personal fields that the store has, whichever process has made it."""
    for generation, key in _field_keys(session, secret).items():
        vault.add_generation(generation, key)


def rewrap(session: Session, vault: Vault, old: bytes, new: bytes, *, by: str, now: datetime) -> None:
    """Encrypt the ring with another secret, in the caller's transaction.

    Raises
    ------
    InvalidRequest
        The old secret does not open it.
    """
    keys = _field_keys(session, old)
    rows = session.exec(select(RingKey)).all()
    if any(row.purpose == FIELDS and row.generation not in keys for row in rows):
        raise InvalidRequest("wrong_old_secret", "The old secret does not open the keys.", "Give the last one in use.")
    for row in rows:
        row.sealed_key = wrapped(vault.root if row.purpose == ROOT else keys[row.generation], new)
        session.add(row)
    if not any(row.purpose == ROOT for row in rows):
        session.add(RingKey(purpose=ROOT, generation=1, sealed_key=wrapped(vault.root, new), created_by=by[:80],
                            created_at=now))
    session.flush()


def change_secret_file(engine: Engine, settings: Settings, vault: Vault, new: bytes, *, by: str,
                       now: datetime) -> None:
    """Put another secret into ``data/secret.key``; after a power cut at any moment one of the two opens the store."""
    folder, old = settings.data_folder, given_secret(settings)
    write_private(folder / NEXT_SECRET_FILE, new)
    with write(engine) as session:
        rewrap(session, vault, old, new, by=by, now=now)
    keep_root(folder, vault, new)
    (folder / NEXT_SECRET_FILE).replace(folder / SECRET_FILE)


def keep_root(folder: Path, vault: Vault, secret: bytes) -> None:
    """Keep what keys are derived from beside the store, too, for backups that are put back."""
    write_private(folder / ROOT_FILE, wrapped(vault.root, secret))


def field_keys(engine: Engine, secret: bytes) -> Mapping[int, bytes]:
    """Read the keys of personal fields of later generations that a secret opens."""
    with read(engine) as session:
        return _field_keys(session, secret)


def states(session: Session) -> list[KeyState]:
    """List the keys of the ring, oldest first."""
    rows = session.exec(select(RingKey).order_by(col(RingKey.purpose), col(RingKey.generation))).all()
    return [KeyState(row.purpose, row.generation, row.created_by, row.created_at, row.retired_at) for row in rows]


def _field_keys(session: Session, secret: bytes) -> dict[int, bytes]:
    rows = session.exec(select(RingKey).where(RingKey.purpose == FIELDS)).all()
    found = {row.generation: unwrapped(row.sealed_key, secret) for row in rows}
    return {generation: key for generation, key in found.items() if key is not None}


def _opened(settings: Settings, engine: Engine, secret: bytes) -> Vault | None:
    """Open the store with this secret; None when it does not belong to it."""
    with read(engine) as session:
        known = session.get(Fact, KEY_CHECK)
        rows = session.exec(select(RingKey).where(RingKey.purpose == ROOT)).all()
        ring = _field_keys(session, secret)
        newest = session.exec(select(RingKey.generation).where(RingKey.purpose == FIELDS)).all()
    roots = [unwrapped(row.sealed_key, secret) for row in rows]
    beside = settings.data_folder / ROOT_FILE
    roots += [unwrapped(beside.read_bytes(), secret) if beside.exists() else None, secret]
    for root in roots:
        if root is not None and len(root) >= SHORTEST_SECRET and (known is None
                                                                  or fingerprint(Vault(root)) == known.value):
            # the first secret derives the right root for good, but once it is replaced it opens no ring
            return Vault(root, ring) if set(newest) <= set(ring) and not (rows and root == secret) else None
    return None


def _changed(settings: Settings, engine: Engine, secret: bytes, now: datetime) -> Vault | None:
    """Open the store with the secret before this one, and let this one take its place; None without such."""
    waiting = settings.data_folder / NEXT_SECRET_FILE
    if settings.secret_key is None and waiting.exists():
        # the power went after the store had taken the next secret and before its file did
        following = waiting.read_bytes()
        vault = _opened(settings, engine, following)
        if vault is not None:
            keep_root(settings.data_folder, vault, following)
            waiting.replace(settings.data_folder / SECRET_FILE)
        return vault
    if settings.old_secret_key is None:
        return None
    old = settings.old_secret_key.encode()
    vault = _opened(settings, engine, old)
    if vault is None:
        return None
    with write(engine) as session:
        rewrap(session, vault, old, secret, by="workbench", now=now)
    keep_root(settings.data_folder, vault, secret)
    return vault

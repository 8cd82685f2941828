"""A key for each lead whose person the log speaks of: when it is deleted, what was said is lost, and the chain stays.

The log must never be changed, and a person may ask to be forgotten. Personal details in it are therefore encrypted
with a random key of that one lead, which is itself encrypted by the vault and kept outside the log.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from sqlmodel import Session, col, select

from leadscore.errors import TamperedData
from leadscore.store.bulk import in_portions, member_of, members
from leadscore.store.tables import SubjectKey
from leadscore.store.vault import KEY_BYTES, NONCE_BYTES, Vault


def sealed(session: Session, vault: Vault, client_id: int, lead_id: int, values: Mapping[str, Any]) -> str:
    """Encrypt what the log shall say about a lead's person, in the caller's transaction.

    The lead gets its key at the first call. AES-256-GCM; the lead's number is authenticated with the words, so that
    those of one lead cannot be passed off as another's.

    Parameters
    ----------
    values : mapping of str to Any
        Anything JSON can hold.

    Returns
    -------
    str
        Base64 of a 12-byte nonce and the cipher text with its tag, for the ``detail`` of a record.
    """
    key = _key(session, vault, client_id, lead_id) or _new_key(session, vault, client_id, lead_id)
    nonce = os.urandom(NONCE_BYTES)
    words = orjson.dumps(dict(values), option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY, default=str)
    return b64encode(nonce + AESGCM(key).encrypt(nonce, words, _place(client_id, lead_id))).decode()


def opened(session: Session, vault: Vault, client_id: int, lead_id: int, text: str) -> dict[str, Any] | None:
    """Read what :func:`sealed` wrote; None when the lead's key has been deleted.

    Raises
    ------
    TamperedData
        The words or the key were changed, or belong to another lead.
    """
    key = _key(session, vault, client_id, lead_id)
    if key is None:
        return None
    try:
        blob = b64decode(text, validate=True)
        words = AESGCM(key).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], _place(client_id, lead_id))
    except (InvalidTag, NoBase64, ValueError) as problem:
        raise TamperedData("tampered_record", f"What the audit trail says about lead {lead_id} has been changed.",
                           "Restore it from a backup.") from problem
    values: dict[str, Any] = orjson.loads(words)
    return values


def forget(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray) -> int:
    """Delete the keys of leads, so that nobody can read again what the log says of their persons; gives how many."""
    deleted = 0
    for portion in in_portions(lead_ids):
        found = session.execute(text(f"DELETE FROM subject_keys WHERE client_id = :client AND "
                                     f"{member_of(session, 'lead_id', 'ids')}"),
                                {"client": client_id, "ids": members(session, portion)})
        deleted += int(found.rowcount)  # type: ignore[attr-defined]
    return deleted


def _key(session: Session, vault: Vault, client_id: int, lead_id: int) -> bytes | None:
    row = session.exec(select(SubjectKey).where(col(SubjectKey.lead_id) == lead_id,
                                                col(SubjectKey.client_id) == client_id)).one_or_none()
    return vault.decrypt(row.sealed_key, wrapping(lead_id)) if row else None


def _new_key(session: Session, vault: Vault, client_id: int, lead_id: int) -> bytes:
    # of two writers that come at once, the second takes the key of the first
    session.execute(text("INSERT INTO subject_keys (lead_id, client_id, sealed_key) VALUES (:lead, :client, :key) "
                         "ON CONFLICT (lead_id) DO NOTHING"),
                    {"lead": lead_id, "client": client_id,
                     "key": vault.encrypt(os.urandom(KEY_BYTES), wrapping(lead_id))})
    key = _key(session, vault, client_id, lead_id)
    if key is None:
        raise TamperedData("tampered_record", f"Lead {lead_id} is another client's.", "This is a fault of the program.")
    return key


def wrapping(lead_id: int) -> str:
    """Name the place the key of a lead is encrypted for."""
    return f"subject_keys:{lead_id}"


def _place(client_id: int, lead_id: int) -> bytes:
    return f"audit_events:{client_id}:{lead_id}".encode()

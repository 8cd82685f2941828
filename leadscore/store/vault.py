"""Keeps personal data unreadable without the secret: keys per purpose, field encryption and blind indexes."""

from __future__ import annotations

import hmac
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from functools import cached_property
from hashlib import blake2b, sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine

from leadscore.config import Settings
from leadscore.errors import InvalidRequest, TamperedData
from leadscore.store.database import read, write
from leadscore.store.tables import Fact

KEY_BYTES = 32
NONCE_BYTES = 12
INDEX_BYTES = 16
FORMAT = b"\x01"
PURPOSES = frozenset({"fields", "index", "audit", "manifest", "cookie", "uploads", "check", "vectors",
                      "audit_signing", "scores", "erasures"})
SECRET_FILE = "secret.key"
SECRET_CHARACTERS = 64
SHORTEST_SECRET = 16
KEY_CHECK = "key_check"


class Vault:
    """The keys derived from one secret, and what is done with them.

    Parameters
    ----------
    secret : bytes
        At least 16 bytes; nothing derived from it leads back to it.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SHORTEST_SECRET:
            raise InvalidRequest("weak_secret", "The secret key is too short.",
                                 f"Set LEADSCORE_SECRET_KEY to at least {SHORTEST_SECRET} random characters.")
        self._secret = secret
        self._keys: dict[str, bytes] = {}

    def __repr__(self) -> str:
        """Tell nothing."""
        return "Vault(…)"

    def key(self, purpose: str) -> bytes:
        """Derive the 32-byte key of a purpose (RFC 5869 HKDF-SHA256); keys of two purposes are unrelated."""
        if purpose not in PURPOSES:
            raise ValueError(f"no key for the purpose {purpose!r}")
        if purpose not in self._keys:
            self._keys[purpose] = derive(self._secret, purpose)
        return self._keys[purpose]

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self.key("fields"))

    def encrypt_many(self, values: Sequence[bytes | None], places: Sequence[str]) -> list[bytes | None]:
        """Encrypt each value with AES-256-GCM for the one place it belongs to.

        Parameters
        ----------
        values : sequence of bytes or None
            Plain texts; None stays None.
        places : sequence of str
            Authenticated with the value, e.g. ``"leads:17"``: a blob moved elsewhere does not decrypt.

        Returns
        -------
        list of bytes or None
            Format byte, 12-byte random nonce, cipher text with its 16-byte tag.
        """
        seal, pool, size = self._cipher.encrypt, os.urandom(NONCE_BYTES * len(values)), NONCE_BYTES
        sealed: list[bytes | None] = []
        for position, (value, place) in enumerate(zip(values, places, strict=True)):
            if value is None:
                sealed.append(None)
                continue
            nonce = pool[position * size:(position + 1) * size]
            sealed.append(FORMAT + nonce + seal(nonce, value, place.encode()))
        return sealed

    def decrypt_many(self, blobs: Sequence[bytes | None], places: Sequence[str]) -> list[bytes | None]:
        """Undo :meth:`encrypt_many`.

        Raises
        ------
        TamperedData
            A blob was changed, moved, or sealed with another key.
        """
        unseal, start = self._cipher.decrypt, 1 + NONCE_BYTES
        opened: list[bytes | None] = []
        for blob, place in zip(blobs, places, strict=True):
            if blob is None:
                opened.append(None)
                continue
            try:
                opened.append(unseal(blob[1:start], blob[start:], place.encode()))
            except (InvalidTag, ValueError) as problem:
                raise TamperedData("tampered_field", f"The encrypted data of {place} are damaged.",
                                   "Restore them from a backup.") from problem
        return opened

    def encrypt(self, value: bytes, place: str) -> bytes:
        """Encrypt one value; see :meth:`encrypt_many`."""
        return self.encrypt_many([value], [place])[0] or b""

    def decrypt(self, blob: bytes, place: str) -> bytes:
        """Decrypt one value; see :meth:`decrypt_many`."""
        return self.decrypt_many([blob], [place])[0] or b""

    def blind_index(self, values: Iterable[str | None], purpose: str) -> list[str | None]:
        """Give equal values equal, otherwise meaningless names (keyed BLAKE2b, 32 hex digits).

        Parameters
        ----------
        values : iterable of str or None
            Already normalised.
        purpose : str
            At most 16 bytes; the same value has another name for another purpose.
        """
        key, person = self.key("index"), purpose.encode()
        return [None if value is None else
                blake2b(value.encode(), digest_size=INDEX_BYTES, key=key, person=person).hexdigest()
                for value in values]


def derive(secret: bytes, purpose: str, salt: bytes = b"") -> bytes:
    """Derive a 32-byte key from a secret by HKDF-SHA256."""
    kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt or None, info=b"leadscore/" + purpose.encode())
    return kdf.derive(secret)


def load_secret(settings: Settings) -> bytes:
    """Find the secret: LEADSCORE_SECRET_KEY, else ``data/secret.key``, which is made at the first start.

    Two processes starting at once agree on one secret.

    Raises
    ------
    InvalidRequest
        The secret is too short.
    """
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data_folder / SECRET_FILE
    if not path.exists():
        _create_secret(path)
    return _read_secret(path)


def check_key(engine: Engine, vault: Vault) -> None:
    """Refuse a secret that the store was not written with; the first caller's secret becomes the store's.

    Raises
    ------
    InvalidRequest
        The secret does not belong to this store.
    """
    mine = sha256(vault.key("check")).hexdigest()
    with read(engine) as session:
        stored = session.get(Fact, KEY_CHECK)
    if stored is None:
        with write(engine) as session:
            stored = session.get(Fact, KEY_CHECK)
            if stored is None:
                stored = Fact(name=KEY_CHECK, value=mine)
                session.add(stored)
    if not hmac.compare_digest(stored.value, mine):
        raise InvalidRequest("wrong_secret_key", "The secret key does not belong to this store: its personal data "
                             "would be unreadable.",
                             "Set LEADSCORE_SECRET_KEY, or put back the data/secret.key this store was made with.")


def _create_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    _write_private(draft, secrets.token_hex(SECRET_CHARACTERS // 2).encode())
    try:
        # a link appears whole or not at all, and never replaces a secret another process has just made
        os.link(draft, path)
    except FileExistsError:
        pass
    except OSError:
        _write_private_if_missing(path, draft.read_bytes())
    finally:
        draft.unlink()


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _write_private_if_missing(path: Path, content: bytes) -> None:
    try:
        _write_private(path, content)
    except FileExistsError:
        return


def _read_secret(path: Path, seconds: float = 5.0) -> bytes:
    # where links are impossible, another process may be between creating and filling the file
    patience = time.monotonic() + seconds
    while True:
        secret = path.read_bytes().strip()
        if len(secret) >= SHORTEST_SECRET or time.monotonic() > patience:
            return secret
        time.sleep(0.02)

"""Keeps personal data unreadable without the secret: keys per purpose, field encryption and blind indexes."""

from __future__ import annotations

import hmac
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
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
FORMAT, NEWER = b"\x01", b"\x02"
"""First byte of what the first field key has encrypted, and of what a later one has, whose number follows."""
GENERATION_BYTES = 2
PURPOSES = frozenset({
    "fields", "index", "audit", "manifest", "cookie", "uploads", "check",
    "vectors", "audit_signing", "scores", "erasures"})
SECRET_FILE, ROOT_FILE = "secret.key", "root.key"
SECRET_CHARACTERS = 64
SHORTEST_SECRET = 16
KEY_CHECK = "key_check"


class Vault:
    """The keys derived from one secret, and what is done with them.

    Parameters
    ----------
    secret : bytes
        At least 16 bytes; nothing derived from it leads back to it.
    ring : mapping of int to bytes, optional
        Field keys of later generations, which are not derived from the secret.
    """

    def __init__(self, secret: bytes, ring: Mapping[int, bytes] | None = None) -> None:
        if len(secret) < SHORTEST_SECRET:
            raise InvalidRequest("weak_secret", "The secret key is too short.",
                                 f"Set LEADSCORE_SECRET_KEY to at least {SHORTEST_SECRET} random characters.")
        self._secret = secret
        self._keys: dict[str, bytes] = {}
        self._ring: dict[int, bytes] = dict(ring or {})
        self._ciphers: dict[int, AESGCM] = {}
        self.look_up: Callable[[], Mapping[int, bytes]] = dict
        """Reads the field keys of later generations from the store, where another process may have made one."""

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

    @property
    def generation(self) -> int:
        """Number of the field key in use; 0 is the one derived from the secret."""
        return max(self._ring, default=0)

    @property
    def root(self) -> bytes:
        """What all keys but those of the ring are derived from."""
        return self._secret

    @property
    def head(self) -> bytes:
        """What stands before everything encrypted with the field key in use."""
        return FORMAT if not self.generation else NEWER + self.generation.to_bytes(GENERATION_BYTES, "big")

    def add_generation(self, generation: int, key: bytes) -> None:
        """Use a new field key from now on; what was encrypted before stays readable."""
        self._ring[generation] = key

    def _cipher(self, generation: int) -> AESGCM:
        if generation and generation not in self._ring:
            self._ring |= dict(self.look_up())
        if generation and generation not in self._ring:
            raise TamperedData("unknown_key", f"The key of generation {generation} is not there.",
                               "Restart the program; if that does not help, restore key and data from one backup.")
        if generation not in self._ciphers:
            self._ciphers[generation] = AESGCM(self._ring[generation] if generation else self.key("fields"))
        return self._ciphers[generation]

    def _opener(self, blob: bytes) -> tuple[AESGCM, int]:
        """Give the cipher something was encrypted with, and where its nonce begins."""
        if blob[:1] != NEWER:
            return self._cipher(0), len(FORMAT)
        start = len(NEWER) + GENERATION_BYTES
        return self._cipher(int.from_bytes(blob[1:start], "big")), start

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
            Format byte, in later generations the number of the key, 12-byte random nonce, cipher text with its
            16-byte tag.
        """
        seal, pool, size = self._cipher(self.generation).encrypt, os.urandom(NONCE_BYTES * len(values)), NONCE_BYTES
        head = self.head
        sealed: list[bytes | None] = []
        for position, (value, place) in enumerate(zip(values, places, strict=True)):
            if value is None:
                sealed.append(None)
                continue
            nonce = pool[position * size:(position + 1) * size]
            sealed.append(head + nonce + seal(nonce, value, place.encode()))
        return sealed

    def decrypt_many(self, blobs: Sequence[bytes | None], places: Sequence[str]) -> list[bytes | None]:
        """Undo :meth:`encrypt_many`.

        Raises
        ------
        TamperedData
            A blob was changed, moved, or sealed with another key.
        """
        opened: list[bytes | None] = []
        first, cipher, start = b"", self._cipher(0), len(FORMAT)
        for blob, place in zip(blobs, places, strict=True):
            if blob is None:
                opened.append(None)
                continue
            if blob[:start] != first:
                cipher, start = self._opener(blob)
                first = blob[:start]
            nonce = start + NONCE_BYTES
            try:
                opened.append(cipher.decrypt(blob[start:nonce], blob[nonce:], place.encode()))
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
    """Find what all keys are derived from: the secret, or what was the first secret once it has been changed.

    Two processes starting at once agree on one secret.

    Raises
    ------
    InvalidRequest
        The secret is too short.
    """
    secret, path = given_secret(settings), settings.data_folder / ROOT_FILE
    root = unwrapped(path.read_bytes(), secret) if path.exists() else None
    return root or secret


def given_secret(settings: Settings) -> bytes:
    """Find the secret people keep: LEADSCORE_SECRET_KEY, else ``data/secret.key``, which is made at the first start."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data_folder / SECRET_FILE
    if not path.exists():
        _create_secret(path)
    return _read_secret(path)


def wrapped(key: bytes, secret: bytes) -> bytes:
    """Encrypt a key with a secret people keep."""
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + AESGCM(derive(secret, "ring")).encrypt(nonce, key, b"key_ring")


def unwrapped(blob: bytes, secret: bytes) -> bytes | None:
    """Undo :func:`wrapped`; None for another secret."""
    try:
        return AESGCM(derive(secret, "ring")).decrypt(blob[1:1 + NONCE_BYTES], blob[1 + NONCE_BYTES:], b"key_ring")
    except (InvalidTag, ValueError):
        return None


def write_private(path: Path, content: bytes) -> None:
    """Put a file only its owner may read in place of another, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    _write_private(draft, content)
    draft.replace(path)


def check_key(engine: Engine, vault: Vault) -> None:
    """Refuse a secret that the store was not written with; the first caller's secret becomes the store's.

    Raises
    ------
    InvalidRequest
        The secret does not belong to this store.
    """
    mine = fingerprint(vault)
    with read(engine) as session:
        stored = session.get(Fact, KEY_CHECK)
    if stored is None:
        with write(engine) as session:
            stored = session.get(Fact, KEY_CHECK)
            if stored is None:
                stored = Fact(name=KEY_CHECK, value=mine)
                session.add(stored)
    if not hmac.compare_digest(stored.value, mine):
        raise wrong_secret()


def wrong_secret() -> InvalidRequest:
    """Say that a secret does not belong to a store."""
    return InvalidRequest("wrong_secret_key", "The secret key does not belong to this store: its personal data would "
                          "be unreadable.", "Set LEADSCORE_SECRET_KEY, or put back the data/secret.key this store was "
                          "made with; after a change of the secret give the old one as LEADSCORE_OLD_SECRET_KEY, once.")


def fingerprint(vault: Vault) -> str:
    """Give what a store remembers of the secret it was written with; nothing leads back from it."""
    return sha256(vault.key("check")).hexdigest()


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

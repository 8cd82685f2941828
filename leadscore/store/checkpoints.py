"""Signed lines outside the database about how far the log went: what was cut off after them, or made anew, is found.

A line is ``number mac time digest signature mac-of-the-line``. The digest is that of all records up to this one, each
hashed with the digest before it, so that a stranger can check an exported log against the line with our public key
alone; the last part is for ourselves, since it is checked a hundred times as fast as the signature.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from leadscore.store.vault import Vault

CHECKPOINT_FILE = "audit_checkpoints.txt"
DIGEST_OF_NOTHING = bytes(32)
SIGNED_AS = b"leadscore audit checkpoint "
TAIL = 4_096
"""Bytes at the end of the file that surely hold its last line."""


@dataclass(frozen=True)
class Mark:
    """What one line says: the newest record of a moment, its MAC, and the digest of all records up to it.

    ``digest`` is empty in lines of the first version. The number 0 stands for a line that we did not write.
    """

    seq: int
    mac: str
    at: str
    digest: str = ""
    signature: str = ""

    @property
    def signed(self) -> str:
        """The words under the signature."""
        return f"{self.seq} {self.mac} {self.at} {self.digest}"


FORGED = Mark(0, "", "")


def checkpoint_file(data_folder: Path) -> Path:
    """Say where the checkpoints are kept."""
    return data_folder / CHECKPOINT_FILE


def add(path: Path, vault: Vault, *, seq: int, mac: str, at: str, digest: bytes) -> None:
    """Write one more line, onto the disk."""
    mark = Mark(seq, mac, at, digest.hex())
    body = f"{mark.signed} {sign(vault, SIGNED_AS + mark.signed.encode())}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        file.write(f"{body} {_mac(vault.key('audit'), body)}\n")
        file.flush()
        os.fsync(file.fileno())


def read_all(path: Path | None, vault: Vault) -> dict[int, Mark]:
    """Map record numbers to what the lines say of them; 0 is among them when a line is not ours."""
    if path is None or not path.exists():
        return {}
    return {mark.seq: mark for mark in _marks(path.read_text(encoding="ascii", errors="replace"), vault)}


def newest(path: Path | None, vault: Vault) -> Mark | None:
    """Give the last line that we wrote, without reading the whole file."""
    if path is None or not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - TAIL, 0))
        tail = file.read().decode("ascii", errors="replace")
    return max((mark for mark in _marks(tail, vault) if mark != FORGED), key=lambda mark: mark.seq, default=None)


def linked(digest: bytes, record: tuple[Any, ...]) -> bytes:
    """Give the digest of all records up to this one from the digest of those before it: SHA-256 of both."""
    return sha256(digest + orjson.dumps(record)).digest()


def sign(vault: Vault, words: bytes) -> str:
    """Sign words so that anybody can check them with the public key and nobody can forge them with it (Ed25519)."""
    return _private(vault).sign(words).hex()


def public_key(vault: Vault) -> str:
    """Give the key that signatures are checked with, as hex; it lets nobody sign."""
    return _private(vault).public_key().public_bytes_raw().hex()


def _private(vault: Vault) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(vault.key("audit_signing"))


def _marks(lines: str, vault: Vault) -> Iterator[Mark]:
    key = vault.key("audit")
    for line in lines.splitlines():
        body, _, code = line.rpartition(" ")
        if not hmac.compare_digest(_mac(key, body).encode(), code.encode()):
            yield FORGED
            continue
        number, *others = body.split(" ")
        yield Mark(int(number), *others)


def _mac(key: bytes, body: str) -> str:
    return hmac.new(key, b"checkpoint " + body.encode(), sha256).hexdigest()

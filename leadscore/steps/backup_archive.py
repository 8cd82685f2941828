"""One file that holds a backup: a tar whose first members say and prove what the others must be; sealed on request.

Nothing in it is believed before the signature of its manifest has been checked, and nothing is written that the
manifest does not name, with its size and SHA-256. Nothing is compressed, so nothing can grow.
"""

from __future__ import annotations

import hmac
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from io import BytesIO, RawIOBase
from pathlib import Path
from typing import IO, Any

import orjson
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from leadscore.errors import InvalidRequest, LeadScoreError, TamperedData

MANIFEST, SIGNATURE = "manifest.json", "manifest.mac"
FORMAT = 1
LONGEST_MANIFEST = 16 * 1024 * 1024
SIGNATURE_BYTES = 64
MAGIC = b"LSB1"
CHUNK = 1024 * 1024
SALT_BYTES, TAG_BYTES = 32, 16
DOMAIN = b"backup\n"
"""Stands before a manifest when it is signed, so that no other signature of this key is one of a backup."""

# a passphrase may be guessed at leisure by whoever has the file, so this is dearer than at the door: 64 MiB, 3 passes
PASS_TIME, PASS_MEMORY_KB, PASS_LANES, KEY_BYTES = 3, 64 * 1024, 1, 32

PART = re.compile(r"store\.db|store\.dump|audit_checkpoints\.txt|models/[0-9a-f]{32}/[a-z0-9_-][a-z0-9_.-]{0,63}",
                  re.ASCII)


def write_archive(path: Path, parts: Mapping[str, Path], about: Mapping[str, Any], *, key: bytes,
                  passphrase: str | None) -> dict[str, Any]:
    """Write a new file from parts on disk and give its manifest; a file of that name appears whole or not at all.

    Raises
    ------
    InvalidRequest
        The file cannot be written.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        manifest = {"format": FORMAT, **about, "parts": {name: _described(part) for name, part in parts.items()}}
        body = orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)
        with _private(draft) as file, _sealing(file, passphrase) as target, \
                tarfile.open(fileobj=target, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in ((MANIFEST, body), (SIGNATURE, _sign(key, body))):
                tar.addfile(_member(name, len(content)), BytesIO(content))
            for name, part in parts.items():
                with part.open("rb") as source:
                    tar.addfile(_member(name, part.stat().st_size), source)
        draft.replace(path)
    except OSError as problem:
        raise InvalidRequest("cannot_write", f"The backup cannot be written ({problem.strerror}).",
                             "Choose another folder, or make room on the disk.") from problem
    finally:
        # where nothing can be written, nothing lies either
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return manifest


def read_archive(path: Path, *, key: bytes, passphrase: str | None, into: Path | None = None) -> dict[str, Any]:
    """Check every byte of a backup and give its manifest.

    Parameters
    ----------
    into : Path, optional
        An empty folder for the parts; without it they are only checked.

    Raises
    ------
    TamperedData
        It was not made with this secret key, or it has been changed, cut off, or added to.
    InvalidRequest
        It is no backup, or sealed with another passphrase.
    """
    try:
        with path.open("rb") as file, _opening(file, passphrase) as source, \
                tarfile.open(fileobj=source, mode="r|") as tar:
            members = _members(tar)
            manifest = _manifest(members, key)
            _check_parts(members, manifest["parts"], into)
            _read_to_end(source)
    except tarfile.TarError as problem:
        raise _no_backup() from problem
    except OSError as problem:
        raise InvalidRequest("cannot_read", f"The backup cannot be read ({problem.strerror}).",
                             "Check the name and the rights of the file.") from problem
    return manifest


def is_sealed(path: Path) -> bool:
    """Say whether a backup needs a passphrase."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Give plain files only: a link or a device in a backup is an attack."""
    for member in tar:
        content = tar.extractfile(member) if member.isreg() and not member.issparse() else None
        if content is None:
            raise _tampered(f"'{member.name[:60]}' is no plain file")
        yield member.name, member.size, content


def _manifest(members: Iterator[tuple[str, int, IO[bytes]]], key: bytes) -> dict[str, Any]:
    body = _head(members, MANIFEST, LONGEST_MANIFEST)
    if not hmac.compare_digest(_sign(key, body), _head(members, SIGNATURE, SIGNATURE_BYTES)):
        raise TamperedData("wrong_backup_signature", "This backup was not made with this secret key, or it has been "
                           "changed.", "Put the secret key it was made with into data/secret.key or "
                           "LEADSCORE_SECRET_KEY, or use another backup.")
    manifest: dict[str, Any] = orjson.loads(body)
    if manifest.get("format") != FORMAT:
        raise InvalidRequest("newer_backup", "This backup was made by a newer version of this program.",
                             "Install that version or a later one.")
    return manifest


def _head(members: Iterator[tuple[str, int, IO[bytes]]], name: str, longest: int) -> bytes:
    found, size, content = next(members, ("", 0, BytesIO()))
    if found != name or size > longest:
        raise _no_backup()
    return content.read()


def _check_parts(members: Iterator[tuple[str, int, IO[bytes]]], described: Mapping[str, Any],
                 into: Path | None) -> None:
    missing = set(described)
    for name, size, content in members:
        if name not in missing or not PART.fullmatch(name):
            raise _tampered(f"'{name[:60]}' does not belong to it")
        missing.discard(name)
        if size != described[name]["bytes"] or _copy(content, into / name if into else None) \
                != described[name]["sha256"]:
            raise _tampered(f"'{name}' is not what was saved")
    if missing:
        raise _tampered(f"'{sorted(missing)[0]}' is missing")


def _copy(content: IO[bytes], target: Path | None) -> str:
    digest = sha256()
    if target is None:
        while block := content.read(CHUNK):
            digest.update(block)
        return digest.hexdigest()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _private(target) as file:
        while block := content.read(CHUNK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"bytes": path.stat().st_size, "sha256": _copy(file, None)}


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _sign(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, DOMAIN + body, sha256).hexdigest().encode()


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _tampered(what: str) -> LeadScoreError:
    return TamperedData("tampered_backup", f"This backup was not used: {what}.", "Use another backup.")


def _no_backup() -> InvalidRequest:
    return InvalidRequest("no_backup", "This file is no whole backup of this program.",
                          "Name a file that 'backup' has made.")


# --- sealed with a passphrase ------------------------------------------------------------------------------------


class _Sealed(RawIOBase):
    """What is written goes out in chunks, each encrypted with its number and whether it is the last."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        salt = os.urandom(SALT_BYTES)
        self._file, self._cipher, self._kept, self._number = file, _cipher(passphrase, salt), bytearray(), 0
        file.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._kept += data
        while len(self._kept) > CHUNK:
            self._out(bytes(self._kept[:CHUNK]), last=False)
            del self._kept[:CHUNK]
        return len(data)

    def finish(self) -> None:
        self._out(bytes(self._kept), last=True)

    def _out(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, MAGIC))
        self._number += 1


class _Opened(RawIOBase):
    """Gives back what :class:`_Sealed` took; a chunk that was changed, moved, dropped or added is noticed."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        salt = file.read(SALT_BYTES)
        self._file, self._cipher, self._kept, self._number = file, _cipher(passphrase, salt), b"", 0
        self._next = file.read(CHUNK + TAG_BYTES)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts, wanted = [], size if size >= 0 else 1 << 62
        while wanted and (self._kept or self._more()):
            part, self._kept = self._kept[:wanted], self._kept[wanted:]
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _more(self) -> bool:
        sealed, self._next = self._next, self._file.read(CHUNK + TAG_BYTES)
        if not sealed:
            return False
        try:
            self._kept = self._cipher.decrypt(_nonce(self._number, last=not self._next), sealed, MAGIC)
        except InvalidTag as problem:
            refusal = _tampered("a part of it has been changed or cut off") if self._number else _wrong_passphrase()
            raise refusal from problem
        self._number += 1
        return bool(self._kept)


@contextmanager
def _sealing(file: IO[bytes], passphrase: str | None) -> Iterator[Any]:
    if passphrase is None:
        yield file
        return
    sealed = _Sealed(file, passphrase)
    yield sealed
    sealed.finish()


@contextmanager
def _opening(file: IO[bytes], passphrase: str | None) -> Iterator[Any]:
    if file.read(len(MAGIC)) != MAGIC:
        file.seek(0)
        yield file
    elif passphrase is None:
        raise InvalidRequest("passphrase_needed", "This backup is sealed with a passphrase.",
                             "Give the passphrase it was made with.")
    else:
        yield _Opened(file, passphrase)


def _read_to_end(source: Any) -> None:
    """Read what stands behind the last member, so that a cut or added end is noticed."""
    while block := source.read(CHUNK):
        if block.strip(b"\0"):
            raise _tampered("something was added at its end")


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(hash_secret_raw(passphrase.encode(), salt.ljust(SALT_BYTES, b"\0"), PASS_TIME, PASS_MEMORY_KB,
                                  PASS_LANES, KEY_BYTES, Type.ID))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _wrong_passphrase() -> LeadScoreError:
    return InvalidRequest("wrong_passphrase", "The passphrase is not the one this backup was made with.", "Try again.")

"""Files that wait for a decision or for their reader, encrypted on disk under random names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from leadscore.errors import LeadScoreError, NotFound, TamperedData
from leadscore.store.outages import in_words
from leadscore.store.vault import derive

CHUNK = 1024 * 1024
SALT_BYTES = 32
TAG_BYTES = 16
LENGTH_BYTES = 4
MAGIC = b"LSU1"
KEPT_FOR = timedelta(days=1)

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class UploadStore:
    """A folder of encrypted files.

    Each file has its own key; it is cut into chunks, each sealed with its number and whether it is the last,
    so that none can be changed, dropped or moved.

    Parameters
    ----------
    folder : Path
    key : bytes
        Root of the files' keys.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = key

    def put(self, data: bytes, meta: Mapping[str, Any]) -> str:
        """Keep a file with what is known of it (JSON values, among them its ``client``) and give its id.

        Raises
        ------
        LeadScoreError
            ``disk_full`` or ``disk_fault``; nothing is left behind.
        """
        name = uuid4().hex
        draft = self.folder / f".{name}"
        try:
            with in_words():
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._write(draft, name, data, meta)
        except LeadScoreError:
            draft.unlink(missing_ok=True)
            raise
        draft.rename(self.folder / name)
        return name

    def _write(self, draft: Path, name: str, data: bytes, meta: Mapping[str, Any]) -> None:
        salt = os.urandom(SALT_BYTES)
        cipher = AESGCM(derive(self._key, name, salt))
        head = cipher.encrypt(_nonce(0, last=False), orjson.dumps(dict(meta)), MAGIC)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(MAGIC + salt + len(head).to_bytes(LENGTH_BYTES, "big") + head)
            view = memoryview(data)
            for number, start in enumerate(range(0, max(len(data), 1), CHUNK), 1):
                last = start + CHUNK >= len(data)
                file.write(cipher.encrypt(_nonce(number, last=last), view[start:start + CHUNK], None))
            file.flush()
            os.fsync(file.fileno())

    def get(self, upload_id: str, client: str) -> tuple[bytes, dict[str, Any]]:
        """Give a file of this client and what is known of it.

        Raises
        ------
        NotFound
            This client has no such file.
        TamperedData
            The file was changed, or sealed with another secret.
        """
        content = self._path(upload_id).read_bytes()
        meta, cipher, start = self._open(upload_id, content)
        _check_client(meta, client)
        view, number, parts = memoryview(content), 0, []
        while start < len(content):
            number, stop = number + 1, start + CHUNK + TAG_BYTES
            parts.append(_unseal(cipher, _nonce(number, last=stop >= len(content)), view[start:stop], None))
            start = stop
        if not number:
            raise _damaged()
        return b"".join(parts), meta

    def meta(self, upload_id: str, client: str) -> dict[str, Any]:
        """Give what is known of a file of this client without decrypting it; raises as :meth:`get` does."""
        with self._path(upload_id).open("rb") as file:
            meta, _, _ = self._open(upload_id, file.read(CHUNK))
        _check_client(meta, client)
        return meta

    def delete(self, upload_id: str, client: str) -> None:
        """Remove a file of this client; one that is gone already is no error."""
        try:
            self.meta(upload_id, client)
        except NotFound:
            return
        self._path(upload_id).unlink(missing_ok=True)

    def of_client(self, client: str) -> list[str]:
        """List the ids of the files of a client; damaged ones are nobody's."""
        found = []
        for path in sorted(self.folder.iterdir()) if self.folder.exists() else []:
            with suppress(NotFound, TamperedData):
                self.meta(path.name, client)
                found.append(path.name)
        return found

    def remove_older(self, now: datetime, kept_for: timedelta = KEPT_FOR) -> int:
        """Remove the files that have waited too long, and abandoned drafts; returns how many."""
        oldest = (now - kept_for).timestamp()
        paths = [path for path in self.folder.iterdir()
                 if _ID.fullmatch(path.name.removeprefix(".")) and path.stat().st_mtime < oldest] \
            if self.folder.exists() else []
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    def _path(self, upload_id: str) -> Path:
        path = self.folder / upload_id if isinstance(upload_id, str) and _ID.fullmatch(upload_id) else None
        if path is None or not path.is_file() or path.is_symlink():
            raise _unknown()
        return path

    def _open(self, upload_id: str, content: bytes) -> tuple[dict[str, Any], AESGCM, int]:
        start = len(MAGIC) + SALT_BYTES + LENGTH_BYTES
        length = int.from_bytes(content[start - LENGTH_BYTES:start], "big")
        if content[:len(MAGIC)] != MAGIC or len(content) < start + length:
            raise _damaged()
        cipher = AESGCM(derive(self._key, upload_id, content[len(MAGIC):start - LENGTH_BYTES]))
        head = _unseal(cipher, _nonce(0, last=False), content[start:start + length], MAGIC)
        return orjson.loads(head), cipher, start + length


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _unseal(cipher: AESGCM, nonce: bytes, sealed: bytes | memoryview, extra: bytes | None) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, extra)
    except (InvalidTag, ValueError) as problem:
        raise _damaged() from problem


def _check_client(meta: Mapping[str, Any], client: str) -> None:
    if meta.get("client") != client:
        raise _unknown()


def _unknown() -> NotFound:
    return NotFound("unknown_upload", "This upload is no longer here.", "Upload the file again.")


def _damaged() -> TamperedData:
    return TamperedData("damaged_upload", "The stored upload is damaged.", "Upload the file again.")

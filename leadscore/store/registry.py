"""The model files: bytes go in under a signed manifest, and come out only when they are still the same bytes."""

from __future__ import annotations

import hmac
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from leadscore.errors import InvalidRequest, NotFound, TamperedData
from leadscore.store.outages import in_words

MANIFEST = "manifest.json"
SIGNATURE = "manifest.mac"
DRAFT = ".draft-"
LONGEST_MANIFEST = 4 * 1024 * 1024

_FOLDER = re.compile(r"[0-9a-f]{32}", re.ASCII)
_FILE = re.compile(r"[a-z0-9_-][a-z0-9_.-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Saved:
    """Where a version's files are, and what its signed manifest says."""

    folder: str
    manifest: dict[str, Any]


class Registry:
    """A folder of model versions, each in a sub-folder with a random name.

    Parameters
    ----------
    folder : Path
    key : bytes
        Signs the manifests.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder = folder
        self._key = key

    def save(self, files: Mapping[str, bytes], manifest: Mapping[str, Any] | None = None) -> Saved:
        """Write the files of a version, all or none.

        Parameters
        ----------
        files : mapping of str to bytes
            Names are lower-case letters, digits and ``._-``.
        manifest : mapping, optional
            What is to be known of the version without opening its files.

        Raises
        ------
        InvalidRequest
            A file name is not allowed.
        LeadScoreError
            ``disk_full`` or ``disk_fault``; nothing is left behind.
        """
        for name in files:
            _check_file_name(name)
        folder = uuid4().hex
        described = {name: {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
                     for name, content in files.items()}
        body = orjson.dumps({"folder": folder, "files": described, "about": dict(manifest or {})},
                            option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_INDENT_2, default=str)
        with in_words():
            self._write_whole(folder, {**files, MANIFEST: body, SIGNATURE: self._sign(body)})
        return Saved(folder, orjson.loads(body))

    def load(self, folder: str) -> dict[str, bytes]:
        """Give the files of a version after all of them have been checked; nothing is parsed before.

        Raises
        ------
        NotFound
            There is no such folder.
        TamperedData
            The manifest or a file is not what was saved.
        """
        described = self._manifest(folder)["files"]
        path = self.folder / folder
        found = {entry.name for entry in path.iterdir()} - {MANIFEST, SIGNATURE}
        if found != set(described):
            odd = sorted(found ^ set(described))[0]
            raise _tampered(folder, f"the file '{odd}' is missing or was added")
        return {name: _checked(folder, path / name, facts) for name, facts in described.items()}

    def manifest(self, folder: str) -> dict[str, Any]:
        """Give what was noted about a version, after its signature has been checked."""
        return dict(self._manifest(folder)["about"])

    def verify(self, folder: str) -> int:
        """Check every file of a version and say how many there are; raises as :meth:`load` does."""
        return len(self.load(folder))

    def remove(self, folder: str) -> None:
        """Delete a version's files."""
        shutil.rmtree(self._path(folder))

    def remove_orphans(self, known: Iterable[str], *, before: datetime) -> list[str]:
        """Delete drafts and versions that no row of the store knows; gives their names.

        Parameters
        ----------
        known : iterable of str
            Folders that stay.
        before : datetime
            Folders touched since then stay too: somebody may be about to register them.
        """
        kept = set(known)
        orphans = [path for path in self.folder.iterdir() if path.is_dir() and path.name not in kept
                   and (path.name.startswith(DRAFT) or _FOLDER.fullmatch(path.name))
                   and path.stat().st_mtime < before.timestamp()]
        for path in orphans:
            shutil.rmtree(path)
        return sorted(path.name for path in orphans)

    def _write_whole(self, folder: str, files: Mapping[str, bytes]) -> None:
        draft = self.folder / f"{DRAFT}{folder}"
        draft.mkdir(parents=True)
        try:
            for name, content in files.items():
                _write(draft / name, content)
            sync_folder(draft)
            # a reader sees the whole folder or none
            draft.rename(self.folder / folder)
            sync_folder(self.folder)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)
            raise

    def _path(self, folder: str) -> Path:
        if not isinstance(folder, str) or not _FOLDER.fullmatch(folder):
            raise NotFound("unknown_model", "There is no such model folder.", "'models list' shows the versions.")
        path = self.folder / folder
        if path.is_symlink() or not path.is_dir():
            raise NotFound("missing_model_files", f"The files of model {folder[:8]} are not in the models folder.",
                           "Restore them from a backup, or deploy another version.")
        return path

    def _manifest(self, folder: str) -> dict[str, Any]:
        path = self._path(folder)
        body, signature = _read(folder, path / MANIFEST, LONGEST_MANIFEST), _read(folder, path / SIGNATURE, 256)
        if not hmac.compare_digest(self._sign(body), signature):
            raise _tampered(folder, "the manifest's signature is wrong")
        content: dict[str, Any] = orjson.loads(body)
        if content["folder"] != folder:
            raise _tampered(folder, "the manifest belongs to another model")
        return content

    def _sign(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, sha256).hexdigest().encode()


def _check_file_name(name: str) -> None:
    if not _FILE.fullmatch(name) or ".." in name or name in (MANIFEST, SIGNATURE):
        raise InvalidRequest("wrong_file_name", "A model file has a name that is not allowed.",
                             "Use lower-case letters, digits, '.', '_' and '-'.")


def _checked(folder: str, path: Path, facts: Mapping[str, Any]) -> bytes:
    content = _read(folder, path, int(facts["bytes"]))
    if sha256(content).hexdigest() != facts["sha256"]:
        raise _tampered(folder, f"the file '{path.name}' has been changed")
    return content


def _read(folder: str, path: Path, longest: int) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise _tampered(folder, f"the file '{path.name}' is missing")
    if path.stat().st_size > longest:
        raise _tampered(folder, f"the file '{path.name}' has been changed")
    return path.read_bytes()


def _tampered(folder: str, what: str) -> TamperedData:
    return TamperedData("tampered_model", f"Model {folder[:8]} was not loaded: {what}.",
                        "Restore its files from a backup, or deploy another version.")


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlast a power cut; nothing where folders cannot be opened for that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

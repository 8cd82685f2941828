"""Backups: made while the workbench is in use, checked to the last byte, and put back whole or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leadscore import __version__
from leadscore.config import Settings
from leadscore.errors import InvalidRequest, LeadScoreError, TamperedData
from leadscore.steps import backup_archive
from leadscore.store import audit, copies
from leadscore.store.copies import CopyFacts
from leadscore.store.database import newest_version
from leadscore.store.vault import Vault
from leadscore.workbench import Workbench

PREFIX, SUFFIX = "leadscore-backup-", ".backup"
NAME = re.compile(rf"{PREFIX}(\d{{8}}T\d{{6}}Z)(-\d+)?\{SUFFIX}", re.ASCII)
MOMENT = "%Y%m%dT%H%M%SZ"
STORE, DUMP, CHECKPOINTS = "store.db", "store.dump", "audit_checkpoints.txt"
KEY = "manifest"
SCRATCH = ".backup-"
LEFT_BEHIND_SECONDS = 24 * 3_600.0
"""Age from which what a killed backup or restore has left behind is removed: it may hold people erased since."""


@dataclass(frozen=True)
class Archive:
    """A backup in a folder: its name tells when it was made."""

    path: Path
    made_at: datetime
    bytes: int
    sealed: bool


@dataclass(frozen=True)
class BackupFacts:
    """What the manifest of a backup says, after every byte of it has been checked."""

    made_at: datetime
    program: str
    counts: dict[str, int]
    audit_seq: int
    audit_mac: str
    migration: str
    folders: tuple[str, ...]
    database: str
    bytes: int

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(self.counts.values())


def make_backup(workbench: Workbench, target: Path) -> tuple[Archive, BackupFacts]:
    """Write a backup into a folder, or into the file that is named; it is read back before it counts as one.

    It holds the store, the files of all models and the checkpoints of the log. It holds neither the secret key nor
    the list of erased persons, which belong in another place, nor uploads that wait and exports that were made.

    Raises
    ------
    InvalidRequest
        The folder cannot be written to, the file is there already, or PostgreSQL's programs are missing.
    """
    now, settings = workbench.clock(), workbench.settings
    path = _path_for(target, now)
    # never beside a sealed file: what lies there before it is sealed may be on a disk of somebody else
    with _scratch(settings.data_folder) as scratch:
        # first the checkpoints: all they tell of is in the copy that is taken afterwards
        parts = _checkpoints(settings, scratch)
        facts, store = _copy_store(workbench, scratch)
        parts |= store | _model_files(workbench, facts)
        about = {"made_at": now.isoformat(), "program": __version__, "database": workbench.engine.dialect.name,
                 "migration": facts.migration, "counts": facts.counts, "folders": list(facts.folders),
                 "audit": {"seq": facts.audit_seq, "mac": facts.audit_mac}}
        backup_archive.write_archive(path, parts, about, key=workbench.vault.key(KEY),
                                     passphrase=settings.backup_passphrase)
        try:
            found = check_backup(workbench.vault, path, settings.backup_passphrase)
        except LeadScoreError:
            path.unlink(missing_ok=True)
            raise
    return Archive(path, now, path.stat().st_size, backup_archive.is_sealed(path)), found


def check_backup(vault: Vault, path: Path, passphrase: str | None, *,
                 unpack_in: Path | None = None) -> BackupFacts:
    """Check a backup to the last byte.

    Parameters
    ----------
    unpack_in : Path, optional
        A folder of ours, to unpack it in as well, let the database check its own file, and compare its rows and the end
        of its log with what was counted.

    Raises
    ------
    LeadScoreError
        What is wrong with it.
    """
    if unpack_in is None:
        return _facts(backup_archive.read_archive(path, key=vault.key(KEY), passphrase=passphrase), path)
    with _scratch(unpack_in) as scratch:
        return unpack(vault, path, passphrase, scratch)


def unpack(vault: Vault, path: Path, passphrase: str | None, folder: Path) -> BackupFacts:
    """Check a backup and lay its parts out in an empty folder; the copy of the store is what the manifest says."""
    manifest = backup_archive.read_archive(path, key=vault.key(KEY), passphrase=passphrase, into=folder)
    facts = _facts(manifest, path)
    if facts.migration > newest_version():
        raise InvalidRequest("newer_backup", "This backup was made by a newer version of this program.",
                             "Install that version or a later one.")
    if facts.database == "sqlite":
        check_copy(facts, copies.sqlite_facts(folder / STORE))
    return facts


def check_copy(facts: BackupFacts, found: CopyFacts) -> None:
    """Compare what a manifest says with what a copy holds.

    Raises
    ------
    TamperedData
        They differ.
    """
    if (found.counts, found.audit_seq, found.audit_mac) != (facts.counts, facts.audit_seq, facts.audit_mac):
        raise TamperedData("wrong_backup_counts", "The copy of the store does not hold what was counted when it was "
                           "made.", "Use another backup.")


def list_archives(folder: Path) -> list[Archive]:
    """List the backups in a folder, newest first."""
    found = [(path, NAME.fullmatch(path.name)) for path in folder.iterdir()] if folder.is_dir() else []
    archives = [Archive(path, datetime.strptime(name.group(1), MOMENT).replace(tzinfo=UTC), path.stat().st_size,
                        backup_archive.is_sealed(path))
                for path, name in found if name and path.is_file() and not path.is_symlink()]
    return sorted(archives, key=lambda one: (one.made_at, one.path.name), reverse=True)


def forget_old(folder: Path, *, keep: int) -> list[str]:
    """Delete all but the newest backups of a folder; gives the names of those that are gone."""
    old = list_archives(folder)[max(keep, 1):]
    for archive in old:
        archive.path.unlink(missing_ok=True)
    return [archive.path.name for archive in old]


def _path_for(target: Path, now: datetime) -> Path:
    named = target.suffix == SUFFIX and not target.is_dir()
    path = target if named else target / f"{PREFIX}{now.astimezone(UTC).strftime(MOMENT)}{SUFFIX}"
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700)
    except OSError as problem:
        raise InvalidRequest("cannot_write", f"'{path.parent}' cannot be made ({problem.strerror}).",
                             "Choose another folder.") from problem
    if path.exists():
        raise InvalidRequest("backup_exists", f"There is a file '{path.name}' already.", "Choose another name.")
    return path


def clear_left_behind(folder: Path, prefix: str) -> None:
    """Remove the working folders of backups or restores that were killed, from a day on."""
    old = time.time() - LEFT_BEHIND_SECONDS
    for path in folder.glob(f"{prefix}*"):
        if path.is_dir() and not path.is_symlink() and path.stat().st_mtime < old:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    clear_left_behind(folder, SCRATCH)
    try:
        scratch = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=folder))
    except OSError as problem:
        raise InvalidRequest("cannot_write", f"'{folder}' cannot be written to ({problem.strerror}).",
                             "Choose another folder.") from problem
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _checkpoints(settings: Settings, scratch: Path) -> dict[str, Path]:
    source = audit.checkpoint_file(settings.data_folder)
    if not source.exists():
        return {}
    shutil.copyfile(source, scratch / CHECKPOINTS)
    return {CHECKPOINTS: scratch / CHECKPOINTS}


def _copy_store(workbench: Workbench, scratch: Path) -> tuple[CopyFacts, dict[str, Path]]:
    if workbench.engine.dialect.name == "sqlite":
        return copies.copy_sqlite(workbench.engine, scratch / STORE), {STORE: scratch / STORE}
    return copies.dump_postgres(workbench.engine, scratch / DUMP), {DUMP: scratch / DUMP}


def _model_files(workbench: Workbench, facts: CopyFacts) -> dict[str, Path]:
    """List the files of the models that the copy knows; one whose files are lost already is no reason for no backup."""
    folders = [workbench.registry.folder / folder for folder in facts.folders]
    return {f"models/{folder.name}/{path.name}": path for folder in folders if folder.is_dir()
            for path in sorted(folder.iterdir()) if path.is_file() and not path.is_symlink()}


def _facts(manifest: dict[str, Any], path: Path) -> BackupFacts:
    head = manifest["audit"]
    return BackupFacts(made_at=datetime.fromisoformat(manifest["made_at"]), program=manifest["program"],
                       counts=dict(manifest["counts"]), audit_seq=int(head["seq"]), audit_mac=str(head["mac"]),
                       migration=str(manifest["migration"]), folders=tuple(manifest["folders"]),
                       database=str(manifest["database"]), bytes=path.stat().st_size)

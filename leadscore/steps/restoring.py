"""Puts a backup back: prepared beside the home, proven there, and exchanged in a few renames."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import text, update
from sqlalchemy.engine import make_url
from sqlmodel import Session, col, delete

from leadscore.config import Settings
from leadscore.errors import InvalidRequest, TamperedData
from leadscore.steps import backups, life
from leadscore.steps.backups import BackupFacts
from leadscore.store import audit, copies, erasure_list, jobs
from leadscore.store.database import open_database, read, write
from leadscore.store.registry import sync_folder
from leadscore.store.tables import Job, UserSession
from leadscore.store.vault import ROOT_FILE, SECRET_FILE, Vault, load_secret
from leadscore.workbench import UNFINISHED, Workbench, open_workbench

STAGE = ".restore-"
REPLACED = "replaced-"
FOLDER_LETTERS = 32
SIDE_FILES = ("-wal", "-shm", "-journal")
MOVED = ("audit_checkpoints.txt", "uploads")
"""What of the data folder belongs to a store and goes with it; keys and the list of erased persons stay."""
SIGNS_OF_LIFE = "SELECT value FROM facts WHERE name = ? UNION ALL SELECT heartbeat_at FROM jobs WHERE state = ?"
"""Between jobs the worker shows itself by a fact, while one runs in its row."""


@dataclass(frozen=True)
class Restored:
    """What was put back, and where what was there before is now."""

    facts: BackupFacts
    erased_again: int
    erasures_known: bool
    replaced: Path | None


def restore(settings: Settings, path: Path, *, passphrase: str | None, force: bool, by: str,
            now: datetime) -> Restored:
    """Put a backup into this home; until the last moment nothing of what is there is touched.

    Parameters
    ----------
    force : bool
        Exchange what is there, which is kept in a folder beside it.

    Raises
    ------
    LeadScoreError
        The backup is not whole or not of this secret key, the home is in use, or something is in it and ``force`` is
        not given.
    """
    vault = _vault(settings)
    if make_url(settings.url).get_backend_name() != "sqlite":
        return _restore_postgres(settings, vault, path, passphrase=passphrase, by=by, now=now)
    store = _store_file(settings)
    _check_target(store, force=force, now=now)
    with _stage(settings) as stage:
        facts = backups.unpack(vault, path, passphrase, stage / "parts")
        if facts.database != "sqlite":
            raise _other_database(facts)
        staged = _lay_out(settings, stage, facts)
        erased, known = _prepare(staged, facts, path, by=by, now=now)
        replaced = _exchange(settings, store, staged, now)
    return Restored(facts, erased, known, replaced)


def _vault(settings: Settings) -> Vault:
    if not settings.secret_key and not (settings.data_folder / SECRET_FILE).exists():
        raise InvalidRequest("no_secret_key", "The secret key this backup was made with is not here.",
                             "Put it into data/secret.key of this home, or set LEADSCORE_SECRET_KEY.")
    return Vault(load_secret(settings))


def _store_file(settings: Settings) -> Path:
    return Path(str(make_url(settings.url).database))


def _check_target(store: Path, *, force: bool, now: datetime) -> None:
    if not store.exists():
        return
    people, sign = _inside(store)
    if sign is not None and now - sign < life.MISSED:
        raise InvalidRequest("workbench_runs", "The workbench of this home is running.",
                             "Stop it, wait a minute, and restore then.")
    if people and not force:
        raise InvalidRequest("home_in_use", "There are leads or accounts in this home already.",
                             "Give --force to exchange them; they are kept in a folder beside it.")


def _inside(store: Path) -> tuple[bool, datetime | None]:
    """Say whether somebody uses a store, and when its worker last showed itself; an unreadable one counts as used."""
    try:
        with closing(sqlite3.connect(store)) as connection:
            tables = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master")}
            used = any(connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()
                       for name in ("leads", "users") if name in tables)
            found = connection.execute(SIGNS_OF_LIFE, (life.FACT, jobs.RUNNING)).fetchall() \
                if tables >= {"facts", "jobs"} else []
    except sqlite3.Error:
        return True, None
    return bool(used), max((datetime.fromisoformat(said) for (said,) in found if said), default=None)


@contextmanager
def _stage(settings: Settings) -> Iterator[Path]:
    settings.home.mkdir(parents=True, exist_ok=True)
    backups.clear_left_behind(settings.home, STAGE)
    stage = Path(tempfile.mkdtemp(prefix=STAGE, dir=settings.home))
    try:
        (stage / "parts").mkdir(mode=0o700)
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _lay_out(settings: Settings, stage: Path, facts: BackupFacts) -> Settings:
    """Make a home of the parts: with the keys and the list of erased persons of this one."""
    home = stage / "home"
    staged = settings.model_copy(update={"home": home, "database_url": None})
    staged.data_folder.mkdir(parents=True, mode=0o700)
    parts = stage / "parts"
    (parts / backups.STORE).rename(_store_file(staged))
    if (parts / backups.CHECKPOINTS).exists():
        (parts / backups.CHECKPOINTS).rename(audit.checkpoint_file(staged.data_folder))
    staged.models_folder.mkdir()
    for folder in facts.folders:
        if (parts / "models" / folder).is_dir():
            (parts / "models" / folder).rename(staged.models_folder / folder)
    # the list of erased persons is not in a backup; opening this home will erase them again
    keys = (settings.data_folder / SECRET_FILE, settings.data_folder / ROOT_FILE)
    for source in (*keys, erasure_list.list_file(settings.data_folder)):
        if source.exists():
            shutil.copyfile(source, staged.data_folder / source.name)
            (staged.data_folder / source.name).chmod(0o600)
    return staged


def _prepare(staged: Settings, facts: BackupFacts, path: Path, *, by: str, now: datetime) -> tuple[int, bool]:
    """Open the home that was laid out, prove it, and bring it up to what must hold today."""
    workbench = open_workbench(staged, clock=lambda: now)
    try:
        return _bring_up(workbench, facts, path, by=by, now=now)
    finally:
        workbench.engine.dispose()
        if workbench.engine.dialect.name == "sqlite":
            _fold_in(_store_file(staged))


def _fold_in(store: Path) -> None:
    """Bring everything into the one file that will be moved."""
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _bring_up(workbench: Workbench, facts: BackupFacts, path: Path, *, by: str, now: datetime) -> tuple[int, bool]:
    checkpoints = audit.checkpoint_file(workbench.settings.data_folder)
    with read(workbench.engine) as session:
        verdict = audit.verify(session, workbench.vault, checkpoints=checkpoints)
    if not verdict.ok:
        raise TamperedData("broken_log", f"The log in this backup is not whole. {verdict.reason}",
                           "Use another backup.")
    for folder in facts.folders:
        if (workbench.registry.folder / folder).is_dir():
            workbench.registry.verify(folder)
    known = erasure_list.list_file(workbench.settings.data_folder).exists()
    with write(workbench.engine) as session:
        # opening it has erased again whom the list names
        erased = facts.counts.get("leads", 0) - _leads(session)
        _end_what_was_open(session, now)
        audit.append(session, workbench.vault, at=now, client_id=None, actor=by, action="backup_restored",
                     object="store", detail={"made_at": facts.made_at.isoformat(), "audit_seq": facts.audit_seq,
                                             "audit_mac": facts.audit_mac, "rows": facts.rows, "file": path.name,
                                             "erased_again": erased, "erasures_known": known})
    with read(workbench.engine) as session:
        audit.checkpoint(session, workbench.vault, checkpoints, at=now)
    return erased, known


def _leads(session: Session) -> int:
    return int(session.execute(text("SELECT count(*) FROM leads")).scalar_one())


def _end_what_was_open(session: Session, now: datetime) -> None:
    """Nobody is signed in, and nothing waits, because of what was true when the backup was made."""
    session.exec(delete(UserSession))
    session.exec(update(Job).where(col(Job.state).in_((jobs.QUEUED, jobs.RUNNING)))
                 .values(state=jobs.CANCELLED, finished_at=now))


def _exchange(settings: Settings, store: Path, staged: Settings, now: datetime) -> Path | None:
    """Put what was there aside and the new in its place; in between, the home refuses to open."""
    aside = settings.home / f"{REPLACED}{now:{backups.MOMENT}}"
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    settings.models_folder.mkdir(parents=True, exist_ok=True)
    store.parent.mkdir(parents=True, exist_ok=True)
    (settings.home / UNFINISHED).touch()
    moved = [_move(source, aside / source.name) for source in _belongings(settings, store)]
    for folder in sorted(staged.models_folder.iterdir()):
        folder.rename(settings.models_folder / folder.name)
    if audit.checkpoint_file(staged.data_folder).exists():
        audit.checkpoint_file(staged.data_folder).rename(audit.checkpoint_file(settings.data_folder))
    _move(_store_file(staged), store)
    sync_folder(store.parent)
    (settings.home / UNFINISHED).unlink()
    return aside if moved else None


def _belongings(settings: Settings, store: Path) -> list[Path]:
    """List what belongs to the store that is there: its files, the models' folders, what waits and what was signed."""
    files = [store.with_name(store.name + end) for end in ("", *SIDE_FILES)]
    files += [settings.data_folder / name for name in MOVED]
    folders = [path for path in settings.models_folder.iterdir() if path.is_dir() and len(path.name) == FOLDER_LETTERS]
    return [path for path in files if path.exists()] + folders


def _move(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.move(source, target)
    return target


def _restore_postgres(settings: Settings, vault: Vault, path: Path, *, passphrase: str | None, by: str,
                      now: datetime) -> Restored:
    """Fill an empty database; when anything is wrong with what came, it is empty again."""
    engine = open_database(settings.url)
    try:
        with _stage(settings) as stage:
            facts = backups.unpack(vault, path, passphrase, stage / "parts")
            if facts.database != "postgresql":
                raise _other_database(facts)
            found = copies.load_postgres(engine, stage / "parts" / backups.DUMP)
            try:
                backups.check_copy(facts, found)
                _take_files(settings, stage / "parts")
                erased, known = _prepare(settings, facts, path, by=by, now=now)
            except Exception:
                copies.empty_postgres(engine)
                raise
    finally:
        engine.dispose()
    return Restored(facts, erased, known, None)


def _take_files(settings: Settings, parts: Path) -> None:
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    for source in [parts / backups.CHECKPOINTS, *sorted((parts / "models").glob("*"))]:
        target = settings.data_folder / source.name if source.is_file() else settings.models_folder / source.name
        if source.exists() and not target.exists():
            _move(source, target)


def _other_database(facts: BackupFacts) -> InvalidRequest:
    return InvalidRequest("other_database", f"This backup is of a {facts.database} store, and LEADSCORE_DATABASE_URL "
                          "names another kind of database.", "Restore it into the kind it was made from.")

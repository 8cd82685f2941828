"""Breaks the machine on purpose, and looks at what is left: kills, cut files, full disks, failing statements.

Tests call these functions with small numbers, the benchmarks ``benchmarks/trust_*.py`` with large ones.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import pickle
import pkgutil
import resource
import select
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, inspect, text

from leadscore import sandbox
from leadscore.access import Actor, Role
from leadscore.config import Settings
from leadscore.errors import LeadScoreError
from leadscore.store import audit
from leadscore.store.database import check_integrity, read
from leadscore.workbench import Workbench, open_workbench
from tests.ready import with_tables

CLIENT = "acme"
BOSS = Actor(name="the boss", role=Role.ADMIN)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "a secret for tests only, long"
PATIENCE_SECONDS = 60.0
DIE_WITH_PARENT = 1


@dataclass
class Tally:
    """What a series of accidents has led to; ``faults`` is what must not be."""

    tried: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    slowest: float = 0.0
    seconds: float = 0.0

    def count(self, what: str) -> None:
        """Add one of a kind."""
        self.counts[what] = self.counts.get(what, 0) + 1


def open_home(home: Path, *, database_url: str | None = None) -> Workbench:
    """Open a home with a clock that stands still; one without a store gets its tables."""
    home.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=home if database_url else with_tables(home), secret_key=SECRET, database_url=database_url,
                        _env_file=None)
    return open_workbench(settings, clock=lambda: NOW)


def read_here(module_function: str, payload: bytes, arguments: Mapping[str, Any], **_limits: object) -> bytes:
    """Stand in for the child process that reads files, where the accident is to happen later on."""
    answer: bytes = pkgutil.resolve_name(module_function)(payload, **arguments)
    return answer


# --- what is left ---------------------------------------------------------------------------------------------


def state_of(engine: Engine, *, without: frozenset[str] = frozenset()) -> dict[str, str]:
    """Give a digest of each table's rows, whatever their order."""
    tables = sorted(set(inspect(engine).get_table_names()) - without)
    with engine.connect() as connection:
        return {table: _digest(connection.execute(text(f'SELECT * FROM "{table}"')).all()) for table in tables}


def _digest(rows: Any) -> str:
    return hashlib.sha256("\n".join(sorted(repr(tuple(row)) for row in rows)).encode()).hexdigest()


@contextmanager
def watching(engine: Engine) -> Iterator[Callable[[], bool]]:
    """Give a function that says whether anything was committed to a store on SQLite since it was last asked."""
    watcher = sqlite3.connect(str(engine.url.database))
    seen = [watcher.execute("PRAGMA data_version").fetchone()]

    def committed() -> bool:
        before, seen[0] = seen[0], watcher.execute("PRAGMA data_version").fetchone()
        return before != seen[0]

    try:
        yield committed
    finally:
        watcher.close()


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """Name the tables whose rows differ."""
    return {table for table in before.keys() | after.keys() if before.get(table) != after.get(table)}


def faults_of(workbench: Workbench) -> list[str]:
    """Say what is not whole: the file, the log, an import, a model; empty when all is well."""
    with read(workbench.engine) as session:
        found = [f"the file: {line}" for line in check_integrity(session)]
        verdict = audit.verify(session, workbench.vault,
                               checkpoints=audit.checkpoint_file(workbench.settings.data_folder))
        found += [] if verdict.ok else [f"the log: {verdict.reason}"]
        half = session.execute(text(
            "SELECT b.id, b.rows_stored, count(l.id) FROM batches b LEFT JOIN leads l ON l.batch_id = b.id "
            "WHERE b.undone_at IS NULL GROUP BY b.id, b.rows_stored HAVING b.rows_stored <> count(l.id)")).all()
        found += [f"import {number}: {told} told, {stored} stored" for number, told, stored in half]
        told = session.execute(text("SELECT count(*) FROM audit_events WHERE action = 'leads_imported'")).scalar_one()
        stored = session.execute(text("SELECT count(*) FROM batches")).scalar_one()
        found += [] if told == stored else [f"{stored} imports stored, {told} in the log"]
        folders = [row[0] for row in session.execute(text("SELECT folder FROM model_versions"))]
    return found + [fault for folder in folders for fault in _model_fault(workbench, folder)]


def _model_fault(workbench: Workbench, folder: str) -> list[str]:
    try:
        workbench.registry.verify(folder)
    except LeadScoreError as refusal:
        return [f"model {folder[:8]}: {refusal.code}"]
    return []


def leads_in(workbench: Workbench) -> int:
    """Count the stored leads."""
    with read(workbench.engine) as session:
        return int(session.execute(text("SELECT count(*) FROM leads")).scalar_one())


# --- accidents ------------------------------------------------------------------------------------------------


def killed(work: Callable[[Callable[[], None]], None], after: float) -> tuple[bool, float]:
    """Do work in a child and kill it so many seconds after it says that it begins.

    Returns
    -------
    bool, float
        Whether it had finished, and for how many seconds it ran after it began.
    """
    ear, mouth = os.pipe()
    child = _fork()
    if child == 0:
        try:
            os.close(ear)
            work(lambda: _say(mouth, b"B"))
            _say(mouth, b"E")
        finally:
            os._exit(0)
    os.close(mouth)
    try:
        _hear(ear)
        began = time.monotonic()
        select.select([ear], [], [], after)
        ran = time.monotonic() - began
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return os.read(ear, 1) == b"E", ran
    finally:
        os.close(ear)


def _fork() -> int:
    """Fork a child that dies with this process. Nothing here may have used threads before: a child has none of them."""
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
    return child


def _say(mouth: int, word: bytes) -> None:
    os.write(mouth, word)


def _hear(ear: int) -> None:
    if not select.select([ear], [], [], PATIENCE_SECONDS)[0] or os.read(ear, 1) != b"B":
        raise RuntimeError("the child never began")


def in_child(work: Callable[[], Any]) -> Any:
    """Do work in a child and give its result, or the error it ended with."""
    ear, mouth = os.pipe()
    child = _fork()
    if child == 0:
        try:
            os.close(ear)
            with os.fdopen(mouth, "wb") as pipe:
                pickle.dump(_result(work), pipe)
        finally:
            os._exit(0)
    os.close(mouth)
    with os.fdopen(ear, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    if not told:
        raise RuntimeError("the child gave no answer")
    return pickle.loads(told)


def _result(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except LeadScoreError as refusal:
        return "refused", refusal.code, str(refusal)
    except BaseException as fault:
        return "fault", type(fault).__name__, str(fault)[:200]


def with_small_files(bytes_: int, work: Callable[[], Any]) -> Any:
    """Do work in a child that can write no file beyond a size, as on a disk that is full."""
    def limited() -> Any:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return work()

    return in_child(limited)


@contextmanager
def reading_here() -> Iterator[None]:
    """Read files in this process while the block runs."""
    real, sandbox.run = sandbox.run, read_here
    try:
        yield
    finally:
        sandbox.run = real


class Failing:
    """Lets the Nth statement or commit of an engine on SQLite fail as a broken disk would; 0 lets all pass."""

    def __init__(self, engine: Engine) -> None:
        self.at, self.seen = 0, 0
        failing = self

        class Cursor(sqlite3.Cursor):
            def execute(self, *given: Any) -> Any:
                failing.step()
                return super().execute(*given)

            def executemany(self, *given: Any) -> Any:
                failing.step()
                return super().executemany(*given)

        class Connection(sqlite3.Connection):
            def cursor(self, *_given: Any, **_more: Any) -> Cursor:
                return super().cursor(Cursor)

            def execute(self, *given: Any) -> Any:
                failing.step()
                return super().execute(*given)

            def executemany(self, *given: Any) -> Any:
                failing.step()
                return super().executemany(*given)

            def commit(self) -> None:
                failing.step()
                super().commit()

        engine.dispose()
        event.listen(engine, "do_connect", lambda _dialect, _record, _args, more: more.update(factory=Connection))

    def start(self, at: int) -> None:
        """Count anew and let this one fail."""
        self.at, self.seen = at, 0

    def step(self) -> None:
        """Count one and fail if it is the one."""
        if self.at:
            self.seen += 1
            if self.seen == self.at:
                raise sqlite3.OperationalError("disk I/O error")

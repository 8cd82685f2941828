"""Opens the store and keeps its transactions: a URL goes in, engines and sessions that behave alike come out.

SQLite and PostgreSQL answer alike: a writer sees the latest committed state and either commits all or nothing,
a reader sees one snapshot. Only the context managers here commit.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from leadscore.errors import InvalidRequest, LeadScoreError
from leadscore.store.outages import in_words

BUSY_MILLISECONDS = 30_000
RETRY_SECONDS = 0.02
MIGRATION_LOCK = 7_361_001
WRITES = "leadscore_writes"
VERSION_FOLDER = Path(__file__).parent / "migrations" / "versions"

_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
)


def open_database(url: str) -> Engine:
    """Open the store; nothing is created but an empty SQLite file.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; ``postgresql://`` is read as ``postgresql+psycopg://``.

    Returns
    -------
    Engine
        To be used through :func:`write` and :func:`read`.

    Raises
    ------
    InvalidRequest
        The URL names no database we know.
    """
    address = _parse(url)
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address)
    return create_engine(address, pool_pre_ping=True)


def whole(session: Session, expression: str) -> str:
    """Write how a number of 0 or more loses its decimals: by a plain cast SQLite cuts them off, PostgreSQL rounds."""
    return f"CAST({expression} AS INTEGER)" if is_sqlite(session) else f"CAST(floor({expression}) AS INTEGER)"


def is_sqlite(session: Session | Connection) -> bool:
    """Say whether this session or connection talks to SQLite."""
    dialect = session.dialect if isinstance(session, Connection) else session.get_bind().dialect
    return dialect.name == "sqlite"


@contextmanager
def write(engine: Engine) -> Iterator[Session]:
    """Give a session in one writing transaction: committed at the end, rolled back by any exception.

    On SQLite the write lock is taken at the start, so that what is read before a write cannot change meanwhile.

    Raises
    ------
    LeadScoreError
        ``disk_full``, ``disk_fault`` or ``store_busy``: what the machine cannot do now, in words; nothing was stored.
    """
    with (in_words(), Session(engine.execution_options(**{WRITES: True}), expire_on_commit=False) as session,
          session.begin()):
        session.connection()
        yield session


@contextmanager
def read(engine: Engine) -> Iterator[Session]:
    """Give a session that sees one snapshot of the store and keeps nothing; raises as :func:`write` does."""
    options: dict[str, Any] = {WRITES: False}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with (in_words(keeping=False), Session(engine.execution_options(**options), autoflush=False,
                               expire_on_commit=False) as session):
        # closing ends the transaction and leaves what was read usable; a rollback would empty it
        yield session


def migrate(engine: Engine) -> bool:
    """Bring the tables to the newest version; when they are, only one row is read.

    Returns
    -------
    bool
        True when something was changed.

    Raises
    ------
    LeadScoreError
        The store was written by a newer version of the program, or as :func:`write` does.
    """
    newest = newest_version()
    with in_words(keeping=False), engine.connect() as connection:
        if _stored_version(connection) == newest:
            return False
    with in_words(), engine.execution_options(**{WRITES: True}).begin() as connection:
        return _migrate_alone(connection, newest)


def newest_version() -> str:
    """Name the newest migration this program knows, from its file name."""
    return max(path.stem.split("_")[0] for path in VERSION_FOLDER.glob("[0-9]*.py"))


def size_in_bytes(engine: Engine) -> int:
    """Say how much room the store takes on disk."""
    with engine.connect() as connection:
        if is_sqlite(connection):
            pages, size = (connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                           for name in ("page_count", "page_size"))
            return int(pages * size)
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


def wipe(engine: Engine, *, rebuild: bool) -> bool:
    """Remove from disk what deleted rows have left behind: in the write-ahead log, and with ``rebuild`` everywhere.

    Returns
    -------
    bool
        False when somebody was at work, so that something may be left.
    """
    with engine.connect() as connection:
        if not is_sqlite(connection):
            if rebuild:
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM FULL")
            return True
    return _wipe_sqlite(engine, rebuild=rebuild)


def _wipe_sqlite(engine: Engine, *, rebuild: bool) -> bool:
    # neither can be done inside a transaction, which a connection of ours begins by itself
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        if rebuild:
            cursor.execute("VACUUM")
        # says busy, and leaves the log as it is, while somebody reads
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        return False
    finally:
        raw.close()
    return not busy


def check_integrity(session: Session) -> list[str]:
    """List what the database itself finds wrong with its file; empty when sound (always on PostgreSQL)."""
    if not is_sqlite(session):
        return []
    found = [str(row[0]) for row in session.connection().exec_driver_sql("PRAGMA integrity_check")]
    return [] if found == ["ok"] else found


def _parse(url: str) -> URL:
    try:
        address = make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url))
        address.get_dialect()
    except (ArgumentError, NoSuchModuleError) as problem:
        raise InvalidRequest("unknown_database", "The database address cannot be read.",
                             "Use sqlite:///path/to/file.db or postgresql://user:password@host/name.") from problem
    if address.get_backend_name() not in ("sqlite", "postgresql"):
        raise InvalidRequest("unknown_database", f"'{address.get_backend_name()}' databases are not supported.",
                             "Use SQLite or PostgreSQL.")
    return address


def _open_sqlite(address: URL) -> Engine:
    in_memory = address.database in (None, "", ":memory:")
    pool: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {"pool_size": 10, "max_overflow": 30}
    if not in_memory:
        Path(str(address.database)).parent.mkdir(parents=True, exist_ok=True)
    arguments = {"check_same_thread": False, "timeout": BUSY_MILLISECONDS / 1000}
    engine = create_engine(address, connect_args=arguments, **pool)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # the driver's own transaction handling would begin late and deferred; we begin ourselves
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        _execute_patiently(cursor, pragma)
    cursor.close()


def _execute_patiently(cursor: Any, pragma: str) -> None:
    """Wait for a store that others are opening or closing: changing the journal does not heed the busy time-out."""
    patience = time.monotonic() + BUSY_MILLISECONDS / 1_000
    while True:
        try:
            cursor.execute(pragma)
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem) or time.monotonic() > patience:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _stored_version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate_alone(connection: Connection, newest: str) -> bool:
    if not is_sqlite(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    stored = _stored_version(connection)
    if stored == newest:
        return False
    if stored is not None and stored > newest:
        raise LeadScoreError("newer_store", "The data were written by a newer version of this program.",
                             "Install that version or a later one; nothing has been changed.")
    _run_alembic(connection)
    return True


def _run_alembic(connection: Connection) -> None:
    # a heavy library that a store already current never needs
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(VERSION_FOLDER.parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

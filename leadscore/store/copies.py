"""Copies of the whole store, taken while others write, and what a copy holds."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import URL
from sqlmodel import Session

from leadscore.errors import InvalidRequest, TamperedData
from leadscore.store.database import read

GENESIS = "0" * 64
PROGRAM_SECONDS = 6 * 3_600
OWN_DUMP = "pg_dump --format=custom --file=store.dump DATABASE"


@dataclass(frozen=True)
class CopyFacts:
    """What a copy holds: rows of each table, the newest record of the log and its MAC, folders of models."""

    counts: dict[str, int]
    audit_seq: int
    audit_mac: str
    migration: str
    folders: tuple[str, ...]


def copy_sqlite(engine: Engine, path: Path) -> CopyFacts:
    """Write one consistent state of a SQLite store into a new file; readers and writers go on meanwhile.

    What was deleted is not in the copy: it is written anew, page by page.
    """
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("VACUUM INTO ?", (str(path),))
    finally:
        connection.close()
    path.chmod(0o600)
    return sqlite_facts(path)


def sqlite_facts(path: Path) -> CopyFacts:
    """Read what a copy holds.

    Raises
    ------
    TamperedData
        It is no sound database of ours.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
            if found != ["ok"]:
                raise TamperedData("damaged_store", "The copy of the store is damaged.", "Use another backup.")
            tables = [str(row[0]) for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
            counts = {name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in tables}
            head = connection.execute("SELECT seq, mac FROM audit_events ORDER BY seq DESC LIMIT 1").fetchone()
            migration = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            folders = [str(row[0]) for row in connection.execute("SELECT folder FROM model_versions ORDER BY id")]
    except sqlite3.Error as problem:
        raise TamperedData("damaged_store", "The copy of the store cannot be read.", "Use another backup.") from problem
    seq, mac = head or (0, GENESIS)
    return CopyFacts(counts, int(seq), str(mac), str(migration[0]) if migration else "", tuple(folders))


def dump_postgres(engine: Engine, path: Path) -> CopyFacts:
    """Write one consistent state of a PostgreSQL store into a new file, and count what is in it.

    Raises
    ------
    InvalidRequest
        PostgreSQL's own program for that is not there, or refused.
    """
    with read(engine) as session:
        snapshot = session.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        facts = _postgres_facts(session)
        _run(engine.url, ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
                          f"--file={path}"])
    path.chmod(0o600)
    return facts


def load_postgres(engine: Engine, path: Path) -> CopyFacts:
    """Fill an empty PostgreSQL database from a dump, whole or not at all.

    Raises
    ------
    InvalidRequest
        The database holds tables already, or PostgreSQL's own program for that is not there, or refused.
    """
    if inspect(engine).get_table_names():
        raise InvalidRequest("database_in_use", "The database that this would be restored into is not empty.",
                             "Create an empty one and name it in LEADSCORE_DATABASE_URL.")
    _run(engine.url, ["pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error",
                      f"--dbname={engine.url.database}", str(path)])
    with read(engine) as session:
        return _postgres_facts(session)


def empty_postgres(engine: Engine) -> None:
    """Take back what :func:`load_postgres` did."""
    with engine.begin() as connection:
        for table in inspect(connection).get_table_names():
            connection.execute(text(f'DROP TABLE "{table}" CASCADE'))


def _postgres_facts(session: Session) -> CopyFacts:
    tables = inspect(session.connection()).get_table_names()
    counts = {name: int(session.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()) for name in tables}
    head = session.execute(text("SELECT seq, mac FROM audit_events ORDER BY seq DESC LIMIT 1")).one_or_none()
    migration = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    folders = [str(row[0]) for row in session.execute(text("SELECT folder FROM model_versions ORDER BY id"))]
    seq, mac = head or (0, GENESIS)
    return CopyFacts(counts, int(seq), str(mac), str(migration or ""), tuple(folders))


def _run(url: URL, words: list[str]) -> None:
    program = shutil.which(words[0])
    if program is None:
        raise InvalidRequest("no_postgres_tools", f"The program '{words[0]}' of PostgreSQL is not on this machine.",
                             f"Install PostgreSQL's client programs, or run there: {OWN_DUMP}")
    try:
        ended = subprocess.run([program, *words[1:]], env=dict(_environment(url)), capture_output=True,
                               timeout=PROGRAM_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise InvalidRequest("postgres_tool_failed", f"'{words[0]}' did not end well.", f"Run it by hand: {OWN_DUMP}") \
            from problem
    if ended.returncode:
        # its words name tables and versions, never rows
        said = ended.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise InvalidRequest("postgres_tool_failed", f"'{words[0]}' refused: {said[0][:200]}",
                             "Its version must not be older than the server's.")


def _environment(url: URL) -> Iterator[tuple[str, str]]:
    """Hand over where the database is in the environment, since others can read what programs are called with."""
    given = {"PGHOST": url.host or url.query.get("host"), "PGPORT": url.port, "PGUSER": url.username,
             "PGPASSWORD": url.password, "PGDATABASE": url.database}
    yield from os.environ.items()
    for name, value in given.items():
        if value:
            yield name, str(value)

"""The store opens, migrates and keeps whole transactions on both databases."""

import sqlite3
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text
from sqlmodel import SQLModel

from leadscore.errors import InvalidRequest, LeadScoreError
from leadscore.store import clients, database
from leadscore.store.database import check_integrity, migrate, newest_version, open_database, read, write
from leadscore.store.tables import Lead


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/name", "oracle://x", "sqlite3:///x", "postgres"])
def test_an_address_of_an_unknown_database_is_refused_in_words(url: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        open_database(url)
    assert refusal.value.code == "unknown_database"


def test_migrating_twice_changes_nothing_the_second_time(database_url: str) -> None:
    engine = open_database(database_url)
    assert migrate(engine)
    assert not migrate(engine)
    engine.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_program(store: Engine) -> None:
    assert Lead
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "autogenerate skipping")
            warnings.filterwarnings("ignore", "Skipped unsupported reflection")
            difference = compare_metadata(context, SQLModel.metadata)
    # an index over an expression is written by hand and compared by its own test
    assert [step for step in difference if not any(name in str(step) for name in BY_HAND)] == []


BY_HAND = {"ix_scores_rank": "client_id, score DESC, lead_id, tier, outcome",
           **{f"ix_scores_{name}": f"client_id, coalesce({name}, ''" for name in ("owner", "country", "industry")}}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_indexes_over_expressions_are_there(store: Engine, name: str) -> None:
    query = {"sqlite": "SELECT sql FROM sqlite_master WHERE name = :name",
             "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname = :name"}[store.dialect.name]
    with store.connect() as connection:
        found = connection.execute(text(query), {"name": name}).scalar_one()
    assert found.replace('"', "").split("(", 1)[1].lower().startswith(BY_HAND[name].lower())


def test_two_programs_that_migrate_at_once_agree(database_url: str) -> None:
    engines = [open_database(database_url) for _ in range(4)]
    barrier = threading.Barrier(4)

    def start(engine: Engine) -> bool:
        barrier.wait()
        return migrate(engine)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(start, engines)) == [False, False, False, True]
    for engine in engines:
        engine.dispose()


def test_a_store_of_a_newer_program_is_left_alone(store: Engine) -> None:
    with write(store) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LeadScoreError) as refusal:
        migrate(store)
    assert refusal.value.code == "newer_store"


def test_a_migration_that_breaks_leaves_no_table_behind(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_database(database_url)

    def half_way(connection: object) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))  # type: ignore[attr-defined]
        raise RuntimeError("the power went out")

    with monkeypatch.context() as patched:
        patched.setattr("leadscore.store.database._run_alembic", half_way)
        with pytest.raises(RuntimeError):
            migrate(engine)
    with engine.connect() as connection, pytest.raises(Exception, match="half"):
        connection.execute(text("SELECT * FROM half"))
    engine.dispose()


def test_versions_are_numbered_by_their_file_names() -> None:
    assert newest_version() >= "0001"
    assert newest_version().isdecimal()


def test_a_write_that_fails_stores_nothing(store: Engine, now) -> None:
    with pytest.raises(RuntimeError), write(store) as session:
        clients.ensure(session, "acme", now)
        raise RuntimeError("kill")
    with read(store) as session:
        assert clients.find(session, "acme") is None


def test_a_reader_sees_one_snapshot_while_another_writes(store: Engine, now) -> None:
    with read(store) as before:
        assert clients.list_all(before) == []
        with write(store) as session:
            clients.ensure(session, "acme", now)
        assert clients.list_all(before) == []
    with read(store) as after:
        assert [row.name for row in clients.list_all(after)] == ["acme"]


def test_what_a_reader_changes_is_not_kept(store: Engine, now) -> None:
    try:
        with read(store) as session:
            clients.ensure(session, "acme", now)
    except Exception as refusal:
        # PostgreSQL refuses it, SQLite forgets it
        assert "read-only" in str(refusal)
    with read(store) as session:
        assert clients.list_all(session) == []


def test_writers_wait_for_each_other_and_lose_no_update(store: Engine) -> None:
    with write(store) as session:
        session.execute(text("INSERT INTO facts VALUES ('n', '0')"))

    def add_one(_: int) -> None:
        lock = "" if store.dialect.name == "sqlite" else " FOR UPDATE"
        with write(store) as session:
            value = int(session.execute(text(f"SELECT value FROM facts WHERE name = 'n'{lock}")).scalar_one())
            session.execute(text("UPDATE facts SET value = :v WHERE name = 'n'"), {"v": str(value + 1)})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(64)))
    with read(store) as session:
        assert session.execute(text("SELECT value FROM facts WHERE name = 'n'")).scalar_one() == "64"


def test_sqlite_is_set_to_keep_what_it_acknowledged_and_to_wipe_what_it_deletes(sqlite_store: Engine) -> None:
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1, "synchronous": 2, "busy_timeout": 30_000}
    with read(sqlite_store) as session:
        found = {name: session.execute(text(f"PRAGMA {name}")).scalar_one() for name in wanted}
        assert check_integrity(session) == []
    assert found == wanted


class _BusyCursor:
    def __init__(self, *problems):
        self.problems, self.asked = list(problems), 0

    def execute(self, _pragma):
        self.asked += 1
        if self.problems:
            raise sqlite3.OperationalError(self.problems.pop(0))


def test_a_store_that_others_are_opening_is_asked_again():
    cursor = _BusyCursor("database is locked", "database is locked")
    database._execute_patiently(cursor, "PRAGMA journal_mode = WAL")
    assert cursor.asked == 3


def test_another_fault_is_not_asked_again():
    cursor = _BusyCursor("disk I/O error")
    with pytest.raises(sqlite3.OperationalError, match="I/O"):
        database._execute_patiently(cursor, "PRAGMA journal_mode = WAL")
    assert cursor.asked == 1

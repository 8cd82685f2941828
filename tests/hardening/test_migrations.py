"""A filled store of any version is brought to today's tables with its rows as they were, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadscore.store.database import migrate, newest_version, open_database
from tests.hardening.crashes import columns_of, common_rows, make_old_store, stored_version

pytestmark = pytest.mark.usefixtures("read_here")
LATELY = ("0001", "0006")
"""The first version and the one before the last; the benchmark takes every one."""


@pytest.mark.parametrize("version", LATELY)
def test_the_rows_of_an_older_store_are_kept(twice_home: Path, database_url: str, version: str) -> None:
    make_old_store(database_url, version, twice_home / "data" / "leadscore.db")
    columns = columns_of(database_url)
    before = common_rows(database_url, columns)
    assert len(before["leads"]) > 300
    assert stored_version(database_url) == version
    engine = open_database(database_url)
    assert migrate(engine)
    engine.dispose()
    assert stored_version(database_url) == newest_version()
    assert common_rows(database_url, columns) == before

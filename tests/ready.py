"""A home that has its tables already: making them takes longer than most tests."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from leadscore.store.database import migrate, open_database


def with_tables(home: Path) -> Path:
    """Give an empty home the tables of the store; one that has a store is left as it is."""
    store = home / "data" / "leadscore.db"
    if not store.exists():
        store.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_template(), store)
    return home


@cache
def _template() -> Path:
    """Make the tables once for this process."""
    folder = Path(tempfile.mkdtemp(prefix="leadscore-tables-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "store.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path

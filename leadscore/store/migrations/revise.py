"""Writes the next migration from what differs between the newest version and the tables of the program.

Use: ``python -m leadscore.store.migrations.revise "Add the colour of a lead"``; read what it wrote before you commit.
"""

from __future__ import annotations

import sys

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from leadscore.store import tables
from leadscore.store.database import VERSION_FOLDER


def main(message: str) -> None:
    """Write one file into the versions folder."""
    known = sorted(path.stem.split("_")[0] for path in VERSION_FOLDER.glob("[0-9]*.py"))
    following = f"{int(known[-1]) + 1 if known else 1:04d}"
    config = Config()
    config.set_main_option("script_location", str(VERSION_FOLDER.parent))
    config.set_main_option("path_separator", "os")
    with create_engine("sqlite://").connect() as connection:
        config.attributes["connection"] = connection
        if known:
            command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True, rev_id=following)


if __name__ == "__main__":
    assert tables.Lead
    main(sys.argv[1])

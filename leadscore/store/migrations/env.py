"""What Alembic runs: the migrations on the connection, and in the transaction, that the store opened."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from leadscore.store.tables import UTCText


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """Write our own column types as plain ones, so that a version does not change with the program."""
    if kind == "type" and isinstance(item, UTCText):
        return "sa.String(length=24)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_type=False,
    # the caller's transaction holds all versions, so a crash leaves the old store or the new one
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()

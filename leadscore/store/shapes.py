"""What a person decided for files with the same headers, remembered for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from leadscore.store.tables import FileShape


def find(session: Session, client_id: int, shape: str) -> FileShape | None:
    """Find the decisions for files of this shape."""
    return session.get(FileShape, (client_id, shape))


def save(session: Session, client_id: int, shape: str, *, mapping: Mapping[str, str | None],
         choices: Mapping[str, Any], by: str, now: datetime) -> None:
    """Remember the decisions for files of this shape instead of earlier ones."""
    row = FileShape(client_id=client_id, shape=shape, mapping=dict(mapping), choices=dict(choices), saved_by=by,
                    saved_at=now)
    session.merge(row)
    session.flush()

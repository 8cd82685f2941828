"""The imports: one row a file, with what became of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from leadscore.errors import NotFound
from leadscore.schema import CustomField
from leadscore.store.tables import Batch


def create(session: Session, client_id: int, *, filename: str, sha256: str, imported_by: str, now: datetime,
           sheet: str | None = None, mapping: Mapping[str, str | None] | None = None,
           choices: Mapping[str, Any] | None = None, custom_fields: Sequence[CustomField] = ()) -> int:
    """Open a batch and give its id; counts and quality follow with :func:`finish`."""
    described = [{"header": field.header, "kind": str(field.kind), "personal": field.personal}
                 for field in custom_fields]
    row = Batch(client_id=client_id, filename=filename[:255], sha256=sha256, sheet=sheet and sheet[:80],
                mapping=dict(mapping or {}), choices=dict(choices or {}), custom_fields=described,
                imported_by=imported_by[:80], created_at=now)
    session.add(row)
    session.flush()
    return row.id or 0


def finish(session: Session, client_id: int, batch_id: int, *, rows_read: int, rows_stored: int, updated: int,
           duplicates: int, rejected: int, quality: Mapping[str, Any] | None = None,
           issues: Mapping[str, int] | None = None, issue_rows: bytes | None = None) -> Batch:
    """Write down what became of the rows.

    Parameters
    ----------
    issue_rows : bytes, optional
        The rows with problems, already encrypted.
    """
    row = get(session, client_id, batch_id)
    row.rows_read, row.rows_stored, row.updated = rows_read, rows_stored, updated
    row.duplicates, row.rejected = duplicates, rejected
    row.quality, row.issues, row.issue_rows = dict(quality or {}), dict(issues or {}), issue_rows
    session.add(row)
    session.flush()
    return row


def find(session: Session, client_id: int, batch_id: int) -> Batch | None:
    """Find a batch of this client."""
    return session.exec(select(Batch).where(Batch.id == batch_id, Batch.client_id == client_id)).one_or_none()


def get(session: Session, client_id: int, batch_id: int) -> Batch:
    """Find a batch of this client or refuse.

    Raises
    ------
    NotFound
        The client has no such batch.
    """
    row = find(session, client_id, batch_id)
    if row is None:
        raise NotFound("unknown_batch", f"There is no import {batch_id}.", "The list of imports shows their numbers.")
    return row


def find_by_sha256(session: Session, client_id: int, sha256: str) -> Batch | None:
    """Find the newest import of the same bytes that has not been undone."""
    return session.exec(select(Batch).where(Batch.client_id == client_id, Batch.sha256 == sha256,
                                            col(Batch.undone_at).is_(None))
                        .order_by(col(Batch.id).desc()).limit(1)).one_or_none()


def list_all(session: Session, client_id: int, limit: int = 1_000) -> list[Batch]:
    """List the imports of a client, newest first."""
    return list(session.exec(select(Batch).where(Batch.client_id == client_id)
                             .order_by(col(Batch.id).desc()).limit(limit)))


def headers(session: Session, client_id: int) -> dict[str, str]:
    """Give the user's own header of each field, as the newest import that has it spells it."""
    statement = select(Batch.mapping).where(Batch.client_id == client_id, col(Batch.undone_at).is_(None))
    return {field: header for mapping in session.exec(statement.order_by(col(Batch.id)))
            for header, field in mapping.items() if field}


def issues_place(batch_id: int) -> str:
    """Name the place the remarks on an import are encrypted for."""
    return f"batch_issues:{batch_id}"

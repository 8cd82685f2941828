"""Imports and what they brought: leads, what changed in them, what they did and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from leadscore.schema import FIELD_BY_NAME, FIELDS, Kind
from leadscore.store.tables.base import BigId, UTCText, client_column, id_column, time_column


class Batch(SQLModel, table=True):
    """One imported file."""

    __tablename__ = "batches"
    __table_args__ = (Index("ix_batches_client", "client_id", "id"),)
    id: int | None = id_column()
    client_id: int = client_column()
    filename: str = Field(max_length=255)
    sha256: str = Field(max_length=64)
    sheet: str | None = Field(default=None, max_length=80)
    state: str = Field(default="stored", max_length=12)
    rows_read: int = 0
    rows_stored: int = 0
    updated: int = 0
    duplicates: int = 0
    rejected: int = 0
    mapping: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    choices: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    fields: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    custom_fields: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    quality: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    issues: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    issue_rows: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    imported_by: str = Field(max_length=80)
    created_at: datetime = time_column(nullable=False)
    undone_at: datetime | None = time_column()


_STORAGE: dict[Kind, Any] = {Kind.NUMBER: Float, Kind.MONEY: Float, Kind.BOOLEAN: Boolean, Kind.DATE: UTCText}

_LEAD_OWN_COLUMNS: dict[str, tuple[Any, bool]] = {
    # name: (SQL type, may be null); ids are given out by the counters table, so bulk writes know them beforehand
    "id": (BigId, False),
    "client_id": (Integer, False),
    "batch_id": (BigId, False),
    "source_row": (Integer, False),
    "email_index": (String(32), True),
    "phone_index": (String(32), True),
    "company_key": (String(120), True),
    "personal": (LargeBinary, True),
    "custom": (Text, True),
    "outcome": (String(12), False),
    "outcome_at": (UTCText, True),
    "stored_at": (UTCText, False),
    "changed_at": (UTCText, False),
    "exported_at": (UTCText, True),
    "override_score": (Float, True),
    "override_tier": (String(10), True),
    "override_reason": (Text, True),
    "override_by": (String(80), True),
    "override_at": (UTCText, True),
    "restricted_at": (UTCText, True),
}

LEAD_FIELD_COLUMNS = tuple(field.name for field in FIELDS if not field.personal)


def _lead_column(name: str, sql_type: Any, nullable: bool) -> Column[Any]:
    references = {"client_id": ForeignKey("clients.id"), "batch_id": ForeignKey("batches.id")}
    foreign = (references[name],) if name in references else ()
    return Column(name, sql_type, *foreign, primary_key=name == "id", nullable=nullable, autoincrement=False)


def _lead_class() -> type[SQLModel]:
    """Build the leads table from the schema, so that a new field is one line there and one migration."""
    columns = {name: _lead_column(name, *shape) for name, shape in _LEAD_OWN_COLUMNS.items()}
    columns |= {name: _lead_column(name, _STORAGE.get(FIELD_BY_NAME[name].kind, Text), True)
                for name in LEAD_FIELD_COLUMNS}
    body: dict[str, Any] = {name: Field(default=None, sa_column=column) for name, column in columns.items()}
    body["__annotations__"] = dict.fromkeys(columns, Any)
    body["__tablename__"] = "leads"
    body["__module__"] = __name__
    body["__doc__"] = "A person or company who may buy; personal fields are inside the encrypted ``personal``."
    body["__table_args__"] = (
        Index("ix_leads_batch", "client_id", "batch_id"),
        Index("ix_leads_email", "client_id", "email_index"),
        Index("ix_leads_crm", "client_id", "crm_id"),
        Index("ix_leads_phone", "client_id", "phone_index"),
        Index("ix_leads_company", "client_id", "company_key"),
    )
    made: type[SQLModel] = type(SQLModel)("Lead", (SQLModel,), body, table=True)  # type: ignore[misc]
    return made


Lead = _lead_class()


class LeadChange(SQLModel, table=True):
    """What an import changed in a stored lead: the earlier values, encrypted, for undo and replay."""

    __tablename__ = "lead_changes"
    __table_args__ = (Index("ix_lead_changes_batch", "client_id", "batch_id"),
                      Index("ix_lead_changes_lead", "client_id", "lead_id"))
    id: int | None = id_column()
    client_id: int = client_column()
    batch_id: int = Field(sa_column=Column(BigId, nullable=False))
    lead_id: int = Field(sa_column=Column(BigId, nullable=False))
    before: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Activity(SQLModel, table=True):
    """Something a lead did, with its time."""

    __tablename__ = "activities"
    __table_args__ = (Index("ix_activities_lead", "client_id", "lead_id"),)
    id: int | None = id_column()
    client_id: int = client_column()
    lead_id: int = Field(sa_column=Column(BigId, nullable=False))
    batch_id: int | None = Field(default=None, sa_column=Column(BigId))
    kind: str = Field(max_length=40)
    amount: float | None = None
    at: datetime = time_column(nullable=False)


class Outcome(SQLModel, table=True):
    """A stage a lead reached, when, and with what revenue."""

    __tablename__ = "outcomes"
    __table_args__ = (Index("ix_outcomes_lead", "client_id", "lead_id"),
                      Index("ix_outcomes_batch", "client_id", "batch_id"))
    id: int | None = id_column()
    client_id: int = client_column()
    lead_id: int = Field(sa_column=Column(BigId, nullable=False))
    batch_id: int | None = Field(default=None, sa_column=Column(BigId))
    stage: str = Field(max_length=12)
    label: str | None = Field(default=None, max_length=120)
    at: datetime | None = time_column()
    revenue: float | None = None
    currency: str | None = Field(default=None, max_length=8)
    origin: str = Field(max_length=12)
    recorded_by: str = Field(max_length=80)
    recorded_at: datetime = time_column(nullable=False)


class FileShape(SQLModel, table=True):
    """What a person decided for files with these headers: mapping and cleaning choices."""

    __tablename__ = "file_shapes"
    client_id: int = Field(foreign_key="clients.id", primary_key=True)
    shape: str = Field(primary_key=True, max_length=64)
    mapping: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    choices: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    saved_by: str = Field(max_length=80)
    saved_at: datetime = time_column(nullable=False)


class Segment(SQLModel, table=True):
    """A filter of the ranked list that has a name: a view to come back to, or a segment that things happen for.

    ``trigger`` says what happens when a lead comes in; empty for a mere view.
    """

    __tablename__ = "segments"
    __table_args__ = (UniqueConstraint("client_id", "name"),)
    id: int | None = id_column()
    client_id: int = client_column()
    name: str = Field(max_length=80)
    view: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    shared: bool = True
    trigger: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    checked_at: datetime | None = time_column()
    created_by: str = Field(max_length=80)
    created_at: datetime = time_column(nullable=False)


class SegmentMember(SQLModel, table=True):
    """A lead that was in a segment when it was last looked at, and since when."""

    __tablename__ = "segment_members"
    segment_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = client_column()
    since: datetime = time_column(nullable=False)


class HeldBackLead(SQLModel, table=True):
    """A lead of an export that holds some by chance, so that the best can be compared with the others.

    ``score`` is its score at that moment, ``share`` the chance it had of being in the file: 1 for the best, less for
    the leads below the cut, of which chance took some.
    """

    __tablename__ = "held_back_leads"
    __table_args__ = (Index("ix_held_back_client", "client_id", "taken_at"),)
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = client_column()
    score: float
    share: float
    taken_at: datetime = time_column(nullable=False)

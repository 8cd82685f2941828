"""What the store knows about itself: counters, facts, keys, jobs, faults and how long work took."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, Integer, LargeBinary, Text
from sqlmodel import Field, SQLModel

from leadscore.store.tables.base import BigId, client_column, id_column, time_column


class Counter(SQLModel, table=True):
    """The next free id of a table whose rows are written in bulk."""

    __tablename__ = "counters"
    name: str = Field(primary_key=True, max_length=40)
    next_id: int = Field(sa_column=Column(BigId, nullable=False))


class Fact(SQLModel, table=True):
    """Something the store knows about itself, such as which secret it was written with."""

    __tablename__ = "facts"
    name: str = Field(primary_key=True, max_length=40)
    value: str = Field(sa_column=Column(Text, nullable=False))


class RingKey(SQLModel, table=True):
    """A key that is not derived from the present secret, encrypted by it; see ``store/vault.py``."""

    __tablename__ = "key_ring"
    purpose: str = Field(primary_key=True, max_length=20)
    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    sealed_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_by: str = Field(max_length=80)
    created_at: datetime = time_column(nullable=False)
    retired_at: datetime | None = time_column()


class Job(SQLModel, table=True):
    """Long work that a page can leave and come back to."""

    __tablename__ = "jobs"
    id: str = Field(primary_key=True, max_length=32)
    client_id: int = client_column()
    user_name: str = Field(max_length=80)
    user_id: int | None = None
    kind: str = Field(max_length=20)
    state: str = Field(max_length=12, index=True)
    progress: float = 0.0
    message: str = Field(default="", max_length=300)
    arguments: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    result: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    error: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    cancel_requested: bool = False
    created_at: datetime = time_column(nullable=False)
    started_at: datetime | None = time_column()
    finished_at: datetime | None = time_column()
    heartbeat_at: datetime | None = time_column()


class ErrorRecord(SQLModel, table=True):
    """A fault of the program, under the number that people were told; ``trace`` is encrypted."""

    __tablename__ = "errors"
    __table_args__ = (Index("ix_errors_at", "at"),)
    id: str = Field(primary_key=True, max_length=16)
    client_id: int | None = Field(default=None, foreign_key="clients.id")
    user_name: str | None = Field(default=None, max_length=80)
    place: str = Field(max_length=80)
    kind: str = Field(max_length=120)
    trace: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    program: str = Field(max_length=40)
    at: datetime = time_column(nullable=False)


class Timing(SQLModel, table=True):
    """How long one piece of work took: a page drawn, a job done, a request answered."""

    __tablename__ = "timings"
    __table_args__ = (Index("ix_timings_at", "at"),)
    id: int | None = id_column()
    client_id: int | None = Field(default=None, foreign_key="clients.id")
    what: str = Field(max_length=60)
    seconds: float
    rows: int | None = Field(default=None, sa_column=Column(BigId))
    peak_mb: float | None = None
    failed: bool = False
    at: datetime = time_column(nullable=False)

"""Policies, models, offers, what language models said, and experiments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from leadscore.store.tables.base import BigId, client_column, id_column, time_column


class PolicyVersion(SQLModel, table=True):
    """A scoring policy as it was saved; never changed afterwards."""

    __tablename__ = "policies"
    __table_args__ = (UniqueConstraint("client_id", "version"),
                      Index("ux_policies_active", "client_id", unique=True,
                            sqlite_where=text("active"), postgresql_where=text("active")))
    id: int | None = id_column()
    client_id: int = client_column()
    version: int
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    comment: str = Field(default="", max_length=500)
    active: bool = False
    created_by: str = Field(max_length=80)
    created_at: datetime = time_column(nullable=False)


class ModelVersion(SQLModel, table=True):
    """A trained model: its manifest and where its files are."""

    __tablename__ = "model_versions"
    __table_args__ = (Index("ux_model_alias", "client_id", "alias", unique=True),)
    id: int | None = id_column()
    client_id: int = client_column()
    folder: str = Field(max_length=32, unique=True)
    algorithm: str = Field(max_length=20)
    balance: str = Field(max_length=20)
    alias: str | None = Field(default=None, max_length=12)
    metrics: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    report: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    manifest: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_by: str = Field(max_length=80)
    created_at: datetime = time_column(nullable=False)


class HeldOut(SQLModel, table=True):
    """Leads a model had not seen, with what became of them: the encrypted frame every later change is measured on."""

    __tablename__ = "held_out"
    model_version: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = client_column()
    rows: int
    as_of: datetime = time_column(nullable=False)
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class OfferVersion(SQLModel, table=True):
    """An offer as it was saved; never changed afterwards, an edit is a new row that names the one it replaces."""

    __tablename__ = "offers"
    __table_args__ = (Index("ix_offers_client", "client_id", "id"),)
    id: int | None = id_column()
    client_id: int = client_column()
    name: str = Field(max_length=200)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    replaces: int | None = Field(default=None, sa_column=Column(BigId))
    retired_at: datetime | None = time_column()
    created_by: str = Field(max_length=80)
    created_at: datetime = time_column(nullable=False)


class LanguageAnswer(SQLModel, table=True):
    """What a language model answered, encrypted, so that nothing is asked or paid for twice."""

    __tablename__ = "language_answers"
    __table_args__ = (Index("ix_language_answers_at", "client_id", "at"),)
    client_id: int = Field(foreign_key="clients.id", primary_key=True)
    key: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=12)
    model: str = Field(max_length=120)
    lead_id: int | None = Field(default=None, sa_column=Column(BigId))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    tokens: int = 0
    at: datetime = time_column(nullable=False)


class LeadVector(SQLModel, table=True):
    """Where a lead lies in the space of one embedder; ``digest`` tells whether its text has changed since."""

    __tablename__ = "lead_vectors"
    __table_args__ = (Index("ix_lead_vectors_space", "client_id", "space", "lead_id"),)
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    space: str = Field(primary_key=True, max_length=120)
    client_id: int = client_column()
    digest: str = Field(max_length=32)
    vector: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Experiment(SQLModel, table=True):
    """A challenger tried against the champion; ``planned_*`` count leads on top of their arm."""

    __tablename__ = "experiments"
    __table_args__ = (Index("ix_experiments_client", "client_id", "id"),
                      Index("ux_experiments_running", "client_id", unique=True,
                            sqlite_where=text("status = 'running'"), postgresql_where=text("status = 'running'")))
    id: int | None = id_column()
    client_id: int = client_column()
    name: str = Field(max_length=120)
    mode: str = Field(max_length=10)
    champion_version: int = Field(sa_column=Column(BigId, nullable=False))
    challenger_version: int = Field(sa_column=Column(BigId, nullable=False))
    share: float
    base_rate: float
    effect: float
    alpha: float
    power: float
    planned_champion: int = Field(sa_column=Column(BigId, nullable=False))
    planned_challenger: int = Field(sa_column=Column(BigId, nullable=False))
    salt: str = Field(max_length=32)
    status: str = Field(max_length=10)
    started_by: str = Field(max_length=80)
    started_at: datetime = time_column(nullable=False)
    ended_by: str | None = Field(default=None, max_length=80)
    ended_at: datetime | None = time_column()
    decision: str | None = Field(default=None, max_length=20)
    verdict: str | None = Field(default=None, sa_column=Column(Text))


class ExperimentLead(SQLModel, table=True):
    """A lead's arm, and what was said of it when it was put there; never changed afterwards.

    ``champion_top`` and ``challenger_top`` say whether that model had it among its best, empty where it did not score.
    """

    __tablename__ = "experiment_leads"
    __table_args__ = (Index("ix_experiment_leads_lead", "client_id", "lead_id"),)
    experiment_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = client_column()
    arm: str = Field(max_length=10)
    assigned_at: datetime = time_column(nullable=False)
    champion_probability: float | None = None
    challenger_probability: float | None = None
    score: float
    champion_top: bool | None = None
    challenger_top: bool | None = None


class Approval(SQLModel, table=True):
    """A second person's word that a model may be put to use."""

    __tablename__ = "approvals"
    __table_args__ = (Index("ix_approvals_model", "client_id", "model_version"),)
    id: int | None = id_column()
    client_id: int = client_column()
    model_version: int = Field(sa_column=Column(BigId, nullable=False))
    approved: bool
    comment: str = Field(default="", max_length=500)
    by: str = Field(max_length=80)
    at: datetime = time_column(nullable=False)

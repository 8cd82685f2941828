"""What answers for scores and for people: the log, keys of persons, requests, consents, drift, risks, reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from leadscore.store.tables.base import BigId, client_column, id_column, time_column


class AuditEvent(SQLModel, table=True):
    """One record of the tamper-evident log; ``mac`` chains it to the record before."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_client", "client_id", "seq"),)
    seq: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    at: str = Field(max_length=32)
    client_id: int | None = None
    actor: str = Field(max_length=80)
    action: str = Field(max_length=40)
    object: str = Field(max_length=120)
    detail: str = Field(sa_column=Column(Text, nullable=False))
    prev: str = Field(max_length=64)
    mac: str = Field(max_length=64)


class SubjectKey(SQLModel, table=True):
    """The key of what the log says about one lead's person; without it those words are lost, and the chain stays."""

    __tablename__ = "subject_keys"
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = client_column()
    sealed_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class Suppression(SQLModel, table=True):
    """A person who was erased or must not be stored again, known only by blind indexes."""

    __tablename__ = "suppressions"
    client_id: int = Field(foreign_key="clients.id", primary_key=True)
    kind: str = Field(primary_key=True, max_length=10)
    digest: str = Field(primary_key=True, max_length=32)
    reason: str = Field(default="", max_length=40)
    at: datetime = time_column(nullable=False)


class Consent(SQLModel, table=True):
    """What a person has agreed or objected to, for one purpose, and where that is known from; never changed."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_lead", "client_id", "lead_id"),)
    id: int | None = id_column()
    client_id: int = client_column()
    lead_id: int = Field(sa_column=Column(BigId, nullable=False))
    purpose: str = Field(max_length=20)
    given: bool
    source: str = Field(max_length=200)
    at: datetime = time_column(nullable=False)
    recorded_by: str = Field(max_length=80)
    recorded_at: datetime = time_column(nullable=False)


class PrivacyRequest(SQLModel, table=True):
    """What a person has asked for under data protection law, by when it is due and what came of it.

    ``lead_id`` is empty for a person who is not stored, or no longer; ``note`` is encrypted.
    """

    __tablename__ = "privacy_requests"
    __table_args__ = (Index("ix_privacy_requests_client", "client_id", "state", "due_at"),)
    id: int | None = id_column()
    client_id: int = client_column()
    kind: str = Field(max_length=20)
    lead_id: int | None = Field(default=None, sa_column=Column(BigId))
    state: str = Field(max_length=12)
    received_at: datetime = time_column(nullable=False)
    due_at: datetime = time_column(nullable=False)
    note: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    outcome: str | None = Field(default=None, max_length=200)
    recorded_by: str = Field(max_length=80)
    closed_by: str | None = Field(default=None, max_length=80)
    closed_at: datetime | None = time_column()


class DriftCheck(SQLModel, table=True):
    """What a comparison of the leads of late with those a model learnt from has found."""

    __tablename__ = "drift_checks"
    __table_args__ = (Index("ix_drift_checks_client", "client_id", "id"),)
    id: int | None = id_column()
    client_id: int = client_column()
    model_version: int | None = Field(default=None, sa_column=Column(BigId))
    verdict: str = Field(max_length=12)
    findings: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    started_by: str = Field(max_length=80)
    at: datetime = time_column(nullable=False)


class Alert(SQLModel, table=True):
    """Something that somebody must look at; one of a kind and subject is open at a time.

    ``client_id`` is empty for what is about the workbench as a whole and for its administrators.
    """

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_open", "client_id", "settled_at"),
                      Index("ux_alerts_open", text("coalesce(client_id, 0)"), "kind", "subject", unique=True,
                            sqlite_where=text("settled_at IS NULL"), postgresql_where=text("settled_at IS NULL")))
    id: int | None = id_column()
    client_id: int | None = Field(default=None, foreign_key="clients.id")
    kind: str = Field(max_length=20)
    subject: str = Field(max_length=80)
    severity: str = Field(max_length=10)
    text: str = Field(max_length=500)
    owner: str | None = Field(default=None, max_length=80)
    raised_at: datetime = time_column(nullable=False)
    last_at: datetime = time_column(nullable=False)
    times: int = 1
    settled_by: str | None = Field(default=None, max_length=80)
    settled_at: datetime | None = time_column()


class Risk(SQLModel, table=True):
    """A risk of scoring people, what is done about it and who looks after it."""

    __tablename__ = "risks"
    __table_args__ = (Index("ix_risks_client", "client_id", "id"),)
    id: int | None = id_column()
    client_id: int = client_column()
    title: str = Field(max_length=120)
    description: str = Field(default="", max_length=2_000)
    likelihood: int
    impact: int
    measures: str = Field(default="", max_length=2_000)
    owner: str = Field(default="", max_length=80)
    state: str = Field(max_length=12)
    review_on: str | None = Field(default=None, max_length=10)
    changed_by: str = Field(max_length=80)
    changed_at: datetime = time_column(nullable=False)


class ComplianceReport(SQLModel, table=True):
    """A compliance report that was made, with all that is needed to make it again; ``sha256`` is that of its file."""

    __tablename__ = "compliance_reports"
    __table_args__ = (Index("ix_compliance_reports_client", "client_id", "id"),)
    id: int | None = id_column()
    client_id: int = client_column()
    kind: str = Field(max_length=20)
    subject: str | None = Field(default=None, max_length=40)
    starts: str | None = Field(default=None, max_length=10)
    ends: str | None = Field(default=None, max_length=10)
    as_of: datetime = time_column(nullable=False)
    audit_seq: int = Field(sa_column=Column(BigId, nullable=False))
    sha256: str = Field(max_length=64)
    made_by: str = Field(max_length=80)
    made_at: datetime = time_column(nullable=False)

"""Scores: the ones in force, the ones before, and the runs that made them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from leadscore.store.tables.base import BigId, client_column, id_column, time_column


class ScoreRun(SQLModel, table=True):
    """One scoring of many leads: the versions and the date every score of it shares."""

    __tablename__ = "score_runs"
    id: int | None = id_column()
    client_id: int = client_column()
    policy_version: int
    model_version: int | None = Field(default=None, sa_column=Column(BigId))
    as_of: datetime = time_column(nullable=False)
    rows: int = 0
    started_by: str = Field(max_length=80)
    created_at: datetime = time_column(nullable=False)


class Score(SQLModel, table=True):
    """The score in force of a lead, narrow, with the few columns lists are filtered by.

    ``blended`` is what rules and model say; ``score`` and ``tier`` are what lists use: a person's override wins.
    ``band`` is the score without its decimals and ``day`` the day the lead came in: what reports count by. What follows
    ``day`` tells what became of the lead, and is worked out anew from its outcomes whenever these or the score change;
    ``foretold`` is what the score said, in tenths of a point, without knowing that end, and ``foretold_by`` why it
    could not know; it stays where an end is taken back. ``seal`` proves that the row is as the scoring wrote it.
    """

    __tablename__ = "scores"
    # the filters of a list stand in the index, so that a rare one is found without touching the rows
    __table_args__ = (Index("ix_scores_rank", "client_id", text("score DESC"), "lead_id", "tier", "outcome",
                            "reachable", "exported", "batch_id", "owner", "source", "country", "industry"),
                      # reports count all leads: in the order of these, without sorting and without touching the rows
                      Index("ix_scores_cells", "client_id", "source", "country", "tier", "band", "outcome",
                            "qualified", "score", "probability", "day", "batch_id", "run_id"),
                      Index("ix_scores_day", "client_id", "day", "tier", "outcome", "score", "probability", "source",
                            "batch_id", "run_id"),
                      # few leads have ended; all that reports ask about these stands in the index
                      Index("ix_scores_ended", "client_id", "source", "country", "owner", "tier", "outcome",
                            "furthest", "currency", "revenue", "day", "decided_on", "days_to_contact",
                            "days_to_conversion", "foretold", "foretold_by", "foretold_chance", "batch_id", "run_id",
                            sqlite_where=text("outcome <> 'new'"), postgresql_where=text("outcome <> 'new'")),
                      # what lists can be filtered by is found by leaps; as expressions, so that no list is ordered by
                      # these instead of by rank
                      *(Index(f"ix_scores_{name}", "client_id", text(f"coalesce({name}, '')"))
                        for name in ("owner", "country", "industry")))
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = client_column()
    run_id: int = Field(sa_column=Column(BigId, nullable=False))
    batch_id: int = Field(sa_column=Column(BigId, nullable=False))
    rule_score: float
    probability: float | None = None
    blended: float
    score: float
    fit: float | None = None
    engagement: float | None = None
    tier: str = Field(max_length=10)
    qualified: bool
    reachable: bool
    exported: bool = False
    outcome: str = Field(max_length=12)
    owner: str | None = Field(default=None, sa_column=Column(Text))
    source: str | None = Field(default=None, sa_column=Column(Text))
    country: str | None = Field(default=None, sa_column=Column(Text))
    industry: str | None = Field(default=None, sa_column=Column(Text))
    band: int | None = None
    day: str | None = Field(default=None, max_length=10)
    furthest: str | None = Field(default=None, max_length=12)
    decided_on: str | None = Field(default=None, max_length=10)
    days_to_contact: int | None = None
    days_to_conversion: int | None = None
    revenue: float | None = None
    currency: str | None = Field(default=None, max_length=8)
    foretold: int | None = None
    foretold_chance: float | None = None
    foretold_by: str | None = Field(default=None, max_length=10)
    seal: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class ScoreHistory(SQLModel, table=True):
    """Scores that a later run replaced."""

    __tablename__ = "score_history"
    lead_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    run_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    client_id: int = client_column()
    rule_score: float
    probability: float | None = None
    blended: float
    score: float
    tier: str = Field(max_length=10)
    seal: bytes | None = Field(default=None, sa_column=Column(LargeBinary))

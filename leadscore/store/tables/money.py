"""What things have cost, and what people think of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from leadscore.store.tables.base import client_column, id_column, time_column


class Spend(SQLModel, table=True):
    """What a source, a campaign or the tool itself has cost in a period, both of its days included.

    ``kind`` is ``leads`` for what brings leads in, ``tool`` for what working with this workbench costs.
    """

    __tablename__ = "spend"
    __table_args__ = (Index("ix_spend_client", "client_id", "starts"),)
    id: int | None = id_column()
    client_id: int = client_column()
    kind: str = Field(default="leads", max_length=10, sa_column_kwargs={"server_default": "leads"})
    source: str | None = Field(default=None, max_length=200)
    campaign: str | None = Field(default=None, max_length=200)
    starts: str = Field(max_length=10)
    ends: str = Field(max_length=10)
    amount: float
    currency: str = Field(max_length=8)
    filename: str | None = Field(default=None, max_length=255)
    created_by: str = Field(max_length=80)
    created_at: datetime = time_column(nullable=False)


class Opinion(SQLModel, table=True):
    """One click of a person: whether the scores help; ``place`` is the page it was made on."""

    __tablename__ = "opinions"
    __table_args__ = (Index("ix_opinions_client", "client_id", "at"),)
    id: int | None = id_column()
    client_id: int = client_column()
    user_name: str = Field(max_length=80)
    helpful: bool
    place: str = Field(max_length=20)
    at: datetime = time_column(nullable=False)

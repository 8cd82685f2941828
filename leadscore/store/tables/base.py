"""What every table is made of: ids, UTC times kept as sortable text, and the columns most of them share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, ForeignKey, Integer, String, TypeDecorator
from sqlmodel import Field

BigId = BigInteger().with_variant(Integer, "sqlite")


class UTCText(TypeDecorator[datetime]):
    """A UTC time kept as sortable ISO text with milliseconds, the same bytes on every database.

    Text compares and truncates (``substr``) alike on SQLite and PostgreSQL, and bulk writes need no conversion.
    """

    impl = String(24)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write a time-zone-aware datetime as ``2026-01-31T09:30:00.000Z``."""
        return None if value is None else to_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read the text back as an aware datetime."""
        return None if value is None else datetime.fromisoformat(value).astimezone(UTC)


def to_text(moment: datetime) -> str:
    """Write an aware datetime the way the store keeps it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def id_column(**arguments: Any) -> Any:
    """Give each row a number, in the order they come."""
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True, **arguments))


def client_column() -> Any:
    """Say whose row it is."""
    return Field(sa_column=Column(Integer, ForeignKey("clients.id"), nullable=False))


def time_column(*, nullable: bool = True) -> Any:
    """Keep a UTC time."""
    return Field(default=None, sa_column=Column(UTCText, nullable=nullable))

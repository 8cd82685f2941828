"""Clients, the people who may sign in, their sessions and their tries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from leadscore.store.tables.base import id_column, time_column


class Client(SQLModel, table=True):
    """An account whose leads these are."""

    __tablename__ = "clients"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=80)
    settings: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: datetime = time_column(nullable=False)


class User(SQLModel, table=True):
    """A person who may sign in."""

    __tablename__ = "users"
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=80)
    role: str = Field(max_length=20)
    password_hash: str = Field(max_length=255)
    disabled: bool = False
    created_at: datetime = time_column(nullable=False)


class Membership(SQLModel, table=True):
    """A client a user may touch."""

    __tablename__ = "memberships"
    user_id: int = Field(foreign_key="users.id", primary_key=True)
    client_id: int = Field(foreign_key="clients.id", primary_key=True)


class UserSession(SQLModel, table=True):
    """A signed-in browser; only the hash of its token is kept."""

    __tablename__ = "sessions"
    token_hash: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="users.id", index=True)
    kind: str = Field(max_length=10)
    created_at: datetime = time_column(nullable=False)
    seen_at: datetime = time_column(nullable=False)
    expires_at: datetime = time_column(nullable=False)
    device: str | None = Field(default=None, max_length=80)


class Identity(SQLModel, table=True):
    """A user as another sign-in service knows them; bound to the account at the first sign-in through it."""

    __tablename__ = "identities"
    issuer: str = Field(primary_key=True, max_length=255)
    subject: str = Field(primary_key=True, max_length=255)
    user_id: int = Field(foreign_key="users.id", index=True)
    created_at: datetime = time_column(nullable=False)


class SignInAttempt(SQLModel, table=True):
    """One try to sign in; counted per account and per address."""

    __tablename__ = "sign_in_attempts"
    id: int | None = id_column()
    account_hash: str = Field(max_length=64, index=True)
    address_hash: str = Field(max_length=64, index=True)
    succeeded: bool
    reason: str = Field(max_length=40)
    at: datetime = time_column(nullable=False)

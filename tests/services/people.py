"""People at the door: a workbench with a clock of its own, an administrator, and what both see of the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from leadscore.access import Actor
from leadscore.config import Settings
from leadscore.errors import SignInRefused
from leadscore.services import accounts, sessions
from leadscore.store.database import read
from leadscore.store.tables import AuditEvent
from leadscore.workbench import Workbench, open_workbench
from tests.ready import with_tables

PASSWORD = "correct horse battery"
HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workbench(tmp_path: Path, clock: Clock) -> Iterator[Workbench]:
    opened = open_workbench(Settings(home=with_tables(tmp_path), secret_key="s" * 32, _env_file=None), clock=clock)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def either_store(tmp_path: Path, clock: Clock, database_url: str) -> Iterator[Workbench]:
    """Give a workbench on each kind of database, for what several do at once."""
    settings = Settings(home=tmp_path, secret_key="s" * 32, database_url=database_url, _env_file=None)
    opened = open_workbench(settings, clock=clock)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the passwords that are checked, and let no time be spent on them."""
    checked: list[str] = []

    def verify(password_hash: str, password: str) -> bool:
        checked.append(password)
        return password == PASSWORD

    monkeypatch.setattr(sessions, "is_right", verify)
    return checked


@pytest.fixture
def admin(workbench: Workbench) -> Actor:
    return accounts.create_first_administrator(workbench, name="Anna", password=PASSWORD)


def open_browser(workbench: Workbench, name: str = "anna", address: str = HOME) -> str:
    ticket = sessions.sign_in(workbench, name=name, password=PASSWORD, address=address).token
    return sessions.redeem_ticket(workbench, ticket).token


def events(workbench: Workbench) -> list[str]:
    with read(workbench.engine) as session:
        return [row.action for row in session.exec(select(AuditEvent).order_by(AuditEvent.seq))]


def refuse(workbench: Workbench, *, name: str = "anna", address: str = HOME, password: str = "wrong") -> str:
    with pytest.raises(SignInRefused) as refused:
        sessions.sign_in(workbench, name=name, password=password, address=address)
    return refused.value.code

"""A workbench in an empty home, people of every role, and a small file with everything in it."""

from datetime import UTC, datetime

import pytest

from leadscore.access import Actor, Role
from leadscore.config import Settings
from leadscore.workbench import Workbench, open_workbench

CLIENT = "acme"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

HEADER = "Record ID,First Name,Last Name,Email,Phone Number,Company name,Job Title,Industry,Number of Employees," \
    "Original Source,Create Date,Emails opened,Emails clicked,Number of Sessions,Marketing consent,Do not call," \
    "Lead Status,Product interest\n"


@pytest.fixture
def workbench(tmp_path) -> Workbench:
    return open_workbench(Settings(home=tmp_path, secret_key="a secret for tests only, long"), clock=lambda: NOW)


def person(role: Role, *clients: str) -> Actor:
    return Actor(name=f"the {role}", role=role, user_id=1, clients=frozenset(clients))


@pytest.fixture
def admin() -> Actor:
    return person(Role.ADMIN)


@pytest.fixture
def analyst() -> Actor:
    return person(Role.ANALYST, CLIENT)


@pytest.fixture
def viewer() -> Actor:
    return person(Role.VIEWER, CLIENT)


@pytest.fixture
def stranger() -> Actor:
    return person(Role.MANAGER, "somebody else")


def row(number: int, **values: str) -> str:
    """One line of the file; the number makes it a person of its own."""
    cells = {
        "id": f"r{number}", "first": f"First{number}", "last": f"Last{number}",
        "email": f"p{number}@firm{number % 7}.example",
        "phone": f"+49 351 55{number:05d}", "company": f"Firm {number % 7} GmbH", "title": "Head of Sales",
        "industry": "Software", "employees": str(10 + number), "source": "Referral", "created": "2026-10-01",
        "opens": str(number % 9), "clicks": str(number % 4), "sessions": str(number % 12), "consent": "yes",
        "dnc": "no", "status": "New", "interest": "Analytics",
    } | values
    return ",".join(cells.values()) + "\n"


def leads_file(rows: int = 30, **values: str) -> bytes:
    return (HEADER + "".join(row(number, **values) for number in range(rows))).encode()

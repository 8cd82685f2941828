"""A workbench in an empty home, people of every role, and a small file with everything in it."""

import pkgutil
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadscore import sandbox
from leadscore.access import Actor, Role
from leadscore.config import Settings
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.services import intake, scoring, training
from leadscore.workbench import Workbench, open_workbench
from tests.ready import with_tables

CLIENT = "acme"
CAMPAIGN_LEADS = 400
QUICK = training.TrainingRequest(algorithm="logistic", balance="none")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

HEADER = "Record ID,First Name,Last Name,Email,Phone Number,Company name,Job Title,Industry,Number of Employees," \
    "Original Source,Create Date,Emails opened,Emails clicked,Number of Sessions,Marketing consent,Do not call," \
    "Lead Status,Product interest\n"


def workbench_at(home: Path, clock: Callable[[], datetime] = lambda: NOW) -> Workbench:
    return open_workbench(Settings(home=with_tables(home), secret_key="a secret for tests only, long"), clock=clock)


@pytest.fixture
def workbench(tmp_path) -> Workbench:
    return workbench_at(tmp_path)


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare a test the child process that reads files; tests/test_sandbox.py looks after the real one."""
    monkeypatch.setattr(sandbox, "run", run_here)


def run_here(module_function: str, payload: bytes, arguments: Mapping[str, Any], **_limits: object) -> bytes:
    answer: bytes = pkgutil.resolve_name(module_function)(payload, **arguments)
    return answer


@pytest.fixture(scope="session")
def campaign_file() -> bytes:
    return to_csv_bytes(make_campaign(CAMPAIGN_LEADS, 3, end=NOW))


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory, campaign_file: bytes) -> Path:
    """Make a home with an imported, trained and scored campaign once; tests take a copy."""
    home = tmp_path_factory.mktemp("trained")
    made, boss = workbench_at(home), person(Role.ADMIN)
    intake.import_file(made, boss, client=CLIENT, source=campaign_file, filename="campaign.csv")
    assert training.train_stored(made, boss, client=CLIENT, request=QUICK).deployed
    scoring.rescore(made, boss, client=CLIENT)
    made.engine.dispose()
    return home


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path) -> Workbench:
    """Give a workbench with the campaign, of one's own to change."""
    shutil.copytree(trained_home, tmp_path / "copy")
    return workbench_at(tmp_path / "copy")


@pytest.fixture(scope="session")
def seen(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """Give one workbench with the campaign to all tests that only look."""
    home = tmp_path_factory.mktemp("seen") / "home"
    shutil.copytree(trained_home, home)
    return workbench_at(home)


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


@pytest.fixture(scope="module")
def trained_once(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """Give one workbench with the campaign to the tests of a module that do not mind each other's traces."""
    home = tmp_path_factory.mktemp("once") / "home"
    shutil.copytree(trained_home, home)
    return workbench_at(home)


@pytest.fixture(scope="session")
def twice_home(trained_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home with a second version, which is champion and has scored the leads; tests take a copy."""
    home = tmp_path_factory.mktemp("twice") / "home"
    shutil.copytree(trained_home, home)
    bench, boss = workbench_at(home), person(Role.ADMIN)
    training.train_stored(bench, boss, client=CLIENT, request=replace(QUICK, algorithm="xgboost", deploy=True))
    scoring.rescore(bench, boss, client=CLIENT)
    bench.engine.dispose()
    return home


@pytest.fixture
def twice(twice_home: Path, tmp_path: Path) -> Workbench:
    """Give a workbench with two versions, of one's own to change."""
    shutil.copytree(twice_home, tmp_path / "copy")
    return workbench_at(tmp_path / "copy")

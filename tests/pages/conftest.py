"""The screens over a real workbench: empty, or with a small scored campaign, seen by people of every role."""

from __future__ import annotations

import pkgutil
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from leadscore import sandbox, worker
from leadscore.access import Actor, Role
from leadscore.config import Settings
from leadscore.services import jobs
from leadscore.workbench import DEFAULT_CLIENT, Workbench, open_workbench
from pages import shared
from tests.ready import with_tables

FRAME = Path(__file__).parents[2] / "pages" / "frame.py"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "a secret for tests only, long"
CAMPAIGN_LEADS = 400
ALONE = ("settings", "audit")
"""Before its first run AppTest finds a page by its file name only; these have another address."""

OpenPage = Callable[..., AppTest]


def person(role: Role) -> Actor:
    return Actor(name=f"the {role}", role=role, clients=frozenset({DEFAULT_CLIENT}))


def make_workbench(home: Path) -> Workbench:
    return open_workbench(Settings(home=with_tables(home), secret_key=SECRET), clock=lambda: NOW)


@pytest.fixture(autouse=True)
def _read_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each test a child process; tests/test_sandbox.py looks after the real one."""

    def run(module_function: str, payload: bytes, arguments: Mapping[str, Any], **_limits: object) -> bytes:
        return pkgutil.resolve_name(module_function)(payload, **arguments)

    monkeypatch.setattr(sandbox, "run", run)


@pytest.fixture(scope="session")
def campaign_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home with an imported, trained and scored sample campaign once for all tests."""
    home = tmp_path_factory.mktemp("campaign")
    workbench = make_workbench(home)
    job_id = jobs.submit(workbench, Actor(name="the admin", role=Role.ADMIN), client=DEFAULT_CLIENT, kind="demo",
                         arguments={"leads": CAMPAIGN_LEADS, "seed": 3})
    worker.run_pending(workbench)
    job = jobs.view(workbench, person(Role.ADMIN), job_id=job_id)
    assert job.state == "done", job.error
    workbench.engine.dispose()
    return home


@pytest.fixture
def empty(tmp_path: Path) -> Workbench:
    """Give a workbench nobody has used."""
    return make_workbench(tmp_path)


@pytest.fixture
def campaign(campaign_home: Path, tmp_path: Path) -> Workbench:
    """Give a workbench with the campaign, of one's own to change."""
    shutil.copytree(campaign_home, tmp_path / "home")
    return make_workbench(tmp_path / "home")


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Give a function that opens a page as somebody: ``open_page(workbench, "leads", role, tier="High")``."""

    def opened(workbench: Workbench, page: str, role: Role = Role.ADMIN, /, **query: str) -> AppTest:
        st.cache_data.clear()
        monkeypatch.setattr(shared, "workbench", lambda: workbench)
        monkeypatch.setattr(shared, "signed_in", lambda: person(role))
        script = FRAME.with_name(f"{page}.py")
        app = AppTest.from_file(str(script if page in ALONE else FRAME), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        return (app if page in ALONE else app.switch_page(str(script))).run()

    return opened


def texts(app: AppTest) -> str:
    """Give everything a person can read on the page."""
    parts = [element.value for kind in ("title", "header", "subheader", "markdown", "caption", "info", "warning",
                                        "success") for element in app.get(kind)]
    parts += [" ".join(filter(None, (str(getattr(box.proto, "title", "")), box.value))) for box in app.error]
    parts += [toast.value for toast in app.toast]
    return "\n".join(str(part) for part in parts)


def labels(app: AppTest, kind: str) -> list[str]:
    """Give the labels of all widgets of a kind."""
    return [element.label if hasattr(element, "label") else element.proto.label for element in app.get(kind)]


def assert_calm(app: AppTest) -> None:
    """Check that nothing on the page is a traceback."""
    assert not app.exception, app.exception

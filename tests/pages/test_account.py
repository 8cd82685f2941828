"""Everybody's own account: password, places, and the password that must be changed before anything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from leadscore.access import Role
from leadscore.services import accounts, sessions
from leadscore.workbench import Workbench
from pages import shared
from pages import sign_in as door
from tests.pages.conftest import make_workbench, texts
from tests.server import ROOT

PASSWORD, NEW = "correct horse battery", "another fine day"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    opened = make_workbench(tmp_path)
    accounts.create_first_administrator(opened, name="anna", password=PASSWORD)
    monkeypatch.setattr(shared, "workbench", lambda: opened)
    monkeypatch.setattr(door, "address", lambda: "192.0.2.1")
    st.cache_data.clear()
    yield opened
    opened.engine.dispose()


def come_in(bench: Workbench, monkeypatch: pytest.MonkeyPatch, name: str = "anna", password: str = PASSWORD) -> str:
    ticket = sessions.sign_in(bench, name=name, password=password, address="192.0.2.1").token
    token = sessions.redeem_ticket(bench, ticket, user_agent="Firefox/144 Linux").token
    monkeypatch.setattr(shared, "token", lambda: token)
    return token


def page(script: str = "account") -> AppTest:
    return AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=60).switch_page(f"{script}.py").run()


def change(app: AppTest, current: str, new: str, again: str) -> AppTest:
    for key, value in (("own_current", current), ("own_new", new), ("own_again", again)):
        app.text_input(key=key).input(value)
    return next(button for button in app.button if button.label == "Change").click().run()


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_its_account_even_without_a_client(bench: Workbench, role: Role,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    user = accounts.add_user(bench, accounts.local_operator(), name="bob", password=PASSWORD, role=role)
    if role is not Role.ADMIN:
        accounts.change_user(bench, accounts.local_operator(), user_id=user.id, clients=[])
    come_in(bench, monkeypatch, "bob")
    app = page()
    assert not app.exception and not app.error
    assert "Firefox on Linux" in texts(app) and "this browser" in texts(app)
    assert "Your account" in [link.proto.label for link in app.get("page_link")]


def test_a_password_is_changed_and_everything_else_signed_out(bench: Workbench,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    other = come_in(bench, monkeypatch)
    come_in(bench, monkeypatch)
    app = change(page(), PASSWORD, NEW, NEW + "!")
    assert "not the same" in texts(app)
    app = change(page(), "wrong password", NEW, NEW)
    assert "not right" in texts(app)
    app = change(page(), PASSWORD, NEW, NEW)
    (script,) = [one.proto.body for one in app.get("html") if "/door.js" in one.proto.body]
    ticket = script.split('data-ticket="')[1].split('"')[0]
    assert sessions.redeem_ticket(bench, ticket).actor.name == "anna"
    assert sessions.session_from_token(bench, other) is None
    sessions.sign_in(bench, name="anna", password=NEW, address="192.0.2.1")


def test_one_place_and_every_place_can_be_signed_out(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    other, here = come_in(bench, monkeypatch), come_in(bench, monkeypatch)
    app = page()
    next(button for button in app.button if str(button.key).startswith("end-")).click().run()
    assert sessions.session_from_token(bench, other) is None and sessions.session_from_token(bench, here)
    app.button(key="everywhere").click().run()
    assert sessions.session_from_token(bench, here) is None


@pytest.mark.parametrize("script", ["leads", "settings", "account", "performance"])
def test_a_password_that_somebody_else_chose_comes_before_every_page(bench: Workbench, script: str,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add_user(bench, accounts.local_operator(), name="bob", password=PASSWORD, role=Role.MANAGER,
                      must_change=True)
    come_in(bench, monkeypatch, "bob")
    app = page(script)
    assert [title.value for title in app.title] == ["Choose your own password"]
    change(app, PASSWORD, NEW, NEW)
    come_in(bench, monkeypatch, "bob", NEW)
    assert [title.value for title in page(script).title] != ["Choose your own password"]

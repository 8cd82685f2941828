from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from leadscore.access import Role
from leadscore.config import Settings
from leadscore.services import accounts, sessions
from leadscore.store.database import read
from leadscore.store.tables import AuditEvent
from leadscore.workbench import Workbench, open_workbench
from pages import shared
from pages import sign_in as door
from tests.ready import with_tables
from tests.server import ROOT

PASSWORD = "correct horse battery"
PAGES = ("upload", "leads", "lead", "performance", "settings", "audit", "account")


@pytest.fixture
def workbench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    opened = open_workbench(Settings(home=with_tables(tmp_path), secret_key="s" * 32, _env_file=None))
    monkeypatch.setattr(shared, "workbench", lambda: opened)
    monkeypatch.setattr(shared, "token", lambda: None)
    monkeypatch.setattr(door, "address", lambda: "192.0.2.1")
    st.cache_data.clear()
    st.cache_resource.clear()
    yield opened
    opened.engine.dispose()


@pytest.fixture
def somebody(workbench: Workbench) -> None:
    accounts.create_first_administrator(workbench, name="anna", password=PASSWORD)


def frame(**parameters: str) -> AppTest:
    test = AppTest.from_file(str(ROOT / "pages" / "frame.py"), default_timeout=60)
    for name, value in parameters.items():
        test.query_params[name] = value
    return test


def sign_in(workbench: Workbench, monkeypatch: pytest.MonkeyPatch, name: str = "anna") -> str:
    ticket = sessions.sign_in(workbench, name=name, password=PASSWORD, address="192.0.2.1").token
    token = sessions.redeem_ticket(workbench, ticket).token
    monkeypatch.setattr(shared, "token", lambda: token)
    return token


def empty_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the page asked for draw nothing, so that only the frame is looked at."""
    monkeypatch.setattr(st.Page, "run", lambda _: st.text("the page"))


def says(test: AppTest) -> str:
    shown = [*test.title, *test.subheader, *test.markdown, *test.caption, *test.text, *test.error, *test.info]
    return " ".join([str(one.value) for one in shown] + [str(button.label) for button in test.button])


# --- the door --------------------------------------------------------------------------------------------------


def test_the_first_visitor_is_asked_to_make_the_administrator(workbench: Workbench) -> None:
    test = frame().run()
    assert "Create the administrator" in says(test)
    assert [one.label for one in test.text_input] == ["Name", "Password", "Password again"]


@pytest.mark.parametrize(("name", "password", "again", "words"), [
    ("anna", PASSWORD, PASSWORD + "!", "not the same"),
    ("anna", "short", "short", "10 to 128"),
    ("anna", "password123", "password123", "first that others would guess"),
    ("a;b", PASSWORD, PASSWORD, "cannot be a user name"),
    ("", "", "", "cannot be a user name"),
])
def test_a_first_administrator_that_will_not_do_is_refused_in_words(workbench: Workbench, name: str, password: str,
                                                                    again: str, words: str) -> None:
    test = frame().run()
    for box, value in zip(test.text_input, (name, password, again), strict=True):
        box.input(value)
    test.button[0].click().run()
    assert words in says(test) + " ".join(one.proto.title for one in test.error)
    assert accounts.nobody_yet(workbench)


def test_the_first_administrator_is_made_and_handed_to_the_door(workbench: Workbench) -> None:
    test = frame().run()
    for box, value in zip(test.text_input, ("anna", PASSWORD, PASSWORD), strict=True):
        box.input(value)
    test.button[0].click().run()
    assert not test.exception
    assert not accounts.nobody_yet(workbench)
    (script,) = [one.proto.body for one in test.get("html") if "/door.js" in one.proto.body]
    assert 'data-route="/session"' in script and 'data-next="/upload"' in script


@pytest.mark.parametrize("screen", PAGES)
def test_each_page_asked_for_first_on_a_cold_server_shows_the_door(workbench: Workbench, somebody: None,
                                                                  screen: str) -> None:
    test = frame().switch_page(f"{screen}.py").run()
    assert [one.label for one in test.text_input] == ["Name", "Password"]
    assert not test.sidebar.button and not test.title and not test.exception


@pytest.mark.parametrize("screen", PAGES)
def test_a_page_run_without_its_frame_shows_nothing(workbench: Workbench, somebody: None, screen: str) -> None:
    test = AppTest.from_file(str(ROOT / "pages" / f"{screen}.py"), default_timeout=60).run()
    assert [one.value for one in test.info] == ["Sign in to see this page."]
    assert not test.title and not test.button and not test.exception


def test_every_page_file_is_known_here() -> None:
    files = {path.stem for path in (ROOT / "pages").glob("*.py")}
    folders = {path.parent.name for path in (ROOT / "pages").glob("*/__init__.py")}
    assert (files | folders) - {"__init__", "frame", "shared", "sign_in", "widgets"} == set(PAGES)


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_a_wrong_password_is_refused_without_telling_which_names_exist(workbench: Workbench, somebody: None,
                                                                       name: str) -> None:
    test = frame().run()
    test.text_input[0].input(name)
    test.text_input[1].input("not the password")
    test.button[0].click().run()
    assert [one.proto.title for one in test.error] == ["The name or the password is not right."]
    assert not [one for one in test.get("html") if "/door.js" in one.proto.body]


def test_the_right_one_is_handed_to_the_door_and_nothing_of_it_stays_in_the_script(workbench: Workbench,
                                                                                  somebody: None) -> None:
    test = frame().run()
    test.text_input[0].input("Anna ")
    test.text_input[1].input(PASSWORD)
    test.button[0].click().run()
    (script,) = [one.proto.body for one in test.get("html") if "/door.js" in one.proto.body]
    ticket = script.split('data-ticket="')[1].split('"')[0]
    assert "authentication_status" not in test.session_state
    assert sessions.redeem_ticket(workbench, ticket).actor.name == "anna"


# --- inside ----------------------------------------------------------------------------------------------------


def test_the_sidebar_says_who_is_in_and_leads_out(workbench: Workbench, somebody: None,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign_in(workbench, monkeypatch)
    empty_page(monkeypatch)
    test = frame().run()
    assert "anna" in test.sidebar.markdown[0].value and "Administrator" in test.sidebar.markdown[0].value
    assert [one.value for one in test.text] == ["the page"]
    test.sidebar.button(key="frame_sign_out").click().run()
    assert sessions.session_from_token(workbench, token) is None
    assert "the page" not in says(test)


def test_an_ended_session_sees_the_door_at_the_next_click(workbench: Workbench, somebody: None,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign_in(workbench, monkeypatch)
    empty_page(monkeypatch)
    test = frame().run()
    sessions.sign_out(workbench, token)
    test.run()
    assert [one.label for one in test.text_input] == ["Name", "Password"]
    assert "the page" not in says(test)


def test_one_client_needs_no_picker_and_several_do(workbench: Workbench, somebody: None,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(workbench, monkeypatch)
    empty_page(monkeypatch)
    assert not frame().run().sidebar.selectbox
    accounts.add_user(workbench, accounts.local_operator(), name="bob", password=PASSWORD, role=Role.VIEWER,
                      clients=["acme", "zeta"])
    assert frame().run().sidebar.selectbox[0].options == ["default", "acme", "zeta"]
    sign_in(workbench, monkeypatch, "bob")
    test = frame(client="zeta").run()
    assert (test.sidebar.selectbox[0].value, test.sidebar.selectbox[0].options) == ("zeta", ["acme", "zeta"])


def test_choosing_a_client_changes_what_pages_show_and_stays(workbench: Workbench, somebody: None,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add_user(workbench, accounts.local_operator(), name="bob", password=PASSWORD, role=Role.VIEWER,
                      clients=["acme", "zeta"])
    sign_in(workbench, monkeypatch, "bob")
    monkeypatch.setattr(st.Page, "run", lambda _: st.text(shared.current().client))
    test = frame().run()
    assert test.text[0].value == "acme"
    test.sidebar.selectbox[0].select("zeta").run()
    assert test.text[0].value == "zeta"
    test.switch_page("leads.py").run()
    assert test.text[0].value == "zeta"


@pytest.mark.parametrize("client", ["default", "nobody's", ""])
def test_anothers_client_in_the_address_is_unknown(workbench: Workbench, somebody: None, client: str,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add_user(workbench, accounts.local_operator(), name="bob", password=PASSWORD, role=Role.VIEWER,
                      clients=["acme"])
    sign_in(workbench, monkeypatch, "bob")
    empty_page(monkeypatch)
    test = frame(client=client).run()
    assert "There is no client" in test.error[0].proto.title
    assert "the page" not in says(test)
    assert test.sidebar.button(key="frame_sign_out")
    test.sidebar.selectbox[0].select("acme").run()
    assert "the page" in says(test) and not test.error


def test_a_refusal_is_shown_as_a_sentence_and_a_denial_is_written_down(workbench: Workbench, somebody: None,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add_user(workbench, accounts.local_operator(), name="bob", password=PASSWORD, role=Role.VIEWER)
    sign_in(workbench, monkeypatch, "bob")
    monkeypatch.setattr(st.Page, "run", lambda _: accounts.list_users(workbench, shared.current().actor))
    test = frame().run()
    assert "does not allow" in test.error[0].proto.title and not test.exception
    with read(workbench.engine) as session:
        last = session.get(AuditEvent, 5) or session.get(AuditEvent, 4)
        assert last is not None and last.action == "access_denied" and last.actor == "bob"

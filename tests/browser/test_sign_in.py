from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import PASSWORD, enter
from tests.server import Server

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
expect.set_options(timeout=20_000)


def submit(page: Any) -> None:
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()


def test_the_first_visitor_makes_the_administrator_and_is_offered_the_sample(page: Any, server: Server,
                                                                            faults: list[str]) -> None:
    page.goto(server.url)
    expect(page.get_by_text("Create the administrator")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("anna")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again", exact=True).fill(PASSWORD)
    submit(page)
    expect(page).to_have_url(re.compile("/upload$"))
    expect(page.get_by_role("button", name="Try the sample campaign")).to_be_visible()


def test_a_wrong_password_is_refused_and_a_link_survives_the_right_one(page: Any, server: Server,
                                                                       faults: list[str]) -> None:
    enter(page, server)
    page.context.clear_cookies()
    page.goto(f"{server.url}/lead-scoring-audit?client=default")
    page.get_by_label("Name", exact=True).fill("anna")
    page.get_by_label("Password", exact=True).fill("not the password")
    submit(page)
    expect(page.get_by_text("The name or the password is not right.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    submit(page)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert page.url == f"{server.url}/lead-scoring-audit?client=default"


def test_a_refresh_keeps_the_session_and_signing_out_ends_it_for_good(page: Any, server: Server,
                                                                      faults: list[str]) -> None:
    enter(page, server, "/lead-scoring-audit")
    (cookie,) = [one for one in page.context.cookies() if one["name"] == "leadscore_session"]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    assert "leadscore_session" not in page.evaluate("document.cookie")
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    page.context.add_cookies([cookie])
    page.goto(f"{server.url}/lead-scoring-audit")
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)


def test_the_door_fits_a_phone_and_works_by_keyboard(page: Any, server: Server, faults: list[str]) -> None:
    enter(page, server)
    page.context.clear_cookies()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(server.url)
    page.get_by_label("Name", exact=True).fill("anna")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Tab")
    password = page.get_by_label("Password", exact=True)
    expect(password).to_be_focused()
    page.keyboard.type(PASSWORD)
    expect(password).to_have_value(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_have_count(1)

"""A real browser and a real server for the few tests that need both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.server import Server, running

NAME, PASSWORD = "anna", "correct horse battery"
CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [item for item in items if item.path.parent.name == "browser"]
    for item in here:
        item.add_marker(pytest.mark.browser)
        if CHROMIUM is None:
            item.add_marker(pytest.mark.skip(reason="no Chromium is installed"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM,
            "args": ["--no-sandbox", "--disable-dev-shm-usage"]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}, "accept_downloads": True,
            "locale": "en-US"}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve a home of its own; the account is made by the first test or by ``signed_in``."""
    with running(tmp_path_factory.mktemp("browser"), worker=True) as started:
        yield started


@pytest.fixture(scope="session")
def base_url(server: Server) -> str:
    return server.url


@pytest.fixture
def faults(page: Any) -> Iterator[list[str]]:
    """Collect what the browser complains about and what it asks of other computers; both must stay empty."""
    from playwright.sync_api import ConsoleMessage, Request

    found: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # the front end looks for its server below the page's own address first, and is told 404
        if message.type == "error" and "404" not in message.text:
            found.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:")):
            found.append(request.url)

    page.on("console", heard)
    page.on("request", asked)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert not found


@pytest.fixture
def signed_in(page: Any, server: Server) -> Any:
    """Give a page on which the administrator is in."""
    enter(page, server)
    return page


def enter(page: Any, server: Server, path: str = "/") -> None:
    """Sign in at an address, making the administrator when there is none yet."""
    page.goto(server.url + path)
    page.get_by_label("Password", exact=True).wait_for()
    first = page.get_by_label("Password again", exact=True)
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    if first.count():
        first.fill(PASSWORD)
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    page.get_by_role("button", name="Sign out").wait_for(state="attached")

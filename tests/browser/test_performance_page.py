"""The morning look in a real browser: figures, a link that is passed on, files of a picture, and the report."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.browser.conftest import enter
from tests.browser.test_journey import settled
from tests.pages.conftest import SECRET, campaign_home  # noqa: F401
from tests.server import Server, running

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

PNG = b"\x89PNG\r\n"


@pytest.fixture(scope="module")
def office(campaign_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:  # noqa: F811
    """Serve a home that holds a campaign with outcomes and a model."""
    home = tmp_path_factory.mktemp("office") / "home"
    shutil.copytree(campaign_home, home)
    with running(home, LEADSCORE_SECRET_KEY=SECRET) as started:
        yield started


def test_a_view_is_narrowed_passed_on_downloaded_and_reported(page: Any, office: Server, faults: list[str]) -> None:
    expect.set_options(timeout=60_000)
    enter(page, office)
    page.goto(f"{office.url}/?period=All+time")  # the first visit of all is led to Upload
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    everybody = _leads(page)

    page.get_by_role("button", name="Filters").click()
    page.get_by_role("combobox", name=re.compile("Tier")).click()
    page.get_by_role("option", name="High").click()
    expect(page).to_have_url(re.compile("of_tier=High"))
    page.keyboard.press("Escape")
    settled(page)
    assert 0 < _leads(page) < everybody

    page.reload()  # what a colleague sees who is sent the link
    expect(page).to_have_url(re.compile("of_tier=High"))
    settled(page)
    assert _leads(page) < everybody

    page.get_by_role("tab", name="Do scores work?").click()
    expect(page).to_have_url(re.compile("show="))
    expect(page.get_by_text("How soon the conversions are found").first).to_be_visible()
    expect(page.locator("canvas, svg.marks").first).to_be_visible()
    settled(page)
    _open_files(page)
    table = pd.read_csv(_downloaded(page, "Table (CSV)"))
    assert "Leads" in table.columns
    assert _downloaded(page, "Picture (PNG)").read_bytes().startswith(PNG)

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Report").click()
    report = _downloaded(page, "For screens (HTML)").read_text(encoding="utf-8")
    assert "High" in report
    assert "<script" not in report
    assert report.count("<svg") > 10


def test_what_changes_elsewhere_is_drawn_by_itself(page: Any, office: Server, faults: list[str]) -> None:
    expect.set_options(timeout=60_000)
    enter(page, office)
    page.goto(f"{office.url}/?period=All+time")
    settled(page)
    before = _tile(page, "Conversion rate")
    second = page.context.new_page()
    second.goto(f"{office.url}/leads?outcome=Lost")
    expect(second.get_by_role("heading", name="Prioritized leads")).to_be_visible()
    settled(second)
    table = second.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    place = table.bounding_box()
    second.mouse.click(place["x"] + 16, place["y"] + 17)  # the box that ticks them all
    second.get_by_role("button", name="Converted", exact=True).click()
    page.wait_for_function("before => [...document.querySelectorAll('[data-testid=stMetric]')].every("
                           "tile => tile.innerText !== before)", arg=before, timeout=60_000)


def _leads(page: Any) -> int:
    return int(_tile(page, "Leads").splitlines()[-1].split()[0].replace(",", ""))


def _tile(page: Any, label: str) -> str:
    tile = page.get_by_test_id("stMetric").filter(has=page.get_by_text(label, exact=True)).first
    expect(tile).to_be_visible()
    return str(tile.inner_text())


def _open_files(page: Any) -> None:
    page.locator("[class*='st-key-files-']").get_by_role("button").first.click()


def _downloaded(page: Any, name: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return Path(download.value.path())

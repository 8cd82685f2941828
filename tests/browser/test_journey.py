"""The main job in a real browser: a file goes in, the best 20 % come out, an outcome is written back, all is undone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.browser.conftest import enter
from tests.server import Server, running

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

LEADS = 60
HEADER_HEIGHT, ROW_HEIGHT, TICK = 35, 35, 16
"""Cells of a table are painted; these are the pixels of its header, of a row, and of the box that ticks a row."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Serve a home of its own, so that the counts are those of this file alone."""
    with running(tmp_path_factory.mktemp("journey"), worker=True) as started:
        yield started


@pytest.fixture
def leads_file(tmp_path: Path) -> Path:
    lines = ["Email;Full name;Company;Job title;Country;Website visits;Converted"]
    lines += [f"p{n}@firm{n % 9}.example;Person {n};Firm {n % 9} Ltd;{'CEO' if n % 3 else 'Intern'};Germany;{n % 11};"
              for n in range(LEADS)]
    lines += [lines[1], "not an address;;;;;;"]
    path = tmp_path / "autumn campaign.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def settled(page: Any) -> None:
    page.wait_for_timeout(400)
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'")


def test_from_a_file_to_the_best_20_percent_and_back(page: Any, fresh: Server, leads_file: Path,
                                                     faults: list[str]) -> None:
    expect.set_options(timeout=60_000)
    enter(page, fresh, "/upload")
    _drop(page, leads_file)
    expect(page).to_have_url(re.compile("upload="))
    expect(page.get_by_text("autumn campaign.csv")).to_be_visible()

    page.reload()  # nothing is lost
    expect(page.get_by_text("autumn campaign.csv")).to_be_visible()
    _map(page, "Website visits", "Content downloads")
    expect(page.get_by_text("changed by you")).to_be_visible()
    expect(page).to_have_url(re.compile("map="))

    page.get_by_role("button", name=re.compile(r"Import \d+ leads")).click()
    expect(page.get_by_text("Your leads are in")).to_be_visible()
    page.get_by_role("button", name="See who to call first").click()
    expect(page.get_by_role("heading", name="Prioritized leads")).to_be_visible()
    everyone = _listed(page)

    page.get_by_text("Top 20 %", exact=True).click()
    expect(page).to_have_url(re.compile("top="))
    best = -(-everyone // 5)
    expect(page.get_by_text(f"{best} leads", exact=True)).to_be_visible()
    exported = _download(page)
    assert len(exported) == best
    assert exported["score"].is_monotonic_decreasing
    assert not exported.astype("str").apply(lambda column: column.str.startswith(("=", "@", "+"))).any(axis=None)

    _tick_first(page)
    page.get_by_role("button", name="Contacted", exact=True).click()
    expect(page.get_by_text("1 lead recorded as contacted.")).to_be_visible()

    page.goto(f"{fresh.url}/upload")
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_role("button", name="Yes, take it back").click()
    expect(page.get_by_text("Taken back", exact=False).first).to_be_visible()
    page.goto(f"{fresh.url}/leads")
    expect(page.get_by_text("No leads yet")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/upload", "/leads", "/lead", "/lead-scoring-settings", "/lead-scoring-audit"])
def test_every_page_fits_a_phone(page: Any, fresh: Server, path: str, faults: list[str]) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, fresh, path)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def _drop(page: Any, path: Path) -> None:
    """Drop a file as a person does, out of a folder onto the page."""
    held = page.evaluate_handle(
        """([name, text]) => {
            const held = new DataTransfer();
            held.items.add(new File([text], name, {type: 'text/csv'}));
            return held;
        }""", [path.name, path.read_text(encoding="utf-8")])
    zone = page.get_by_test_id("stFileUploaderDropzone")
    zone.wait_for()
    for event in ("dragenter", "dragover", "drop"):
        zone.dispatch_event(event, {"dataTransfer": held})


def _map(page: Any, header: str, field: str) -> None:
    settled(page)
    box = page.get_by_role("combobox", name=re.compile(f"Field for {header}"))
    box.click()
    box.fill(field)
    page.get_by_role("option", name=re.compile(f"^{field} ")).first.click()


def _listed(page: Any) -> int:
    told = page.get_by_text(re.compile(r"^[\d,]+ leads$")).first
    told.wait_for()
    return int(told.inner_text().split()[0].replace(",", ""))


def _download(page: Any) -> pd.DataFrame:
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    return pd.read_csv(download.value.path())


def _tick_first(page: Any) -> None:
    settled(page)
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    place = table.bounding_box()
    page.mouse.click(place["x"] + TICK, place["y"] + HEADER_HEIGHT + ROW_HEIGHT // 2)

"""The audit page lists what happened, tells a whole record from a broken one, and follows leads and files."""

import pandas as pd
import pytest
import streamlit as st
from sqlalchemy import text

from leadscore.access import Role
from leadscore.store import audit
from leadscore.store.database import read
from tests.pages.conftest import assert_calm, labels, texts


def entries(app) -> pd.DataFrame:
    """Give the table of records, which is not the only table of the page."""
    (found,) = (frame.value for frame in app.dataframe if "seq" in frame.value)
    return found


def change(workbench, statement: str) -> None:
    with workbench.engine.begin() as connection:
        connection.execute(text(statement))


def test_events_are_listed_newest_first_with_who_did_what(campaign, open_page):
    app = open_page(campaign, "audit")
    assert_calm(app)
    numbers = entries(app)["seq"].tolist()
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 2
    people = next(frame.value for frame in app.dataframe if "Sign-ins" in frame.value)
    assert people["All"].sum() == len(numbers)


@pytest.mark.parametrize(("query", "expected"), [
    ({"action": "Import"}, {"Import"}), ({"family": "Models and experiments"}, {"Model trained", "Model put to use"}),
    ({"about": "batch:"}, {"Import"}), ({"about": "batch:1", "period": "All time"}, {"Import"})])
def test_a_filter_of_a_link_holds(campaign, open_page, query, expected):
    app = open_page(campaign, "audit", **query)
    assert_calm(app)
    assert set(entries(app)["what"]) == expected


@pytest.mark.parametrize("query", [
    {"action": "no_such"}, {"entries": "9999"}, {"entries": "9" * 30}, {"entries": "x"}, {"person": "nobody"},
    {"family": "x"}, {"period": "x"}, {"about": "'"},
    {"tab": "Lineage", "trace_lead": "99999"}, {"tab": "Lineage", "trace_lead": "x"},
    {"tab": "Lineage", "follow": "x", "trace_file": "x"}])
def test_a_link_with_nonsense_still_draws(campaign, open_page, query):
    assert_calm(open_page(campaign, "audit", **query))


def test_a_whole_record_is_confirmed_and_so_are_the_scores(campaign, open_page):
    app = open_page(campaign, "audit")
    app.button(key="verify").click().run()
    assert_calm(app)
    assert "are whole" in texts(app)
    app.button(key="verify_scores").click().run()
    assert_calm(app)
    assert "none altered" in texts(app)


def test_only_what_is_new_is_checked_when_that_is_asked_for(campaign, open_page, now_checkpoint):
    change(campaign, "UPDATE audit_events SET actor = 'mallory' WHERE seq = 2")
    app = open_page(campaign, "audit")
    app.button(key="verify_newest").click().run()
    assert_calm(app)
    assert "The newest 0 entries are whole" in texts(app)
    assert f"up to entry {now_checkpoint}" in texts(app)


@pytest.fixture
def now_checkpoint(campaign) -> int:
    path = audit.checkpoint_file(campaign.settings.data_folder)
    with read(campaign.engine) as session:
        audit.checkpoint(session, campaign.vault, path, at=campaign.clock())
        return audit.newest(session)


def test_a_changed_entry_is_found_and_named(campaign, open_page):
    change(campaign, "UPDATE audit_events SET actor = 'mallory' WHERE seq = 2")
    app = open_page(campaign, "audit")
    app.button(key="verify").click().run()
    assert_calm(app)
    assert "number 2" in texts(app)


def test_an_altered_score_is_found_and_named(campaign, open_page):
    change(campaign, "UPDATE scores SET blended = 99.5 WHERE lead_id = 7")
    app = open_page(campaign, "audit")
    app.button(key="verify_scores").click().run()
    assert_calm(app)
    named = next(frame.value for frame in app.dataframe if "lead_id" in frame.value)
    assert named["lead_id"].tolist() == [7]


def test_a_viewer_is_told_who_can_help(campaign, open_page):
    app = open_page(campaign, "audit", Role.VIEWER)
    assert_calm(app)
    assert not app.dataframe
    assert "does not see" in texts(app)


def test_only_an_administrator_takes_the_whole_log(campaign, open_page):
    assert "Sealed copy (JSONL)" in labels(open_page(campaign, "audit"), "download_button")
    theirs = labels(open_page(campaign, "audit", Role.ANALYST), "download_button")
    assert "Sealed copy (JSONL)" not in theirs
    assert "These entries (CSV)" in theirs


def test_a_lead_is_followed_and_its_score_made_again(campaign, open_page, monkeypatch):
    # a page that is opened alone knows no other page to link to
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)
    app = open_page(campaign, "audit", Role.ANALYST, tab="Lineage", trace_lead="7")
    assert_calm(app)
    assert any("header" in frame.value for frame in app.dataframe)
    app.button(key="replay").click().run()
    assert_calm(app)
    assert "bit for bit" in texts(app)
    change(campaign, "UPDATE leads SET employees = 7777777, website_visits = 9999, industry = NULL WHERE id = 7")
    app.button(key="replay").click().run()
    assert_calm(app)
    assert "outside the workbench" in texts(app)


def test_a_file_is_followed(campaign, open_page):
    app = open_page(campaign, "audit", tab="Lineage", follow="From a file")
    assert_calm(app)
    assert "Leads stored now" in labels(app, "metric")

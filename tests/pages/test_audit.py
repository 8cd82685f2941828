"""The audit page lists what happened and tells a whole record from a broken one."""

import pytest
from sqlalchemy import text

from leadscore.access import Role
from tests.pages.conftest import assert_calm, labels, texts


def test_events_are_listed_newest_first(campaign, open_page):
    app = open_page(campaign, "audit")
    assert_calm(app)
    numbers = app.dataframe[0].value["seq"].tolist()
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 2


def test_a_filter_of_a_link_holds(campaign, open_page):
    app = open_page(campaign, "audit", action="Import")
    assert_calm(app)
    assert set(app.dataframe[0].value["what"]) == {"Import"}


@pytest.mark.parametrize("query", [{"action": "no_such"}, {"entries": "9999"}, {"entries": "x"}, {"person": "nobody"}])
def test_a_link_with_nonsense_still_draws(campaign, open_page, query):
    assert_calm(open_page(campaign, "audit", **query))


def test_a_whole_record_is_confirmed(campaign, open_page):
    app = open_page(campaign, "audit")
    app.button(key="verify").click().run()
    assert_calm(app)
    assert "are whole" in texts(app)


def test_a_changed_entry_is_found_and_named(campaign, open_page):
    with campaign.engine.begin() as connection:
        connection.execute(text("UPDATE audit_events SET actor = 'mallory' WHERE seq = 2"))
    app = open_page(campaign, "audit")
    app.button(key="verify").click().run()
    assert_calm(app)
    assert "number 2" in texts(app)


def test_a_viewer_is_told_who_can_help(campaign, open_page):
    app = open_page(campaign, "audit", Role.VIEWER)
    assert_calm(app)
    assert not app.dataframe
    assert "does not see" in texts(app)


def test_only_an_administrator_downloads_everything(campaign, open_page):
    assert "Download" in labels(open_page(campaign, "audit"), "download_button")
    assert "Download" not in labels(open_page(campaign, "audit", Role.ANALYST), "download_button")

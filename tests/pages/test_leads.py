"""The ranked list: filtered by its address, masked by role, worked through and exported."""

from dataclasses import replace

import pytest

from leadscore.access import Role
from leadscore.services import delivery
from leadscore.services.delivery import ListView
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, labels, person, texts

ADMIN = person(Role.ADMIN)


def table(app):
    return app.dataframe[0].value


def test_without_leads_the_page_says_what_to_do(empty, open_page):
    app = open_page(empty, "leads")
    assert_calm(app)
    assert "No leads yet" in texts(app)
    assert "Upload leads" in labels(app, "button")


def test_the_best_lead_stands_first(campaign, open_page):
    app = open_page(campaign, "leads")
    assert_calm(app)
    scores = table(app)["score"].tolist()
    assert len(scores) == 100
    assert scores == sorted(scores, reverse=True)
    assert table(app)["top_reason"].notna().all()


def test_the_top_20_percent_of_a_link_are_shown(campaign, open_page):
    everyone = delivery.list_leads(campaign, ADMIN, client=DEFAULT_CLIENT, view=ListView()).total
    app = open_page(campaign, "leads", top="Top 20 %")
    assert_calm(app)
    assert len(table(app)) == -(-everyone // 5)


@pytest.mark.parametrize("tier", ["High", "Medium", "Low"])
def test_a_tier_of_a_link_is_the_only_one_shown(campaign, open_page, tier):
    app = open_page(campaign, "leads", tier=tier)
    assert_calm(app)
    if app.dataframe:
        assert {name for names in table(app)["tier"] for name in names} == {tier}
    else:
        assert "No lead matches" in texts(app)


@pytest.mark.parametrize("query", [
    {"tier": "Gigantic"}, {"top": "-5"}, {"batch": "999"}, {"page": "99999"}, {"page": "x"}, {"score": "90"},
    {"field": "no_such", "is": "x"}, {"columns": "no_such"}, {"order": "sideways"}, {"owner": "nobody"},
])
def test_a_link_with_nonsense_still_draws_a_list(campaign, open_page, query):
    app = open_page(campaign, "leads", **query)
    assert_calm(app)
    assert "leads" in texts(app)


def test_nobody_found_is_said_and_the_filters_can_be_cleared(campaign, open_page):
    app = open_page(campaign, "leads", q="zzzzzz nobody")
    assert_calm(app)
    assert "No lead matches" in texts(app)
    app.button(key="clear-all").click().run()
    assert_calm(app)
    assert len(table(app)) == 100


def test_a_new_filter_starts_at_the_first_page(campaign, open_page):
    app = open_page(campaign, "leads", page="2")
    assert table(app)["rank"].iloc[0] == 101
    app.text_input(key="q").input("a").run()
    assert_calm(app)
    if app.dataframe:
        assert table(app)["rank"].iloc[0] == 1


def test_columns_of_the_file_can_be_added(campaign, open_page):
    app = open_page(campaign, "leads", columns="Phone")
    assert_calm(app)
    assert "Phone" in table(app)


def test_companies_can_stand_together(campaign, open_page):
    app = open_page(campaign, "leads", order="company")
    assert_calm(app)
    assert len(table(app)) == 100


def test_exports_are_offered_as_csv_and_excel(campaign, open_page):
    app = open_page(campaign, "leads")
    assert {"CSV", "Excel"} <= set(labels(app, "download_button"))


def test_long_lists_are_exported_by_the_worker(campaign, open_page, monkeypatch):
    page = delivery.list_leads(campaign, ADMIN, client=DEFAULT_CLIENT, view=ListView())
    monkeypatch.setattr(delivery, "list_leads", lambda *_, **__: replace(page, total=60_000))
    app = open_page(campaign, "leads")
    app.button(key="prepare-csv").click().run()
    assert_calm(app)
    assert not labels(app, "download_button")


def test_a_viewer_sees_masked_people_and_no_actions(campaign, open_page):
    app = open_page(campaign, "leads", Role.VIEWER)
    assert_calm(app)
    assert not labels(app, "download_button")
    shown = table(app)
    assert not shown["email"].dropna().str.contains("@").any()
    assert "Tick rows" not in texts(app)


def test_a_manager_sees_the_people(campaign, open_page):
    app = open_page(campaign, "leads", Role.MANAGER)
    assert table(app)["email"].dropna().str.contains("@").any()
    assert "Tick rows" in texts(app)

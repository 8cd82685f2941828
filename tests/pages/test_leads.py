"""The ranked list: filtered by its address, masked by role, worked through and exported."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from leadscore.access import Role
from leadscore.services import delivery, dossier, segments, value
from leadscore.services.delivery import ListView
from leadscore.store.database import write
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


def _saved(campaign, name="Hot leads", view=None, **more):
    return segments.save_segment(campaign, ADMIN, client=DEFAULT_CLIENT, name=name,
                                 view=view or ListView(tiers=("High",), min_score=20), **more)


def test_what_is_seen_is_kept_under_a_name_and_opened_again(campaign, open_page):
    app = open_page(campaign, "leads", tier="High", columns="Phone")
    shown = table(app)["rank"].tolist()
    app.text_input(key="view_name").input("My hot ones")
    next(button for button in app.button if button.label == "Save view").click().run()
    assert_calm(app)
    (kept,) = segments.list_segments(campaign, ADMIN, client=DEFAULT_CLIENT)
    assert (kept.name, kept.view.tiers, kept.view.columns) == ("My hot ones", ("High",), ("phone",))
    app = open_page(campaign, "leads")
    assert len(table(app)) > len(shown)
    app.button(key=f"view-{kept.id}").click().run()
    assert_calm(app)
    assert table(app)["rank"].tolist() == shown
    assert "Phone" in table(app)


def test_a_link_narrows_the_list_to_a_saved_view(campaign, open_page):
    _saved(campaign)
    app = open_page(campaign, "leads", segment="Hot leads")
    assert_calm(app)
    assert {name for names in table(app)["tier"] for name in names} == {"High"}
    app = open_page(campaign, "leads", segment="Nobody's")
    assert_calm(app)
    assert len(table(app)) == 100


def test_a_name_that_is_taken_is_said_and_nothing_is_lost(campaign, open_page):
    segments.save_segment(campaign, person(Role.MANAGER), client=DEFAULT_CLIENT, name="Theirs", view=ListView(),
                          shared=True)
    app = open_page(campaign, "leads", tier="High")
    app.text_input(key="view_name").input("theirs")
    next(button for button in app.button if button.label == "Save view").click().run()
    assert "was saved by" in texts(app)
    assert segments.list_segments(campaign, ADMIN, client=DEFAULT_CLIENT)[0].view == ListView()


def test_something_can_be_made_to_happen_for_a_saved_view_and_be_stopped(campaign, open_page):
    number = _saved(campaign, shared=True)
    app = open_page(campaign, "leads")
    app.button(key=f"happens-{number}").click().run()
    app.radio(key=f"kind-{number}").set_value("owner").run()
    app.text_input(key=f"owner-of-{number}").input("Ann").run()
    app.button(key=f"set-{number}").click().run()
    assert_calm(app)
    assert segments.list_segments(campaign, ADMIN, client=DEFAULT_CLIENT)[0].trigger.owner == "Ann"
    app.button(key=f"happens-{number}").click().run()
    app.radio(key=f"kind-{number}").set_value("nothing").run()
    app.button(key=f"set-{number}").click().run()
    assert segments.list_segments(campaign, ADMIN, client=DEFAULT_CLIENT)[0].trigger is None
    app.button(key=f"forget-{number}").click().run()
    assert_calm(app)
    assert not segments.list_segments(campaign, ADMIN, client=DEFAULT_CLIENT)


def test_who_came_in_last_time_is_counted_and_listed(campaign, open_page):
    number = _saved(campaign, shared=True, view=ListView(tiers=("High",)))
    segments.set_trigger(campaign, ADMIN, client=DEFAULT_CLIENT, segment_id=number, trigger={"kind": "count"})
    low = delivery.list_leads(campaign, ADMIN, client=DEFAULT_CLIENT, view=ListView(tiers=("Low",))).frame["lead_id"]
    dossier.override(campaign, ADMIN, client=DEFAULT_CLIENT, lead_id=int(low.iloc[0]), tier="High", reason="met her")
    segments.follow_segments(campaign, ADMIN, client=DEFAULT_CLIENT)
    app = open_page(campaign, "leads")
    assert app.button(key=f"new-{number}").label == "1 new"
    app.button(key=f"new-{number}").click().run()
    assert_calm(app)
    assert table(app)["lead_id"].tolist() == [low.iloc[0]]


def test_a_viewer_keeps_views_for_herself_and_makes_nothing_happen(campaign, open_page):
    _saved(campaign, shared=True)
    app = open_page(campaign, "leads", Role.VIEWER)
    assert_calm(app)
    assert "For everybody of this client" not in labels(app, "checkbox")
    assert not [button for button in app.button if button.key.startswith(("happens-", "forget-"))]


@pytest.mark.parametrize("query", [
    {"field": "City", "test": "is filled in"}, {"field": "City", "test": "contains", "is": "o"},
    {"field": "City", "is": "zzz"}, {"field": "Employees", "test": "is at least", "is": "10", "field2": "City",
                                     "test2": "is not", "is2": "x"},
    {"field": "City", "test": "is at least", "is": "x"}, {"field": "City", "test": "resembles", "is": "x"},
    {"segment": "none", "since": "yesterday"},
])
def test_further_columns_can_be_compared_in_a_link(campaign, open_page, query):
    assert_calm(open_page(campaign, "leads", **query))


def test_a_list_of_the_best_tells_how_many_a_file_of_it_holds_by_chance(campaign, open_page):
    with write(campaign.engine) as session:
        session.execute(text("UPDATE scores SET outcome = 'new', reachable = true"))
    assert "by chance" not in texts(open_page(campaign, "leads", top="Top 20 %"))
    value.save_held_back_share(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT, held_back_share=0.1)
    app = open_page(campaign, "leads", top="Top 20 %")
    assert_calm(app)
    assert "A file holds about 8 more by chance from the rest" in texts(app)

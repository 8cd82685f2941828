"""The Fairness tab: groups side by side, fields to mark, and helpful words where there is nothing to compare."""

from leadscore.access import Role
from leadscore.services import approvals, fairness
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, person, texts


def test_groups_are_drawn_with_a_sentence_and_no_verdict(campaign, open_page):
    app = open_page(campaign, "audit", tab="Fairness")
    assert_calm(app)
    assert "four fifths" in texts(app) and "no legal advice" in texts(app)
    assert len(app.get("vega_lite_chart")) > 0 or len(app.get("arrow_vega_lite_chart")) > 0


def test_a_field_is_marked_and_criteria_about_it_are_named(campaign, open_page):
    app = open_page(campaign, "audit", tab="Fairness")
    app.multiselect(key="sensitive").select("country").run()
    assert_calm(app)
    marked = fairness.fairness_fields(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT).marked
    assert [field.name for field in marked] == ["country"]
    assert "has learnt from" in texts(app)


def test_an_analyst_looks_and_does_not_mark(campaign, open_page):
    app = open_page(campaign, "audit", Role.ANALYST, tab="Fairness")
    assert_calm(app)
    assert app.multiselect(key="sensitive").disabled


def test_without_leads_it_says_what_to_do(empty, open_page):
    app = open_page(empty, "audit", tab="Fairness")
    assert_calm(app)
    assert "No field that sorts people into groups" in texts(app)


def test_a_model_can_be_approved_where_that_is_wanted(campaign, open_page):
    approvals.require_approval(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT, on=True)
    app = open_page(campaign, "settings", Role.MANAGER, tab="Models")
    assert_calm(app)
    assert app.toggle(key="second_person").value and app.toggle(key="second_person").disabled

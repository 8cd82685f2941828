"""One lead: why its score is what it is, and what people decide about it."""

import pytest

from leadscore.access import Role
from leadscore.services import delivery, dossier
from leadscore.services.delivery import ListView
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, labels, person, texts

ADMIN = person(Role.ADMIN)


@pytest.fixture
def best(campaign):
    page = delivery.list_leads(campaign, ADMIN, client=DEFAULT_CLIENT, view=ListView(page_size=1))
    return int(page.frame["lead_id"].iloc[0])


def detail(campaign, lead_id):
    return dossier.lead_detail(campaign, ADMIN, client=DEFAULT_CLIENT, lead_id=lead_id)


def test_without_a_number_the_page_helps_to_find_a_lead(campaign, open_page):
    app = open_page(campaign, "lead")
    assert_calm(app)
    assert "The best leads first" in texts(app)
    app.text_input(key="find_lead").input("zzzz nobody").run()
    assert_calm(app)
    assert "No lead found" in texts(app)


def test_a_lead_shows_score_reasons_and_picture(campaign, open_page, best):
    app = open_page(campaign, "lead", lead=str(best))
    assert_calm(app)
    told = texts(app)
    assert "Speaks for this lead" in told
    assert app.metric[0].value == f"{detail(campaign, best).score:,.1f}"
    assert len(app.get("plotly_chart")) >= 1


@pytest.mark.parametrize("number", ["999999", "abc", "-1", "1e3", "99999999999999999999"])
def test_a_lead_that_does_not_exist_is_refused_in_words(campaign, open_page, number):
    app = open_page(campaign, "lead", lead=number)
    assert_calm(app)
    assert app.error


def test_an_outcome_is_recorded(campaign, open_page, best):
    app = open_page(campaign, "lead", lead=str(best))
    app.number_input(key="outcome_revenue").set_value(1200.0)
    app.button_group(key="outcome_stage").set_value("converted")
    press(app, "Record")
    assert_calm(app)
    newest = detail(campaign, best).outcomes.iloc[-1]
    assert (newest["stage"], newest["revenue"]) == ("converted", 1200.0)
    assert "Recorded as" in texts(app)


def test_a_score_is_set_by_hand_with_a_reason_and_freed_again(campaign, open_page, best):
    before = detail(campaign, best).score
    app = open_page(campaign, "lead", lead=str(best))
    app.number_input(key="by_hand_score").set_value(7.0)
    app.text_area(key="by_hand_reason").input("Met them; no budget.")
    press(app, "Set")
    assert_calm(app)
    assert detail(campaign, best).score == 7.0
    assert "Met them; no budget" in texts(app).replace("\\", "")
    app.button(key="clear_override").click().run()
    assert_calm(app)
    assert detail(campaign, best).score == pytest.approx(before)


def test_by_hand_without_a_reason_is_refused(campaign, open_page, best):
    app = open_page(campaign, "lead", lead=str(best))
    app.number_input(key="by_hand_score").set_value(7.0)
    press(app, "Set")
    assert_calm(app)
    assert "reason" in texts(app)
    assert detail(campaign, best).override is None


def test_a_viewer_sees_neither_address_nor_buttons(campaign, open_page, best):
    app = open_page(campaign, "lead", Role.VIEWER, lead=str(best))
    assert_calm(app)
    assert "Record" not in labels(app, "button")
    assert "@" not in texts(app)


def press(app, label):
    next(button for button in app.button if button.label == label).click().run()

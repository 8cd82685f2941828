"""One lead: why its score is what it is, and what people decide about it."""

from datetime import date

import pandas as pd
import pytest

from leadscore.access import Role
from leadscore.services import delivery, dossier
from leadscore.services.delivery import ListView
from leadscore.workbench import DEFAULT_CLIENT
from pages.widgets import words
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


@pytest.fixture
def open_lead(campaign):
    """Give a lead that is still to be won, from the middle of the list."""
    page = delivery.list_leads(campaign, ADMIN, client=DEFAULT_CLIENT, view=ListView(page_size=400))
    undecided = page.frame[~page.frame["outcome"].isin(["converted", "lost"])]
    return int(undecided["lead_id"].iloc[len(undecided) // 2])


def test_a_lead_is_told_what_would_move_it_up(campaign, open_page, open_lead):
    app = open_page(campaign, "lead", lead=str(open_lead))
    assert_calm(app)
    told = texts(app).replace("\\", "")
    found = detail(campaign, open_lead)
    assert found.why_not_higher in told
    assert all(way.sentence in told for way in found.what_if.ways)
    assert "does not promise" in told
    names = [chart.proto.id for chart in app.get("plotly_chart")]
    assert any("improvements" in name for name in names)


def test_a_decided_lead_needs_no_advice(campaign, open_page, best):
    dossier.record_outcome(campaign, ADMIN, client=DEFAULT_CLIENT, lead_ids=[best], stage="lost")
    app = open_page(campaign, "lead", lead=str(best))
    assert_calm(app)
    assert "This lead is decided" in texts(app)


def test_choosing_a_factor_shows_its_curve_or_says_why_there_is_none(campaign, open_page, open_lead):
    app = open_page(campaign, "lead", lead=str(open_lead))
    curves = detail(campaign, open_lead).curves
    assert "What each value does" in texts(app)
    if not curves:
        assert "trained before such curves were kept" in texts(app)
        return
    app.selectbox(key="curve_of").select(curves[-1].field).run()
    assert_calm(app)
    assert app.selectbox(key="curve_of").value == curves[-1].field


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


def test_a_wrong_outcome_is_taken_back_on_the_page(campaign, open_page, open_lead):
    before = len(detail(campaign, open_lead).outcomes)
    dossier.record_outcome(campaign, ADMIN, client=DEFAULT_CLIENT, lead_ids=[open_lead], stage="converted")
    app = open_page(campaign, "lead", lead=str(open_lead))
    press(app, "Take back “Converted”")
    assert_calm(app)
    assert len(detail(campaign, open_lead).outcomes) == before
    assert "Taken back" in texts(app)


def test_an_outcome_of_an_earlier_day_that_does_not_stand_is_said_so(campaign, open_page, open_lead):
    dossier.record_outcome(campaign, ADMIN, client=DEFAULT_CLIENT, lead_ids=[open_lead], stage="converted")
    app = open_page(campaign, "lead", lead=str(open_lead))
    app.date_input(key="outcome_day").set_value(date(2026, 11, 1))
    app.button_group(key="outcome_stage").set_value("lost")
    press(app, "Record")
    assert_calm(app)
    assert "The lead stays converted" in texts(app)


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


@pytest.mark.parametrize(("values", "shown"), [
    (("Ada", "Acme", "Lead 3"), "Ada"), ((float("nan"), "Acme", "Lead 3"), "Acme"),
    ((float("nan"), None, "Lead 3"), "Lead 3"), (("", " ", "Lead 3"), "Lead 3"), ((None, pd.NA), ""),
])
def test_a_lead_without_a_name_is_called_by_its_company_or_number(values, shown):
    assert words.first_known(*values) == shown

"""The tab Reports: a card for each report, the reports made so far, what people enter, and the risks."""

import pytest

from leadscore.access import Role
from leadscore.services import compliance, risks
from leadscore.services.compliance import Kind, Wish
from leadscore.workbench import DEFAULT_CLIENT
from pages.widgets.audit_processing import ENTRIES
from pages.widgets.audit_report_cards import CARDS
from tests.pages.conftest import assert_calm, labels, person, texts

BOSS = person(Role.MANAGER)


def opened(open_page, bench, part, role=Role.MANAGER):
    return open_page(bench, "audit", role, tab="Reports", report_part=part)


def test_every_report_has_a_card_and_is_made_only_when_asked_for(campaign, open_page):
    app = opened(open_page, campaign, "Make a report", Role.ANALYST)
    assert_calm(app)
    said = texts(app)
    assert set(CARDS) == set(Kind)
    for told in CARDS.values():
        assert told.title in said
    assert labels(app, "download_button").count("PDF") == len(Kind) + 1
    assert labels(app, "download_button").count("CSV") == 4
    assert compliance.list_reports(campaign, BOSS, client=DEFAULT_CLIENT) == []


def test_a_notice_is_offered_once_its_lead_is_named(campaign, open_page):
    app = opened(open_page, campaign, "Make a report")
    app.number_input(key="lead-notice").set_value(1).run()
    assert labels(app, "download_button").count("PDF") == len(Kind) + 2


def test_an_empty_workbench_says_what_is_missing_and_stays_calm(empty, open_page):
    for part in ("Make a report", "Made so far", "Processing details", "Risks"):
        app = opened(open_page, empty, part)
        assert_calm(app)
        assert not app.error
    assert "No risk is open" in texts(app)


def test_a_report_is_made_again_and_compared(campaign, open_page):
    compliance.make_report(campaign, BOSS, client=DEFAULT_CLIENT, wanted=Wish(Kind.RISKS))
    app = opened(open_page, campaign, "Made so far")
    app.button(key="make_again").click().run()
    assert "Made again, it is the same, byte for byte." in texts(app)
    risks.save_risk(campaign, BOSS, client=DEFAULT_CLIENT, values={"title": "x", "likelihood": 1, "impact": 1})
    app.button(key="make_again").click().run()
    assert "Since then: 1 × Risk entered or changed." in texts(app)


def test_what_is_entered_about_processing_is_kept(campaign, open_page):
    app = opened(open_page, campaign, "Processing details")
    assert len(app.text_area) == len(ENTRIES)
    app.text_area(key="processing_controller").set_value("Acme Ltd")
    app.button(key="save_processing").click().run()
    assert_calm(app)
    assert compliance.processing_details(campaign, BOSS, client=DEFAULT_CLIENT).controller == "Acme Ltd"


def test_what_the_workbench_sees_is_adopted_with_a_click_and_changed_in_a_form(campaign, open_page):
    app = opened(open_page, campaign, "Risks")
    app.button(key="adopt-0").click().run()
    assert_calm(app)
    (kept,) = risks.risk_record(campaign, BOSS, client=DEFAULT_CLIENT).risks
    app.text_input(key=f"owner-{kept.id}").set_value("anna")
    app.button(key=f"save-risk-{kept.id}").click().run()
    assert_calm(app)
    assert risks.risk_record(campaign, BOSS, client=DEFAULT_CLIENT).risks[0].entry.owner == "anna"


@pytest.mark.parametrize("part", ["Processing details", "Risks"])
def test_an_analyst_looks_and_does_not_change(campaign, open_page, part):
    app = opened(open_page, campaign, part, Role.ANALYST)
    assert_calm(app)
    assert all(box.disabled for box in app.text_area)
    assert all(button.disabled for button in app.button if button.label in ("Save", "Adopt"))


def test_the_words_for_the_person_stand_on_the_page_of_the_lead(campaign, open_page):
    app = open_page(campaign, "lead", Role.ANALYST, lead="1")
    assert_calm(app)
    assert "In plain words, for the person" in labels(app, "expander")
    app = open_page(campaign, "lead", Role.VIEWER, lead="1")
    assert "In plain words, for the person" not in labels(app, "expander")


def test_only_those_who_may_see_the_log_come_here(campaign, open_page):
    app = opened(open_page, campaign, "Make a report", Role.VIEWER)
    assert labels(app, "download_button") == []

"""Sentences lead where something can be done, and only those who may do it."""

import pytest
from streamlit.testing.v1 import AppTest

from leadscore.access import Role
from leadscore.services.insight import NextAction
from pages.widgets import sentences
from tests.pages.conftest import assert_calm, person, texts

SAID = ["More leads came in: 20, 10 in the period before.", "12 conversions so far: *too few* to tell.",
        "Fair has cost 4,000 EUR.", "Train a model."]


def drawn(role: str) -> None:
    from leadscore.access import Role
    from leadscore.services.insight import NextAction, Sentence, SentenceKind
    from pages.shared import Context
    from pages.widgets import sentences
    from tests.pages.conftest import person
    from tests.pages.test_sentences import SAID

    sentences.draw(Context(None, person(Role(role)), "acme"), [
        Sentence(SentenceKind.CHANGE, SAID[0]), Sentence(SentenceKind.UNCERTAIN, SAID[1]),
        Sentence(SentenceKind.NEXT, SAID[2], NextAction.LOOK_AT_SOURCE, "Fair"),
        Sentence(SentenceKind.NEXT, SAID[3], NextAction.ENTER_SPEND)])


@pytest.mark.parametrize("role", list(Role))
def test_every_sentence_is_said_as_it_is(role):
    app = AppTest.from_function(drawn, args=(str(role),), default_timeout=30).run()
    assert_calm(app)
    told = texts(app)
    assert all(said in told.replace("\\", "") for said in SAID)
    assert "\\*too few\\*" in told
    app.button(key="sentence-2").click().run()
    assert app.session_state["of_source"] == ["Fair"]


@pytest.mark.parametrize("action", list(NextAction))
def test_every_action_is_a_page_or_a_filter_of_this_one(action):
    here = {NextAction.LOOK_AT_SOURCE, *sentences.HERE}
    assert (action in sentences.WAYS) != (action in here)


def test_a_viewer_is_not_sent_where_nothing_may_be_done():
    viewer, admin = person(Role.VIEWER), person(Role.ADMIN)
    ways = sentences.WAYS.values()
    assert all(admin.may(way.needs) for way in ways)
    assert {way.page for way in ways if viewer.may(way.needs)} <= {"leads.py", "settings.py"}


def test_spend_is_entered_where_the_sentence_leads(campaign, open_page):
    app = open_page(campaign, "performance", period="12 months")
    next(button for button in app.button if button.label == "Enter it").click().run()
    assert_calm(app)
    assert app.text_input(key="spend_source")
    assert app.session_state["period"] == "365"

"""The one question of the pages: asked small, answered by one click, not asked again that day."""

import pytest

from leadscore.access import Role
from leadscore.services import opinions
from leadscore.workbench import DEFAULT_CLIENT
from pages.widgets.opinion import QUESTION
from tests.pages.conftest import assert_calm, person, texts


def told(bench, role=Role.ADMIN):
    return opinions.opinions(bench, person(role), client=DEFAULT_CLIENT)


def thumbs(app):
    (found,) = app.feedback
    return found


def test_one_click_is_kept_and_thanked_for(campaign, open_page):
    app = open_page(campaign, "leads")
    assert QUESTION in texts(app)
    assert "Thank you" not in texts(app)
    thumbs(app).set_value(1).run()
    assert_calm(app)
    assert "Thank you" in texts(app)
    assert told(campaign).mine is True
    thumbs(app).set_value(0).run()
    assert told(campaign).mine is False
    assert told(campaign).satisfaction.people == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_what_was_said_before_stands_there_and_others_are_counted(campaign, open_page, role):
    opinions.give_opinion(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT, helpful=True, place="leads")
    opinions.give_opinion(campaign, person(role), client=DEFAULT_CLIENT, helpful=False, place="performance")
    app = open_page(campaign, "leads", role)
    assert thumbs(app).value == 0
    assert "1 of 2 people say yes" in texts(app)


def test_nobody_is_asked_about_leads_there_are_not(empty, open_page):
    assert QUESTION not in texts(open_page(empty, "leads"))

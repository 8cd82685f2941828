"""What scoring is worth, on a page: said or asked for, kept by those who may, and never a traceback."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from leadscore.access import Role
from leadscore.services import value
from leadscore.workbench import DEFAULT_CLIENT
from pages import shared
from tests.pages.conftest import assert_calm, person, texts
from tests.services.test_value import foretell

SCRIPT = """
from leadscore.services.value import ListView
from pages.shared import current
from pages.widgets import notices, value_of_scoring

notices.say_pending()
value_of_scoring.draw(current(), ListView())
"""


@pytest.fixture
def draw(monkeypatch):
    def drawn(workbench, role=Role.ADMIN, **query):
        st.cache_data.clear()
        monkeypatch.setattr(shared, "workbench", lambda: workbench)
        monkeypatch.setattr(shared, "signed_in", lambda: person(role))
        app = AppTest.from_string(SCRIPT, default_timeout=60)
        for name, asked in query.items():
            app.query_params[name] = asked
        return app.run()

    return drawn


def test_with_nothing_foretold_it_says_what_is_missing(empty, draw):
    app = draw(empty)
    assert_calm(app)
    assert "Too few to tell" in texts(app)


def test_the_value_is_said_beside_its_pictures_for_the_share_of_the_address(campaign, draw):
    foretell(campaign)
    app = draw(campaign, called_share="the best 10 %")
    assert_calm(app)
    assert "Calling the best 10 % by score finds" in texts(app).replace("\\", "")
    assert len(app.get("vega_lite_chart")) == 2


@pytest.mark.parametrize("query", [{"called_by": "nonsense"}, {"called_share": "99"}, {"called_by": "high:email"}])
def test_an_address_that_means_nothing_is_passed_over(campaign, draw, query):
    assert_calm(draw(campaign, **query))


def test_another_order_is_tried_at_once_and_kept_on_a_click(campaign, draw):
    foretell(campaign)
    app = draw(campaign)
    app.selectbox(key="called_by").set_value("newest").run()
    assert "newest first found" in texts(app)
    app.button(key="keep_order").click().run()
    assert_calm(app)
    assert value.call_orders(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT).before == "newest"
    assert "keep_order" not in {button.key for button in app.button}


def test_leads_by_chance_are_switched_on_by_those_who_may(campaign, draw):
    app = draw(campaign, Role.MANAGER)
    app.slider(key="held_back_share").set_value(10).run()
    app.button(key="held_back_save").click().run()
    assert_calm(app)
    assert value.held_back_leads(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT).share == 0.1
    viewer = draw(campaign, Role.VIEWER)
    assert_calm(viewer)
    assert not viewer.slider
    assert "10 leads by chance for every 100" in texts(viewer)

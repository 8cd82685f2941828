"""Saved versions on the page: compared in words and figures, restored, measured on the past."""

from datetime import date

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from leadscore import worker
from leadscore.access import Actor, Role
from leadscore.services import jobs, policies, policy_history
from leadscore.steps import backtest_report
from leadscore.workbench import DEFAULT_CLIENT
from pages import shared
from tests.pages.conftest import assert_calm, labels, person, texts

ADMIN = Actor(name="the admin", role=Role.ADMIN)


def alone():
    """Draw the versions without the page around them."""
    from pages import shared
    from pages.widgets import notices, policy_versions

    notices.say_pending()
    policy_versions.draw(shared.current())


@pytest.fixture
def two(campaign):
    policies.save_policy(campaign, ADMIN, client=DEFAULT_CLIENT, changes={"full_marks": 0.6}, comment="Stricter")
    return campaign


@pytest.fixture
def open_versions(monkeypatch):
    def opened(bench, role=Role.ADMIN):
        st.cache_data.clear()
        monkeypatch.setattr(shared, "workbench", lambda: bench)
        monkeypatch.setattr(shared, "signed_in", lambda: ADMIN if role is Role.ADMIN else person(role))
        app = AppTest.from_function(alone, default_timeout=60).run()
        assert_calm(app)
        return app

    return opened


def test_two_versions_are_compared_in_words_and_by_what_they_do(two, open_versions):
    app = open_versions(two)
    app.button(key="policy-compare").click().run()
    assert_calm(app)
    shown = texts(app).replace("\\", "")
    assert "Full marks of a group at: 30 % → 60 %" in shown
    assert "What that does to known conversions" in shown
    assert "Same best 20 %" in labels(app, "metric")


def test_a_version_is_put_back_in_force_and_the_leads_are_scored(two, open_versions):
    app = open_versions(two)
    app.text_input(key="restore-comment").input("Too strict")
    next(button for button in app.button if button.label.startswith("Restore")).click().run()
    assert_calm(app)
    assert "Version 1 is back in force as version 3." in texts(app)
    current = policies.current_policy(two, ADMIN, client=DEFAULT_CLIENT)
    assert (current.version, current.policy.full_marks) == (3, 0.3)
    assert "rescore" in [job.kind for job in jobs.recent(two, ADMIN, client=DEFAULT_CLIENT)]


def test_a_version_that_says_what_is_in_force_is_not_restored(two, open_versions):
    policies.save_policy(two, ADMIN, client=DEFAULT_CLIENT, changes={"full_marks": 0.3}, comment="back")
    app = open_versions(two)
    app.selectbox(key="restore-version").set_value(1)
    next(button for button in app.button if button.label.startswith("Restore")).click().run()
    assert_calm(app)
    assert "says what is in force" in texts(app)


def test_a_version_is_measured_on_the_past_by_the_worker(two, open_versions, monkeypatch):
    for module in (policy_history, backtest_report):
        monkeypatch.setattr(module, "too_few", lambda y: min(y.sum(), len(y) - y.sum()) < 5)
    app = open_versions(two)
    app.session_state["backtest-open"] = True
    app.run()
    assert_calm(app)
    app.date_input(key="backtest-period").set_value((date(2026, 1, 1), date(2026, 11, 20)))
    next(button for button in app.button if button.label == "Measure").click().run()
    assert_calm(app)
    worker.run_pending(two)
    app.run()
    assert_calm(app)
    shown = texts(app).replace("\\", "")
    assert "of the period ended; measured on" in shown
    assert "95 % intervals" in shown
    assert len(app.get("plotly_chart")) == 2


def test_a_viewer_compares_and_changes_nothing(two, open_versions):
    app = open_versions(two, Role.VIEWER)
    assert "Compare" in labels(app, "button")
    assert not [label for label in labels(app, "button") if label.startswith(("Restore", "Measure"))]


def test_nothing_saved_is_nothing_drawn(empty, open_versions):
    app = open_versions(empty)
    assert not app.get("dataframe") or "Version" in texts(app)

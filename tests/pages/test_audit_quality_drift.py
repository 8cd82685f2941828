"""The tabs of data quality and drift draw in every state, and what can be done there is done."""

import dataclasses

import pytest
import streamlit as st

from leadscore.access import Role
from leadscore.services import drift, jobs
from leadscore.workbench import DEFAULT_CLIENT
from tests.pages.conftest import assert_calm, person, texts


@pytest.fixture(autouse=True)
def _links_without_a_frame(monkeypatch):
    """Let links draw as words: a page opened alone knows no other pages."""
    monkeypatch.setattr(st, "page_link", lambda page, *, label, **_more: st.markdown(f"[{label}]({page})"))


@pytest.mark.parametrize("tab", ["Data quality", "Drift"])
@pytest.mark.parametrize("role", [Role.ADMIN, Role.ANALYST])
def test_the_tabs_draw_for_those_who_may(campaign, open_page, tab, role):
    assert_calm(open_page(campaign, "audit", role, tab=tab))


@pytest.mark.parametrize(("tab", "words"), [("Data quality", "No leads yet"), ("Drift", "No model is in use")])
def test_an_empty_workbench_says_what_is_missing(empty, open_page, tab, words):
    app = open_page(empty, "audit", tab=tab)
    assert_calm(app)
    assert words in texts(app)


def test_quality_names_what_to_mend_first(campaign, open_page):
    shown = texts(open_page(campaign, "audit", tab="Data quality"))
    assert "What to mend first" in shown
    assert "of what moves the score" in shown


def test_a_check_is_made_and_too_little_data_is_called_so(campaign, open_page):
    app = open_page(campaign, "audit", tab="Drift")
    app.button(key="drift-check").click().run()
    assert_calm(app)
    assert "Too little data" in texts(app)
    assert app.button(key="drift-retrain").disabled


def test_an_alarm_shows_what_moved_and_offers_a_training(campaign, open_page, monkeypatch):
    made = drift.check

    def alarmed(*given, **more):
        column = drift.DriftResult.from_dict({"causes": [], "columns": [{
            "name": "source", "label": "Original Source", "importance": 0.2, "index": 1.5, "by_chance": 0.01,
            "test": "chi2", "effect": 0.4, "p_value": 1e-9, "moved": True, "band": "large", "cause": "new value",
            "sentence": "Original Source has a value the model has hardly met: “Podcast”, 20% of the newer leads.",
            "bins": ["Web", "others"], "before": [1.0, 0.0], "now": [0.8, 0.2], "affected": 0.2,
            "filter": ["source", "is", "Podcast"]}], "verdict": "", "sentence": "", "version": 1, "newer": 0,
            "compared": 0, "known": 0, "window": "", "reference": ""}).columns
        return dataclasses.replace(made(*given, **more), verdict="alarm", sentence="Newer leads differ.", newer=600,
                                   columns=column, causes=(column[0].sentence,))

    monkeypatch.setattr(drift, "check", alarmed)
    drift.check_drift(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT)
    app = open_page(campaign, "audit", tab="Drift")
    assert_calm(app)
    assert "“Podcast”, 20" in texts(app)
    assert "About 120 newer leads" in texts(app)
    app.button(key="drift-retrain").click().run()
    assert "retrain" in {job.kind for job in jobs.recent(campaign, person(Role.ADMIN), client=DEFAULT_CLIENT)}

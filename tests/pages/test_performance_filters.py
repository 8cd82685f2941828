"""The filters of the Performance page: everything in the address, twice where two choices stand side by side."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from pages.widgets import performance_filters
from tests.pages.conftest import assert_calm, texts


def page() -> None:
    from datetime import date

    import streamlit as st

    from leadscore.services.delivery import FilterOptions
    from pages.widgets import performance_filters as filters

    options = FilterOptions(["High", "Low"], [], ["Ann", "Bob"], ["Ads", "Web"], ["DE", "FR"], ["Software"],
                            [(3, "a.csv · 01 Jan 2026")], [])
    told = {"first": filters.choose(options, [], [2, 1], [3, 2], today=date(2026, 11, 21), comparable=True)}
    told["words"], told["address"] = filters.in_use(), filters.address()
    if filters.comparing():
        told["second"] = filters.choose(options, [], [2, 1], [3, 2], today=date(2026, 11, 21), prefix=filters.SECOND)
        told["second words"] = filters.in_use(filters.SECOND)
    st.session_state["told"] = told


def opened(**query):
    app = AppTest.from_function(page, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert_calm(app)
    return app


def told(app):
    return app.session_state["told"]


@pytest.mark.parametrize(("period", "first"), [
    ("7 days", "2026-11-15"), ("90 days", "2026-08-24"), ("12 months", "2025-11-22"), ("This month", "2026-11-01"),
    ("This quarter", "2026-10-01"), ("This year", "2026-01-01"),
])
def test_a_quick_period_ends_today(period, first):
    app = opened(period=period)
    assert (told(app)["first"].came_from, told(app)["first"].came_to) == (first, "2026-11-21")
    assert told(app)["words"] == (period,)


def test_every_filter_of_a_link_is_followed_and_named():
    link = {"of_tier": ["High"], "of_source": ["Ads", "Web"], "of_country": ["DE"], "of_owner": ["Ann", "Bob"],
            "of_industry": ["Software"], "of_import": "#3 a.csv · 01 Jan 2026", "of_model": "Rules alone",
            "of_policy": "2", "period": "30 days"}
    app = opened(**link)
    view = told(app)["first"]
    assert (view.tiers, view.sources, view.countries, view.owners, view.industries) == (
        ("High",), ("Ads", "Web"), ("DE",), ("Ann", "Bob"), ("Software",))
    assert (view.batch_id, view.model_version, view.policy_version) == (3, 0, 2)
    assert told(app)["address"] == link
    assert "Lead source: Ads, Web" in told(app)["words"]
    assert told(opened(**told(app)["address"]))["first"] == view
    app.button(key="clear-figures").click().run()
    assert told(app)["words"] == ()


def test_what_a_link_says_wrongly_is_left_out_with_a_sentence():
    app = opened(of_source=["Ads", "*Gone*"], of_import="#99 gone.csv", of_owner="nobody", period="soon", of_model="77")
    assert told(app)["first"].sources == ("Ads",)
    said = texts(app).replace("\\", "")
    assert "Part of the link is not there, or not any more" in said
    assert all(word in said for word in ("Period soon", "Lead source *Gone*", "Import #99 gone.csv", "Owner nobody"))
    assert "Lead source Ads" not in said


def test_a_filter_that_is_left_out_is_not_counted_as_on():
    assert "Clear" not in {button.label for button in opened(of_source="Gone").button}
    assert "Clear" in {button.label for button in opened(of_source="Ads", of_model="Rules alone").button}


def test_a_right_link_is_not_complained_about():
    assert "Part of the link" not in texts(opened(of_source="Ads", period="30 days", of_policy="3"))


@pytest.mark.parametrize(("first", "second", "words"), [
    ({"period": "30 days"}, ("2026-09-23", "2026-10-22"), ("from 2026-09-23 to 2026-10-22",)),
    ({"of_source": "Ads"}, (None, None), ()),
    ({}, ("2026-08-24", "2026-11-21"), ("90 days",)),
    ({"of_source": "Ads", "period": "This month"}, ("2026-10-11", "2026-10-31"),
     ("from 2026-10-11 to 2026-10-31", "Lead source: Ads")),
])
@pytest.mark.parametrize("on", ["true", "1"])
def test_the_second_choice_begins_as_the_first_with_one_thing_changed(on, first, second, words):
    app = opened(compare=on, **first)
    view = told(app)["second"]
    assert (view.came_from, view.came_to) == second
    assert told(app)["second words"] == words


def test_the_second_choice_of_a_link_is_followed():
    app = opened(compare="true", b_of_tier="High", b_period="7 days", of_tier="Low")
    assert told(app)["second"].tiers == ("High",)
    assert told(app)["second"].came_from == "2026-11-15"
    assert told(app)["first"].tiers == ("Low",)
    app.button(key="b_clear-figures").click().run()
    assert told(app)["second words"] == ()
    assert told(app)["first"].tiers == ("Low",)


def test_nothing_is_compared_unless_asked_for():
    assert "second" not in told(opened())
    assert not performance_filters.comparing()


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2024, 2, 29), date(2026, 12, 31)])
@pytest.mark.parametrize("period", [name for name in performance_filters.PERIODS if name not in ("", "own")])
def test_a_period_never_ends_before_it_starts(today, period):
    first, last = performance_filters._days({"period": period, "from": "", "to": ""}, today)
    assert first <= last == today.isoformat()

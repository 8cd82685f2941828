"""Pictures of what values do: the figures they were given, in order, with the lead's own place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.charts import effects


def point(value, effect, leads=10):
    return {"value": value, "effect": effect, "low": effect - 0.5, "high": effect + 0.5, "leads": leads}


NUMBERS = [point(0.0, -1.0), point(10.0, 1.0), point(None, 0.25)]
LEVELS = [point("Web", -0.5), point("Fair", 0.75), point("other", 0.1), point(None, 0.0)]


def test_numbers_are_a_line_in_a_band_with_the_lead_on_it():
    figure = effects.effect_curve(NUMBERS, "number", "Visits", mark=5.0, marked=True)
    low, high, line, lead = figure.data
    assert (list(line.x), list(line.y)) == ([0.0, 10.0], [-1.0, 1.0])
    assert (list(low.y), list(high.y)) == ([-1.5, 0.5], [-0.5, 1.5])
    assert (list(lead.x), list(lead.y)) == ([5.0], [0.0])
    assert {shape.y0 for shape in figure.layout.shapes} == {0, 0.25}


def test_a_lead_whose_number_is_missing_stands_on_the_line_of_the_missing():
    figure = effects.effect_curve(NUMBERS, "number", "Visits", mark=None, marked=True)
    assert len(figure.data) == 3
    assert [note.text for note in figure.layout.annotations] == ["not known ◂ this lead"]


def test_nobody_is_marked_where_the_place_must_not_be_shown():
    assert len(effects.effect_curve(NUMBERS, "number", "Income", mark=None).data) == 3
    assert "this lead" not in str(effects.effect_curve(LEVELS, "category", "Source", mark="Web"))


@pytest.mark.parametrize("mark, place", [("Web", "Web"), ("Nobody knows it", "other"), (None, "not known")])
def test_levels_are_bars_with_the_best_on_top_and_the_lead_at_its_own(mark, place):
    figure = effects.effect_curve(LEVELS, "category", "Source", mark=mark, marked=True)
    assert list(figure.data[0].x) == [-0.5, 0.0, 0.1, 0.75]
    ticks = list(figure.layout.yaxis.ticktext)
    assert [tick for tick in ticks if "this lead" in tick] == [f"<b>{place} ◂ this lead</b>"]
    assert "Fair" in ticks[-1]


def test_a_change_is_a_bar_from_the_score_now_to_the_score_then():
    figure = effects.improvement_bars(["Visits: 2 → 6", "Demo: no → yes"], [58.0, 45.5], now=41.0)
    bars = figure.data[0]
    assert list(bars.base) == [41.0, 41.0] and list(bars.x) == [17.0, 4.5]
    assert list(bars.text) == ["58.0 (+17.0)", "45.5 (+4.5)"]
    assert figure.layout.yaxis.autorange == "reversed"


def test_the_strongest_factor_is_on_top():
    figure = effects.importance_bars({"a": 0.1, "b": 0.9, "c": 0.5}, {"b": "Visits"})
    assert list(figure.layout.yaxis.ticktext) == ["a", "c", "Visits"]
    many = effects.importance_bars({str(place): float(place) for place in range(40)}, {})
    assert len(many.data[0].x) == effects.MOST_FACTORS and max(many.data[0].x) == 39


MARK_UP = "<b>Web</b>"


@pytest.mark.parametrize("figure", [
    effects.effect_curve([point(MARK_UP, 1.0)], "category", MARK_UP),
    effects.effect_curve(NUMBERS, "number", MARK_UP, mark=1.0, marked=True),
    effects.improvement_bars([MARK_UP], [50.0], now=40.0),
    effects.importance_bars({"x": 1.0}, {"x": MARK_UP})])
def test_mark_up_in_a_users_words_is_not_obeyed_and_colours_of_text_are_left_to_the_page(figure):
    assert MARK_UP not in str(figure.to_dict())
    assert "&lt;b&gt;Web" in str(figure.to_dict())
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.font.color is None


VALUES = st.one_of(st.none(), st.text(max_size=60), st.floats(-1e9, 1e9))


@settings(deadline=None, max_examples=30)
@given(values=st.lists(VALUES, max_size=6, unique=True), mark=VALUES, kind=st.sampled_from(["number", "category"]))
def test_any_curve_can_be_drawn(values, mark, kind):
    points = [point(value, place - 2.0) for place, value in enumerate(values)]
    figure = effects.effect_curve(points, kind, "Column", mark=mark, marked=True)
    assert figure.to_json()

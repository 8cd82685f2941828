import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.charts import conversion, distribution, reasons


def test_the_grid_has_all_sixteen_cells_even_where_nobody_is():
    cells = distribution.fit_engagement_grid(pd.DataFrame({"fit": ["A", "D"], "engagement": [1, "4"], "leads": [5, 2]}))
    heat = cells.data[0].z
    assert heat.shape == (4, 4)
    assert heat[0, 0] == 5 and heat[3, 3] == 2 and heat.sum() == 7


def test_gains_are_drawn_against_any_order():
    figure = conversion.cumulative_gains(pd.DataFrame({"share": [0.0, 0.2, 1.0], "captured": [0.0, 0.6, 1.0]}))
    assert list(figure.data[1].y) == [0.0, 0.6, 1.0]
    assert list(figure.data[0].x) == list(figure.data[0].y)


@settings(deadline=None, max_examples=40)
@given(effects=st.lists(st.floats(-40, 40), max_size=30), base=st.floats(0, 100))
def test_the_numbers_of_the_waterfall_add_up_to_the_score_shown(effects, base):
    total = base + sum(effects)
    frame = pd.DataFrame({"label": [f"factor {place}" for place in range(len(effects))], "effect": effects},
                         ).astype({"effect": float})
    steps = reasons.waterfall(frame, base=base, total=total).data[0]
    written = [float(text) for text in steps.text]
    assert sum(written[:-1]) == pytest.approx(written[-1], abs=0.01)
    assert steps.measure[0] == "absolute" and steps.measure[-1] == "total"
    assert len(written) <= reasons.MOST_BARS + 3


def test_two_reasons_that_read_the_same_keep_a_bar_each():
    frame = pd.DataFrame({"label": ["Same", "Same"], "effect": [3.0, -1.0]}, index=[4, 4])
    steps = reasons.waterfall(frame, base=10, total=12).data[0]
    assert list(steps.y) == [0, 1, 2, 3]
    assert list(steps.x) == [10, 3, -1, 12]


def test_mark_up_in_a_users_value_is_not_obeyed_and_points_are_not_said_twice():
    frame = pd.DataFrame({"label": ["Source is <b>Web</b>: +3.0"], "effect": [3.0]})
    ticks = reasons.waterfall(frame, base=10, total=13).layout.yaxis.ticktext
    assert ticks[1] == "Source is &lt;b&gt;Web&lt;/b&gt;"


def test_the_history_runs_in_order_of_time():
    times = pd.to_datetime(["2026-02-01", "2026-01-01"], utc=True)
    line = reasons.score_history(pd.DataFrame({"scored_at": times, "score": [60.0, 40.0]})).data[0]
    assert list(line.y) == [40.0, 60.0]


@pytest.mark.parametrize("figure", [
    conversion.cumulative_gains(pd.DataFrame({"share": [0.0, 1.0], "captured": [0.0, 1.0]})),
    reasons.waterfall(pd.DataFrame({"label": ["a"], "effect": [1.0]}), base=1, total=2)])
def test_figures_leave_background_and_text_colour_to_the_page(figure):
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.font.color is None

"""Pictures of an experiment show the figures they were given, and nothing where there is nothing to say."""

import numpy as np
import pandas as pd
import pytest

from leadscore.charts.experiment import difference_by_day, leads_by_effect, rates_on_top

RATES = pd.DataFrame({"name": ["Champion", "Challenger"], "leads": [200, 210], "rate": [0.1, 0.15],
                      "low": [0.07, 0.11], "high": [0.15, 0.2]})
PATH = pd.DataFrame({"difference": [0.0, 0.1, 0.05], "low": [np.nan, -0.1, 0.01], "high": [np.nan, 0.3, 0.09]},
                    index=pd.date_range("2026-01-01", periods=3))
CURVE = pd.DataFrame({"effect": [0.1, 0.2], "leads": [4_000, 1_000]})


def test_each_model_has_a_bar_with_its_interval_and_a_colour_of_its_own():
    bars = rates_on_top(RATES).data[0]
    assert list(bars.x) == [0.1, 0.15]
    assert np.allclose(bars.error_x.array, [0.05, 0.05]) and np.allclose(bars.error_x.arrayminus, [0.03, 0.04])
    assert len(set(bars.marker.color)) == 2


def test_a_model_without_leads_has_no_bar_and_the_other_keeps_its_colour():
    whole, part = rates_on_top(RATES).data[0], rates_on_top(RATES.assign(rate=[np.nan, 0.15])).data[0]
    assert list(part.y) == ["Challenger"]
    assert part.marker.color[0] == whole.marker.color[1]


def test_the_band_begins_when_there_is_something_to_say():
    figure = difference_by_day(PATH, effect=0.02)
    upper, lower, middle, today = figure.data
    assert list(upper.y) == [0.3, 0.09] and list(lower.y) == [-0.1, 0.01] and list(middle.y) == [0.1, 0.05]
    assert list(today.y) == [0.05]
    assert sorted(shape.y0 for shape in figure.layout.shapes) == [-0.02, 0, 0.02]


def test_the_axis_follows_today_and_not_the_first_days():
    early = PATH.assign(low=[np.nan, -9.0, -1.0], high=[np.nan, 9.0, 1.5])
    assert difference_by_day(early, effect=0.2).layout.yaxis.range == pytest.approx((-1.8, 1.8))
    assert difference_by_day(PATH, effect=0.2).layout.yaxis.range == (-1.0, 1.0)


def test_nothing_known_is_an_empty_picture():
    assert all(len(trace.y) == 0 for trace in difference_by_day(PATH.iloc[:1], effect=0.02).data)


def test_the_chosen_difference_is_marked_on_the_curve():
    line, mark = leads_by_effect(CURVE, effect=0.2, leads=1_000).data
    assert list(line.y) == [4_000, 1_000]
    assert (mark.x[0], mark.y[0], mark.text[0]) == (0.2, 1_000, "1,000")


@pytest.mark.parametrize("figure", [rates_on_top(RATES), difference_by_day(PATH, effect=0.1),
                                    leads_by_effect(CURVE, effect=0.1, leads=4_000)])
def test_background_and_text_are_left_to_the_page(figure):
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.font.color is None

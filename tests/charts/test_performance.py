"""Pictures of the Performance page hold the numbers they are given, also where there are few."""

import pandas as pd
import pytest

from leadscore.charts import performance


def test_a_trend_shows_leads_and_rates_and_leaves_gaps_open():
    points = pd.DataFrame({"start": pd.to_datetime(["2026-01-01", "2026-02-01"]), "leads": [4, 0], "converted": [1, 0],
                           "rate": [0.25, None]})
    bars, line = performance.trend(points, step="month").data
    assert list(bars.y) == [4, 0]
    assert list(bars.customdata) == ["January 2026", "February 2026"]
    assert line.y[0] == 0.25
    assert line.connectgaps is False


@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_an_empty_trend_is_an_empty_picture(step):
    nothing = pd.DataFrame({"start": pd.to_datetime([]), "leads": [], "converted": [], "rate": []})
    assert not len(performance.trend(nothing, step=step).data[0].x)


def test_tiers_say_their_figures_beside_the_bar():
    tiers = pd.DataFrame({"tier": ["High", "Medium", "Low"], "leads": [1200, 3, 0], "converted": [300, 0, 0],
                          "rate": [0.25, 0.0, None]})
    all_leads, converted = performance.funnel(tiers).data
    assert list(all_leads.y) == ["<b>High</b><br>1,200 leads, 25% converted", "<b>Medium</b><br>3 leads, 0% converted",
                                 "<b>Low</b><br>0 leads"]
    assert list(converted.x) == [300, 0, 0]


def test_only_the_largest_groups_are_drawn():
    groups = pd.DataFrame({"source": [f"s{n}" for n in range(20)], "leads": range(20, 0, -1), "rate": 0.5,
                           "rate_low": 0.4, "rate_high": 0.7})
    (bars,) = performance.rates_by(groups, "source").data
    assert list(bars.y) == [f"s{n}" for n in range(12)]
    assert bars.error_x.array[0] == pytest.approx(0.2)

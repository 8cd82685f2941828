"""The figures of the Performance page: right on small examples, silent where there is nothing to tell."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from leadscore.monitoring import performance


def _cells(rows):
    return pd.DataFrame(rows, columns=["source", "tier", "band", "outcome", "qualified", "leads"]).astype(
        {"source": "str", "tier": "str", "outcome": "str", "leads": "int64", "band": "int64"})


CELLS = _cells([
    ("Ads", "High", 90, "converted", True, 3), ("Ads", "High", 80, "lost", True, 1),
    ("Fair", "Low", 10, "lost", False, 4),
    ("Fair", "Low", 10, "converted", False, 1), (None, "Medium", 50, "new", True, 1)])
NOBODY = CELLS[:0]


def test_key_figures_of_a_small_example():
    found = performance.figures(CELLS, 0.5)
    assert (found.leads, found.converted, found.lost) == (10, 4, 5)
    assert found.average_score == pytest.approx((3 * 90.5 + 80.5 + 5 * 10.5 + 50.5) / 10)
    assert found.qualified_share == 0.5
    assert found.conversion_rate.value == 0.4
    assert found.conversion_rate.low < 0.4 < found.conversion_rate.high
    assert found.win_rate == pytest.approx(4 / 9)
    assert found.accuracy.value is None, "nine outcomes tell nothing of accuracy"


def test_without_leads_nothing_is_claimed_and_nothing_divides_by_zero():
    found = performance.figures(NOBODY, 0.0)
    assert (found.leads, found.average_score, found.qualified_share, found.win_rate) == (0, None, None, None)
    assert found.conversion_rate.value is None
    assert performance.gains(performance.by_band(NOBODY)).empty
    assert performance.gains(performance.by_band(NOBODY)).empty
    assert performance.by(NOBODY, "source", 0.0).empty
    assert performance.by_tier(NOBODY, 0.0)["leads"].tolist() == [0, 0, 0]
    no_days = pd.DataFrame({"day": [], "outcome": [], "leads": [], "bands": []})
    assert performance.trend(no_days, every="day", cut=0.0).empty


def test_counts_by_source_leave_out_who_has_none():
    found = performance.by(CELLS, "source", 0.5)
    assert found[["source", "leads", "converted", "lost"]].to_numpy().tolist() == [["Fair", 5, 1, 4], ["Ads", 4, 3, 1]]
    assert found["average_score"].tolist() == pytest.approx([10.5, (3 * 90.5 + 80.5) / 4])


def test_ranges_put_a_score_of_100_into_the_last_one():
    bands = performance.by_band(_cells([("a", "High", 100, "converted", True, 2), ("a", "Low", 0, "lost", False, 1)]))
    found = performance.ranges(bands)
    assert len(found) == 10
    assert found.iloc[-1][["low", "high", "leads", "converted"]].tolist() == [90, 100, 2, 2]
    assert found["leads"].sum() == 3
    assert np.isnan(found["rate"].iloc[5])


def test_gains_rise_from_nothing_to_everything_and_equals_share_their_places():
    curve = performance.gains(performance.by_band(CELLS))
    assert curve.iloc[0].tolist() == [0, 0]
    assert curve.iloc[-1].tolist() == [1, 1]
    assert np.interp([3 / 9, 4 / 9 + 5 / 18], curve["share"], curve["captured"]) == pytest.approx([0.75, 0.875])


counts = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=15)


@given(counts)
def test_accuracy_is_the_area_under_the_roc_curve_of_the_bands(rows):
    cells = _cells([("a", "Low", band, outcome, False, leads) for band, won, lost in rows
                    for outcome, leads in (("converted", won), ("lost", lost))])
    found = performance.accuracy(performance.by_band(cells))
    if min(sum(won for _, won, _ in rows), sum(lost for _, _, lost in rows)) < performance.LEAST_OUTCOMES:
        assert found.value is None
        return
    score = np.repeat([band for band, *_ in rows for _ in range(2)], [n for _, won, lost in rows for n in (won, lost)])
    truth = np.repeat([1, 0] * len(rows), [n for _, won, lost in rows for n in (won, lost)])
    assert found.value == pytest.approx(roc_auc_score(truth, score))
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_threshold_sorts_the_known_ends_into_four():
    assert performance.confusion(performance.by_band(CELLS), 80) == {
        "true_positive": 3, "false_positive": 1, "false_negative": 1, "true_negative": 4}


def test_a_trend_has_no_gaps_and_knows_weeks_and_months():
    days = pd.DataFrame({"day": ["2026-01-30", "2026-02-01", "2026-02-01"], "outcome": ["new", "converted", "lost"],
                         "leads": [2, 1, 3], "bands": [100, 90, 30]})
    daily = performance.trend(days, every="day", cut=0.5)
    assert daily["leads"].tolist() == [2, 0, 4]
    assert np.isnan(daily["rate"].iloc[1])
    assert daily["average_score"].iloc[2] == pytest.approx(30.5)
    assert performance.trend(days, every="month", cut=0.5)["leads"].tolist() == [2, 4]
    assert performance.trend(days, every="week", cut=0.5)["leads"].tolist() == [6]


@pytest.mark.parametrize(("last", "step"), [(date(2026, 1, 20), "day"), (date(2026, 6, 1), "week"),
                                            (date(2028, 1, 1), "month")])
def test_the_step_of_a_trend_fits_its_length(last, step):
    assert performance.fitting_step(date(2026, 1, 1), last) == step


def test_the_period_before_is_as_long_and_ends_the_day_before():
    assert performance.period_before(date(2026, 3, 1), date(2026, 3, 31)) == (date(2026, 1, 29), date(2026, 2, 28))


def test_before_the_calendar_begins_there_is_no_period():
    assert performance.period_before(date(1000, 1, 1), date(2026, 12, 30)) is None
    assert performance.period_before(date(1, 1, 3), date(1, 1, 4)) == (date(1, 1, 1), date(1, 1, 2))


def test_what_bands_cut_off_is_given_back_so_that_averages_are_exact():
    cells = pd.DataFrame({"band": [60, 80], "leads": [3, 1]})
    assert performance.cut_off(cells, 65.0) == 0.0
    assert performance.cut_off(cells, 65.4) == pytest.approx(0.4)
    assert performance.cut_off(cells[:0], None) == 0.0


@pytest.mark.parametrize(("rows", "expected"), [
    ([(0, 1)], 0), ([(1, 1), (5, 1), (9, 1)], 5), ([(1, 5), (100, 4)], 1), ([(2, 1), (4, 1)], 4), ([], None)])
def test_the_median_of_counted_days(rows, expected):
    assert performance.median_days(pd.DataFrame(rows, columns=["days", "leads"])) == expected

"""What changes with time: no gaps, no division by nothing, whole months only."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from leadscore.monitoring import trends

DAYS = pd.DataFrame({"day": ["2026-01-30", "2026-02-01", "2026-02-01"], "outcome": ["new", "converted", "lost"],
                     "leads": [2, 1, 3], "score": [100.0, 90.5, 30.0], "chance": [0.2, 0.9, 0.0], "chances": [2, 1, 0]})
DECIDED = pd.DataFrame({"decided_on": ["2026-02-03", None, "2026-01-30"], "leads": [1, 5, 2],
                        "revenue": [10.0, 99.0, 4.0]})


def test_a_trend_has_no_gaps_and_knows_weeks_and_months():
    daily = trends.trend(DAYS, DECIDED, every="day")
    assert daily["leads"].tolist() == [2, 0, 4, 0, 0]
    assert np.isnan(daily["rate"].iloc[1])
    assert daily["rate"].iloc[2] == 0.25
    assert daily["average_score"].iloc[2] == pytest.approx(120.5 / 4)
    assert daily["expected"].tolist()[:3] == pytest.approx([10.0, np.nan, 90.0], nan_ok=True)
    assert trends.trend(DAYS, DECIDED, every="month")["leads"].tolist() == [2, 4]
    assert trends.trend(DAYS, DECIDED, every="week")["leads"].tolist() == [6, 0]


def test_conversions_count_when_they_happened_and_undated_ones_nowhere():
    monthly = trends.trend(DAYS, DECIDED, every="month")
    assert monthly["conversions"].tolist() == [2, 1]
    assert monthly["revenue"].tolist() == [4.0, 10.0]
    assert monthly["converted"].tolist() == [0, 1]


def test_what_happened_before_the_first_lead_came_is_left_out():
    early = DECIDED.assign(decided_on="2025-01-01")
    assert trends.trend(DAYS, early, every="day")["conversions"].sum() == 0
    assert len(trends.trend(DAYS, early, every="day")) == 3


def test_without_leads_there_is_no_trend():
    assert trends.trend(DAYS[:0], DECIDED, every="day").empty
    assert trends.trend(DAYS, DECIDED[:0], every="day")["conversions"].sum() == 0
    assert trends.cohorts(DAYS[:0], pd.DataFrame({"month": [], "days": [], "leads": []}),
                          today=date(2026, 3, 1)).empty


@pytest.mark.parametrize(("last", "step"), [(date(2026, 1, 20), "day"), (date(2026, 6, 1), "week"),
                                            (date(2028, 1, 1), "month")])
def test_the_step_of_a_trend_fits_its_length(last, step):
    assert trends.fitting_step(date(2026, 1, 1), last) == step


def test_the_period_before_is_as_long_and_ends_the_day_before():
    assert trends.period_before(date(2026, 3, 1), date(2026, 3, 31)) == (date(2026, 1, 29), date(2026, 2, 28))


def test_before_the_calendar_begins_there_is_no_period():
    assert trends.period_before(date(1000, 1, 1), date(2026, 12, 30)) is None
    assert trends.period_before(date(1, 1, 3), date(1, 1, 4)) == (date(1, 1, 1), date(1, 1, 2))


@pytest.mark.parametrize(("rows", "expected"), [
    ([(0, 1)], 0), ([(1, 1), (5, 1), (9, 1)], 5), ([(1, 5), (100, 4)], 1), ([(2, 1), (4, 1)], 4), ([], None),
    ([(9, 1), (1, 1), (5, 1)], 5)])
def test_the_median_of_counted_days(rows, expected):
    assert trends.median_days(pd.DataFrame(rows, columns=["days", "leads"])) == expected


def test_a_cohort_is_followed_for_the_months_that_are_over():
    days = pd.DataFrame({"day": ["2026-01-05", "2026-01-31", "2026-02-10"], "leads": [60, 40, 50]})
    waits = pd.DataFrame({"month": ["2026-01", "2026-01", "2026-02"], "days": [3, 45, 29], "leads": [10, 5, 20]})
    found = trends.cohorts(days, waits, today=date(2026, 4, 2))
    assert found.to_dict("list") == {
        "month": ["2026-01", "2026-01", "2026-02"], "months_since": [0, 1, 0], "converted": [10, 15, 20],
        "leads": [100, 100, 50], "rate": [0.1, 0.15, 0.4]}


def test_days_until_conversion_are_counted_over_all_months():
    waits = pd.DataFrame({"month": ["2026-01", "2026-02", "2026-02"], "days": [3, 3, 1], "leads": [10, 5, 20]})
    assert trends.until_conversion(waits).to_dict("list") == {"days": [1, 3], "leads": [20, 15]}

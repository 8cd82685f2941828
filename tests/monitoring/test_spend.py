"""Spend of a period: amounts are shared out by days and never lost between two periods."""

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.monitoring.spend import spend_between

MONTH = pd.DataFrame({"kind": pd.array(["leads", "leads", "leads"], dtype="str"),
                      "source": pd.array(["Ads", "Ads", None], dtype="str"),
                      "campaign": pd.array([None, None, "Spring"], dtype="str"),
                      "starts": ["2026-01-01", "2026-02-01", "2026-01-31"],
                      "ends": ["2026-01-31", "2026-02-28", "2026-01-31"], "amount": [310.0, 280.0, 7.0],
                      "currency": ["EUR", "EUR", "USD"]})


@pytest.mark.parametrize(("first", "last", "expected"), [
    (date(2026, 1, 1), date(2026, 1, 31), {("Ads", "EUR"): 310.0, ("Spring", "USD"): 7.0}),
    (date(2026, 1, 31), date(2026, 2, 1), {("Ads", "EUR"): 20.0, ("Spring", "USD"): 7.0}),
    (date(2026, 1, 10), date(2026, 1, 10), {("Ads", "EUR"): 10.0}),
    (date(2027, 1, 1), date(2027, 12, 31), {}),
])
def test_an_amount_counts_by_its_days(first, last, expected):
    found = spend_between(MONTH, first, last)
    names = found["source"].fillna(found["campaign"])
    assert dict(zip(zip(names, found["currency"], strict=True), found["amount"].round(6), strict=True)) == expected


days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@given(st.lists(st.tuples(days, st.integers(0, 400), st.floats(0, 1e6)), min_size=1, max_size=20), days)
def test_two_periods_that_meet_hold_together_what_one_holds(rows, cut):
    spend = pd.DataFrame({
        "kind": "leads", "source": pd.array(["a"] * len(rows), dtype="str"),
        "campaign": pd.array([None] * len(rows), dtype="str"),
        "starts": [start.isoformat() for start, _, _ in rows],
        "ends": [(start + timedelta(days=length)).isoformat() for start, length, _ in rows],
        "amount": [amount for _, _, amount in rows], "currency": "EUR"})
    first, last = date(2024, 1, 1), date(2030, 1, 1)
    parts = spend_between(spend, first, cut)["amount"].sum() + \
        spend_between(spend, cut + timedelta(days=1), last)["amount"].sum()
    assert parts == pytest.approx(spend["amount"].sum())


def test_no_spend_is_an_empty_table():
    assert spend_between(MONTH[:0], date(2026, 1, 1), date(2026, 12, 31)).empty


def test_the_cost_of_the_tool_is_shared_out_by_days_too_and_stays_apart():
    both = pd.concat([MONTH[:1], MONTH[:1].assign(kind="tool", amount=62.0)])
    found = spend_between(both, date(2026, 1, 1), date(2026, 1, 15))
    assert dict(zip(found["kind"], found["amount"].round(6), strict=True)) == {"leads": 150.0, "tool": 30.0}

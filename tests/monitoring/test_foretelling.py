"""What scores foretold against what came of it: known answers, and what must hold for any counts."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from leadscore.monitoring import foretelling


def told(rows):
    """Rows of tenths, converted, lost; a chance of a tenth of the points."""
    parts = [(tenths, outcome, leads, leads * tenths / 1000, tenths // 50) for tenths, won, lost in rows
             for outcome, leads in (("converted", won), ("lost", lost)) if leads]
    return pd.DataFrame(parts, columns=["foretold", "outcome", "leads", "chance", "step"]).astype(
        {"foretold": "int64", "outcome": "str", "leads": "int64", "chance": float, "step": float})


SMALL = told([(900, 3, 1), (100, 1, 4)])
NOBODY = SMALL[:0]
counts = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=15)


def test_a_score_of_100_counts_into_the_last_range():
    found = foretelling.ranges(foretelling.by_tenth(told([(1000, 2, 0), (0, 0, 1)])))
    assert len(found) == 10
    assert found.iloc[-1][["low", "high", "leads", "converted", "expected"]].tolist() == [90, 100, 2, 2, 1.0]
    assert math.isnan(found["rate"].iloc[5])
    assert math.isnan(found["expected"].iloc[5])


def test_gains_rise_from_nothing_to_everything_and_equals_share_their_places():
    curve = foretelling.gains(foretelling.by_tenth(SMALL))
    assert curve.iloc[[0, -1]].to_numpy().tolist() == [[0, 0], [1, 1]]
    assert np.interp(4 / 9, curve["share"], curve["captured"]) == pytest.approx(0.75, abs=0.01)
    assert foretelling.lift(curve).iloc[-1].tolist() == [1.0, 1.0]


def test_the_best_fifth_is_told_with_its_interval():
    found = foretelling.found_in_best(foretelling.by_tenth(told([(900, 80, 20), (100, 20, 380)])), 0.2)
    assert found.value == pytest.approx(0.8)
    assert 0.7 < found.low < 0.8 < found.high < 0.9


@given(counts)
def test_accuracy_is_the_area_under_the_roc_curve(rows):
    found = foretelling.accuracy(foretelling.by_tenth(told(rows)))
    won, lost = (sum(row[place] for row in rows) for place in (1, 2))
    if min(won, lost) < foretelling.LEAST_OUTCOMES:
        assert found.value is None
        return
    score = np.repeat([row[0] for row in rows for _ in range(2)], [n for row in rows for n in row[1:]])
    truth = np.repeat([1, 0] * len(rows), [n for row in rows for n in row[1:]])
    assert found.value == pytest.approx(roc_auc_score(truth, score))
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(counts)
def test_whatever_is_counted_nothing_is_lost_and_nothing_breaks(rows):
    frame = told(rows)
    tenths, leads = foretelling.by_tenth(frame), int(frame["leads"].sum())
    ranges, bins = foretelling.ranges(tenths), foretelling.reliability(frame)
    assert ranges["leads"].sum() == bins["leads"].sum() == tenths["leads"].sum() == leads
    assert sum(foretelling.confusion(tenths, 40).values()) == leads
    assert bins["rate"].between(0, 1).all()
    curve = foretelling.gains(tenths)
    assert (curve["captured"].diff().dropna() >= -1e-12).all()
    profit = foretelling.profit(tenths, value=100.0, cost=10.0, leads=500)
    assert profit.empty == (leads == 0)
    assert profit["share"].is_monotonic_increasing
    assert (profit["low"] <= profit["profit"] + 1e-6).all()
    assert (profit["high"] >= profit["profit"] - 1e-6).all()


def test_a_threshold_sorts_the_known_ends_into_four():
    assert foretelling.confusion(foretelling.by_tenth(SMALL), 80) == {
        "true_positive": 3, "false_positive": 1, "false_negative": 1, "true_negative": 4}
    assert foretelling.confusion(foretelling.by_tenth(SMALL), 90.1)["true_positive"] == 0


def test_leads_without_a_chance_are_not_held_against_one():
    rules = SMALL.assign(step=np.nan, chance=np.nan)
    assert foretelling.reliability(rules).empty
    assert foretelling.ranges(foretelling.by_tenth(rules))["expected"].isna().all()


def test_profit_is_value_times_conversions_less_cost_times_contacts():
    curve = foretelling.profit(foretelling.by_tenth(SMALL), value=100.0, cost=30.0, leads=90)
    assert curve[["share", "contacts", "score", "profit"]].iloc[1].tolist() == pytest.approx(
        [4 / 9, 40, 90, 30 * 100 - 40 * 30])
    assert curve["profit"].iloc[-1] == pytest.approx(40 * 100 - 90 * 30)
    assert curve["profit"].iloc[0] == 0
    assert foretelling.profit(foretelling.by_tenth(NOBODY), value=1.0, cost=1.0, leads=9).empty


def test_the_best_place_is_never_thinned_out():
    rows = [(tenths, 1 if tenths > 433 else 0, 1) for tenths in range(1001)]
    curve = foretelling.profit(foretelling.by_tenth(told(rows)), value=10.0, cost=4.9, leads=1434)
    assert len(curve) < 120
    assert curve["score"].iloc[int(curve["profit"].argmax())] == 43.4


@pytest.mark.parametrize(("cost", "expected"), [(None, [None, None]), (0.0, [None, None]), (5.0, [0.0, 3.5])])
def test_a_return_needs_a_cost(cost, expected):
    revenue = pd.Series([25.0, 90.0], index=[100, 900])
    found = foretelling.returns(foretelling.by_tenth(SMALL), revenue, cost=cost)
    assert found["revenue"].iloc[[1, 9]].tolist() == [25.0, 90.0]
    assert [None if pd.isna(value) else value for value in found["ret"].iloc[[1, 9]]] == expected

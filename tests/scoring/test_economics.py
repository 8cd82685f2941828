"""How far down a ranking contacts pay, and when nobody is worth a call."""

import numpy as np
import pytest

from leadscore.scoring import measures
from leadscore.scoring.economics import Economics, profit_by_share

OPEN = 5_000


def _ranking(signal=25.0, leads=2_000):
    random = np.random.default_rng(2)
    y = (random.random(leads) < 0.25).astype(float)
    return measures.rank(np.clip(45 + signal * (y - 0.25) + random.normal(0, 12, leads), 0, 100), measures.draw(y))


def test_profit_is_value_of_conversions_less_cost_of_contacts_for_the_open_leads():
    ranking = _ranking()
    profit = profit_by_share(ranking, Economics(10, 100), OPEN)
    everyone = profit.curve.iloc[-1]
    assert everyone["contacts"] == OPEN
    conversions = float(ranking.converted[0]) / float(ranking.total[0]) * OPEN
    assert everyone["profit"] == pytest.approx(100 * conversions - 10 * OPEN, rel=1e-5)
    assert profit.curve.iloc[0].tolist() == [0, 0, 0, 0, 0]


def test_the_best_cut_off_is_the_top_of_the_curve_and_lies_in_its_interval():
    profit = profit_by_share(_ranking(), Economics(30, 100), OPEN)
    assert profit.profit.value == profit.curve["profit"].max()
    assert 0 < profit.share.low <= profit.share.value <= profit.share.high < 1
    assert profit.contacts == pytest.approx(profit.share.value * OPEN, abs=1)
    assert 0 < profit.score < 100


@pytest.mark.parametrize(("cost", "value"), [(100, 100), (500, 1), (5, 0)])
def test_nobody_may_be_the_best_to_contact(cost, value):
    profit = profit_by_share(_ranking(), Economics(cost, value), OPEN)
    assert (profit.share.value, profit.contacts, profit.score) == (0, 0, None)
    assert profit.profit.value == 0


def test_where_contacts_are_free_all_conversions_are_sought():
    profit = profit_by_share(_ranking(), Economics(0, 100), OPEN)
    assert profit.profit.value == pytest.approx(profit.curve["profit"].iloc[-1])
    assert profit.share.value > 0.7


@pytest.mark.parametrize("economics", [Economics(), Economics(5, None), Economics(None, 5)])
def test_without_both_amounts_there_is_no_profit_to_tell(economics):
    assert profit_by_share(_ranking(), economics, OPEN) is None
    assert profit_by_share(_ranking(), Economics(1, 2), 0) is None


def test_equals_are_contacted_together():
    y = np.array([1.0, 0.0] * 50)
    ranking = measures.rank(np.repeat([80.0, 20.0], 50), measures.draw(y, draws=5))
    assert profit_by_share(ranking, Economics(1, 10), 100).curve["contacts"].tolist() == [0, 50, 100]

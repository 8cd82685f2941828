"""Money figures: converted by the rates given, apart where there are none, and nothing where nothing divides."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.monitoring.money import Rates, converted, money_of, return_by

EURO = Rates("EUR", {"USD": 0.9, "JPY": 0.006})


def _amounts(column="amount", **amounts):
    names = ["" if name == "none" else name for name in amounts]
    return pd.DataFrame({"currency": pd.array(names, dtype="str"), column: np.array([*amounts.values()], dtype=float)})


def _sold(**amounts):
    return _amounts("revenue", **amounts)


NOTHING = _amounts()


def test_an_amount_with_a_rate_becomes_the_report_currency_and_the_others_stay():
    found = converted(_sold(USD=100, EUR=5, CHF=7, none=3), "revenue", EURO)
    assert found.to_numpy().tolist() == [["EUR", 90.0], ["EUR", 5.0], ["CHF", 7.0], ["", 3.0]]


def test_amounts_without_a_currency_are_converted_only_where_a_rate_for_them_is_given():
    frame = pd.DataFrame({"currency": pd.array([None, "", "CHF"], dtype="str"), "amount": [10.0, 10.0, 10.0]})
    found = converted(frame, "amount", Rates("EUR", {"": 1.0}))
    assert found["currency"].tolist() == ["EUR", "EUR", "CHF"]
    assert converted(frame, "amount", EURO)["currency"].tolist() == ["", "", "CHF"]


def test_converting_changes_nothing_it_was_given():
    frame = _sold(USD=100)
    converted(frame, "revenue", EURO)
    assert frame.to_numpy().tolist() == [["USD", 100.0]]


currencies = st.sampled_from(["EUR", "USD", "JPY", "CHF", ""])


@given(st.lists(st.tuples(currencies, st.floats(-1e9, 1e9)), max_size=20))
def test_no_row_is_lost_and_converting_twice_is_converting_once(rows):
    frame = pd.DataFrame({"currency": pd.array([name for name, _ in rows], dtype="str"),
                          "amount": np.array([amount for _, amount in rows], dtype=float)})
    once = converted(frame, "amount", EURO)
    assert len(once) == len(frame)
    assert not set(once["currency"]) & {"USD", "JPY"}
    pd.testing.assert_frame_equal(converted(once, "amount", EURO), once)


def test_the_figures_are_what_a_person_would_work_out():
    (money,) = money_of(_sold(EUR=12_000), _amounts(EUR=3_000), _amounts(EUR=1_000), leads=600, conversions=30)
    assert (money.currency, money.revenue, money.spend, money.tool) == ("EUR", 12_000, 3_000, 1_000)
    assert money.revenue_per_lead == 20
    assert money.cost_per_conversion == 100
    assert money.return_on_spend == 3
    assert money.return_net == 2


def test_the_currency_with_most_revenue_stands_first_and_no_named_currency_last():
    found = money_of(_sold(none=9_000, USD=500, EUR=600), _amounts(CHF=5), NOTHING, leads=10, conversions=2)
    assert [money.currency for money in found] == ["EUR", "USD", "CHF", ""]


@pytest.mark.parametrize(("sold", "spent", "tool", "conversions", "expected"), [
    (NOTHING, _amounts(EUR=100), NOTHING, 0, (None, None, -1.0, None)),
    (NOTHING, _amounts(EUR=100), NOTHING, 4, (None, 25.0, None, None)),
    (_sold(EUR=100), NOTHING, NOTHING, 4, (10.0, None, None, None)),
    (_sold(EUR=100), NOTHING, _amounts(EUR=50), 4, (10.0, None, None, 1.0)),
    (_sold(EUR=100), _amounts(EUR=0), _amounts(EUR=0), 4, (10.0, None, None, None)),
])
def test_where_nothing_divides_or_nobody_told_there_is_no_figure(sold, spent, tool, conversions, expected):
    (money,) = money_of(sold.rename(columns={"amount": "revenue"}), spent, tool, leads=10, conversions=conversions)
    assert (money.revenue_per_lead, money.cost_per_conversion, money.return_on_spend, money.return_net) == expected


def test_no_amounts_are_no_figures():
    assert money_of(NOTHING.rename(columns={"amount": "revenue"}), NOTHING, NOTHING, leads=0, conversions=0) == ()


def test_a_spend_in_another_currency_than_the_revenue_has_no_return_until_there_is_a_rate():
    apart = money_of(_sold(USD=1_000), _amounts(EUR=100), NOTHING, leads=10, conversions=1)
    assert {money.currency: money.return_on_spend for money in apart} == {"USD": None, "EUR": None}
    (one,) = money_of(converted(_sold(USD=1_000), "revenue", EURO), _amounts(EUR=100), NOTHING, leads=10, conversions=1)
    assert one.return_on_spend == 8


def test_each_source_has_its_cost_and_its_return():
    groups = pd.DataFrame({"source": ["Ads", "Fair", "Web"], "leads": [50, 20, 30], "converted": [5, 0, 2]})
    sold = pd.DataFrame({"source": ["Ads", "Ads", "Web", None], "currency": ["EUR", "EUR", "EUR", "EUR"],
                         "revenue": [600.0, 400.0, 300.0, 50.0]})
    spent = pd.DataFrame({"source": ["Ads", "Fair", "Lists", None], "currency": "EUR",
                          "amount": [250.0, 80.0, 40.0, 10.0]})
    found = return_by(groups, sold, spent, "source").set_index("source")
    assert found.index.tolist() == ["Ads", "Web", "Fair", "Lists"]
    assert found["cost_per_conversion"].fillna(-9).tolist() == [50.0, -9, -9, -9]
    assert found["return_on_spend"].fillna(-9).tolist() == [3.0, -9, -1.0, -1.0]


def test_no_sources_are_an_empty_table():
    nothing = pd.DataFrame({"source": pd.array([], dtype="str"), "currency": pd.array([], dtype="str")})
    groups = pd.DataFrame({"source": ["Ads"], "converted": [1]})
    assert return_by(groups, nothing.assign(revenue=[]), nothing.assign(amount=[]), "source").empty

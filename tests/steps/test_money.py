"""Money of a view: spend is counted where it can be told apart, and tiles say one currency after the other."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sqlmodel import Session

from leadscore.monitoring.money import money_of
from leadscore.monitoring.performance import figures
from leadscore.steps.currencies import GivenRate, RateTable, keep_rates
from leadscore.steps.listing import ListView
from leadscore.steps.money import money_for, money_tiles, returns_by_source
from leadscore.store import clients, spend
from leadscore.store.database import write
from tests.services.conftest import NOW, workbench_at

JANUARY = (date(2026, 1, 1), date(2026, 1, 31))
FIGURES = figures(pd.DataFrame({"outcome": ["converted", "new"], "qualified": [1, 0], "leads": [10, 90],
                                "score": [800.0, 1_800.0], "chance": [0.0, 0.0], "chances": [0, 0]}))
SOLD = pd.DataFrame({"source": ["Ads"], "currency": ["USD"], "revenue": [1_000.0]})


@pytest.fixture
def session(tmp_path):
    with write(workbench_at(tmp_path).engine) as opened:
        clients.ensure(opened, "acme", NOW)
        rows = pd.DataFrame({
            "kind": ["leads", "leads", "tool"], "source": ["Ads", "Fair", "Ads"], "campaign": [None] * 3,
            "starts": "2026-01-01", "ends": "2026-02-28", "amount": [590.0, 118.0, 59.0], "currency": "EUR"})
        spend.add(opened, 1, rows, filename=None, created_by="x", now=NOW)
        yield opened


def _money(session: Session, view: ListView, period=None, sold=SOLD):
    return {money.currency: money for money in money_for(session, 1, sold, FIGURES, view, period)}


def test_all_that_was_spent_counts_and_the_tool_stays_apart(session):
    found = _money(session, ListView())
    assert (found["EUR"].spend, found["EUR"].tool, found["EUR"].cost_per_conversion) == (708.0, 59.0, 70.8)
    assert found["USD"].revenue == 1_000


def test_with_a_rate_there_is_one_currency_and_a_return(session):
    keep_rates(session, 1, RateTable("EUR", (GivenRate("USD", 0.92, "2026-01-01", "me"),)))
    (money,) = _money(session, ListView()).values()
    assert (money.revenue, money.return_net) == (920.0, pytest.approx((920 - 767) / 767))


def test_a_period_counts_its_days_alone(session):
    money = _money(session, ListView(came_from="2026-01-01", came_to="2026-01-31"), JANUARY)["EUR"]
    assert (money.spend, money.tool) == (pytest.approx(708 * 31 / 59), pytest.approx(31))


def test_of_some_sources_the_spend_is_known_and_the_share_of_the_tool_is_not(session):
    money = _money(session, ListView(sources=("Ads",)))["EUR"]
    assert (money.spend, money.tool, money.return_net) == (590.0, 0.0, None)


def test_other_filters_leave_costs_unknown(session):
    assert set(_money(session, ListView(tiers=("High",)))) == {"USD"}


def test_sources_are_told_with_what_they_cost_and_the_tool_is_no_source(session):
    groups = pd.DataFrame({"source": ["Ads"], "leads": [50], "converted": [10]})
    keep_rates(session, 1, RateTable("EUR", (GivenRate("USD", 0.92, "2026-01-01", "me"),)))
    found = returns_by_source(session, 1, groups, SOLD, ListView(), None)
    assert found[["source", "spend", "revenue"]].to_numpy().tolist() == [["Ads", 590.0, 920.0], ["Fair", 118.0, 0.0]]


def _of(revenue, spend_, tool=0.0, currency="EUR"):
    amounts = {name: pd.DataFrame({"currency": [currency], column: [value]}) for name, column, value in
               (("sold", "revenue", revenue), ("spent", "amount", spend_), ("tool", "amount", tool))}
    return money_of(**amounts, leads=100, conversions=10)


def test_tiles_say_now_and_before_and_which_way_is_better():
    tiles = {tile.key: tile for tile in money_tiles(_of(2_000.0, 500.0, 500.0), _of(1_000.0, 500.0))}
    assert (tiles["revenue"].text, tiles["revenue"].change) == ("2,000 EUR", "+100 %")
    assert (tiles["cost_per_conversion"].text, str(tiles["cost_per_conversion"].better)) == ("50 EUR", "down")
    assert (tiles["return_on_spend"].text, tiles["return_net"].text) == ("300.0 %", "100.0 %")
    assert tiles["return_net"].before is None


def test_further_currencies_stand_beside_the_main_one():
    both = (*_of(2_000.0, 500.0), *_of(10.0, 0.0, currency="USD"), *_of(7.0, 0.0, currency=""))
    tile = money_tiles(both)[0]
    assert (tile.currency, tile.more) == ("EUR", ("10 USD", "7 in no named currency"))
    assert "rates" in tile.note


def test_without_money_every_tile_is_empty_and_says_what_it_would_mean():
    tiles = money_tiles(())
    assert [tile.value for tile in tiles] == [None] * 5
    assert all(tile.note for tile in tiles)
    assert np.all([tile.text == "—" for tile in tiles])

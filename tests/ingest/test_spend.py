"""Files of spend: months and days, currencies, and rows that cannot be read."""

import numpy as np
import pandas as pd
import pytest

from leadscore.errors import InvalidRequest
from leadscore.ingest.spend import read_spend


def _read(table, currency="EUR"):
    frame = pd.DataFrame(table, dtype="str")
    return read_spend(frame, np.arange(2, len(frame) + 2), currency=currency)


def _rows(read):
    return read.spend.fillna("").to_numpy().tolist()


def test_a_month_stands_for_all_its_days_and_a_day_for_itself():
    read = _read({"Channel": ["Google Ads", "", "Fair"], "Campaign name": ["Spring", "Spring", ""],
                  "Month": ["2026-02", "03/2026", "2026-04-15"], "Spend": ["1,200.50", "80", "300"]})
    assert _rows(read) == [["Google Ads", "Spring", "2026-02-01", "2026-02-28", 1200.5, "EUR", "leads"],
                           ["", "Spring", "2026-03-01", "2026-03-31", 80.0, "EUR", "leads"],
                           ["Fair", "", "2026-04-15", "2026-04-15", 300.0, "EUR", "leads"]]
    assert read.refused.empty


def test_currencies_come_from_their_column_a_sign_or_the_default():
    read = _read({"from": ["2026-01-01"] * 4, "to": ["2026-01-31"] * 4, "cost": ["$5", "5", "5 €", "7"],
                  "currency": ["", "gbp", "", ""]}, currency="CHF")
    assert read.spend["currency"].tolist() == ["USD", "GBP", "EUR", "CHF"]


@pytest.mark.parametrize(("cells", "column", "words"), [
    ({"cost": "many"}, "cost", "'many' is no amount"),
    ({"cost": "-5"}, "cost", "not an amount of 0 or more"),
    ({"cost": ""}, "cost", "'' is no amount"),
    ({"from": "soon"}, "from", "'soon' is no day"),
    ({"from": ""}, "from", "'' is no day"),
    ({"to": "2025-12-31"}, "to", "ends before it starts"),
    ({"to": "later"}, "to", "'later' is no day"),
    ({"currency": "EURO"}, "currency", "'EURO' is no currency code"),
    ({"kind": "toll"}, "kind", "'toll' is neither 'leads' nor 'tool'"),
])
def test_a_row_that_cannot_be_read_is_named_and_the_others_stand(cells, column, words):
    good = {"from": "2026-01-01", "to": "2026-01-31", "cost": "5", "currency": "EUR", "kind": "leads"}
    read = _read([good, good | cells, good])
    assert len(read.spend) == 2
    assert read.refused[["row", "column"]].to_numpy().tolist() == [[3, column]]
    assert words in read.refused["message"].iloc[0]


def test_empty_rows_are_no_rows():
    read = _read({"month": ["2026-01", ""], "cost": ["5", ""], "source": ["a", ""]})
    assert len(read.spend) == 1
    assert read.refused.empty


@pytest.mark.parametrize(("headers", "code"), [(["month", "who"], "no_amounts"), (["cost", "who"], "no_periods")])
def test_a_file_that_is_no_spend_is_refused_by_what_it_lacks(headers, code):
    with pytest.raises(InvalidRequest) as refusal:
        _read({header: ["x"] for header in headers})
    assert refusal.value.code == code


@pytest.mark.parametrize(("start", "end", "period"), [
    ("2026-01", "2026-03", ("2026-01-01", "2026-03-31")), ("02/2026", "02/2026", ("2026-02-01", "2026-02-28")),
    ("2026-01-05", "2026-02", ("2026-01-05", "2026-02-28")), ("2026-02", "", ("2026-02-01", "2026-02-28"))])
def test_a_month_at_the_end_of_a_period_counts_as_a_whole(start, end, period):
    spend = _read({"from": [start], "to": [end], "spend": ["5"]}).spend
    assert (spend["starts"][0], spend["ends"][0]) == period


def test_a_column_of_kinds_tells_the_cost_of_the_tool_from_that_of_leads():
    read = _read({"month": ["2026-01"] * 3, "cost": ["5"] * 3, "Kind": ["Tool", "leads", ""],
                  "source": ["a", "b", "c"]})
    assert read.spend["kind"].tolist() == ["tool", "leads", "leads"]


@pytest.mark.parametrize("cells", [{"source": "tool"}, {"type": "Display"}, {"campaign": "This tool"}, {"kind": ""}])
def test_what_does_not_say_so_is_never_taken_for_the_cost_of_the_tool(cells):
    read = _read([{"month": "2026-01", "cost": "5"} | cells])
    assert read.spend["kind"].tolist() == ["leads"]
    assert read.refused.empty

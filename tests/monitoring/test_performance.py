"""The key figures of the Performance page: right on small examples, silent where there is nothing to tell."""

import pandas as pd
import pytest

from leadscore.monitoring import performance


def cells(rows):
    frame = pd.DataFrame(rows, columns=["source", "tier", "band", "outcome", "qualified", "leads", "score", "chance",
                                        "chances"])
    return frame.astype({"source": "str", "tier": "str", "outcome": "str", "leads": "int64", "band": "int64"})


CELLS = cells([
    ("Ads", "High", 90, "converted", True, 3, 271.5, 2.4, 3), ("Ads", "High", 80, "lost", True, 1, 80.5, 0.5, 1),
    ("Fair", "Low", 10, "lost", False, 4, 42.0, 0.4, 4), ("Fair", "Low", 10, "converted", False, 1, 10.5, 0.0, 0),
    (None, "Medium", 50, "new", True, 1, 50.5, 0.3, 1)])
NOBODY = CELLS[:0]
ENDED = pd.DataFrame({"tier": ["High", "High", "Low"], "furthest": ["converted", "contacted", None],
                      "owner": ["ann", "ann", None], "outcome": ["converted", "contacted", "lost"],
                      "currency": ["EUR", None, None], "leads": [3, 2, 4], "revenue": [90.0, 0.0, 0.0]})


def test_key_figures_of_a_small_example():
    found = performance.figures(CELLS)
    assert (found.leads, found.converted, found.lost) == (10, 4, 5)
    assert found.average_score == pytest.approx(45.5)
    assert found.expected == pytest.approx(100 * 3.6 / 9)
    assert found.qualified_share == 0.5
    assert found.conversion_rate.value == 0.4
    assert found.conversion_rate.low < 0.4 < found.conversion_rate.high
    assert found.win_rate == pytest.approx(4 / 9)
    assert found.worked == 0.9


def test_without_leads_nothing_is_claimed_and_nothing_divides_by_zero():
    found = performance.figures(NOBODY)
    assert (found.leads, found.average_score, found.expected, found.qualified_share, found.win_rate, found.worked) == (
        0, None, None, None, None, None)
    assert found.conversion_rate.value is None
    assert performance.by(NOBODY, "source").empty
    assert performance.histogram(NOBODY)["leads"].sum() == 0
    stages = performance.stages(NOBODY, ENDED[:0])
    assert stages["leads"].sum() == 0
    assert stages["share"].isna().all()
    assert performance.owners(ENDED[:0], performance.sold(ENDED[:0])).empty


def test_counts_by_source_leave_out_who_has_none():
    found = performance.by(CELLS, "source")
    assert found[["source", "leads", "converted", "lost"]].to_numpy().tolist() == [["Fair", 5, 1, 4], ["Ads", 4, 3, 1]]
    assert found["average_score"].tolist() == pytest.approx([10.5, 88.0])


def test_a_score_of_100_counts_into_the_last_range():
    found = performance.histogram(cells([("a", "High", 100, "new", True, 2, 200, 0, 0),
                                         ("a", "Low", 0, "new", False, 1, 0, 0, 0)]))
    assert len(found) == 20
    assert (found["leads"].iloc[-1], found["leads"].iloc[0], found["leads"].sum()) == (2, 1, 3)


def test_a_lead_that_converted_has_passed_every_stage():
    found = performance.stages(CELLS, ENDED).set_index(["tier", "stage"])
    assert found.loc["High", "leads"].tolist() == [4, 5, 3, 3]
    assert found.loc["Low", "leads"].tolist() == [5, 0, 0, 0]
    assert found.loc[("High", "converted"), "share"] == pytest.approx(3 / 4)


def test_work_is_counted_by_tier_and_tiers_without_leads_are_left_out():
    assert performance.worked(CELLS).to_numpy().tolist() == [["High", 4, 4], ["Medium", 1, 0], ["Low", 5, 5]]
    assert performance.worked(CELLS[:2])["tier"].tolist() == ["High"]


def test_owners_are_told_by_currency_and_who_sold_nothing_is_among_them():
    ended = pd.concat([ENDED, pd.DataFrame({"tier": ["Low"], "furthest": [None], "owner": ["bob"], "outcome": ["lost"],
                                            "currency": [None], "leads": [7], "revenue": [0.0]})])
    found = performance.owners(ended, performance.sold(ended))
    assert found.to_dict("records") == [
        {"owner": "ann", "currency": "EUR", "leads": 5, "conversions": 3, "rate": 0.6, "revenue": 90.0},
        {"owner": "bob", "currency": "", "leads": 7, "conversions": 0, "rate": 0.0, "revenue": 0.0}]

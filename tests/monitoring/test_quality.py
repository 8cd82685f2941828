"""Counts become six dimensions, a map, and a list of what to mend first, dearest first."""

import numpy as np
import pandas as pd
import pytest

from leadscore.monitoring.quality import FieldFacts, measure_quality, of_months, of_sources, robust_distance

FACTS = {"employees": FieldFacts("Employees", True, True, 0.5), "city": FieldFacts("City", True, False, 0.1),
         "consent": FieldFacts("Consent", False, False, 0.0)}
SOURCES = pd.DataFrame({
    "source": pd.array(["Fair", "Search", None], dtype="str"), "leads": [100, 300, 10],
    "filled:employees": [20, 300, 10], "wrong:employees": [5, 0, 0], "filled:city": [100, 150, 10],
    "filled:consent": [0, 0, 0], "dated": [100, 300, 0], "stale": [0, 40, 0], "contradicting": [4, 0, 0]})
MONTHS = pd.DataFrame({"month": pd.array(["2026-02", "2026-01", None], dtype="str"), "leads": [200, 200, 10],
                       "filled": [300, 280, 10], "numbers": [200, 130, 0], "wrong": [5, 0, 0], "dated": [200, 200, 0],
                       "stale": [0, 40, 0], "contradicting": [4, 0, 0]})
NOBODY = pd.DataFrame({"source": pd.array([], dtype="str"), "leads": []})


def _quality(sources=SOURCES, months=MONTHS, **changed):
    return measure_quality(sources, months, changed.pop("repeated", NOBODY), FACTS,
                           **{"unread": 3, "cells_read": 600} | changed)


def test_dimensions_are_those_of_an_import():
    found = {each.name: each for each in _quality().dimensions}
    assert list(found) == ["completeness", "format", "range", "uniqueness", "timeliness", "accuracy"]
    assert found["completeness"].score == pytest.approx((330 / 410 + 260 / 410) / 2)
    assert found["completeness"].sentence == "72% of the cells are filled; 'City' least, with 63%."
    assert found["format"].score == 1 - 3 / 600
    assert (found["range"].score, found["range"].affected) == (1 - 5 / 330, 5)
    assert (found["uniqueness"].score, found["timeliness"].affected, found["accuracy"].affected) == (1.0, 40, 4)


def test_what_costs_most_is_first_and_names_where_it_comes_from():
    fixes = _quality().fixes
    assert [(fix.label, fix.problem) for fix in fixes[:3]] == [("Employees", "missing"), ("City", "missing"),
                                                              ("Employees", "implausible")]
    assert fixes[0].cost == pytest.approx(0.5 * 80 / 410)
    assert fixes[0].source == "Fair"
    assert "most from Fair (80% of its leads)" in fixes[0].sentence
    assert [fix.cost for fix in fixes] == sorted((fix.cost for fix in fixes), reverse=True)
    assert "Consent" not in {fix.label for fix in fixes}


def test_the_map_tells_what_is_usable_and_names_leads_without_a_source():
    cells = _quality().cells.set_index(["field", "source"])["usable"]
    assert cells["employees", "Fair"] == pytest.approx(15 / 100)
    assert cells["city", "no source"] == 1.0
    assert "consent" not in cells.index.get_level_values(0)


def test_months_are_in_order_and_leads_without_one_left_out():
    months = _quality().months
    assert months["month"].tolist() == ["2026-01", "2026-02"]
    assert months["timeliness"].tolist() == [0.8, 1.0]


def test_sources_are_in_order_of_their_leads():
    sources = _quality().sources.set_index("source")
    assert sources.index.tolist() == ["Search", "Fair", "no source"]
    assert np.isnan(sources.loc["no source", "timeliness"])
    assert sources.loc["Fair", "accuracy"] == 0.96


def test_nothing_is_judged_of_nobody():
    nobody = _quality(SOURCES.iloc[:0], MONTHS.iloc[:0], unread=0, cells_read=0)
    assert {each.score for each in nobody.dimensions} == {None}
    assert (nobody.leads, nobody.fixes) == (0, ())


def test_a_distance_is_in_standard_deviations_of_the_middle_half():
    draw = pd.Series(np.random.default_rng(0).normal(10, 2, 50_000))
    first, middle, third = draw.quantile([0.25, 0.5, 0.75])
    assert robust_distance(pd.Series([20.0]), middle, third - first).iloc[0] == pytest.approx(5, abs=0.1)
    assert np.isinf(robust_distance(pd.Series([20.0]), 1.0, 0.0)).all()


def test_counts_by_source_and_month_add_up_either_way():
    cells = pd.concat([SOURCES.assign(month="2026-01"), SOURCES.assign(month="2026-02")])
    sources, months = of_sources(cells), of_months(cells, FACTS)
    assert sources.set_index("source").loc["Fair", "leads"] == 200
    assert sources["leads"].sum() == months["leads"].sum() == 820
    assert months["filled"].tolist() == [330 + 260] * 2
    assert (months["numbers"].tolist(), months["wrong"].tolist()) == ([330] * 2, [5] * 2)

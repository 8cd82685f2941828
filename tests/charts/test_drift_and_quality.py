"""Pictures of drift and data quality draw what they are given, and say what to do where there is nothing to draw."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from leadscore.charts.board import drift, quality
from tests.charts.pictures import assert_drawn, assert_empty

HOSTILE = ["<script>alert(1)</script>", "datum['x'] + \"", "y" * 400, "=HYPERLINK(1)"]
NOW = datetime(2026, 11, 21, tzinfo=UTC)
NOTHING = (None, None, None)
KNOWN = (0.5, 0.4, 0.6)


def _months(rows=3):
    return pd.DataFrame({"month": [f"2026-{place + 1:02d}" for place in range(rows)], "leads": 100,
                         "completeness": 0.9, "range": np.nan, "timeliness": np.linspace(0.2, 1, rows),
                         "accuracy": 1.0})


def _imports(rows=2):
    return pd.DataFrame({"batch": range(1, rows + 1), "rows": 50} | dict.fromkeys(quality.NAMES, 0.97))


DRAWN = {
    "column": lambda: drift.column(0, "Source", HOSTILE, [0.5, 0.3, 0.2, 0.0], [0.4, 0.3, 0.2, 0.1], "It has moved."),
    "history": lambda: drift.over_time([(NOW + timedelta(days=day), name, 0.1 * day) for day in range(3)
                                        for name in HOSTILE], HOSTILE),
    "promises": lambda: drift.promises([("Accuracy", KNOWN, KNOWN, False), ("Found", KNOWN, NOTHING, None)]),
    "calibration": lambda: drift.calibration([{"probability": 0.1, "rate": 0.2, "rows": 9}], [
        {"expected": 0.3, "rate": 0.2, "rate_low": 0.1, "rate_high": 0.4, "leads": 20.0}]),
    "coverage": lambda: drift.coverage([{"low": 0, "high": 20, "leads": 9, "worked": 3, "ended": 1}]),
    "heat map": lambda: quality.heat_map(pd.DataFrame({
        "field": ["a", "a"], "label": HOSTILE[:2], "source": HOSTILE[2:], "leads": [5, 6], "usable": [0.2, np.nan]}),
        ["a"]),
    "months": lambda: quality.over_months(_months()), "imports": lambda: quality.over_imports(_imports()),
    "fixes": lambda: quality.fixes(pd.DataFrame({
        "title": HOSTILE, "leads": 5, "importance": 0.2, "cost": 0.1, "sentence": HOSTILE, "advice": HOSTILE})),
}
EMPTY = {
    "column": lambda: drift.column(0, "Source", [], [], [], ""),
    "history": lambda: drift.over_time([(NOW, "Source", 0.1)], ["Source"]),
    "promises": lambda: drift.promises([("Accuracy", KNOWN, NOTHING, None)]),
    "calibration": lambda: drift.calibration([{"probability": 0.1, "rate": 0.2, "rows": 9}], []),
    "coverage": lambda: drift.coverage([]),
    "heat map": lambda: quality.heat_map(pd.DataFrame({name: [] for name in ("field", "label", "source", "leads",
                                                                             "usable")}), []),
    "months": lambda: quality.over_months(_months(1)), "imports": lambda: quality.over_imports(_imports(1)),
    "fixes": lambda: quality.fixes(pd.DataFrame({name: [] for name in ("title", "leads", "importance", "cost",
                                                                       "sentence", "advice")})),
}


@pytest.mark.parametrize("name", DRAWN)
def test_it_is_drawn_whatever_things_are_called(name):
    assert_drawn(DRAWN[name]().spec)


@pytest.mark.parametrize("name", EMPTY)
def test_with_nothing_to_draw_it_says_what_to_do(name):
    assert_empty(EMPTY[name]())


def test_many_values_are_cut_to_those_that_changed_most():
    names = [f"v{place}" for place in range(22)]
    now = [0.0] * 21 + [1.0]
    picture = drift.column(3, "City", names, [1 / 22] * 22, now, "Moved.")
    assert picture.caption == "Moved. 12 that changed less are left out here."
    assert len(picture.data) == 22

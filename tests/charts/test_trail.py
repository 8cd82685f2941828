"""Pictures of the trail: what happened when, and what comes from what."""

import pandas as pd
import pytest

from leadscore.charts.flow import Box, flow
from leadscore.charts.trail import LEAST_BARS, MOST_BARS, activity

LABELS = {"decision": "Decisions", "export": "Exports", "fault": "Errors"}


def days(*told: tuple[str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(told, columns=["day", "family", "records"])


def values(picture) -> list[dict]:
    return picture.spec["layer"][0]["data"]["values"]


def test_families_are_stacked_in_the_order_of_their_labels():
    picture = activity(days(("2026-03-01", "export", 2), ("2026-03-01", "decision", 5), ("2026-03-03", "export", 1)),
                       LABELS)
    assert [(bar["family"], bar["low"], bar["high"]) for bar in values(picture)] == [
        ("Decisions", 0, 5), ("Exports", 5, 7), ("Exports", 0, 1)]
    assert "8 records" in picture.alt
    assert picture.data["Records"].sum() == 8


@pytest.mark.parametrize(("last", "unit"), [("2026-01-20", "Day"), ("2026-09-01", "Week"), ("2029-01-01", "Month")])
def test_a_longer_time_has_wider_bars_and_never_too_many(last, unit):
    picture = activity(days(("2026-01-01", "export", 1), (last, "export", 1)), LABELS)
    assert picture.data.columns[0] == unit
    most = max(bar["right"] for bar in values(picture))
    assert LEAST_BARS - 1 < most < MOST_BARS + 1


def test_where_nothing_happened_it_is_said():
    picture = activity(days(), LABELS)
    assert picture.spec is None
    assert picture.empty


def test_boxes_are_read_out_row_by_row_and_empty_rows_are_left_out():
    picture = flow("k", "t", [[Box("data", "a.csv", "import 1")], [], [Box("score", "Score 3", ""),
                                                                       Box("out", "Lost", "")]])
    assert picture.alt == "Boxes from top to bottom: a.csv (import 1); then Score 3, Lost."
    assert picture.data["Step"].tolist() == [1, 2, 2]

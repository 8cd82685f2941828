"""Records are sentences, and what changed is told as before and after."""

import orjson
import pytest

from leadscore.steps.record_sentences import changes_of, in_short, others_of, sentence


def test_a_record_is_a_sentence():
    assert sentence("anna", "leads_imported", "batch:3") == "anna imported leads (import 3)"
    assert sentence("anna", "signed_in", "") == "anna signed in"
    assert sentence("anna", "leads_juggled", "12 leads") == "anna did: leads juggled (12 leads)"


def test_only_what_differs_is_a_change():
    detail = {"before": {"alpha": 0.5, "thresholds": {"high": 60, "low": 30}, "gone": True},
              "after": {"alpha": 0.5, "thresholds": {"high": 70, "low": 30}}, "comment": "higher"}
    rows = changes_of(orjson.dumps(detail).decode())
    assert rows.to_dict("records") == [{"what": "thresholds \u203a high", "before": "60", "after": "70"},
                                       {"what": "gone", "before": "yes", "after": ""}]
    assert others_of(detail).to_dict("records") == [{"what": "comment", "value": "higher"}]
    assert in_short(detail).startswith("thresholds \u203a high: 60 \u2192 70")


def test_criteria_are_told_apart_by_name():
    rows = changes_of({"before": {"criteria": [{"name": "size", "points": 5}, {"name": "role", "points": 1}]},
                       "after": {"criteria": [{"name": "role", "points": 2}, {"name": "size", "points": 5}]}})
    assert rows.to_dict("records") == [{"what": "criteria \u203a role \u203a points", "before": "1", "after": "2"}]


@pytest.mark.parametrize("detail", ["", "{", "[1]", "null", None, {"before": None, "after": 3}, {"leads": "x" * 999},
                                    {"x": [1, [2]]}, {"before": {"a": None}, "after": None}])
def test_any_detail_is_shown(detail):
    assert len(in_short(detail)) <= 160
    assert changes_of(detail) is not None
    assert "leads" not in others_of(detail)["what"].tolist()

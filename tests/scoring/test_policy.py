"""A policy is taken or refused as a whole, with a sentence that names what is wrong."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leadscore.errors import InvalidRequest
from leadscore.scoring.economics import Economics
from leadscore.scoring.offer import Offer
from leadscore.scoring.policy import Policy
from leadscore.scoring.presets import default_policy

BODY = default_policy().to_dict()
OFFER = {"name": "Outreach", "value_props": ["24/7"], "ideal_use_cases": ["SaaS"]}
MADE = {"name": "depth", "label": "Depth", "expression": "page_views / website_visits", "group": "behavioural"}


def test_a_policy_survives_the_way_to_plain_values_and_back():
    policy = Policy.from_dict(BODY | {
        "offer": OFFER, "made": [MADE], "switched_off": ["city"], "group_marks": {"fit": 100},
        "economics": {"cost_per_contact": 5, "value_per_conversion": 400, "currency": "USD"},
        "grid": {"fit": [60, 30], "engagement": [50]}})
    assert Policy.from_dict(policy.to_dict()) == policy
    assert policy.offer == Offer("Outreach", ("24/7",), ("SaaS",))
    assert policy.economics == Economics(5, 400, "USD")
    assert policy.made[0].column == "made:depth"


def test_a_policy_saved_before_offers_and_grids_existed_is_still_read():
    old = {name: value for name, value in BODY.items()
           if name not in {"offer", "made", "switched_off", "group_marks", "economics", "grid"}}
    assert Policy.from_dict(old) == default_policy()


@pytest.mark.parametrize(("changes", "code"), [
    ({"group_weights": {"demographic": 60, "behavioural": 60}}, "weights_do_not_total"),
    ({"group_weights": {"astrology": 100}}, "unknown_group"),
    ({"group_marks": {"astrology": 100}}, "unknown_group"),
    ({"group_marks": {"fit": 0}}, "wrong_full_marks"),
    ({"thresholds": {"qualified": 50, "high": 30, "low": 60}}, "contradictory_thresholds"),
    ({"thresholds": {"qualified": float("nan"), "high": 70, "low": 30}}, "wrong_threshold"),
    ({"factor_weights": {"source": -1}}, "wrong_weight"),
    ({"economics": {"cost_per_contact": -1}}, "wrong_amount"),
    ({"economics": {"value_per_conversion": float("inf")}}, "wrong_amount"),
    ({"economics": {"currency": "<b>"}}, "wrong_currency"),
    ({"grid": {"fit": [25, 50], "engagement": [50]}}, "wrong_grid"),
    ({"grid": {"fit": [], "engagement": [50]}}, "wrong_grid"),
    ({"grid": {"fit": [50, 50], "engagement": [50]}}, "wrong_grid"),
    ({"offer": OFFER | {"ideal_use_cases": []}}, "offer_without_use_cases"),
    ({"offer": OFFER | {"ideal_use_cases": ["  ", ""]}}, "offer_without_use_cases"),
    ({"offer": OFFER | {"name": " "}}, "wrong_offer_name"),
    ({"offer": OFFER | {"value_props": ["x"] * 51}}, "too_many_lines"),
    ({"offer": OFFER | {"value_props": ["x" * 501]}}, "line_too_long"),
    ({"made": [MADE, MADE]}, "feature_twice"),
    ({"made": [MADE | {"name": "Two words"}]}, "wrong_feature_name"),
    ({"made": [MADE | {"name": "x" * 61}]}, "wrong_feature_name"),
    ({"made": [MADE | {"group": "astrology"}]}, "unknown_group"),
    ({"made": [MADE | {"name": f"depth_{number}"} for number in range(201)]}, "too_many_features"),
    ({"criteria": [{"id": "a", "label": "Deep", "group": "fit", "field": "made:depth", "operator": "is_present",
                    "points": 1}]}, "criterion_without_feature"),
    ({"made": [MADE | {"expression": " "}]}, "feature_without_expression"),
    ({"made": [{"name": "depth"}]}, "unreadable_policy"),
    ({"economics": {"cost": 1}}, "unreadable_policy"),
])
def test_a_policy_that_contradicts_itself_is_refused(changes, code):
    with pytest.raises(InvalidRequest) as refusal:
        Policy.from_dict(BODY | changes)
    assert refusal.value.code == code


def test_a_column_that_is_switched_off_weighs_nothing_whatever_its_slider_says():
    policy = Policy(switched_off=("source",), factor_weights={"source": 3.0, "city": 2.0})
    assert [policy.weight_of(name) for name in ("source", "city", "age")] == [0.0, 2.0, 1.0]


WHOLE = json.loads(json.dumps(BODY)) | {"offer": OFFER, "made": [MADE], "switched_off": ["city"],
                                        "group_marks": {"fit": 100.0}, "factor_weights": {"city": 2.0}}
NASTY = (None, True, [], {}, [[1]], {"a": {"b": 1}}, "", "x", -1, 1e308, float("nan"), float("inf"), 10**400,
         "\x00", "\ud800", "x" * 2_000, [None], {"name": None}, b"x", object())


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give every place in plain values; of a list the first entry stands for all."""
    if path:
        yield path
    parts = node.items() if isinstance(node, dict) else enumerate(node[:1]) if isinstance(node, list) else ()
    for name, part in parts:
        yield from _places(part, (*path, name))


def _with(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = node.copy()
    copy[path[0]] = value if len(path) == 1 else _with(node[path[0]], path[1:], value)
    return copy


@pytest.mark.parametrize("path", list(_places(WHOLE)), ids=str)
def test_a_value_of_a_wrong_kind_anywhere_is_refused_in_words_or_can_be_kept(path):
    for value in NASTY:
        try:
            policy = Policy.from_dict(_with(WHOLE, path, value))
        except InvalidRequest as refusal:
            assert refusal.message.endswith(".")
        else:
            hash(policy.criteria)
            assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy


@pytest.mark.parametrize("wrong", [{"deadline_days": float("nan")}, {"deadline_days": "soon"}, {"action": None},
                                   {"expected_conversion": [0.5, 0.2]}, {"expected_conversion": [0, 7]}])
def test_what_a_tier_asks_for_must_be_words_and_numbers_or_no_scoring_would_end(wrong):
    rules = [BODY["tier_rules"][0] | wrong, *BODY["tier_rules"][1:]]
    with pytest.raises(InvalidRequest):
        Policy.from_dict(BODY | {"tier_rules": rules})

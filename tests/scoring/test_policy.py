"""A policy is taken or refused as a whole, with a sentence that names what is wrong."""

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

"""Scorecards to start from: each can be saved as it is, over any policy."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from leadscore.errors import InvalidRequest, NotFound
from leadscore.features.build import build_features
from leadscore.schema import FIELDS
from leadscore.scoring.offer import Offer
from leadscore.scoring.policy import Policy, Thresholds
from leadscore.scoring.presets import PRESETS, default_policy, find_preset
from leadscore.scoring.scorecard import score_rules
from leadscore.scoring.suggestions import suggest

HAND_MADE = replace(default_policy(), offer=Offer("CRM", (), ("banks",)),
                    thresholds=Thresholds(50, 80, 20), group_marks={"behavioural": 9.0})


def built(preset, policy=HAND_MADE, suggestions=None):
    return Policy.from_dict(policy.to_dict() | preset.build(policy, suggestions))


@pytest.mark.parametrize("preset", [preset for preset in PRESETS if not preset.needs_outcomes],
                         ids=lambda preset: preset.key)
def test_every_preset_can_be_saved_and_leaves_the_rest_alone(preset):
    after = built(preset)
    assert after.economics == HAND_MADE.economics
    assert after.tier_rules == HAND_MADE.tier_rules
    assert sum(after.group_weights.values()) == 100


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_every_preset_has_a_name_and_one_sentence(preset):
    assert preset.name
    assert preset.sentence.endswith(".") and preset.sentence.count(".") == 1


@pytest.mark.parametrize("key", ["default", "software", "consumer"])
def test_a_scorecard_asks_only_for_columns_that_leads_can_have(key):
    leads = pd.DataFrame({field.name: pd.Series(dtype="str") for field in FIELDS if field.kind not in ("date",)})
    dates = {field.name: pd.Series(dtype="datetime64[us, UTC]") for field in FIELDS if field.kind == "date"}
    numbers = {field.name: pd.Series(dtype=float) for field in FIELDS if field.kind in ("number", "money", "boolean")}
    known = set(build_features(leads.assign(**dates, **numbers), as_of=pd.Timestamp("2026-01-01", tz="UTC")).frame)
    assert {criterion.field for criterion in built(find_preset(key)).criteria} <= known


@pytest.mark.parametrize("key", ["software", "consumer"])
def test_leads_of_that_market_are_told_apart(key):
    best = {"credit_score": 800.0, "income": 250_000.0, "inquiry_submitted": 1.0, "financing_pre_approved": 1.0,
            "property_views": 15.0, "email_opens": 20.0, "recency_days": 2.0, "budget_disclosed": 1.0,
            "title_role": "decision_maker", "employees": 300.0, "industry": "Software", "demo_requested": 1.0,
            "pricing_page_views": 3.0, "email_replies": 2.0, "meetings": 1.0, "email_domain_kind": "company"}
    worst = {name: 0.0 if isinstance(value, float) else "none" for name, value in best.items()} | {
        "recency_days": 400.0, "credit_score": 500.0, "email_domain_kind": "free"}

    class Two:
        frame = pd.DataFrame([best, worst])
        labels: dict = {}
        kinds: dict = {}

    scores = score_rules(Two(), built(find_preset(key), default_policy())).rule_score
    assert scores[0] > 70 > 20 > scores[1]


def test_half_and_half_holds_the_blend_against_what_the_data_suggest():
    after = built(find_preset("half_and_half"))
    assert (after.alpha, after.alpha_is_suggested) == (0.5, False)
    assert find_preset("half_and_half").algorithm == "forest"


def test_points_from_data_are_the_suggested_ones():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"has_phone": (rng.random(400) < 0.5).astype(float)})
    converted = (rng.random(400) < 0.2 + 0.6 * frame["has_phone"]).to_numpy(dtype=float)
    found = suggest(frame, converted, default_policy())
    after = built(find_preset("from_data"), default_policy(), found)
    phone = next(criterion for criterion in after.criteria if criterion.id == "phone")
    assert phone.points == found.criteria.loc["phone", "most"]
    assert after.group_weights == found.weights


def test_offer_fit_needs_an_offer_and_keeps_it():
    with pytest.raises(InvalidRequest, match="No offer"):
        built(find_preset("offer_fit"), default_policy())
    after = built(find_preset("offer_fit"))
    assert (after.offer, after.group_weights["fit"], after.alpha) == (HAND_MADE.offer, 100, 1)
    # a column that was switched off before would be missing from the 50 + 50
    assert built(find_preset("offer_fit"), replace(HAND_MADE, switched_off=("intent",))).switched_off == ()


def test_points_from_data_without_outcomes_are_refused():
    preset = find_preset("from_data")
    for none in (None, suggest(pd.DataFrame({"a": []}), np.zeros(0), default_policy())):
        with pytest.raises(InvalidRequest) as refused:
            preset.build(default_policy(), none)
        assert refused.value.code == "too_few_outcomes"


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(NotFound, match="default"):
        find_preset("magic")

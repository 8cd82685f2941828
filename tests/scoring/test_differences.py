"""What one policy says otherwise than another, in words."""

from dataclasses import replace

import pytest

from leadscore.schema import MadeFeature
from leadscore.scoring.differences import differences
from leadscore.scoring.offer import Offer
from leadscore.scoring.policy import DEFAULT_TIER_RULES, Thresholds
from leadscore.scoring.presets import PRESETS, default_policy

BASE = default_policy()
VISITS = next(criterion for criterion in BASE.criteria if criterion.id == "visits")


def with_visits(**changes):
    return replace(BASE, criteria=tuple(replace(criterion, **changes) if criterion is VISITS else criterion
                                        for criterion in BASE.criteria))


@pytest.mark.parametrize(("after", "told"), [
    (with_visits(points=3.0), "Criterion “Website visits”: points 1 → 3"),
    (with_visits(cap=12, half_life_days=None), "at most 8 points → 12 points, half-life 60 days → never"),
    (with_visits(label="Visits", group="engagement"), "“Website visits” → “Visits”, group Behaviour → Engagement"),
    (with_visits(operator="at_least", value=1_000), "Website visits, for each → Website visits is at least 1,000"),
    (replace(BASE, criteria=BASE.criteria[1:]), "removed (Title role is decision maker: +12 points)"),
    (replace(BASE, group_weights=BASE.group_weights | {"firmographic": 25.0}), "Weight of Company: 20 % → 25 %"),
    (replace(BASE, group_marks={"fit": 8.0}), "Full marks of Fit to the offer: not set → 8 points"),
    (replace(BASE, full_marks=0.5), "Full marks of a group at: 30 % → 50 %"),
    (replace(BASE, factor_weights={"income": 0.5}), "Weight of the factor income: not set → 0.5"),
    (replace(BASE, thresholds=Thresholds(40, 75, 30)), "Threshold high: 70 → 75"),
    (replace(BASE, alpha=0.4, alpha_is_suggested=False), "as the held-out leads suggest → 40 %"),
    (replace(BASE, tier_mode="capacity", capacity=50), "Leads we can call: not set → 50"),
    (replace(BASE, switched_off=("income",)), "Column switched off: income"),
    (replace(BASE, made=(MadeFeature("a", "Per visit", "page_views / website_visits", "fit"),)),
     "Feature made: Per visit"),
    (replace(BASE, offer=Offer("CRM", (), ("banks",))), "Offer: none → “CRM”"),
    (replace(BASE, tier_rules=(replace(DEFAULT_TIER_RULES[0], action="Call at once"), *DEFAULT_TIER_RULES[1:])),
     "What to do with High leads: “Priority follow-up, within 24 hours” → “Call at once"),
])
def test_a_difference_is_told_in_words(after, told):
    assert any(told in found.text for found in differences(BASE, after))


def test_the_same_policy_has_no_differences():
    assert differences(BASE, replace(BASE)) == ()
    assert differences(BASE, replace(BASE, alpha=0.1)) == (), "nobody chose this blend, the data do"


@pytest.mark.parametrize("preset", [preset for preset in PRESETS if preset.key in ("software", "consumer")],
                         ids=lambda preset: preset.key)
def test_what_was_added_one_way_is_removed_the_other_way(preset):
    after = type(BASE).from_dict(BASE.to_dict() | preset.build(BASE, None))
    there, back = differences(BASE, after), differences(after, BASE)
    assert len(there) == len(back)
    assert sum(found.kind == "added" for found in there) == sum(found.kind == "removed" for found in back)

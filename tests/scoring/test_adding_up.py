"""What must hold for any data and any policy: the parts add up, and a lead's score is its own."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.schema import Kind
from leadscore.scoring.blend import blend, suggest_alpha
from leadscore.scoring.criteria import SCORECARD_GROUPS, Criterion
from leadscore.scoring.policy import Policy, TierMode, digest
from leadscore.scoring.presets import default_policy
from leadscore.scoring.reasons import reason_columns, reasons_for_lead
from leadscore.scoring.scorecard import criteria_table, score_rules
from leadscore.scoring.tiers import assign_tiers, next_action

WORDS = ("Referral", "web", "Cold call")


@dataclass(frozen=True)
class Table:
    frame: pd.DataFrame

    @property
    def kinds(self):
        return {name: Kind.CATEGORY if name == "source" else Kind.NUMBER for name in self.frame}

    @property
    def labels(self):
        return {"visits": "Besuche", "source": "Herkunft"}


@dataclass(frozen=True)
class View:
    base: float
    contributions: pd.DataFrame | None

    @property
    def probability(self):
        return 1 / (1 + np.exp(-(self.base + self.contributions.to_numpy().sum(axis=1))))


@st.composite
def tables(draw):
    size = draw(st.integers(1, 12))
    number = st.one_of(st.just(np.nan), st.floats(-5, 200))
    return Table(pd.DataFrame({
        "visits": pd.Series(draw(st.lists(number, min_size=size, max_size=size)), dtype=float),
        "recency_days": pd.Series(draw(st.lists(number, min_size=size, max_size=size)), dtype=float),
        "source": pd.Series(draw(st.lists(st.sampled_from([*WORDS, None]), min_size=size, max_size=size)), dtype="str"),
    }, index=pd.RangeIndex(10, 10 + size, name="lead_id")))


@st.composite
def criteria(draw, number):
    operator, field, value = draw(st.sampled_from([
        ("at_least", "visits", 3), ("at_most", "recency_days", 20), ("between", "visits", (1, 9)),
        ("one_of", "source", ("referral", "WEB")), ("equals", "source", "web"), ("contains", "source", "call"),
        ("is_missing", "source", None), ("is_present", "visits", None), ("per_unit", "visits", 2),
        ("at_least", "not_in_the_file", 1)]))
    points = draw(st.integers(-20, 20).filter(bool))
    group = str(draw(st.sampled_from(SCORECARD_GROUPS)))
    half_life = draw(st.sampled_from([None, 30.0]))
    cap = 15.0 if operator == "per_unit" else None
    return Criterion(f"c{number}", f"Rule {number}", group, field, operator, value, float(points), cap, half_life)


@st.composite
def policies(draw):
    rules = tuple(draw(criteria(number)) for number in range(draw(st.integers(0, 10))))
    weights = draw(st.permutations([40.0, 30.0, 20.0, 10.0, 0.0]))
    return Policy(criteria=rules, group_weights=dict(zip(map(str, SCORECARD_GROUPS), weights, strict=True)),
                  full_marks=draw(st.sampled_from([0.3, 1.0])), alpha=draw(st.floats(0, 1)),
                  factor_weights=draw(st.sampled_from([{}, {"visits": 2.5, "other": 0.0}])))


@st.composite
def cases(draw):
    table, policy = draw(tables()), draw(policies())
    size = len(table.frame)
    column = st.lists(st.floats(-4, 4), min_size=size, max_size=size)
    shares = pd.DataFrame({name: draw(column) for name in ("visits", "source", "other")}, index=table.frame.index)
    return table, policy, View(draw(st.floats(-5, 5)), shares)


THOROUGH = settings(deadline=None, max_examples=80)


@THOROUGH
@given(tables(), policies())
def test_rule_points_add_up_to_the_rule_score(table, policy):
    rules = score_rules(table, policy)
    total = rules.base + rules.points.to_numpy().sum(axis=1)
    assert np.allclose(total, rules.rule_score, rtol=0, atol=1e-9)
    assert rules.rule_score.between(0, 100).all()
    for side in (rules.fit, rules.engagement):
        assert side.dropna().between(0, 100).all()


@THOROUGH
@given(cases())
def test_blended_points_add_up_to_the_score_shown(case):
    table, policy, view = case
    mixed = blend(score_rules(table, policy), view, policy)
    total = mixed.base + mixed.rule_points.to_numpy().sum(axis=1) + mixed.model_points.to_numpy().sum(axis=1)
    assert np.allclose(total, mixed.blended, rtol=0, atol=1e-6)
    expected = policy.alpha * score_rules(table, policy).rule_score + (1 - policy.alpha) * 100 * np.asarray(
        mixed.adjusted_probability)
    assert np.allclose(mixed.blended, expected, rtol=0, atol=1e-9)


@THOROUGH
@given(cases())
def test_the_reasons_of_a_lead_add_up_to_its_score(case):
    table, policy, view = case
    mixed = blend(score_rules(table, policy), view, policy)
    for lead in table.frame.index:
        effects = [reason.effect for reason in reasons_for_lead(mixed, table, int(lead), policy)]
        assert mixed.base + sum(effects) == pytest.approx(mixed.blended.loc[lead], abs=1e-6)


@THOROUGH
@given(cases())
def test_the_score_of_a_lead_does_not_depend_on_the_others(case):
    table, policy, view = case
    together = blend(score_rules(table, policy), view, policy).blended
    for place in range(len(table.frame)):
        alone = blend(score_rules(Table(table.frame.iloc[[place]]), policy),
                      View(view.base, view.contributions.iloc[[place]]), policy).blended
        assert alone.iloc[0] == together.iloc[place]


@given(policies())
@THOROUGH
def test_a_policy_survives_being_written_down(policy):
    again = Policy.from_dict(policy.to_dict())
    assert again == policy
    assert digest(again) == digest(policy)


def test_the_default_policy_is_one_it_would_accept():
    assert Policy.from_dict(default_policy().to_dict()) == default_policy()


@pytest.mark.parametrize("change", [
    {"group_weights": {"fit": 99.0}}, {"alpha": 1.5}, {"alpha": float("nan")}, {"tier_mode": "luck"},
    {"tier_mode": "capacity"}, {"top_share": 0.0}, {"thresholds": {"qualified": 50, "high": 20, "low": 30}},
    {"factor_weights": {"visits": -1}}, {"tier_rules": []}, {"criteria": [{"id": "x"}]}])
def test_a_policy_that_contradicts_itself_is_refused(change):
    with pytest.raises(InvalidRequest):
        Policy.from_dict(default_policy().to_dict() | change)


@THOROUGH
@given(st.lists(st.sampled_from([0.0, 10.0, 50.0, 99.0]), min_size=1, max_size=60), st.floats(0.05, 0.5))
def test_as_many_leads_are_high_as_the_share_says_and_ties_go_to_the_lower_id(values, share):
    scores = pd.Series(values, index=pd.Index(range(len(values), 0, -1), name="lead_id"))
    tiers = assign_tiers(scores, replace(default_policy(), top_share=share, medium_share=0.3))
    high = scores[tiers == "High"]
    worth_a_call = sum(value > 0 for value in values)
    assert len(high) == min(int(np.ceil(round(len(values) * share, 9))), worth_a_call)
    best = sorted(scores.index, key=lambda lead: (-scores[lead], lead))[:len(high)]
    assert set(high.index) == set(best)


def test_capacity_takes_exactly_as_many_as_can_be_called():
    scores = pd.Series(np.arange(50.0))
    tiers = assign_tiers(scores, replace(default_policy(), tier_mode=TierMode.CAPACITY, capacity=4))
    assert (tiers == "High").sum() == 4
    assert scores[tiers == "High"].min() == 46


@pytest.mark.parametrize(("score", "tier"), [(70.0, "High"), (69.99, "Medium"), (30.0, "Medium"), (29.99, "Low")])
def test_thresholds_belong_to_the_better_tier(score, tier):
    policy = replace(default_policy(), tier_mode=TierMode.THRESHOLD)
    assert assign_tiers(pd.Series([score]), policy).tolist() == [tier]


def test_each_tier_says_what_to_do_by_when():
    start = datetime(2026, 3, 1, tzinfo=UTC)
    todo = next_action(pd.Series(["High", "Low"]), start, default_policy())
    assert todo["action"].tolist() == ["Priority follow-up", "Monthly nurture e-mail"]
    assert (todo["due"] - start).dt.days.tolist() == [1, 30]


def test_points_halve_with_the_half_life():
    table = Table(pd.DataFrame({"visits": [5.0, 5.0, 5.0], "recency_days": [0.0, 30.0, np.nan]}))
    rule = Criterion("v", "Visits", "behavioural", "visits", "at_least", 3, 10.0, None, 30.0)
    policy = Policy(criteria=(rule,), group_weights={"behavioural": 100.0})
    assert score_rules(table, policy).rule_score.tolist() == pytest.approx([100.0, 50.0, 100.0])


def test_reasons_use_the_words_of_the_user_and_keep_the_order_of_their_weight():
    table = Table(pd.DataFrame({"visits": [1532.0], "source": pd.Series(["Referral"], dtype="str")}))
    view = View(-1.0, pd.DataFrame({"visits": [0.5], "source": [2.0]}))
    policy = Policy(alpha=0.0, group_weights={"fit": 100.0})
    mixed = blend(score_rules(table, policy), view, policy)
    texts = reason_columns(mixed, table, policy, k=3).iloc[0]
    assert texts["reason_1"].startswith("Herkunft is Referral: +")
    assert texts["reason_2"].startswith("Besuche 1,532: +")
    assert pd.isna(texts["reason_3"])


def test_without_a_model_the_rules_alone_count():
    table = Table(pd.DataFrame({"visits": [5.0]}))
    rules = score_rules(table, default_policy())
    mixed = blend(rules, None, default_policy())
    assert mixed.alpha == 1.0
    assert mixed.blended.tolist() == rules.rule_score.tolist()


@pytest.mark.parametrize(("rule", "model", "alpha"), [
    ([10, 90, 20, 80], [0.9, 0.1, 0.8, 0.2], 0.0), ([90, 10, 80, 20], [0.9, 0.1, 0.8, 0.2], 0.0)])
def test_the_model_wins_ties_and_where_it_ranks_better(rule, model, alpha):
    outcome = pd.Series([1, 0, 1, 0])
    assert suggest_alpha(pd.Series(rule, dtype=float), pd.Series(model), outcome).alpha == alpha


def test_rules_that_rank_better_than_the_model_get_their_share():
    suggestion = suggest_alpha(pd.Series([90.0, 10.0]), pd.Series([0.1, 0.9]), pd.Series([1, 0]))
    assert suggestion.alpha >= 0.5
    assert suggestion.curve["average_precision"].iloc[-1] == 1.0


def test_a_hidden_column_tells_its_effect_and_not_its_value():
    frame = pd.DataFrame({"visits": [42.0, 7.0]}, index=pd.Index([1, 2], name="lead_id"))
    table = Table(frame)
    policy = Policy(criteria=(Criterion("many", "Many visits", "behavioural", "visits", "at_least", 5.0, 10.0),),
                    group_weights={"behavioural": 100.0})
    rules = score_rules(table, policy)
    one = blend(rules, None, policy)
    (seen,), (told,) = (reasons_for_lead(one, table, 1, policy, hidden=hidden) for hidden in ((), {"visits"}))
    assert (seen.value, told.value) == ("42", None)
    assert seen.effect == told.effect
    assert "42" in seen.text
    assert told.text == "Besuche"
    texts = reason_columns(one, table, policy, k=1, hidden={"visits"})["reason_1"]
    assert not texts.str.contains("42|7:").any()
    assert criteria_table(rules, table, policy, 1, hidden={"visits"})["value"].isna().all()
    assert criteria_table(rules, table, policy, 1)["value"].tolist() == [42.0]

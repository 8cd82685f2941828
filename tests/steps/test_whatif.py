"""Advice on one lead: only what people can change, never downwards, and right where the truth is known."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.features.build import build_features
from leadscore.modeling.explanation import effect_curves
from leadscore.modeling.training import TrainingOptions, train
from leadscore.schema import FIELD_BY_NAME, CustomField, Kind
from leadscore.scoring.criteria import Criterion, Operator
from leadscore.scoring.presets import default_policy
from leadscore.scoring.reasons import Reason
from leadscore.steps.judge import judge_features
from leadscore.steps.whatif import LEAST_GAIN, STAND_INS, Case, Goal, ImprovementKind, what_if, why_not_higher

AS_OF = datetime(2026, 11, 21, tzinfo=UTC)
SOURCE, REGION = "source", "custom:Region"
CUSTOM = (CustomField("Region", Kind.CATEGORY),)


def make_leads(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    silent = rng.integers(0, 200, rows)
    return pd.DataFrame({
        "website_visits": rng.poisson(4, rows).astype(float),
        "email_opens": rng.poisson(3, rows).astype(float),
        "email_clicks": rng.poisson(1, rows).astype(float),
        "demo_requested": pd.array(rng.random(rows) < 0.4, dtype="boolean"),
        "last_activity_at": pd.Series(pd.Timestamp(AS_OF) - pd.to_timedelta(silent, unit="D")).dt.as_unit("us"),
        "age": rng.integers(20, 70, rows).astype(float),
        "email": pd.array(["a@firm.example"] * rows, dtype="str"),
        "job_title": pd.array(rng.choice(["Head of Sales", "Sales Clerk"], rows), dtype="str"),
        "source": pd.array(rng.choice(["Web", "Fair"], rows), dtype="str"),
        REGION: pd.array(rng.choice(["North", "South"], rows), dtype="str"),
    }, index=pd.RangeIndex(1, rows + 1, name="lead_id"))


@pytest.fixture(scope="module")
def taught():
    """Leads whose outcomes follow from visits, a demo, silence and the region; the noise of opens does nothing."""
    leads = make_leads()
    silent = (pd.Timestamp(AS_OF) - leads["last_activity_at"]).dt.days
    truth = (0.7 * (leads["website_visits"] - 4) + 2.0 * leads["demo_requested"].astype(float) - 0.02 * silent
             + 1.5 * (leads[REGION] == "North"))
    outcome = (np.random.default_rng(1).random(len(leads)) < 1 / (1 + np.exp(-truth))).astype(float)
    features = build_features(leads, CUSTOM, as_of=AS_OF)
    model = train(features.frame, features.kinds, outcome, options=TrainingOptions("logistic", "none"))
    shares = model.predict(features.frame).contributions
    return leads, model, effect_curves(features.frame, shares, features.kinds, features.labels)


def case_of(taught, *, place=0, alpha=0.0, model=True, policy=None, **facts):
    leads, trained, curves = taught
    lead = leads.iloc[[place]].copy()
    for column, value in facts.items():
        column = REGION if column == "region" else column
        lead[column] = pd.Series([value], index=lead.index, dtype=lead[column].dtype)
    features = build_features(lead, CUSTOM, as_of=AS_OF)
    return Case(lead, CUSTOM, {}, features, replace(policy or default_policy(), alpha=alpha),
                trained if model else None, curves if model else {})


WEAK = {"website_visits": 2.0, "demo_requested": False, "last_activity_at": pd.Timestamp(AS_OF) - pd.Timedelta("100D")}


def test_what_made_leads_convert_is_what_is_advised(taught):
    found = what_if(case_of(taught, **WEAK))
    assert {item.field for item in found.improvements[:3]} == {"website_visits", "demo_requested", "recency_days"}
    told = {item.field: item for item in found.improvements}
    assert (told["demo_requested"].before, told["demo_requested"].after) == ("no", "yes")
    assert float(told["website_visits"].after) > 2
    assert float(told["recency_days"].after) < 100
    gains = [item.gain for item in found.improvements]
    assert gains == sorted(gains, reverse=True)


def test_a_score_told_is_the_score_the_changed_lead_gets(taught):
    weak = case_of(taught, alpha=0.4, **WEAK)
    told = {item.field: item for item in what_if(weak).improvements}["website_visits"]
    changed = case_of(taught, alpha=0.4, **WEAK | {"website_visits": float(told.after)})
    judged = judge_features(changed.features, policy=changed.policy, model=changed.model)
    assert told.score == pytest.approx(float(judged.blend.blended.iloc[0]), abs=1e-9)
    total = judged.blend.base + judged.blend.rule_points.sum(axis=1) + judged.blend.model_points.sum(axis=1)
    assert float(total.iloc[0]) == pytest.approx(told.score, abs=1e-4)


def test_the_smallest_step_with_most_of_the_effect_is_proposed(taught):
    policy = replace(default_policy(), criteria=(
        Criterion("some", "Some", "behavioural", "website_visits", Operator.AT_LEAST, 3, 10.0),
        Criterion("many", "Many", "behavioural", "website_visits", Operator.AT_LEAST, 50, 1.0)), full_marks=1.0)
    found = what_if(case_of(taught, alpha=1.0, model=False, policy=policy, website_visits=1.0))
    assert [item.text for item in found.improvements] == ["Website visits: 1 → 3"]
    assert found.improvements[0].gain == pytest.approx(100 * 10 / 11)


def test_numbers_beyond_what_the_model_has_seen_are_not_proposed(taught):
    policy = replace(default_policy(), criteria=(
        Criterion("many", "Many", "behavioural", "email_opens", Operator.AT_LEAST, 5_000, 10.0),))
    assert "email_opens" not in {item.field for item in what_if(case_of(taught, alpha=0.9, policy=policy)).improvements}


@pytest.mark.parametrize("field, operator, value, facts", [
    ("email_opens", Operator.AT_MOST, 1, {"email_opens": 9.0}),
    ("recency_days", Operator.AT_LEAST, 150, {"last_activity_at": pd.Timestamp(AS_OF) - pd.Timedelta("20D")}),
    ("demo_requested", Operator.IS_FALSE, None, {"demo_requested": True})])
def test_nothing_is_advised_against_the_way_things_go(taught, field, operator, value, facts):
    policy = replace(default_policy(), criteria=(Criterion("c", "C", "engagement", field, operator, value, 9.0),))
    case = case_of(taught, alpha=1.0, policy=policy, **facts)
    assert not what_if(case).improvements


def test_what_follows_from_a_change_follows_in_the_advice(taught):
    """More opened e-mails lower the clicks per opened e-mail, which the rules look at."""
    policy = replace(default_policy(), criteria=(
        Criterion("opens", "Opens", "engagement", "email_opens", Operator.AT_LEAST, 2, 1.0),
        Criterion("ratio", "Ratio", "engagement", "engagement_ratio", Operator.AT_LEAST, 1.0, 9.0)), full_marks=1.0)
    found = what_if(case_of(taught, alpha=1.0, model=False, policy=policy, email_opens=1.0, email_clicks=1.0))
    assert not found.improvements


def test_missing_facts_are_to_be_found_out_and_personal_ones_left_alone(taught):
    found = what_if(case_of(taught, region=None, age=np.nan, job_title=None, email=None, alpha=0.3))
    asked = {unknown.field: unknown for unknown in found.to_find_out}
    assert REGION in asked and "age" not in asked
    assert asked[REGION].low < asked[REGION].high
    assert set(asked) <= {REGION, "job_title", "has_email", "email"}
    assert REGION not in {item.field for item in found.improvements}


def test_an_answer_nobody_has_given_yet_may_become_yes(taught):
    found = what_if(case_of(taught, demo_requested=pd.NA))
    demo = next(item for item in found.improvements if item.field == "demo_requested")
    assert (demo.before, demo.after) == ("not known", "yes")
    assert "demo_requested" not in {unknown.field for unknown in found.to_find_out}


def test_the_best_three_together_do_more_than_the_best_one(taught):
    found = what_if(case_of(taught, **WEAK))
    assert found.together.kind == ImprovementKind.TOGETHER
    assert found.together.score > found.improvements[0].score
    assert found.together.text == "The best three together"


def test_the_way_to_a_goal_takes_as_few_steps_as_it_needs(taught):
    case = case_of(taught, **WEAK)
    best = what_if(case).improvements[0]
    found = what_if(case, [Goal("Near", best.score - 0.1), Goal("Far", 100.0), Goal("Passed", 0.0)])
    near, far = found.ways
    assert near.reached and near.steps == (best.text,)
    assert "would lead to" in near.sentence
    assert not far.reached and len(far.steps) == len(found.improvements)
    assert "all these changes together lead to" in far.sentence


def test_without_anything_to_change_there_is_no_advice(taught):
    leads, model, curves = taught
    bare = leads[[SOURCE]].iloc[[0]]
    found = what_if(Case(bare, (), {}, build_features(bare, as_of=AS_OF), default_policy(), None, {}),
                    [Goal("High", 90.0)])
    assert (found.improvements, found.together) == ((), None)
    assert "nothing that people can change" in found.ways[0].sentence


def test_a_column_that_held_words_when_the_model_learnt_is_no_trouble(taught):
    case = case_of(taught, website_visits=np.nan)
    words = replace(case.curves["website_visits"], kind="category", points=tuple(
        replace(point, value="many") for point in case.curves["website_visits"].points))
    assert what_if(replace(case, curves={"website_visits": words})).score >= 0


FACTS = st.fixed_dictionaries({}, optional={
    "website_visits": st.sampled_from([0.0, 3.0, 40.0, np.nan]), "email_opens": st.sampled_from([0.0, 9.0, np.nan]),
    "email_clicks": st.sampled_from([0.0, 2.0, np.nan]), "demo_requested": st.sampled_from([True, False, pd.NA]),
    "region": st.sampled_from(["North", "Elsewhere", None]), "source": st.sampled_from(["Web", None]),
    "job_title": st.sampled_from(["CEO", None]), "email": st.sampled_from(["a@gmail.com", None])})


@settings(deadline=None, max_examples=15)
@given(facts=FACTS, place=st.integers(0, 399), alpha=st.sampled_from([0.0, 0.5, 1.0]))
def test_no_advice_lowers_a_score_or_asks_for_what_people_cannot_change(taught, facts, place, alpha):
    case = case_of(taught, place=place, alpha=alpha, **facts)
    found = what_if(case, [Goal("High", 70.0)])
    now = judge_features(case.features, policy=case.policy, model=case.model).blend.blended.iloc[0]
    assert found.score == pytest.approx(float(now), abs=1e-9)
    changeable = {spec.name for spec in case.features.specs if spec.changeable}
    for item in found.improvements:
        assert item.field in changeable
        assert item.gain >= LEAST_GAIN and found.score < item.score <= 100
        assert item.score - item.gain == pytest.approx(found.score)
    assert found.together is None or found.together.gain >= LEAST_GAIN
    for unknown in found.to_find_out:
        known = FIELD_BY_NAME.get(unknown.field)
        assert unknown.field in STAND_INS or known is None or not known.personal
        assert 0 <= unknown.low <= unknown.high <= 100


def reason(text, effect, code="x"):
    return Reason(code, text, code, None, effect, "model")


@pytest.mark.parametrize("reasons, said", [
    ([reason("A", -3.0), reason("B", 5.0), reason("C", -9.0), reason("D", -1.0)], "C (-9.0) and A (-3.0)"),
    ([reason("B", 5.0)], "Nothing speaks against it"),
    ([reason("rest", -4.0, "other_factors")], "Nothing speaks against it"),
])
def test_a_sentence_says_what_holds_a_score_back(reasons, said):
    assert said in why_not_higher(reasons, ())

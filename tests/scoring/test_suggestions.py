"""Points suggested from outcomes: each criterion for what it adds to the others, and nothing from too few leads."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.scoring.criteria import Criterion
from leadscore.scoring.policy import Policy
from leadscore.scoring.scorecard import full_marks, group_shares
from leadscore.scoring.suggestions import all_taken, suggest, taken


def rule(name, group="behavioural", operator="is_true", points=5.0, **more):
    return Criterion(name, name.capitalize(), group, more.pop("field", name), operator, more.pop("value", None), points,
                     **more)


def policy(*criteria, **more):
    return Policy(criteria=criteria, group_weights={"behavioural": 60.0, "firmographic": 40.0}, **more)


@pytest.fixture(scope="module")
def leads():
    """10,000 leads: visits and demo count, phone does not, echo is demo once more."""
    rng = np.random.default_rng(5)
    n = 10_000
    frame = pd.DataFrame({"demo": rng.random(n) < 0.3, "phone": rng.random(n) < 0.5, "large": rng.random(n) < 0.4,
                          "rare": np.arange(n) < 10}).astype(float)
    frame["visits"] = rng.poisson(3, n).astype(float)
    frame["echo"] = frame["demo"]
    score = -1.5 + 1.2 * frame["demo"] + 0.25 * frame["visits"].clip(upper=8) - 0.8 * frame["large"]
    return frame, (rng.random(n) < 1 / (1 + np.exp(-score))).to_numpy(dtype=float)


def test_what_counts_gets_points_what_does_not_gets_next_to_none_and_what_harms_gets_minus(leads):
    found = suggest(*leads, policy(rule("demo"), rule("phone"), rule("large"))).criteria
    assert found.loc["demo", "low"] > 0 > found.loc["large", "high"]
    assert found.loc["phone", "low"] < 0 < found.loc["phone", "high"]
    assert abs(found.loc["phone", "most"]) < found.loc["demo", "most"] / 5


def test_the_log_odds_of_one_criterion_are_those_of_its_two_by_two_table():
    frame = pd.DataFrame({"demo": np.repeat([1.0, 0.0], [40, 60])})
    converted = np.concatenate([np.repeat([1.0, 0.0], [30, 10]), np.repeat([1.0, 0.0], [20, 40])])
    found = suggest(frame, converted, policy(rule("demo"))).criteria.loc["demo"]
    assert found["log_odds"] == pytest.approx(np.log(30.5 * 40.5 / (10.5 * 20.5)))
    error = 1.959964 * np.sqrt(1 / 30.5 + 1 / 10.5 + 1 / 20.5 + 1 / 40.5)
    assert found["log_odds_high"] - found["log_odds"] == pytest.approx(error, rel=1e-5)


def test_two_criteria_that_tell_the_same_share_the_points_instead_of_counting_twice(leads):
    alone = suggest(*leads, policy(rule("demo"), rule("phone"))).criteria["most"]
    both = suggest(*leads, policy(rule("demo"), rule("echo"), rule("phone"))).criteria
    assert both.loc["demo", "most"] == pytest.approx(both.loc["echo", "most"], abs=0.11)
    assert both.loc["demo", "log_odds"] == pytest.approx(both.loc["echo", "log_odds"])
    share = both.loc["demo", "most"] / both["most"].abs().sum()
    assert share == pytest.approx(alone["demo"] / alone.abs().sum() / 2, rel=0.1)


def test_points_per_unit_are_learnt_from_the_amount_earned(leads):
    frame, converted = leads
    per_unit = rule("visits", operator="per_unit", value=1, points=0.5, cap=4)
    found = suggest(frame, converted, policy(rule("demo"), per_unit)).criteria["most"]
    # eight visits earn the cap: 8 * 0.25 log-odds against 1.2 of a demo
    assert found["visits"] / found["demo"] == pytest.approx(2.0 / 1.2, rel=0.15)
    changed = taken(per_unit, found["visits"])
    assert changed.cap == found["visits"]
    assert changed.cap / changed.points == pytest.approx(8, rel=0.01)


@pytest.mark.parametrize(("hit", "converted", "why"), [
    (19, 0.5, "fewer than 20 hits"),
    (981, 0.5, "fewer than 20 others"),
    (100, 0.01, "one converted lead expected among the hits"),
    (100, 0.99, "one lost lead expected among the hits"),
])
def test_too_few_outcomes_give_no_points(hit, converted, why):
    frame = pd.DataFrame({"demo": (np.arange(1_000) < hit).astype(float)})
    ends = (np.random.default_rng(1).random(1_000) < converted).astype(float)
    found = suggest(frame, ends, policy(rule("demo")))
    assert not found.criteria.loc["demo", "enough"], why
    assert found.criteria.loc["demo", ["most", "low", "high"]].isna().all()
    assert found.doubling is None


def test_a_criterion_whose_leads_have_all_converted_gets_finite_points(leads):
    frame, converted = leads
    sure = frame.assign(demo=converted * (np.arange(len(converted)) % 2))
    found = suggest(sure, converted, policy(rule("demo"), rule("phone"), rule("large"))).criteria.loc["demo"]
    assert np.isfinite(found["most"])
    assert 0 < found["low"] < found["most"] < found["high"]


@pytest.mark.parametrize("ends", [np.zeros(0), np.zeros(50), np.ones(50)])
def test_without_both_outcomes_nothing_is_suggested(ends):
    found = suggest(pd.DataFrame({"demo": np.arange(len(ends)) % 2.0}), ends, policy(rule("demo")))
    assert found.criteria["most"].isna().all()
    assert found.weights == {"behavioural": 60.0, "firmographic": 40.0}


def test_a_scorecard_without_criteria_gets_none():
    assert suggest(pd.DataFrame({"demo": [1.0, 0.0]}), np.array([1.0, 0.0]), policy()).criteria.empty


def test_a_column_that_is_switched_off_is_not_learnt_from(leads):
    found = suggest(*leads, policy(rule("demo"), rule("phone"), switched_off=("demo",))).criteria
    assert np.isnan(found.loc["demo", "most"])


def test_the_points_keep_the_size_of_the_scorecard_and_say_what_doubles_the_odds(leads):
    before = policy(rule("demo", points=10.0), rule("phone", points=10.0))
    found = suggest(*leads, before)
    assert found.criteria["most"].abs().sum() == pytest.approx(20, abs=0.11)
    worth = 100 / 20
    log_odds_of_demo = found.criteria.loc["demo", "most"] * worth / (found.doubling / np.log(2))
    assert log_odds_of_demo == pytest.approx(1.2, abs=0.15)


def test_what_has_been_taken_with_its_weights_is_suggested_again(leads):
    before = policy(rule("demo"), rule("phone"), rule("large", "firmographic", points=-3.0),
                    rule("rare", "firmographic", points=4.0))
    first = suggest(*leads, before)
    after = replace(before, criteria=all_taken(before, first.criteria["most"].to_dict()), group_weights=first.weights)
    second = suggest(*leads, after)
    assert second.criteria["most"].dropna().to_numpy() == pytest.approx(first.criteria["most"].dropna().to_numpy(),
                                                                       rel=0.03, abs=0.11)


def test_a_criterion_without_a_suggestion_keeps_its_points(leads):
    before = policy(rule("demo"), rule("rare", points=7.0), rule("phone"))
    after = all_taken(before, suggest(*leads, before).criteria["most"].to_dict())
    assert after[1] == before.criteria[1]
    assert after[0] != before.criteria[0]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["demo", "phone", "large", "visits"]), st.floats(-20, 20)
                          .filter(lambda points: abs(points) >= 0.1)), min_size=1, max_size=6), st.integers(0, 99))
def test_suggested_weights_total_100_and_points_can_be_saved(leads, drawn, seed):
    frame, converted = (part[seed::20] for part in leads)
    criteria = tuple(replace(rule(field, points=points, operator="at_least", value=1, field=field), id=str(place))
                     for place, (field, points) in enumerate(drawn))
    before = policy(*criteria)
    found = suggest(frame, converted, before)
    assert sum(found.weights.values()) == 100
    after = before.to_dict() | {"criteria": [vars(criterion) for criterion in
                                             all_taken(before, found.criteria["most"].to_dict())],
                                "group_weights": found.weights}
    checked = Policy.from_dict(after)
    assert sum(group_shares(checked).values()) == pytest.approx(100) or not any(
        full_marks(checked, group) for group in checked.group_weights)

"""A panel says of leads what a scoring would, whatever was tried before."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.schema import Tier
from leadscore.scoring.blend import blend
from leadscore.scoring.moves import (
    _counts_by_score,
    among_best,
    best_first,
    grid_counts,
    histogram,
    ranks_of,
    tier_numbers,
)
from leadscore.scoring.policy import Grid, Policy, Thresholds, TierMode
from leadscore.scoring.presets import default_policy
from leadscore.scoring.scorecard import score_rules
from leadscore.scoring.simulation import ModelSide, Panel, Standing, joined, model_side, narrow
from leadscore.scoring.tiers import assign_tiers, is_qualified, tiers_in_force
from tests.scoring.test_adding_up import Table, View, cases, policies

QUICK = settings(deadline=None, max_examples=30)
NOBODY = pd.DataFrame({"score": pd.Series(dtype=float), "tier": pd.Series(dtype="str")})


def panel_of(table, view, by_hand=NOBODY):
    side = None if view is None else model_side(view, None)
    return Panel(table.frame.index.to_numpy(), narrow(table.frame), side, by_hand)


@QUICK
@given(cases(), st.lists(policies(), max_size=3), st.sampled_from([(), ("visits",), ("source", "other")]),
       st.sampled_from([{}, {"behavioural": 4.0, "fit": 50.0}]))
def test_a_panel_gives_the_score_a_scoring_gives_whatever_was_tried_before(case, tried, off, marks):
    table, policy, view = case
    panel = panel_of(table, view)
    for wanted in (*tried, replace(policy, switched_off=off, group_marks=marks), policy):
        rules = score_rules(table, wanted)
        expected = blend(rules, view, wanted).blended
        standing = panel.standing(wanted)
        assert np.allclose(standing.blended, expected, rtol=0, atol=1e-3)
        assert np.allclose(standing.rule_score, rules.rule_score, rtol=0, atol=1e-9)
        assert np.allclose(standing.fit, rules.fit, rtol=0, atol=1e-9)
        assert np.allclose(standing.engagement, rules.engagement, rtol=0, atol=1e-9)


def test_without_weights_the_models_own_probability_is_used_to_the_last_digit():
    table, view = _small()
    panel = panel_of(table, view)
    standing = panel.standing(Policy(group_weights={"fit": 100.0}, alpha=0.0))
    assert standing.blended.tolist() == (100 * view.probability).tolist()


@pytest.mark.parametrize("values", [
    [0.1, np.nan, 3], [1e30, 2, 3], [16_777_217.0, 1, 2], [np.nan, np.nan, 1], [True, False, None]])
def test_narrow_columns_hold_the_same_values(values):
    frame = pd.DataFrame({"a": pd.array(values, dtype="Float64"), "b": pd.Series(["x", None, "y"], dtype="str")})
    kept = narrow(frame)
    assert kept["a"].astype(float).tolist() == pytest.approx(frame["a"].astype("float64").tolist(), nan_ok=True, rel=0)
    assert kept["b"].astype("str").fillna("").tolist() == ["x", "", "y"]


def test_portions_are_joined_whatever_columns_they_have():
    first = narrow(pd.DataFrame({"a": [1.0, 2.0], "c": ["x", "y"]}, index=[1, 2]))
    second = narrow(pd.DataFrame({"b": [0.1], "c": ["z"]}, index=[5]))
    third = narrow(pd.DataFrame({"a": [0.3], "c": [None]}, index=[9]).astype({"c": "str"}))
    frame = joined([first, second, third])
    assert frame.index.tolist() == [1, 2, 5, 9]
    assert frame["a"].tolist() == pytest.approx([1, 2, np.nan, 0.3], nan_ok=True)
    assert frame["c"].astype("str").fillna("").tolist() == ["x", "y", "z", ""]


scores = st.lists(st.sampled_from([0.0, 12.5, 30.0, 55.5, 70.0, 100.0]), min_size=1, max_size=30)
hands = st.lists(st.tuples(st.integers(0, 29), st.one_of(st.none(), st.sampled_from([0.0, 30.0, 71.0])),
                           st.one_of(st.none(), st.sampled_from([str(tier) for tier in Tier]))), max_size=4)
ways = st.sampled_from([
    Policy(group_weights={"fit": 100.0}), Policy(group_weights={"fit": 100.0}, tier_mode=TierMode.THRESHOLD),
    Policy(group_weights={"fit": 100.0}, tier_mode=TierMode.CAPACITY, capacity=3),
    Policy(group_weights={"fit": 100.0}, tier_mode=TierMode.THRESHOLD, thresholds=Thresholds(40, 30, 30))])


@QUICK
@given(scores, hands, ways, st.booleans())
def test_tiers_are_counted_as_lists_show_them(given_scores, by_hand, policy, of_model):
    ids = np.arange(100, 100 + len(given_scores))
    kept = {100 + place: (score, tier) for place, score, tier in by_hand
            if place < len(ids) and (score is not None or tier)}
    hand = pd.DataFrame({"score": [score for score, _ in kept.values()], "tier": [tier for _, tier in kept.values()]},
                        index=list(kept)).astype({"score": float, "tier": "str"})
    tiers = np.array([str(list(Tier)[place % 3]) for place in range(len(ids))], dtype=object) if of_model else None
    blended = pd.Series(given_scores, index=ids, dtype=float)
    shown = tiers_in_force(blended, hand, policy, of_model=None if tiers is None else pd.Series(
        pd.array(tiers, dtype="str"), index=ids)).value_counts()
    panel = _given(ids, blended.to_numpy(), hand, tiers)
    counts = tier_numbers(panel, panel.standing(replace(policy, alpha=0.0)), policy)
    assert counts == {str(tier): int(shown.get(str(tier), 0)) for tier in Tier}


@QUICK
@given(scores, st.integers(0, 40))
def test_the_best_leads_are_those_first_in_the_list(given_scores, wanted):
    blended = np.array(given_scores)
    listed = np.argsort(-blended, kind="stable")
    assert set(np.flatnonzero(among_best(blended, wanted))) == set(listed[:wanted])
    assert best_first(blended, wanted).tolist() == listed[:wanted].tolist()
    assert ranks_of(blended, listed).tolist() == list(range(1, len(listed) + 1))


def test_a_score_set_by_hand_stands_under_every_policy():
    table, view = _small()
    hand = pd.DataFrame({"score": [99.0], "tier": pd.array([None], dtype="str")}, index=[11])
    panel = panel_of(table, view, hand)
    for alpha in (0.0, 1.0):
        standing = panel.standing(Policy(group_weights={"fit": 100.0}, alpha=alpha))
        assert standing.score[1] == 99.0
        assert standing.blended[1] != 99.0


def test_every_lead_is_in_one_cell_of_the_grid_and_in_one_bin():
    table, view = _small()
    standing = panel_of(table, view).standing(Policy(group_weights={"fit": 100.0}))
    standing = replace(standing, fit=np.array([100.0, 75.0, 74.9]), engagement=np.array([0.0, 25.0, 60.0]))
    cells = grid_counts(standing, Grid()).query("leads > 0")
    assert list(zip(cells["fit"], cells["engagement"], strict=True)) == [("A", "3"), ("A", "4"), ("B", "2")]
    bins = histogram(np.array([0.0, 100.0, 5.0]), np.array([4.999, 50, 95]))
    assert bins["before"].to_numpy().nonzero()[0].tolist() == [0, 1, 19]
    assert bins["after"].to_numpy().nonzero()[0].tolist() == [0, 10, 19]


def _small():
    table = Table(pd.DataFrame({"visits": [1.0, 2.0, 3.0]}, index=[10, 11, 12]))
    return table, View(0.1, pd.DataFrame({"visits": [0.5, -1.0, 0.0]}, index=table.frame.index))


def _given(ids, blended, hand, tiers):
    """A panel whose model gives just these scores."""
    side = ModelSide(blended / 100, blended, {}, (), tiers)
    return Panel(ids, pd.DataFrame(index=ids), side, hand)


def test_a_lead_scored_by_hand_is_not_counted_as_standing_before_itself():
    ids, hand = np.array([1, 2, 3]), pd.DataFrame({"score": [60.0], "tier": pd.array([None], dtype="str")}, index=[1])
    policy = Policy(group_weights={"fit": 100.0}, tier_mode=TierMode.CAPACITY, capacity=1, alpha=0.0)
    panel = _given(ids, np.array([70.0, 50.0, 30.0]), hand, None)
    assert tier_numbers(panel, panel.standing(policy), policy) == {"High": 1, "Medium": 2, "Low": 0}


def test_a_score_that_is_a_limit_but_for_its_last_digit_is_at_the_limit_in_lists_and_previews_alike():
    policy = replace(default_policy(), tier_mode=TierMode.THRESHOLD, thresholds=Thresholds(45, 45, 30))
    almost = np.array([45 - 7e-15, 45.0, 45 - 1e-6, 30 - 4e-15])
    tiers = assign_tiers(pd.Series(almost), policy)
    assert tiers.tolist() == ["High", "High", "Medium", "Medium"]
    assert is_qualified(pd.Series(almost), policy).tolist() == [True, True, False, False]
    assert _counts_by_score(almost, policy) == {"High": 2, "Medium": 2, "Low": 0}
    binned = histogram(almost, almost)
    assert binned.loc[binned["low"] == 45, "after"].item() == 2
    grid = grid_counts(Standing(almost, almost, almost, almost, almost), Grid((45.0,), (45.0,)))
    assert grid.set_index(["fit", "engagement"])["leads"].to_dict() == {("A", "1"): 2, ("A", "2"): 0, ("B", "1"): 0,
                                                                        ("B", "2"): 2}

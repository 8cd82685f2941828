import numpy as np
import pandas as pd
import pytest

from leadscore.modeling.splits import MIN_PER_CLASS, folds, group_keys, keep_aside, split_test


def outcomes(rows=500, rate=0.3, seed=0):
    return (np.random.default_rng(seed).random(rows) < rate).astype(float)


def test_with_a_date_the_latest_fifth_is_the_test():
    times = pd.Series(pd.date_range("2026-01-01", periods=500, tz="UTC")).sample(frac=1, random_state=1)
    split = split_test(outcomes(), times, None, random_state=0)
    assert split.kind == "forward"
    assert times.iloc[split.train].max() < times.iloc[split.test].min()
    assert len(split.test) == 100


def test_leads_of_one_moment_stay_on_one_side():
    times = pd.Series(np.repeat(np.arange(25), 20))
    split = split_test(outcomes(), times, None, random_state=0)
    assert not set(times[split.train]) & set(times[split.test])
    assert len(split.train) + len(split.test) == 500


@pytest.mark.parametrize("forward", [True, False])
def test_a_company_is_never_on_both_sides(forward):
    rng = np.random.default_rng(0)
    groups = pd.Series(rng.integers(0, 200, 500).astype(str))
    times = pd.Series(np.arange(500)) if forward else None
    split = split_test(outcomes(), times, groups, random_state=0)
    assert split.kind == ("forward" if forward else "grouped")
    assert not set(groups[split.train]) & set(groups[split.test])
    keys = group_keys(groups)[split.train]
    for fitting, judging in folds(outcomes()[split.train], split.kind, keys, random_state=0):
        assert not set(keys[fitting]) & set(keys[judging])


def test_without_a_date_each_outcome_gives_a_fifth():
    y = outcomes()
    split = split_test(y, None, None, random_state=0)
    assert split.kind == "stratified"
    assert sorted([*split.train, *split.test]) == list(range(500))
    assert y[split.test].mean() == pytest.approx(y.mean(), abs=0.01)


@pytest.mark.parametrize(
    "times",
    [
        pd.Series([pd.Timestamp("2026-01-01", tz="UTC")] * 500),
        pd.Series([None] * 300 + list(range(200)), dtype=float),
    ],
)
def test_a_date_that_says_too_little_is_not_used(times):
    assert split_test(outcomes(), times, None, random_state=0).kind == "stratified"


def test_a_forward_test_without_conversions_falls_back_and_says_so():
    y = np.concatenate([outcomes(400), np.zeros(100)])
    split = split_test(y, pd.Series(np.arange(500)), None, random_state=0)
    assert split.kind == "stratified"
    assert "too few outcomes" in split.reason


def test_forward_folds_fit_on_the_past_only_and_are_at_least_four():
    parts = folds(outcomes(1000), "forward", None, random_state=0)
    assert len(parts) >= 4
    assert all(fitting.max() < judging.min() for fitting, judging in parts)


def test_the_report_says_what_was_kept_together():
    groups = pd.Series(np.arange(500) % 150, name="company or e-mail domain").astype("str")
    alone = split_test(outcomes(), None, groups, random_state=0)
    assert "leads of the same company or e-mail domain stay on one side" in alone.reason
    forward = split_test(outcomes(), pd.Series(np.arange(500)), groups, random_state=0)
    gone = 500 - len(forward.train) - len(forward.test)
    assert f"{gone:,} earlier leads of the same company or e-mail domain" in forward.reason
    assert "left out" not in split_test(outcomes(), pd.Series(np.arange(500)), None, random_state=0).reason


@pytest.mark.parametrize(
    "groups", [np.zeros(500), np.arange(500) % 2, np.where(np.arange(500) < 490, 0, np.arange(500))]
)
def test_groups_that_cannot_be_kept_together_are_parted_and_the_report_says_so(groups):
    y = outcomes()
    split = split_test(y, None, pd.Series(groups, name="“Branch”").astype("str"), random_state=0)
    assert split.kind == "stratified"
    assert "Leads of the same “Branch” are too few groups to be kept together." in split.reason
    keys = group_keys(pd.Series(groups))[split.train]
    for fitting, judging in folds(y[split.train], split.kind, keys, random_state=0):
        assert 0 < y[split.train][judging].mean() < 1
        assert 0 < y[split.train][fitting].mean() < 1


def test_a_group_for_each_lead_is_told():
    split = split_test(outcomes(), None, pd.Series(np.arange(500).astype(str), name="“Lead ID”"), random_state=0)
    assert split.kind == "stratified"
    assert split.reason.endswith("No two leads are of the same “Lead ID”.")


def test_missing_companies_are_each_their_own():
    assert group_keys(pd.Series([None, None, "a"])) is None
    keys = group_keys(pd.Series([None, None, "a", "a"]))
    assert keys[0] != keys[1]
    assert keys[2] == keys[3]


THREE = np.repeat([0.0, 1.0, 2.0], [30, 150, 120])[np.random.default_rng(1).permutation(300)]


@pytest.mark.parametrize("times", [None, pd.Series(range(300))])
@pytest.mark.parametrize("groups", [None, pd.Series([f"firm {number // 5}" for number in range(300)])])
def test_all_three_tiers_stand_on_both_sides(times, groups):
    split = split_test(THREE, times, groups, random_state=0)
    assert split.kind == ("forward" if times is not None else "stratified" if groups is None else "grouped")
    for side in (split.train, split.test):
        assert np.bincount(THREE[side].astype(int), minlength=3).min() >= MIN_PER_CLASS
    for parts in folds(THREE[split.train], split.kind, None, random_state=0):
        assert all(set(THREE[split.train][part]) == {0.0, 1.0, 2.0} for part in parts)


def test_a_date_is_not_split_by_where_one_tier_came_early_only():
    y = np.sort(THREE)[::-1].copy()
    assert split_test(y, pd.Series(range(300)), None, random_state=0).kind == "stratified"


@pytest.mark.parametrize(("kind", "group_size"), [("stratified", 1), ("grouped", 4)])
def test_leads_kept_aside_are_few_have_both_outcomes_and_tear_no_group(kind, group_size):
    y = (np.arange(1000) % 5 == 0) * 1.0
    keys = None if group_size == 1 else np.arange(1000) // group_size
    fitting, aside = keep_aside(y, kind, keys, random_state=0)
    assert not set(fitting) & set(aside)
    assert 0.09 < len(aside) / 1000 < 0.25
    assert {0.0, 1.0} == set(y[aside]) == set(y[fitting])
    if keys is not None:
        assert not set(keys[fitting]) & set(keys[aside])

"""What calling by score finds beside other orders: ties count evenly, and little is told from little."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.monitoring.value import LEAST_CONVERSIONS, compared, curve, cut_at


def _leads(scores, before, won):
    return pd.DataFrame({"score": scores, "before": before, "won": np.asarray(won, dtype=int)})


def _counted(leads, share):
    """Count leads the way the store does, one row for each value."""
    by = leads.groupby("score")["won"].agg(leads="count", converted="sum").sort_index(ascending=False).reset_index()
    cut = by["score"].iloc[cut_at(by, share)[0]]
    parts = {"": leads["score"] > -1, "_above": leads["score"] > cut, "_at": leads["score"] == cut}
    columns = {}
    for part, test in parts.items():
        columns[f"leads{part}"] = test.astype(int)
        columns[f"converted{part}"] = leads["won"].where(test, 0)
    order = pd.DataFrame(columns).groupby(leads["before"].fillna(-1.0)).sum().sort_index(ascending=False)
    return by, order.assign(unknown=np.where(order.index < 0, order["leads"], 0)).reset_index(drop=True)


def _compared(leads, share):
    return compared(*_counted(leads, share), share)


def _expected(values, won, share):
    """Work out what a person finds who calls by a value and tosses a coin among equals."""
    wanted, found = share * len(values), 0.0
    for value in sorted(set(values), reverse=True):
        tied = values == value
        part = min(1.0, max(0.0, wanted / tied.sum()))
        found += part * won[tied].sum()
        wanted -= part * tied.sum()
    return found


rows = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.booleans()), min_size=30, max_size=120)


@settings(max_examples=60)
@given(rows, st.integers(5, 50))
def test_what_is_found_is_what_is_to_be_expected_and_the_difference_is_theirs(drawn, percent):
    leads = _leads(*(np.array(column) for column in zip(*drawn, strict=True)))
    share, won = percent / 100, leads["won"].to_numpy()
    value = _compared(leads, share)
    if min(won.sum(), len(won) - won.sum()) < LEAST_CONVERSIONS:
        assert value is None
        return
    by_score, before = (_expected(leads[name].to_numpy(), won, share) for name in ("score", "before"))
    assert value.score.conversions == pytest.approx(by_score)
    assert value.before.conversions == pytest.approx(before)
    assert value.chance.conversions == pytest.approx(share * won.sum())
    assert value.over_before.conversions == pytest.approx(by_score - before, abs=1e-6)
    assert value.over_chance.conversions == pytest.approx(by_score - share * won.sum(), abs=1e-6)
    for extra in (value.over_before, value.over_chance):
        assert extra.low - 1e-9 <= extra.conversions <= extra.high + 1e-9
    for found in (value.score, value.before, value.chance):
        assert 0 <= found.low <= found.share + 1e-9
        assert found.share - 1e-9 <= found.high <= 1


def test_the_order_of_rows_among_equals_changes_nothing():
    generator = np.random.default_rng(3)
    leads = _leads(generator.integers(0, 3, 200), generator.integers(0, 3, 200), generator.random(200) < 0.3)
    assert _compared(leads, 0.2) == _compared(leads.sample(frac=1, random_state=1).reset_index(drop=True), 0.2)


def test_an_order_compared_with_itself_cannot_be_told_apart():
    generator = np.random.default_rng(4)
    scores = generator.integers(0, 1_000, 500)
    value = _compared(_leads(scores, scores, generator.random(500) < scores / 1_000), 0.2)
    assert value.over_before.conversions == pytest.approx(0)
    assert not value.over_before.told_apart
    assert value.over_chance.told_apart


def test_leads_without_a_value_are_called_last():
    won = np.array([1] * 20 + [0] * 80)
    leads = _leads(np.arange(100)[::-1], np.where(won, np.nan, 5.0), won)
    value = _compared(leads, 0.5)
    assert (value.unknown, value.before.conversions, value.score.conversions) == (20, 0, 20)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(11)
    held = 0
    for _ in range(120):
        quality = generator.random(400)
        scores = np.round(quality * 20 + generator.normal(0, 4, 400))
        before = np.round(quality * 5 + generator.normal(0, 3, 400))
        leads = _leads(scores, before + 20, generator.random(400) < 0.1 + 0.4 * quality)
        # of these very leads and their chances, which is what the interval is about
        truth = (_expected(scores, 0.1 + 0.4 * quality, 0.2) - _expected(before, 0.1 + 0.4 * quality, 0.2))
        extra = _compared(leads, 0.2).over_before
        held += extra.low <= truth <= extra.high
    assert 0.9 <= held / 120 <= 1


@pytest.mark.parametrize(("leads", "share", "expected"), [
    ([10], 0.2, (0, 0.2)), ([2, 8], 0.2, (0, 1.0)), ([1, 1, 8], 0.2, (1, 1.0)), ([1, 2, 7], 0.2, (1, 0.5)),
    ([3, 0, 7], 0.3, (0, 1.0)), ([1] * 10, 0.5, (4, 1.0)),
])
def test_the_cut_goes_through_ties(leads, share, expected):
    place, part = cut_at(pd.DataFrame({"leads": leads}), share)
    assert (place, part) == (expected[0], pytest.approx(expected[1]))


def test_a_curve_rises_from_nothing_to_all_and_there_is_none_without_conversions():
    found = curve(pd.DataFrame({"leads": [2, 8], "converted": [1, 1]}))
    assert found.to_numpy().tolist() == [[0, 0], [0.2, 0.5], [1, 1]]
    assert curve(pd.DataFrame({"leads": [2], "converted": [0]})).empty
    assert curve(pd.DataFrame({"leads": [], "converted": []})).empty


def test_too_few_conversions_or_no_leads_tell_nothing():
    few = _leads(np.arange(100), np.arange(100), np.arange(100) < LEAST_CONVERSIONS - 1)
    assert _compared(few, 0.2) is None
    nothing = pd.DataFrame({name: pd.array([], dtype="int64") for name in
                            ("leads", "converted", "leads_above", "converted_above", "leads_at", "converted_at",
                             "unknown")})
    assert compared(nothing, nothing, 0.2) is None

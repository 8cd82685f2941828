"""The stability index says how far a column has moved, and what chance alone would do."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.monitoring.drift import Band, stability


def _normal(mean=0.0, rows=5_000, seed=0):
    return pd.Series(np.random.default_rng(seed).normal(mean, 1, rows))


def test_the_index_is_the_one_of_the_textbook():
    before = pd.Series(["a"] * 50 + ["b"] * 50, dtype="str")
    now = pd.Series(["a"] * 80 + ["b"] * 20, dtype="str")
    expected = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)
    assert stability(before, now).index == pytest.approx(expected)


@pytest.mark.parametrize(("mean", "band"), [(0.0, Band.STEADY), (0.45, Band.MODERATE), (1.0, Band.LARGE)])
def test_bands_tell_small_from_large_moves(mean, band):
    found = stability(_normal(), _normal(mean, seed=1))
    assert found.band is band
    assert (found.before, found.now) == (5_000, 5_000)


def test_what_few_leads_do_by_chance_is_steady():
    few = [stability(_normal(rows=100, seed=seed), _normal(rows=100, seed=seed + 100)) for seed in range(40)]
    assert np.mean([drift.index > 0.1 for drift in few]) > 0.5
    assert np.mean([drift.band is not Band.STEADY for drift in few]) < 0.3
    assert few[0].by_chance > stability(_normal(), _normal()).by_chance


def test_values_that_are_new_gone_or_missing_count():
    before = pd.Series([1.0] * 100)
    assert stability(before, pd.Series([np.nan] * 100)).band is Band.LARGE
    texts = pd.Series(["a"] * 100, dtype="str")
    assert stability(texts, pd.Series(["z"] * 100, dtype="str")).band is Band.LARGE
    assert stability(texts, pd.Series([None] * 100, dtype="str")).band is Band.LARGE
    assert stability(pd.Series([np.nan] * 100), before).band is Band.LARGE


@pytest.mark.parametrize("rows", [0, 1, 49])
def test_too_few_leads_tell_nothing(rows):
    assert stability(_normal(rows=rows), _normal()) is None
    assert stability(_normal(), _normal(rows=rows)) is None


COLUMN = st.one_of(
    st.lists(st.one_of(st.just(np.nan), st.floats(-1e300, 1e300)), min_size=50, max_size=60).map(
        lambda values: pd.Series(values, dtype=float)),
    st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=50, max_size=60).map(
        lambda values: pd.Series([value and value.encode("utf-8", "ignore").decode() for value in values],
                                 dtype="str")))


@settings(deadline=None, max_examples=60)
@given(COLUMN)
def test_a_column_has_never_moved_from_itself(column):
    found = stability(column, column.iloc[::-1])
    assert found.index == pytest.approx(0)
    assert found.band is Band.STEADY

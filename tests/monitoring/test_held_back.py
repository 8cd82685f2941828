"""Leads by chance: as many as asked for in the long run, anywhere in the file, and compared honestly."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadscore.monitoring.held_back import by_chance, compared, mixed

seeds = st.integers(0, 2**32)


@settings(max_examples=60)
@example(1_000, 5, 0.2, 0)
@given(st.integers(0, 1_000), st.integers(0, 1_000), st.floats(0, 0.2), seeds)
def test_never_more_than_wanted_and_somebody_stays_behind(best, others, share, seed):
    taken = by_chance(best, others, share, np.random.default_rng(seed))
    assert taken.leads <= np.ceil(best * share)
    assert taken.leads <= max(others - 1, 0)
    assert 0 <= taken.share < 1


def test_many_small_lists_hold_as_many_as_one_large_one():
    generator = np.random.default_rng(1)
    found = sum(by_chance(5, 1_000, 0.1, generator).leads for _ in range(2_000))
    assert found == pytest.approx(1_000, rel=0.1)


@settings(max_examples=60)
@given(st.integers(0, 60), st.integers(0, 20), seeds)
def test_every_row_stays_and_the_best_keep_their_order(best, chance, seed):
    order = mixed(best, chance, np.random.default_rng(seed))
    assert sorted(order) == list(range(best + chance))
    assert [row for row in order if row < best] == list(range(best))


def test_leads_by_chance_may_stand_anywhere():
    first = {int(np.argmax(mixed(9, 1, np.random.default_rng(seed)))) for seed in range(300)}
    assert first == set(range(10))


def _counts(*rows):
    return pd.DataFrame(list(rows), columns=["share", "leads", "converted"])


def test_the_ratio_is_that_of_the_rates_with_the_interval_of_katz():
    found = compared(_counts((1.0, 200, 60), (0.05, 100, 10)))
    assert (found.best.rate, found.others.rate, found.ratio) == pytest.approx((0.3, 0.1, 3.0))
    # by hand: exp(ln 3 -+ 1.96 sqrt(0.7/60 + 0.9/10))
    assert (found.low, found.high) == pytest.approx((1.606, 5.605), abs=0.002)


def test_leads_that_had_little_chance_stand_for_more():
    found = compared(_counts((1.0, 200, 60), (0.1, 50, 20), (0.01, 50, 5)))
    assert found.others.rate == pytest.approx((200 + 500) / (500 + 5_000))
    alike = compared(_counts((1.0, 200, 60), (0.1, 100, 25)))
    assert found.others.high - found.others.low > alike.others.high - alike.others.low


@pytest.mark.parametrize("rows", [(), ((1.0, 50, 20),), ((1.0, 50, 20), (0.1, 50, 4)), ((1.0, 50, 3), (0.1, 50, 40)),
                                  ((1.0, 0, 0), (0.1, 0, 0))])
def test_too_few_conversions_tell_nothing(rows):
    assert compared(_counts(*rows)).ratio is None


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    generator = np.random.default_rng(3)
    held = [(found := compared(_counts((1.0, 400, generator.binomial(400, 0.3)),
                                       (0.1, 200, generator.binomial(200, 0.1))))).low <= 3 <= found.high
            for _ in range(300)]
    assert 0.91 <= np.mean(held) <= 0.99

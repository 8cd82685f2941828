"""Differences are held against chance, and a changed rate is taken apart into mix and rates."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.monitoring import changes
from leadscore.monitoring.performance import Measured


def groups(**counts):
    return pd.DataFrame({"leads": {name: leads for name, (leads, _) in counts.items()},
                         "converted": {name: converted for name, (_, converted) in counts.items()}}, dtype=float)


def test_the_z_of_shares_is_the_one_of_text_books():
    # 120 of 1,000 against 90 of 1,000
    pooled = 210 / 2000
    assert changes.z_of_shares(120, 1000, 90, 1000) == pytest.approx(0.03 / math.sqrt(pooled * (1 - pooled) / 500))


@pytest.mark.parametrize("counts", [(1, 0, 1, 10), (1, 10, 1, 0), (0, 100, 0, 100), (2, 20, 0, 20), (10, 10, 10, 10)])
def test_shares_of_too_few_are_not_compared(counts):
    assert changes.z_of_shares(*counts) is None


def test_counts_that_come_in_heaps_need_a_larger_difference():
    assert changes.z_of_counts(120, 80) == pytest.approx(40 / math.sqrt(200))
    assert changes.z_of_counts(120, 80, dispersion=4) == pytest.approx(20 / math.sqrt(200))
    assert changes.z_of_counts(0, 0) is None
    assert changes.dispersion(np.array([0, 0, 0, 100])) > 50
    assert changes.dispersion(np.array([5])) == changes.dispersion(np.zeros(9)) == 1.0


def test_the_more_figures_are_looked_at_the_larger_the_largest_must_be():
    assert changes.beyond_chance(1) == pytest.approx(1.959964, abs=1e-6)
    assert changes.beyond_chance(0) == changes.beyond_chance(1) < changes.beyond_chance(6)


def test_measured_figures_are_compared_by_their_intervals():
    now, before = Measured(0.7, 0.6, 0.8), Measured(0.8, 0.7, 0.9)
    error = 0.1 / 1.959964
    assert changes.z_of_measured(now, before) == pytest.approx(-0.1 / (error * math.sqrt(2)), rel=1e-5)
    assert changes.z_of_measured(now, Measured(None)) is None
    assert changes.z_of_measured(Measured(1.0, 1.0, 1.0), Measured(0.9, 0.9, 0.9)) is None


def test_sums_are_compared_by_their_squares():
    assert changes.z_of_sums((300.0, 30_000.0), (100.0, 10_000.0)) == pytest.approx(1.0)
    assert changes.z_of_sums((0.0, 0.0), (0.0, 0.0)) is None


def test_a_rate_that_falls_because_a_weak_source_grows_is_mix():
    parts = changes.taken_apart(groups(webinar=(400, 12), referral=(600, 90)),
                                groups(webinar=(120, 4), referral=(880, 132)))
    assert parts.mix < 0
    assert abs(parts.mix) > 10 * abs(parts.within)
    assert parts.groups["mix"].idxmin() == "webinar"


def test_a_source_that_converts_less_is_a_change_within():
    parts = changes.taken_apart(groups(a=(500, 25), b=(500, 50)), groups(a=(500, 50), b=(500, 50)))
    assert parts.mix == pytest.approx(0)
    assert parts.within == pytest.approx(-0.025)
    assert parts.groups["within"].idxmin() == "a"


def test_a_new_source_counts_to_the_mix():
    parts = changes.taken_apart(groups(a=(500, 50), new=(500, 0)), groups(a=(1000, 100)))
    assert parts.within == pytest.approx(0)
    assert parts.mix == pytest.approx(-0.05)


def test_without_leads_nothing_is_taken_apart():
    assert changes.taken_apart(groups(a=(0, 0)), groups(a=(5, 1))) is None


COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 500).flatmap(
    lambda leads: st.tuples(st.just(leads), st.integers(0, leads))), min_size=1)


@settings(max_examples=40, deadline=None)
@given(now=COUNTS, before=COUNTS)
def test_the_parts_always_add_up_to_the_change(now, before):
    first, second = groups(**now), groups(**before)
    parts = changes.taken_apart(first, second)
    if parts is None:
        assert min(first["leads"].sum(), second["leads"].sum()) == 0
        return
    change = first["converted"].sum() / first["leads"].sum() - second["converted"].sum() / second["leads"].sum()
    assert parts.mix + parts.within == pytest.approx(change, abs=1e-9)

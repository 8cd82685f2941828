"""Two views are compared without calling chance a difference."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.monitoring.contrast import contrast, most_certain
from leadscore.monitoring.rates import wilson


def figures(**known):
    return pd.DataFrame([{"key": key, "value": value, "low": low, "high": high}
                         for key, (value, low, high) in known.items()], columns=["key", "value", "low", "high"])


def share(part, whole):
    return tuple(float(value[0]) for value in wilson(np.array([float(part)]), np.array([float(whole)])))


def test_the_interval_is_the_published_one():
    # Newcombe 1998, table II: 56/70 against 48/80, method 10
    found = contrast(figures(rate=share(48, 80)), figures(rate=share(56, 70))).iloc[0]
    assert (found["difference"], found["low"], found["high"]) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert found["certain"]


@pytest.mark.parametrize(("first", "second", "certain"), [
    (share(10, 100), share(12, 100), False), (share(10, 1000), share(60, 1000), True),
    ((0.7, 0.65, 0.75), (0.72, 0.68, 0.76), False), ((0.6, 0.57, 0.63), (0.8, 0.77, 0.83), True),
    ((1200.0, None, None), (900.0, None, None), None), ((None, None, None), share(1, 9), None),
])
def test_only_what_intervals_tell_apart_is_certain(first, second, certain):
    found = contrast(figures(key=first), figures(key=second))["certain"].iloc[0]
    assert (None if found is pd.NA else bool(found)) == certain


def test_only_figures_of_both_are_compared_in_the_order_of_the_first():
    found = contrast(figures(b=(1, 1, 1), a=(2, None, None), c=(3, 3, 3)), figures(a=(5, None, None), b=(1, 1, 1)))
    assert found["key"].tolist() == ["b", "a"]
    assert found["difference"].tolist() == [0, 3]


def test_the_difference_farthest_from_chance_is_named():
    first = figures(rate=share(30, 1000), found=(0.5, 0.4, 0.6), leads=(1000, None, None))
    second = figures(rate=share(90, 1000), found=(0.66, 0.56, 0.76), leads=(9, None, None))
    assert most_certain(contrast(first, second)) == "rate"
    assert most_certain(contrast(second, first)) == "rate"
    assert most_certain(contrast(first, first)) is None
    assert most_certain(contrast(figures(), figures())) is None


def test_one_certain_figure_of_many_may_still_be_chance():
    others = {str(number): (0.5, 0.4, 0.6) for number in range(9)}
    first, second = figures(x=(0.5, 0.4, 0.6), **others), figures(x=(0.35, 0.25, 0.45), **others)
    assert contrast(first, second)["certain"].iloc[0]
    assert most_certain(contrast(first, second)) is None


MEASURED = st.tuples(*[st.floats() | st.none()] * 3)
KNOWN = st.dictionaries(st.sampled_from("abcd"), MEASURED)


@settings(max_examples=60, deadline=None)
@given(first=KNOWN, second=KNOWN)
def test_whatever_is_known_a_table_comes_out(first, second):
    with np.errstate(all="ignore"):
        found = contrast(figures(**first), figures(**second))
        most = most_certain(found)
    assert set(found["key"]) == set(first) & set(second)
    assert most is None or most in set(found["key"])

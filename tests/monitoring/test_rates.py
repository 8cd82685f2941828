import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from leadscore.monitoring.rates import wilson, with_interval


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (5, 5), (3, 10), (1, 1), (200, 1000)])
def test_the_interval_is_wilsons(successes, trials):
    expected = binomtest(successes, trials).proportion_ci(method="wilson")
    rate, low, high = wilson(np.array([float(successes)]), np.array([float(trials)]))
    assert rate[0] == successes / trials
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_no_leads_give_no_rate_instead_of_a_division_by_zero():
    frame = with_interval(pd.DataFrame({"leads": [0], "converted": [0]}))
    assert frame[["rate", "rate_low", "rate_high"]].isna().all(axis=None)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_rate_lies_in_its_interval(counts):
    rate, low, high = wilson(*(np.array([float(count)]) for count in counts))
    assert 0 <= low[0] <= rate[0] + 1e-12 <= high[0] + 2e-12 <= 1 + 2e-12

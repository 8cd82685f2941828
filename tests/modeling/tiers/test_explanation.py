"""What each column adds to the log-odds of the best tier adds up exactly, for any margins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leadscore.modeling.tiers.explanation import logit_of_best, shares_of_best

MARGINS = st.floats(-12, 12)


def by_small_steps(base, contributions, steps=4000):
    """Follow the path from base to lead and add up what each column brings at each step."""
    at = base + ((np.arange(steps) + 0.5) / steps)[:, None] * contributions.sum(axis=1)
    middle = (1 / (1 + np.exp(at[:, 2] - at[:, 1]))).mean()
    return contributions[0] - middle * contributions[1] - (1 - middle) * contributions[2]


@settings(max_examples=200, deadline=None)
@given(arrays(float, 3, elements=MARGINS), arrays(float, (4, 3, 5), elements=MARGINS))
def test_base_and_shares_add_up_to_the_logit(base, contributions):
    told = logit_of_best(base) + shares_of_best(base, contributions).sum(axis=1)
    np.testing.assert_allclose(told, logit_of_best(base + contributions.sum(axis=2)), atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(arrays(float, 3, elements=MARGINS), arrays(float, (3, 4), elements=MARGINS))
def test_the_closed_form_is_the_sum_along_the_path(base, contributions):
    np.testing.assert_allclose(shares_of_best(base, contributions[None])[0], by_small_steps(base, contributions),
                               atol=2e-4)


@pytest.mark.parametrize("way", [0.0, 1e-12, -1e-12, 9e-5, 1.1e-4, -1e-3])
def test_a_short_way_is_as_exact_as_a_long_one(way):
    base = np.array([0.3, 1.0, -0.5])
    contributions = np.array([[[0.7, -0.2], [way, 0.4], [0.0, 0.4]]])
    told = logit_of_best(base) + shares_of_best(base, contributions).sum()
    assert told == pytest.approx(logit_of_best(base + contributions[0].sum(axis=1)), abs=1e-9)


def test_a_column_that_moves_no_margin_has_no_share():
    contributions = np.array([[[1.0, 0.0], [-2.0, 0.0], [0.5, 0.0]]])
    assert shares_of_best(np.zeros(3), contributions)[0, 1] == 0


def test_a_column_that_moves_all_margins_alike_has_no_share():
    contributions = np.array([[[1.0, 3.0], [-2.0, 3.0], [0.5, 3.0]]])
    assert shares_of_best(np.zeros(3), contributions)[0, 1] == pytest.approx(0, abs=1e-12)


def test_the_logit_is_that_of_the_softmax():
    margins = np.array([2.0, 1.0, 0.0])
    chance = np.exp(2.0) / np.exp(margins).sum()
    assert logit_of_best(margins) == pytest.approx(np.log(chance / (1 - chance)))

"""Chances of three tiers are honest after calibration, and no order is turned round by it."""

import numpy as np
import pytest
from scipy.special import softmax

from leadscore.modeling.calibration import SMALLEST_SLOPE
from leadscore.modeling.tiers.calibration import TierCalibration, fit_tier_calibration


def drawn(rows=20_000, seed=0):
    rng = np.random.default_rng(seed)
    margins = rng.normal(0, 2, (rows, 3)) + np.array([-1.5, 0.5, 0.0])
    chances = softmax(margins, axis=1)
    y = (rng.random(rows)[:, None] > chances.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return margins, chances, y.astype(float)


@pytest.mark.parametrize(("slope", "offsets"), [(1.0, (0, 0, 0)), (3.0, (2.0, -1.0, 0.5)), (0.2, (-3.0, 0.0, 4.0))])
def test_bent_margins_become_the_true_chances_again(slope, offsets):
    margins, chances, y = drawn()
    bent = slope * margins + np.array(offsets)
    found = fit_tier_calibration(bent, y).chances(bent)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert abs(found - chances).mean() < 0.01


def test_the_mean_chance_of_a_tier_is_its_share():
    margins, _, y = drawn(3000)
    found = fit_tier_calibration(5 * margins + 1, y).chances(5 * margins + 1)
    np.testing.assert_allclose(found.mean(axis=0), [(y == tier).mean() for tier in range(3)], atol=0.002)


def test_separated_tiers_give_no_certainty():
    y = np.repeat([0.0, 1.0, 2.0], 30)
    margins = 10 * (y[:, None] == np.arange(3))
    chances = fit_tier_calibration(margins, y).chances(margins)
    assert 0.9 < chances.max() < 1.0
    assert (chances.argmax(axis=1) == y).all()


def test_margins_that_point_the_wrong_way_are_not_turned_round():
    margins, _, y = drawn(2000)
    assert fit_tier_calibration(-margins, y).slope == SMALLEST_SLOPE


def test_margins_that_say_nothing_give_the_shares():
    y = np.repeat([0.0, 1.0, 2.0], [10, 50, 40])
    calibration = fit_tier_calibration(np.zeros((100, 3)), y)
    np.testing.assert_allclose(calibration.chances(np.zeros((1, 3)))[0], [0.1, 0.5, 0.4], atol=0.02)


def test_nothing_is_changed_by_default():
    margins, chances, _ = drawn(10)
    np.testing.assert_allclose(TierCalibration().chances(margins), chances)

import numpy as np
import pytest

from leadscore.modeling.encoding import Codes
from leadscore.modeling.learning_curve import MORE_OUTCOMES, learning_curve


class Growing:
    """Stands for a model whose ranking gets surer with every lead it has seen."""

    def __init__(self, truth, rows, noise):
        self.truth, self.rows, self.noise = truth, rows, noise

    def margin(self, codes):
        places = codes.values[:, 0].astype(int)
        return self.truth[places] + self.noise[places] * 40 / np.sqrt(self.rows)


def folds_of(rows, count=3):
    places = np.arange(rows)
    return [(places[places % count != fold], places[places % count == fold]) for fold in range(count)]


def curve_of(learns, rows=1200):
    rng = np.random.default_rng(0)
    truth, noise = rng.normal(size=rows), rng.normal(size=rows)
    y = (truth + rng.normal(size=rows) > 0.5).astype(float)
    codes = Codes(np.arange(rows, dtype=np.float32)[:, None], (0,))
    parts = folds_of(rows)
    seen = []

    def fit(some, ends):
        seen.append((len(some), ends.mean()))
        return Growing(truth, len(some) if learns else 400, noise)

    def whole(part):
        margins = fit(codes.rows(part[0]), y[part[0]]).margin(codes.rows(part[1]))
        order = np.argsort(-margins)
        hits = y[part[1]][order].cumsum()
        return float((hits / np.arange(1, len(hits) + 1) * y[part[1]][order]).sum() / hits[-1])

    full = np.array([whole(part) for part in parts])
    seen.clear()
    return learning_curve(fit, codes, y, parts, full, rows=800, random_state=0), seen


def test_a_model_that_learns_is_expected_to_learn_more():
    curve, _ = curve_of(learns=True)
    reached = [point.average_precision for point in curve.points]
    assert reached == sorted(reached)
    assert curve.expectation.more_outcomes == MORE_OUTCOMES
    assert curve.expectation.average_precision > reached[-1]
    assert curve.expectation.low <= curve.expectation.average_precision <= curve.expectation.high
    assert "With 500 more" in curve.expectation.sentence


def test_a_model_that_has_learnt_all_it_can_is_not_promised_more():
    curve, _ = curve_of(learns=False)
    assert curve.expectation.average_precision == pytest.approx(curve.points[-1].average_precision, abs=0.01)
    assert "hardly help" in curve.expectation.sentence


def test_only_fitting_leads_are_fitted_on_and_sizes_grow():
    curve, seen = curve_of(learns=True)
    assert [point.rows for point in curve.points] == [160, 400, 800]
    assert [rows for rows, _ in seen] == [160] * 3 + [400] * 3


def test_parts_too_small_to_learn_from_are_left_out():
    curve, seen = curve_of(learns=True, rows=90)
    assert min(rows for rows, _ in seen) >= 30
    assert curve.expectation is None or len(curve.points) >= 3

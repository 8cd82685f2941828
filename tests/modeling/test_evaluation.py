import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from leadscore.modeling.calibration import fit_calibration
from leadscore.modeling.evaluation import (
    auc_error_by_chance,
    auc_interval,
    average_precision,
    best_threshold,
    captured,
    confusion,
    gains,
    measure,
    reliability,
    roc_auc,
)


def scored(rows=2000, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 3, rows).round(2)
    return (rng.random(rows) < p).astype(float), p


def test_figures_agree_with_scikit_learn_ties_included():
    y, p = scored()
    figures = {name: figure.value for name, figure in measure(y, p, random_state=0, n_boot=5).items()}
    assert figures["roc_auc"] == pytest.approx(metrics.roc_auc_score(y, p))
    assert figures["average_precision"] == pytest.approx(metrics.average_precision_score(y, p))
    assert figures["brier"] == pytest.approx(metrics.brier_score_loss(y, p))
    assert figures["log_loss"] == pytest.approx(metrics.log_loss(y, np.clip(p, 1e-12, 1 - 1e-12)))
    assert figures["accuracy"] == pytest.approx(((p >= 0.5) == y).mean())


def test_the_best_fifth_is_counted_exactly():
    y = np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 0.0])
    p = np.linspace(0.9, 0.1, 10)
    figures = measure(y, p, random_state=0, n_boot=5)
    assert figures["capture_at_20"].value == pytest.approx(2 / 3)
    assert figures["precision_at_20"].value == pytest.approx(1.0)
    assert figures["lift_at_20"].value == pytest.approx(1 / 0.3)


def test_equal_probabilities_get_no_credit_for_their_order():
    y = np.array([1.0] * 20 + [0.0] * 80)
    figures = measure(y, np.full(100, 0.2), random_state=0, n_boot=5)
    assert figures["capture_at_20"].value == pytest.approx(0.2)
    assert figures["roc_auc"].value == pytest.approx(0.5)
    assert figures["calibration_error"].value < 0.5


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(1)
    held = []
    for seed in range(60):
        y = (rng.random(400) < 0.3).astype(float)
        score = rng.normal(size=400) + y
        figure = measure(y, 1 / (1 + np.exp(-score)), random_state=seed, n_boot=100)["roc_auc"]
        held.append(figure.low <= 0.7602 <= figure.high)
    assert 0.85 <= np.mean(held) <= 1.0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=4, max_size=60))
def test_figures_stay_in_their_ranges(pairs):
    y, p = np.array([float(a) for a, _ in pairs]), np.array([b for _, b in pairs])
    y[:2] = [0, 1]
    for name, figure in measure(y, p, random_state=0, n_boot=10).items():
        assert figure.low <= figure.value <= figure.high
        if not name.startswith("lift") and name != "log_loss":
            assert figure.low >= -1e-9
            assert figure.high <= 1 + 1e-9


def test_a_threshold_calls_the_leads_that_make_the_best_f1():
    y = np.array([1, 1, 0, 1, 0, 0, 0, 0], dtype=float)
    p = np.array([0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1])
    threshold = best_threshold(y, p)
    assert threshold == pytest.approx(0.5)
    assert confusion(y, p, threshold).to_dict() == {
        "true_positive": 3, "false_positive": 1, "false_negative": 0, "true_negative": 4}
    figures = measure(y, p, random_state=0, n_boot=5, threshold=threshold)
    assert figures["precision"].value == pytest.approx(0.75)
    assert figures["recall"].value == pytest.approx(1.0)
    assert figures["f1"].value == pytest.approx(6 / 7)
    assert figures["accuracy"].value == pytest.approx(7 / 8)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 9)), min_size=4, max_size=40))
def test_no_other_threshold_has_a_better_f1(pairs):
    y, p = np.array([float(a) for a, _ in pairs]), np.array([b / 10 for _, b in pairs])
    y[:2] = [0, 1]

    def f1(threshold):
        counts = confusion(y, p, threshold)
        return 2 * counts.true_positive / (2 * counts.true_positive + counts.false_positive + counts.false_negative)

    best = f1(best_threshold(y, p))
    assert all(best >= f1(threshold) - 1e-12 for threshold in np.linspace(0.05, 0.95, 19))


def test_leads_of_one_probability_are_called_together():
    assert best_threshold(np.array([1.0, 0.0, 1.0, 0.0]), np.full(4, 0.3)) < 0.3


@pytest.mark.parametrize("share", [5, 10, 20, 30])
def test_the_best_leads_hold_what_the_gains_say(share):
    y, p = scored()
    figures = measure(y, p, random_state=0, n_boot=5)
    assert figures[f"capture_at_{share}"].value == pytest.approx(captured(y, p, share / 100))
    assert figures[f"lift_at_{share}"].value == pytest.approx(figures[f"capture_at_{share}"].value * 100 / share)


def test_gains_run_from_nothing_to_everything():
    y, p = scored()
    curve = [point["captured"] for point in gains(y, p)]
    assert curve[0] == 0
    assert curve[-1] == pytest.approx(1)
    assert curve == sorted(curve)


def test_reliability_covers_every_lead():
    y, p = scored(103)
    assert sum(part["rows"] for part in reliability(y, p)) == 103


def test_the_error_by_chance_is_the_spread_of_noise():
    rng = np.random.default_rng(0)
    y = (np.arange(300) % 5 == 0).astype(float)
    areas = [roc_auc(y, rng.random(300)) for _ in range(400)]
    assert np.std(areas) == pytest.approx(auc_error_by_chance(y), rel=0.15)


def test_average_precision_of_a_perfect_ranking_is_one():
    assert average_precision(np.array([0, 1, 1.0]), np.array([0.1, 0.7, 0.8])) == 1


@pytest.mark.parametrize(("slope", "offset"), [(0.4, -1.0), (1.0, 0.0), (3.0, 2.0)])
def test_calibration_finds_the_map_that_distorted_the_margins(slope, offset):
    rng = np.random.default_rng(0)
    truth = rng.normal(-1, 1.5, 50_000)
    y = (rng.random(50_000) < 1 / (1 + np.exp(-truth))).astype(float)
    found = fit_calibration((truth - offset) / slope, y)
    assert found.slope == pytest.approx(slope, rel=0.05)
    assert found.offset == pytest.approx(offset, abs=0.05)


@pytest.mark.parametrize("margins", [np.zeros(100), np.linspace(5, -5, 100), np.linspace(-500, 500, 100)])
def test_calibration_never_reverses_a_ranking_or_overflows(margins):
    y = (np.arange(100) >= 50).astype(float)
    found = fit_calibration(margins, y)
    assert found.slope > 0
    assert np.isfinite(found.probability(margins)).all()


def test_the_interval_of_an_area_is_the_one_of_the_paper():
    # Hanley and McNeil 1982, table I: 58 normal and 51 abnormal cases, area 0.893, standard error 0.0320
    found = auc_interval(0.893, np.repeat([1.0, 0.0], [51, 58]))
    assert found.value == 0.893
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(0.032, abs=0.001)
    assert auc_interval(1.0, np.array([1.0, 0.0])).high == 1.0

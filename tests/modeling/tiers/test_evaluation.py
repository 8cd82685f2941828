"""Figures of three tiers, against figures worked out by hand and by scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, precision_recall_fscore_support, recall_score

from leadscore.modeling.tiers.evaluation import measure_tiers


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    chances = rng.dirichlet([1, 3, 2], 2000)
    y = (rng.random(2000)[:, None] > chances.cumsum(axis=1)[:, :-1]).sum(axis=1)
    given = chances.argmax(axis=1)
    return y, chances, given, measure_tiers(y, chances, given, random_state=0)


def test_the_figures_are_those_of_scikit_learn(case):
    y, chances, given, figures = case
    metrics = figures.metrics
    assert metrics["accuracy"].value == pytest.approx(accuracy_score(y, given))
    assert metrics["macro_recall"].value == pytest.approx(recall_score(y, given, average="macro"))
    assert metrics["high_recall"].value == pytest.approx(recall_score(y, given, average=None)[0])
    assert metrics["tier_log_loss"].value == pytest.approx(log_loss(y, chances))
    precision, recall, f1, rows = precision_recall_fscore_support(y, given)
    for place, tier in enumerate(figures.classes):
        assert tier["precision"]["value"] == pytest.approx(precision[place])
        assert tier["recall"]["value"] == pytest.approx(recall[place])
        assert tier["f1"]["value"] == pytest.approx(f1[place])
        assert tier["rows"] == rows[place]
    assert [tier["tier"] for tier in figures.classes] == ["High", "Medium", "Low"]


def test_every_figure_lies_in_its_interval_and_intervals_have_a_width(case):
    figures = [figure for tier in case[3].classes for name, figure in tier.items() if name not in ("tier", "rows")]
    figures += [figure.to_dict() for figure in case[3].metrics.values()]
    assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in figures)
    assert all(0 < figure["high"] - figure["low"] < 0.2 for figure in figures)


def test_the_confusion_counts_every_lead_once():
    y, given = np.array([0, 0, 1, 1, 2, 2, 2]), np.array([0, 1, 1, 1, 2, 0, 2])
    chances = np.full((7, 3), 0.1) + 0.7 * (given[:, None] == np.arange(3))
    figures = measure_tiers(y, chances, given, random_state=0)
    assert figures.confusion == ((1, 1, 0), (0, 2, 0), (1, 0, 2))
    assert figures.metrics["tier_brier"].value == pytest.approx((5 * (0.04 + 0.02) + 2 * (0.64 + 0.81 + 0.01)) / 7)


def test_true_chances_are_confident_as_often_as_right_and_boasts_are_not(case):
    y, chances, given, honest = case
    boast = np.where(np.arange(3) == given[:, None], 0.98, 0.01)
    assert honest.metrics["confidence_error"].value < 0.05
    assert measure_tiers(y, boast, given, random_state=0).metrics["confidence_error"].value > 0.3


def test_a_tier_that_nobody_was_given_has_no_precision():
    y, given = np.array([0, 1, 2] * 10), np.array([1, 1, 2] * 10)
    chances = np.full((30, 3), 1 / 3)
    high = measure_tiers(y, chances, given, random_state=0).classes[0]
    assert high["precision"]["value"] == high["recall"]["value"] == high["f1"]["value"] == 0.0

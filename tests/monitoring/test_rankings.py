"""Two rankings of the same leads: figures as elsewhere, differences with intervals that know they are paired."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from leadscore.monitoring.rankings import compare_rankings


@pytest.fixture(scope="module")
def leads():
    rng = np.random.default_rng(2)
    truth = rng.normal(size=3_000)
    converted = rng.random(3_000) < 1 / (1 + np.exp(2.5 - 1.5 * truth))
    return converted, np.round(truth + rng.normal(size=3_000), 2), truth + 0.5 * rng.normal(size=3_000)


def test_the_figures_are_the_usual_ones_with_ties(leads):
    converted, champion, challenger = leads
    area, precision, capture = compare_rankings(converted, champion, challenger, random_state=1, draws=20)
    assert area.champion == pytest.approx(roc_auc_score(converted, champion))
    assert area.challenger == pytest.approx(roc_auc_score(converted, challenger))
    assert precision.champion == pytest.approx(average_precision_score(converted, champion))
    best = np.argsort(-challenger)[:600]
    assert capture.challenger == pytest.approx(converted[best].sum() / converted.sum())


def test_a_better_ranking_is_told_from_a_worse_one(leads):
    converted, champion, challenger = leads
    for figure in compare_rankings(converted, champion, challenger, random_state=1):
        assert 0 < figure.low < figure.difference < figure.high


def test_the_same_ranking_differs_by_nothing_at_all(leads):
    converted, champion, _ = leads
    for figure in compare_rankings(converted, champion, champion * 2 + 1, random_state=1, draws=30):
        assert figure.difference == figure.low == figure.high == 0


def test_equal_probabilities_share_their_places():
    converted = np.array([True, False, False, False, False] * 20)
    (area, _, capture) = compare_rankings(converted, np.full(100, 0.5), np.linspace(1, 0, 100), random_state=1)
    assert area.champion == 0.5
    assert capture.champion == pytest.approx(0.2)


@pytest.mark.parametrize("converted", [[], [False, False], [True, True]])
def test_without_both_outcomes_nothing_is_compared(converted):
    values = np.linspace(0, 1, len(converted))
    assert compare_rankings(np.array(converted, dtype=bool), values, values, random_state=1) == []


def test_a_seed_gives_the_same_intervals_again(leads):
    assert compare_rankings(*leads, random_state=3, draws=20) == compare_rankings(*leads, random_state=3, draws=20)


def test_a_handful_of_leads_has_figures_too():
    figures = compare_rankings(np.array([True, False, True, False]), np.array([0.1, 0.2, 0.3, 0.4]),
                               np.array([0.4, 0.1, 0.3, 0.2]), random_state=1)
    assert [figure.name for figure in figures] == ["roc_auc", "average_precision", "capture_at_20"]
    assert all(np.isfinite([figure.low, figure.high]).all() for figure in figures)

"""Two rankings of the same leads are compared pair by pair: what is no difference is never called one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.modeling.comparing import PairedFigure, compare_rankings, rank_correlation, ranks
from leadscore.modeling.evaluation import Interval, average_precision, measure

Y = np.array([1.0, 0, 0, 1, 0] * 60)


def _scores(seed, knowledge):
    return knowledge * Y + np.random.default_rng(seed).normal(size=len(Y))


def test_the_figures_are_those_of_the_evaluation():
    first, second = np.round(_scores(1, 1.0), 1), _scores(2, 2.0)
    figures = compare_rankings(Y, first, second, random_state=0, draws=20)
    assert figures["average_precision"].first == pytest.approx(average_precision(Y, first))
    chances = 1 / (1 + np.exp(-second))
    assert figures["capture_at_20"].second == pytest.approx(measure(Y, chances, random_state=0)["capture_at_20"].value)
    difference = figures["average_precision"].difference
    assert difference.value == pytest.approx(average_precision(Y, second) - average_precision(Y, first))


def test_a_ranking_is_not_different_from_itself():
    score = _scores(1, 1.0)
    for figure in compare_rankings(Y, score, score * 3 + 1, random_state=0, draws=50).values():
        assert (figure.difference.low, figure.difference.value, figure.difference.high) == (0, 0, 0)
        assert figure.not_worse


def test_a_clear_difference_is_found_whichever_comes_first():
    worse, better = _scores(1, 0.2), _scores(2, 3.0)
    there = compare_rankings(Y, worse, better, random_state=0)["average_precision"]
    back = compare_rankings(Y, better, worse, random_state=0)["average_precision"]
    assert there.difference.low > 0.1
    assert there.not_worse
    assert back.difference.high < -0.1
    assert not back.not_worse


def test_pairing_narrows_the_interval():
    first = _scores(1, 1.5)
    second = first + np.random.default_rng(3).normal(scale=0.05, size=len(Y))
    paired = compare_rankings(Y, first, second, random_state=0)["average_precision"].difference
    alone = measure(Y, 1 / (1 + np.exp(-first)), random_state=0)["average_precision"]
    assert paired.high - paired.low < 0.3 * (alone.high - alone.low)


@pytest.mark.parametrize(("value", "low", "high", "good"), [
    (0.02, 0.01, 0.03, True), (0.0, 0.0, 0.0, True), (-0.005, -0.02, 0.01, True), (-0.05, -0.2, 0.1, False),
    (-0.005, -0.009, -0.001, False), (-0.01, -0.05, 0.03, False)])
def test_not_worse_means_neither_significantly_nor_by_much(value, low, high, good):
    assert PairedFigure(0.5, 0.5 + value, Interval(value, low, high)).not_worse is good


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_ranks_are_places_and_equal_scores_keep_their_order(scores):
    places = ranks(np.array(scores, dtype=float))
    assert sorted(places) == list(range(1, len(scores) + 1))
    ordered = [scores[position] for position in np.argsort(places)]
    assert ordered == sorted(scores, reverse=True)
    assert all(places[a] < places[b] for a in range(len(scores)) for b in range(a + 1, len(scores))
               if scores[a] == scores[b])


def test_rank_correlation_is_of_ranks_and_silent_where_nothing_is_ranked():
    numbers = np.arange(20.0)
    assert rank_correlation(numbers, np.exp(numbers)) == pytest.approx(1)
    assert rank_correlation(numbers, -numbers) == pytest.approx(-1)
    assert rank_correlation(numbers, np.ones(20)) is None
    assert rank_correlation(np.zeros(0), np.zeros(0)) is None

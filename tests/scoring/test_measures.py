"""Figures of a ranking on leads whose end is known, and what may be said of a change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.modeling import evaluation
from leadscore.scoring import measures
from leadscore.scoring.measures import Compared, Figure, Verdict

LEADS = 1_000


def _leads(signal, seed=1, leads=LEADS):
    random = np.random.default_rng(seed)
    y = (random.random(leads) < 0.3).astype(float)
    return y, np.clip(40 + signal * (y - 0.3) + random.normal(0, 12, leads), 0, 100)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 10.0, 33.3, 50.0, 99.0])), min_size=3, max_size=60),
       st.sampled_from([0.05, 0.2, 0.5, 1.0]))
def test_figures_are_those_a_training_tells_ties_and_all(rows, share):
    y, score = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])
    y[0], y[1] = 1, 0
    told = measures.figures(measures.rank(score, measures.draw(y, draws=3)), (share,))
    assert told["capture_0"][0] == pytest.approx(evaluation.captured(y, score, share), abs=1e-5)
    assert told["average_precision"][0] == pytest.approx(evaluation.average_precision(y, score), abs=1e-5)


def test_intervals_are_about_those_a_training_tells():
    y, score = _leads(20)
    told = measures.figures(measures.rank(score, measures.draw(y)))
    known = evaluation.measure(y, score / 100, random_state=0)
    for ours, theirs in (("capture_0", "capture_at_20"), ("lift_0", "lift_at_20"), ("precision_0", "precision_at_20"),
                         ("average_precision",) * 2, ("calibration_error",) * 2):
        figure, other = measures.figure(told[ours]), known[theirs]
        assert figure.value == pytest.approx(other.value, abs=1e-4)
        assert figure.high - figure.low == pytest.approx(other.high - other.low, rel=0.35)


def test_equals_share_their_places_in_whatever_order_the_file_has_them():
    y = np.array([1.0] * 5 + [0.0] * 5)
    for outcome in (y, y[::-1]):
        told = measures.figures(measures.rank(np.full(10, 50.0), measures.draw(outcome)), (0.2,))
        assert told["capture_0"][0] == pytest.approx(0.2)


def test_many_leads_are_counted_in_few_places_and_hardly_another_figure(monkeypatch):
    y, score = _leads(15, leads=4_000)
    exact = measures.figures(measures.rank(score, measures.draw(y, draws=20)))
    monkeypatch.setattr(measures, "MOST_PLACES", 1_000)
    ranking = measures.rank(score, measures.draw(y, draws=20))
    assert 900 < len(ranking.scores) <= 1_000
    merged = measures.figures(ranking)
    for name, values in exact.items():
        assert merged[name][0] == pytest.approx(values[0], abs=2e-3)


def test_the_difference_is_paired_and_so_narrower_than_the_figures():
    y, score = _leads(20)
    samples = measures.draw(y)
    nearly = score + np.random.default_rng(5).normal(0, 0.5, LEADS)
    effect = _effect(samples, score, nearly)
    assert effect.difference.high - effect.difference.low < 0.5 * (effect.before.high - effect.before.low)
    assert effect.verdict == Verdict.SAME


@pytest.mark.parametrize(("before", "after", "verdict"), [(25, 0, Verdict.WORSE), (0, 25, Verdict.BETTER)])
def test_a_change_that_moves_many_conversions_is_called_what_it_is(before, after, verdict):
    y, _ = _leads(0)
    effect = _effect(measures.draw(y), _leads(before)[1], _leads(after)[1])
    assert effect.verdict == verdict


def test_nothing_changed_is_a_difference_of_exactly_nothing():
    y, score = _leads(10)
    effect = _effect(measures.draw(y), score, score.copy())
    assert effect.difference == Figure(0, 0, 0)
    assert effect.verdict == Verdict.SAME


def _difference(value, low, high):
    return Compared(Figure(0.65, 0.6, 0.7), Figure(0.65 + value, 0.5, 0.6), Figure(value, low, high))


WORSE, SAME, BETTER = _difference(-0.12, -0.151, -0.09), _difference(0.01, -0.02, 0.03), _difference(0.1, 0.05, 0.2)


@pytest.mark.parametrize(("capture", "whole", "verdict", "conclusion"), [
    (WORSE, SAME, Verdict.WORSE, "212 instead of 260 of 400 conversions in the best 20 % (−12.0 points, 95 %: −15.1 to "
                                 "−9.0). This change hurts."),
    (BETTER, WORSE, Verdict.BETTER, "(+10.0 points, 95 %: +5.0 to +20.0). This change helps."),
    (SAME, SAME, Verdict.SAME, "The difference cannot be told apart from chance."),
    (SAME, WORSE, Verdict.WORSE, "cannot be told apart from chance there; over the whole ranking this change hurts."),
])
def test_the_sentence_counts_conversions_and_says_whether_it_hurts(capture, whole, verdict, conclusion):
    told = measures.sentence(capture, whole, 400, "in the best 20 %")
    assert told.startswith("Would have found ")
    assert told.endswith(conclusion)
    assert measures.verdict_of(capture, whole) == verdict


@pytest.mark.parametrize(("converted", "lost", "few"), [
    (39, 500, True), (500, 39, True), (40, 40, False), (0, 0, True)])
def test_too_few_ended_leads_are_said_to_be_too_few(converted, lost, few):
    assert measures.too_few(np.array([1.0] * converted + [0.0] * lost)) is few


def test_samples_are_the_same_every_time():
    y, _ = _leads(0)
    assert (measures.draw(y, seed=4).counts == measures.draw(y, seed=4).counts).all()
    assert measures.draw(y).counts[0].tolist() == [1.0] * LEADS
    assert (measures.draw(y).counts.sum(axis=1) == LEADS).all()


def _effect(samples, before, after):
    told = [measures.figures(measures.rank(score, samples)) for score in (before, after)]
    return measures.compared(*told)["capture_0"]

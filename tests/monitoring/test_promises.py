"""What was promised is held against what came true, and accuracy is estimated before any outcome is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from leadscore.monitoring.performance import Measured
from leadscore.monitoring.promises import (
    Promise,
    accuracy,
    best_fifth,
    calibration,
    compare_promises,
    corrected,
    days_until_known,
    estimated_accuracy,
)


def _ended(rows=2_000, seed=0, bias=0.0, noise=0.0):
    draw = np.random.default_rng(seed)
    logit = draw.normal(-1, 1.5, rows)
    chance = 1 / (1 + np.exp(-logit))
    true = 1 / (1 + np.exp(-(logit * (1 - noise) + bias)))
    return pd.DataFrame({"chance": chance, "converted": (draw.random(rows) < true).astype(float)})


def _metrics(ended):
    captured, converting = best_fifth(ended)
    parts = {"roc_auc": accuracy(ended), "capture_at_20": captured, "precision_at_20": converting,
             "base_rate": Measured(float(ended["converted"].mean()))}
    return {name: {"value": part.value, "low": part.low, "high": part.high} for name, part in parts.items()}


def _verdicts(now):
    return {each.key: each for each in compare_promises(_metrics(_ended()), now, learnt=2_000)}


def test_accuracy_is_the_area_under_the_curve_with_ties_counting_half():
    ended = _ended().round(1)
    assert accuracy(ended).value == pytest.approx(roc_auc_score(ended["converted"], ended["chance"]))


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_is_foretold_without_outcomes_where_chances_hold(seed):
    ended = _ended(5_000, seed)
    estimated = estimated_accuracy(ended["chance"].to_numpy())
    assert estimated.value == pytest.approx(roc_auc_score(ended["converted"], ended["chance"]), abs=0.03)


def test_accuracy_foretold_is_the_mean_of_all_that_could_come():
    chances = np.array([0.2, 0.2, 0.5, 0.9])
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
    weight = {(i, j): chances[i] * (1 - chances[j]) for i, j in pairs}
    better = {(i, j): 0.5 if chances[i] == chances[j] else float(chances[i] > chances[j]) for i, j in pairs}
    expected = sum(weight[pair] * better[pair] for pair in pairs) / sum(weight.values())
    assert estimated_accuracy(chances).value == pytest.approx(expected)


@pytest.mark.parametrize("chances", [np.zeros(0), np.array([0.5]), np.zeros(50), np.full(9, np.nan)])
def test_nothing_is_foretold_from_nothing(chances):
    assert estimated_accuracy(chances) == Measured(None)


def test_promises_are_kept_where_nothing_has_changed():
    assert [each.kept for each in _verdicts(_ended(seed=1)).values()] == [True] * 5
    alarms = [each.kept is False for seed in range(40) for each in _verdicts(_ended(500, seed + 10)).values()]
    assert np.mean(alarms) < 0.02


def test_a_worse_ranking_is_told():
    found = _verdicts(_ended(seed=1, noise=0.8))
    assert found["auc"].kept is False
    assert found["auc"].sentence.startswith("Scores tell leads apart less well than promised: accuracy is 5")
    assert found["capture_at_20"].kept is False


def test_another_share_of_conversions_is_told():
    found = _verdicts(_ended(seed=1, bias=-1.5))
    assert (found["base_rate"].kept, found["calibration"].kept) == (False, False)
    assert found["base_rate"].sentence.startswith("Of leads whose end is known fewer convert")
    assert found["auc"].kept is True
    assert found["auc"].sentence == ""


@pytest.mark.parametrize("rows", [0, 1, 30])
def test_too_few_outcomes_tell_nothing(rows):
    assert {each.kept for each in _verdicts(_ended(rows)).values()} == {None}
    assert len(calibration(_ended(rows))) == rows // 10


def test_a_report_without_figures_promises_nothing():
    found = compare_promises({}, _ended(), learnt=0)
    assert [each.kept for each in found] == [None] * 4 + [True]


def test_chances_are_compared_in_parts_of_equal_size():
    bins = calibration(_ended())
    assert bins["leads"].tolist() == [200] * 10
    assert bins["expected"].is_monotonic_increasing
    assert ((bins["rate_low"] <= bins["rate"]) & (bins["rate"] <= bins["rate_high"])).all()


def test_leads_are_given_the_time_nine_of_ten_conversions_took():
    waits = pd.DataFrame({"days": [3, 10, 40, 10], "leads": [50, 20, 10, 20], "month": ["a", "a", "a", "b"]})
    assert days_until_known(waits) == 10
    assert days_until_known(waits.iloc[:0]) == 30


def test_promises_survive_being_stored():
    for each in _verdicts(_ended(seed=1)).values():
        assert Promise.from_dict(each.to_dict()) == each


def test_timid_chances_are_corrected_by_what_came_of_them_before_accuracy_is_foretold():
    bold = _ended(6_000)
    logit = np.log(bold["chance"] / (1 - bold["chance"]))
    timid = bold.assign(chance=1 / (1 + np.exp(-0.6 * logit)))
    parts = [{"probability": part["expected"], "rate": part["rate"], "rows": part["leads"]}
             for part in calibration(timid).to_dict("records")]
    true = accuracy(timid).value
    assert abs(estimated_accuracy(timid["chance"].to_numpy()).value - true) > 0.05
    assert estimated_accuracy(corrected(timid["chance"].to_numpy(), parts)).value == pytest.approx(true, abs=0.02)
    assert corrected(bold["chance"].to_numpy(), []) == pytest.approx(bold["chance"].to_numpy())

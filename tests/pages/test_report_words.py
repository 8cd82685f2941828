"""What a report says must be right, also where parts of it are missing."""

import pytest

from pages.widgets import report_words
from tests.pages.reports import METRICS


def test_the_headline_says_what_is_found_and_how_sure_that_is():
    told = report_words.headline({"capture_at_20": {"value": 0.68, "low": 0.64, "high": 0.72},
                                  "lift_at_20": {"value": 3.4}})
    assert told == ("Call the best 20 % and you find **68 %** of the conversions (64 % to 72 %): **3.4 times** as many "
                    "as at random.")


@pytest.mark.parametrize(("metrics", "said"), [
    ({}, None), ({"capture_at_20": {"value": None}}, None),
    ({"capture_at_20": {"value": 0.5}}, "Call the best 20 % and you find **50 %** of the conversions."),
    ({"capture_at_20": {"value": float("nan")}}, None)])
def test_a_headline_without_figures_is_left_out(metrics, said):
    assert report_words.headline(metrics) == said


def test_calls_are_told_as_people_out_of_a_hundred():
    counts = {"true_positive": 41, "false_positive": 59, "false_negative": 82, "true_negative": 500}
    assert report_words.confusion(counts, 0.25) == [
        "It calls a lead good from a chance of 25 % on.", "Of 100 leads it calls good, **41** buy.",
        "Of 100 buyers it misses **67**."]


def test_a_model_that_calls_nobody_good_divides_by_nothing():
    assert report_words.confusion({"true_positive": 0, "false_positive": 0, "false_negative": 0}, None) == [
        "It calls no lead good."]


MEASURED = {"roc_auc": {"without": 0.91, "with": 0.98}, "capture_at_20": {"without": 0.71, "with": 0.93}}


def test_an_effect_reads_in_the_direction_of_the_switch():
    assert report_words.effect(MEASURED, used=False) == (
        "Putting it back: ranking 91 % → 98 %, found in the best 20 % 71 % → 93 %: too good to be true.")
    assert report_words.effect(MEASURED, used=True) == (
        "Leaving it out: ranking 98 % → 91 %, found in the best 20 % 93 % → 71 %: too good to be true.")


@pytest.mark.parametrize(("measured", "end"), [
    (None, None), ({}, None), ({"roc_auc": None}, None),
    ({"roc_auc": {"without": 0.80, "with": 0.801}}, ": it makes hardly any difference."),
    ({"roc_auc": {"without": 0.80, "with": 0.84}}, "ranking 80 % → 84 %.")])
def test_an_effect_says_no_more_than_was_measured(measured, end):
    told = report_words.effect(measured, used=False)
    assert told is None if end is None else told.endswith(end)


def test_accuracy_comes_last():
    assert report_words.FIGURES[-1].key == "accuracy"


@pytest.mark.parametrize(("name", "balance", "said"), [
    ("logistic", "none", "Logistic regression"), ("xgboost", "smote", "Boosted trees, SMOTE"),
    ("three_tiers", None, "Three tiers (High, Medium, Low)"), ("something_new", None, "Something new")])
def test_a_kind_of_model_has_a_name_also_when_this_page_does_not_know_it(name, balance, said):
    assert report_words.algorithm(name, balance) == said


def test_a_share_is_told_only_with_all_its_figures():
    assert report_words.at_share(30, METRICS) == "Best 30 %: **2.6 times** random, 40 % of them buy."
    assert report_words.at_share(7, METRICS) is None


def test_users_words_keep_their_stars():
    assert report_words.sentence("a *b* column") == "A \\*b\\* column."


def test_what_was_not_tried_is_named_once():
    candidates = [{"algorithm": "neural", "skipped": True}, {"algorithm": "neural", "skipped": True},
                  {"algorithm": "logistic"}]
    assert report_words.skipped(candidates) == "Not tried: Neural network."
    assert report_words.skipped(candidates[2:]) is None


def test_one_kind_tried_with_two_settings_is_told_apart():
    assert report_words.algorithm("xgboost", "none", {"max_depth": 4, "seed": 1}) == "Boosted trees, depth 4"


@pytest.mark.parametrize(("low", "high", "said"), [
    (0.01, 0.05, "B is better"), (-0.05, -0.01, "A is better"), (-0.01, 0.02, "Could be luck"),
    (0.0, 0.0, "Could be luck")])
def test_a_difference_is_only_told_where_its_interval_leaves_no_doubt(low, high, said):
    assert report_words.difference(low, high, ("A", "B")) == said


@pytest.mark.parametrize(("proof", "said"), [
    ({"leads": 1000, "identical": 1000}, "1,000 of 1,000 old scores came out identical."),
    ({"leads": 0, "identical": 0}, "It has no stored scores to compare with."), ({}, "It has no stored scores to "
                                                                                    "compare with.")])
def test_a_replay_is_told_as_numbers(proof, said):
    assert report_words.replayed(proof) == said


@pytest.mark.parametrize("correlation", [-1.0, -0.2, 0.5, 0.95, 1.0])
def test_any_rank_agreement_has_words(correlation):
    assert f"{correlation:.2f}" in report_words.agreement(correlation)

"""Three tiers are read from the words people use for them, and refused in a sentence where they are no three tiers."""

import numpy as np
import pandas as pd
import pytest

from leadscore.errors import InvalidRequest
from leadscore.modeling.tiers.target import holds_tiers, tier_target


def column(*labels, times=25):
    return pd.Series([*labels] * times, dtype="str")


@pytest.mark.parametrize(("labels", "name"), [
    (("High", "Medium", "Low"), "tier"),
    (("HIGH", "medium ", " low"), "anything"),
    (("High", "Med", "Low"), "x"),
    (("Hot", "Warm", "Cold"), "Lead rating"),
    (("hot lead", "warm lead", "cold lead"), "x"),
    (("A", "B", "C"), "Grade"),
    (("a", "b", "c"), "x"),
    (("High-value", "Medium-value", "Low-value"), "x"),
    (("High priority", "Medium priority", "Low priority"), "x"),
    (("Tier 1", "Tier 2", "Tier 3"), "x"),
    (("1", "2", "3"), "Priority"),
    (("1.0", "2.0", "3.0"), "lead_tier"),
])
def test_known_words_are_three_tiers_best_first(labels, name):
    values = column(*labels)
    assert holds_tiers(values, name)
    target = tier_target(values, name)
    assert target.y.iloc[:3].tolist() == [0.0, 1.0, 2.0]
    assert target.labels == tuple(label.strip() for label in labels)


@pytest.mark.parametrize(("labels", "name"), [
    (("1", "2", "3"), "rating"),
    (("1", "2", "3"), "visits"),
    (("yes", "no"), "tier"),
    (("0", "1"), "class"),
    (("1", "2"), "class"),
    (("Won", "Lost", "Open"), "stage"),
    (("Hot", "Warm", "Cold", "Won", "Lost"), "status"),
    (("High",), "tier"),
    (("Gold", "Silver", "Bronze"), "tier"),
    (("High", "Low", "Web"), "source"),
    ((), "tier"),
])
def test_other_columns_are_not(labels, name):
    assert not holds_tiers(column(*labels), name)


def test_other_words_are_tiers_when_somebody_puts_them_in_order():
    target = tier_target(column("bronze", "GOLD", "silver"), order=("Gold", "Silver", "Bronze"))
    assert target.y.iloc[:3].tolist() == [2.0, 0.0, 1.0]
    assert target.labels == ("GOLD", "silver", "bronze")


def test_bare_numbers_are_tiers_when_somebody_puts_them_in_order():
    assert tier_target(column("1", "2", "3"), order=("3", "2", "1")).y.iloc[:3].tolist() == [2.0, 1.0, 0.0]


def test_numbers_and_categories_are_read_like_text():
    values = pd.Series([1, 2, 3] * 25)
    assert tier_target(values, "tier").y.iloc[:3].tolist() == [0.0, 1.0, 2.0]
    assert tier_target(column("High", "Medium", "Low").astype("category")).labels == ("High", "Medium", "Low")


def test_leads_nobody_has_judged_are_left_out():
    target = tier_target(column("High", "Medium", "Low", "", "New", None, "n/a"))
    assert np.isnan(target.y.iloc[3:7]).all()
    assert set(target.open_labels) == {"New", "n/a"}
    assert "100 leads without a tier" in target.sentence
    assert "25 “High”, 25 “Medium”, 25 “Low”" in target.sentence


def test_the_column_is_not_changed():
    values = column("High", "Medium", "Low")
    before = values.copy()
    tier_target(values)
    pd.testing.assert_series_equal(values, before)


@pytest.mark.parametrize(("values", "order", "code", "says"), [
    (column("High", "Medium", "Low", "Urgent"), (), "fourth_tier", "urgent"),
    (column("High", "Low"), (), "missing_tier", "medium"),
    (column("Gold", "Silver", "Bronze"), (), "unclear_tiers", "bronze"),
    (column("Gold", "Silver", "Bronze"), ("Gold", "Silver"), "unclear_tiers", "Three different labels"),
    (column("Gold", "Silver", "Bronze"), ("Gold", "Gold", "Silver"), "unclear_tiers", "Three different labels"),
    (column("Gold", "Silver", "Bronze"), ("Gold", "Silver", "Tin"), "missing_tier", "tin"),
    (column("High", "Medium", "Low", times=19), (), "too_few_outcomes", "Only 19 leads"),
    (column(), (), "unclear_tiers", "not clear"),
])
def test_what_is_no_three_tiers_is_refused_in_a_sentence(values, order, code, says):
    with pytest.raises(InvalidRequest, match=says) as refusal:
        tier_target(values, "tier", order=order)
    assert refusal.value.code == code
    assert refusal.value.hint


def test_a_fourth_label_leaves_the_way_of_two_classes():
    with pytest.raises(InvalidRequest) as refusal:
        tier_target(column("A", "B", "C", "D"), "grade")
    assert "two classes" in refusal.value.hint

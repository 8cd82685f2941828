import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.modeling.targets import Meaning, binary_target, describe_target


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "0", "1"], [1, 0, 1]),
        ([1.0, 0.0, np.nan], [1, 0, np.nan]),
        (["1.0", "0.0", ""], [1, 0, np.nan]),
        ([True, False, True], [1, 0, 1]),
        (["yes", "no", "YES "], [1, 0, 1]),
        (["CONVERTED", "converted", "Lost"], [1, 1, 0]),
        (["Closed Won", "Closed Lost", "New", "In Progress"], [1, 0, np.nan, np.nan]),
        (["Customer", "Junk Lead", "Working - Contacted"], [1, 0, np.nan]),
        (["Won", "Something else"], [1, 0]),
        (["Closed - Won", "closed_won", "Closed-Lost", "Pre Qualified"], [1, 1, 0, np.nan]),
        (pd.array([True, None, False], dtype="boolean"), [1, np.nan, 0]),
        (pd.array([1, 0, None], dtype="Int64"), [1, 0, np.nan]),
        ([1, 2, 2], [1, 0, 0]),
        (pd.Categorical(["y", "n", None]), [1, 0, np.nan]),
    ],
)
def test_common_outcomes_are_understood(values, expected):
    np.testing.assert_array_equal(binary_target(pd.Series(values)).y.to_numpy(), expected)


def test_a_named_positive_makes_the_others_lost_but_not_the_open_ones():
    values = pd.Series([">50K", "<=50K", "New", ">50k"])
    target = binary_target(values, positive=">50k")
    np.testing.assert_array_equal(target.y.to_numpy(), [1, 0, np.nan, 1])
    assert target.open_labels == ("New",)
    assert "New" in target.sentence


@pytest.mark.parametrize(
    ("values", "positive", "code"),
    [
        (["a", "b"], None, "unclear_target"),
        (["Won", "Odd", "Strange"], None, "unclear_target"),
        (["Won", "New"], None, "one_outcome"),
        (["Lost", "New"], None, "one_outcome"),
        (["yes", "yes"], None, "one_outcome"),
        (["", None], None, "one_outcome"),
        (["a", "b"], "c", "unknown_positive"),
        ([str(n) for n in range(50)], None, "unclear_target"),
        ([str(n) for n in range(90)], None, "unclear_target"),
        ([0, 1, 2], None, "unclear_target"),
        (["High", "Medium", "Low"], None, "unclear_target"),
        (["Customer", "Other", "Lead"], None, "unclear_target"),
        (["New", "Working"], None, "one_outcome"),
        ([True, True], None, "one_outcome"),
    ],
)
def test_outcomes_that_cannot_be_told_are_refused(values, positive, code):
    with pytest.raises(InvalidRequest) as refusal:
        binary_target(pd.Series(values, dtype=None if values and not isinstance(values[0], str) else "str"), positive)
    assert refusal.value.code == code


@pytest.mark.parametrize("values", [["a", "b"], ["Won", "Odd", "Strange"], ["Lost", "New"], range(90)])
def test_a_way_out_is_told_for_the_page_and_for_the_command_line(values):
    with pytest.raises(InvalidRequest) as refusal:
        binary_target(pd.Series(values))
    assert "hoose the value that means converted (on the command line: --positive VALUE)" in refusal.value.hint


def test_leads_that_are_open_are_not_counted_as_decided():
    with pytest.raises(InvalidRequest, match=r"All decided leads ended alike \(2 with “Junk”\)"):
        binary_target(pd.Series(["Junk", "Junk", "New", "New", "New"]))
    with pytest.raises(InvalidRequest, match="No lead is decided yet"):
        binary_target(pd.Series(["New", "Working"]))


def test_a_column_is_described_before_anything_is_learnt():
    values = pd.Series(["CONVERTED", "Converted", "Converted", "Junk Lead", "New", None])
    choices = describe_target(values)
    assert [(value.label, value.rows, value.meaning) for value in choices.values] == [
        ("Converted", 3, Meaning.CONVERTED), ("Junk Lead", 1, Meaning.LOST), ("New", 1, Meaning.OPEN)]
    assert (choices.positive, choices.usable, choices.missing) == ("Converted", True, 1)
    assert choices.labels(Meaning.OPEN) == ("New",)
    assert choices.sentence == binary_target(values).sentence


def test_what_would_be_refused_is_described_with_the_way_out():
    values = pd.Series(["A", "B", "C", "C", "New"])
    unclear = describe_target(values)
    assert (unclear.positive, unclear.usable) == (None, False)
    assert unclear.labels(Meaning.UNCLEAR) == ("C", "A", "B")
    assert "not clear" in unclear.sentence
    assert "hoose" in unclear.hint
    named = describe_target(values, "c")
    assert (named.positive, named.usable) == ("C", True)
    assert (named.labels(Meaning.LOST), named.labels(Meaning.OPEN)) == (("A", "B"), ("New",))


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(-2, 3), st.text(max_size=4), st.sampled_from(
    ["Won", "won ", "LOST", "New", "yes", "No", "1.0"])), max_size=30), st.one_of(st.none(), st.text(max_size=3)))
def test_a_description_says_what_a_reading_does(values, positive):
    column = pd.Series(values, dtype=object)
    choices = describe_target(column, positive)
    assert sum(value.rows for value in choices.values) + choices.missing == len(values)
    try:
        target = binary_target(column, positive)
    except InvalidRequest as refusal:
        assert (choices.sentence, choices.hint) == (refusal.message, refusal.hint)
    else:
        rows = {meaning: sum(value.rows for value in choices.values if value.meaning is meaning) for meaning in Meaning}
        assert choices.usable
        assert ((target.y == 1).sum(), (target.y == 0).sum()) == (rows[Meaning.CONVERTED], rows[Meaning.LOST])
        assert target.positive_label == choices.positive


def test_the_index_is_kept():
    target = binary_target(pd.Series(["Won", "Lost"], index=[7, 9]))
    assert list(target.y.index) == [7, 9]
    assert target.positive_label == "Won"

import numpy as np
import pandas as pd
import pytest

from leadscore.errors import InvalidRequest
from leadscore.modeling.targets import binary_target


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
    ],
)
def test_outcomes_that_cannot_be_told_are_refused(values, positive, code):
    with pytest.raises(InvalidRequest) as refusal:
        binary_target(pd.Series(values, dtype="str"), positive)
    assert refusal.value.code == code


def test_the_index_is_kept():
    target = binary_target(pd.Series(["Won", "Lost"], index=[7, 9]))
    assert list(target.y.index) == [7, 9]
    assert target.positive_label == "Won"

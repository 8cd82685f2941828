import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.steps.selection import count_of_top, unreachable_reason


@pytest.mark.parametrize(("top", "total", "expected"), [
    (None, 10, 10), ("", 10, 10), ("20%", 10, 2), ("20%", 4, 1), ("20%", 35, 7), ("100%", 9, 9), ("7", 9, 7),
    ("700", 9, 9), (" 12.5 % ", 16, 2), ("capacity", 9, 5), ("20%", 0, 0),
])
def test_a_share_or_a_number_becomes_a_count(top, total, expected):
    assert count_of_top(top, total, capacity=5) == expected


@pytest.mark.parametrize("top", ["0%", "0", "-5", "101%", "twenty", "1.5", "%", "1e3", "٣%"])
def test_what_is_no_share_is_refused_in_words(top):
    with pytest.raises(InvalidRequest, match="neither a share"):
        count_of_top(top, 100)


@given(st.integers(1, 100), st.integers(0, 5_000_000))
def test_a_share_never_exceeds_the_list_and_never_loses_more_than_one_lead(share, total):
    count = count_of_top(f"{share}%", total)
    assert 0 <= count <= total
    assert 0 <= count - total * share / 100 < 1 + 1e-6


def test_only_a_recorded_no_keeps_a_lead_out():
    leads = pd.DataFrame({
        "consent": pd.array([True, False, None, True, True], dtype="boolean"),
        "do_not_call": pd.array([False, False, None, True, None], dtype="boolean"),
        "do_not_contact": pd.array([None, None, None, None, True], dtype="boolean"),
    })
    reasons = unreachable_reason(leads)
    assert reasons.isna().tolist() == [True, False, True, False, False]
    assert reasons.dropna().tolist() == ["consent", "do_not_call", "do_not_contact"]


def test_without_any_answer_everybody_may_be_contacted():
    assert unreachable_reason(pd.DataFrame({"email": ["a@x.example"]})).isna().all()

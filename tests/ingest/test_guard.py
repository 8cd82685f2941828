"""The guard of an export comes off, and nothing else does."""

import pyarrow as pa
import pytest

from leadscore.ingest.guard import guard_within, without_guard
from leadscore.ingest.kinds import encode
from tests.ingest.raw import text

GUARDED = ["=1+1", "+49 351 123", "-cmd", "@home", "|x", " =1", "\u00a0=1", "\u200b=1", "\uff1d1", "\t=1", "\n=1"]


@pytest.mark.parametrize("value", GUARDED)
def test_the_guard_before_a_formula_beginning_comes_off(value: str) -> None:
    assert without_guard(text("Ann", "'" + value)).tolist() == ["Ann", value]


@pytest.mark.parametrize("value", ["'t Hart", "'", "''", "'5", "O'Brien", "=1", "", "'a=b", "''=1"])
def test_any_other_apostrophe_stays(value: str) -> None:
    assert without_guard(text(value, "'=1")).tolist() == [value, "=1"]


@pytest.mark.parametrize("value", GUARDED)
def test_a_guarded_cell_is_read_like_the_cell_itself(value: str) -> None:
    assert encode(text("'" + value)).distinct.tolist() == encode(text(value)).distinct.tolist()


@pytest.mark.parametrize("value", ["a;=1", "a;'=1", "a;''=1", "a\t@x", "a\n=1", "a; =1", "a;;=1;=2", "a;-cmd|'/C x'!A0",
                                   "it's;=1", 'a";"=1'])
def test_a_guard_within_a_text_comes_off(value: str) -> None:
    guarded = guard_within(pa.array([value]))[0].as_py()
    assert guarded != value
    assert without_guard(text(guarded)).tolist() == [value]


@pytest.mark.parametrize("value", ["a;-b", "- call\n- mail", "a;b=1", "x@y.example;z@y.example", "+49 351; +49 30"])
def test_lists_within_a_text_are_no_formulas(value: str) -> None:
    assert guard_within(pa.array([value]))[0].as_py() == value

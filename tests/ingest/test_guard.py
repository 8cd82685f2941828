"""The guard of an export comes off, and nothing else does."""

import pytest

from leadscore.ingest.guard import without_guard
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

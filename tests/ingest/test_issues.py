from __future__ import annotations

import numpy as np
import pandas as pd

from leadscore.ingest import issues
from leadscore.ingest.issues import Issue, Severity

DTYPES = {"row": "int64", "column": "str", "code": "str", "severity": "str", "message": "str", "value": "str"}


def issue(code: str, row: int = 1) -> Issue:
    return Issue(row, "Email", code, Severity.WARNING, "It is odd.", "x")


def test_no_issues_make_an_empty_frame_with_the_right_types() -> None:
    frame = issues.issues_frame([])
    assert frame.shape == (0, 6)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert issues.count_by_code(frame) == {}


def test_an_issue_becomes_one_row_with_plain_text_severity() -> None:
    frame = issues.issues_frame([issue("odd", 7)])
    assert frame.to_dict("records") == [
        {"row": 7, "column": "Email", "code": "odd", "severity": "warning", "message": "It is odd.", "value": "x"}
    ]
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES


def test_a_long_value_is_cut_to_80_characters() -> None:
    frame = issues.issues_frame([Issue(1, "", "odd", "info", "m", "y" * 500)])
    assert frame.loc[0, "value"] == "y" * 80


def test_the_same_remark_on_many_rows_quotes_each_cell() -> None:
    cells = pd.Series(["a", None, "c" * 90], dtype="str", index=[4, 5, 6])
    frame = issues.issues_at(np.array([2, 3, 9]), "Phone", "bad", Severity.ERROR, "Bad.", cells)
    assert frame["row"].tolist() == [2, 3, 9]
    assert frame["value"].tolist() == ["a", "", "c" * 80]
    assert frame["message"].tolist() == ["Bad."] * 3
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES


def test_the_same_remark_on_no_row_is_empty() -> None:
    assert issues.issues_at(np.array([], dtype="int64"), "Phone", "bad", "info", "Bad.").shape == (0, 6)


def test_frames_are_joined_in_order_and_empty_ones_vanish() -> None:
    joined = issues.concat_issues([issues.EMPTY, issues.issues_frame([issue("b")]), issues.issues_frame([issue("a")])])
    assert joined["code"].tolist() == ["b", "a"]
    assert joined.index.tolist() == [0, 1]
    assert issues.concat_issues([]).shape == (0, 6)


def test_codes_are_counted_most_frequent_first_then_by_name() -> None:
    frame = issues.issues_frame([issue(code) for code in ("z", "b", "a", "z")])
    assert list(issues.count_by_code(frame).items()) == [("z", 2), ("a", 1), ("b", 1)]

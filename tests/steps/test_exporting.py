"""What must hold of every file we hand out: same values, nothing a spreadsheet would run."""

import csv
import io

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadscore.errors import InvalidRequest
from leadscore.steps.exporting import check_format, csv_bytes, table_bytes, xlsx_bytes

PAYLOADS = [
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "|calc", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1",
    "\u200b=1", "\ufeff=1", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "=HYPERLINK(\"http://x.example\")",
    "+49 351 123", "-cmd", "=\"a\"&\"b\"", "\x00=1", "\x0b=1",
]
HARMLESS = ["Ann", "a; b", "5", "-5", "-1.234,56", "-1e5", "01234", "Müller", "", "a=b", "x@y.example"]
TRIGGERS = "=+-@|\t\r\n\uff1d\uff0b\uff0d\uff20"
INVISIBLE = "\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff "


def _rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_csv_cell_never_starts_like_a_formula(payload):
    cell = _rows(csv_bytes(pd.DataFrame({"name": [payload], "x": ["1"]})))[1][0]
    assert cell.lstrip(INVISIBLE)[:1] not in tuple(TRIGGERS)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_header_never_starts_like_a_formula(payload):
    assert _rows(csv_bytes(pd.DataFrame({payload: ["1"]})))[0][0].lstrip(INVISIBLE)[:1] not in tuple(TRIGGERS)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_comes_back_as_it_was(text):
    assert _rows(csv_bytes(pd.DataFrame({"name": [text], "x": ["1"]})))[1][0] == text


@pytest.mark.parametrize("separator", ",;\t")
@pytest.mark.parametrize("payload", ["a;=1+1;", "a;=cmd|' /C calc'!A0;b", "a\t@SUM(A1)\t", "a\n=1+1\n", "\t=1",
                                     "a;+1|x!A0"])
def test_no_other_separator_makes_a_formula_out_of_a_part_of_a_cell(payload, separator):
    content = csv_bytes(pd.DataFrame({"id": ["1"], "name": [payload], "x": ["1"]})).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(content, newline=""), delimiter=separator) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(INVISIBLE)[:1] in tuple(TRIGGERS)]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_workbook_holds_text_where_a_formula_was_meant(payload):
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(pd.DataFrame({"name": [payload]}))))
    cell = book.active["A2"]
    assert cell.data_type == "s"
    assert cell.hyperlink is None


def test_numbers_dates_and_answers_keep_their_kind_in_a_workbook():
    frame = pd.DataFrame({
        "score": [81.5, np.nan], "agreed": pd.array([True, None], dtype="boolean"),
        "at": pd.to_datetime(["2026-03-01 10:30", None], utc=True), "name": pd.array(["Ann", None], dtype="str"),
        "rank": [1, 2],
    })
    rows = list(openpyxl.load_workbook(io.BytesIO(xlsx_bytes(frame))).active.values)
    assert rows[0] == ("score", "agreed", "at", "name", "rank")
    assert rows[1][0] == 81.5
    assert rows[1][1] == "yes"
    assert rows[1][2].isoformat() == "2026-03-01T10:30:00"
    assert rows[2] == (None, None, None, None, 2)


def test_control_characters_do_not_break_an_export():
    frame = pd.DataFrame({"name": ["a\x0bb"]})
    assert _rows(csv_bytes(frame))[1] == ["ab"]
    assert openpyxl.load_workbook(io.BytesIO(xlsx_bytes(frame))).active["A2"].value == "ab"


def test_an_empty_list_still_has_its_header():
    frame = pd.DataFrame({"name": pd.array([], dtype="str"), "score": pd.array([], dtype="float64")})
    assert _rows(csv_bytes(frame)) == [["name", "score"]]
    assert list(openpyxl.load_workbook(io.BytesIO(xlsx_bytes(frame))).active.values) == [("name", "score")]


@pytest.mark.parametrize("name", ["leads.pdf", "leads", "xls", ""])
def test_another_format_is_refused_by_name(name):
    with pytest.raises(InvalidRequest, match="neither"):
        check_format(name)


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1),
                min_size=1, max_size=20))
def test_a_csv_export_has_the_rows_it_was_given_with_at_most_a_guard_in_front(texts):
    cells = [row[0] for row in _rows(table_bytes(pd.DataFrame({"name": texts, "x": "1"}), "csv"))[1:]]
    assert [cell in (text, "'" + text) for cell, text in zip(cells, texts, strict=True)] == [True] * len(texts)

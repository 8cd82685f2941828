from __future__ import annotations

import csv
import hashlib
import io
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from leadscore.errors import UnreadableFile
from leadscore.ingest import text_files
from leadscore.ingest.limits import Limits
from leadscore.ingest.readers import RawTable, from_ipc, read_table, to_ipc
from tests.shared_data import shared_file

ISSUE_COLUMNS = ["row", "column", "code", "severity", "message", "value"]


def read(text: str | bytes, **limits: int) -> RawTable:
    data = text if isinstance(text, bytes) else text.encode()
    return read_table(data, "leads.csv", limits=Limits(**limits))


def cells(table: RawTable) -> list[list[str]]:
    return [list(table.frame.columns), *table.frame.to_numpy().tolist()]


def codes(table: RawTable) -> list[tuple[int, str, str]]:
    return list(table.issues[["row", "code", "severity"]].itertuples(index=False, name=None))


def refusal(data: str | bytes, **limits: int) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        read(data, **limits)
    assert caught.value.message and caught.value.hint
    return caught.value


def written(table: list[list[str]], delimiter: str = ",", line_end: str = "\r\n", quoting: int = 0) -> str:
    sink = io.StringIO()
    csv.writer(sink, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(table)
    return sink.getvalue()


# --- values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    ["None", "NA", "NULL", "nan", "01234", "1e5", "12345678901234567890", "TRUE", "1.234,56", " a ", "=1+1", "0.10",
     "-", "2024-01-02", "#N/A", "\u2028", "\x0b", "\x85", "\x1f", "emoji 😀", "a\tb", 'say "hi"', "a\nb", "a\r\nb"],
)
def test_every_value_stays_exactly_the_text_of_the_file(value: str) -> None:
    table = read(written([["Name", "Note"], ["x", value], [value, "y"]]))
    assert cells(table) == [["Name", "Note"], ["x", value], [value, "y"]]
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}


def test_empty_cells_are_empty_text_and_never_missing() -> None:
    table = read('a,b,c\n,"",x\n')
    assert cells(table)[1] == ["", "", "x"]
    assert not table.frame.isna().any().any()


def test_the_table_tells_where_it_comes_from() -> None:
    data = b"a;b\n1;2\n"
    table = read_table(data, "../../etc/leads.csv")
    assert (table.filename, table.sha256) == ("leads.csv", hashlib.sha256(data).hexdigest())
    assert (table.encoding, table.delimiter, table.sheet, table.sheets) == ("utf-8", ";", None, ())
    assert list(table.issues.columns) == ISSUE_COLUMNS
    assert table.rows_read == 1


# --- encodings ---------------------------------------------------------------------------------------------

TEXT = "Name\tOrt\r\nJosé\tKöln\r\nŁukasz\tŁódź\r\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16"),
        (TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-32"), "utf-32"),
    ],
)
def test_the_encoding_is_found_by_content(data: bytes, encoding: str) -> None:
    table = read(data)
    assert cells(table) == [["Name", "Ort"], ["José", "Köln"], ["Łukasz", "Łódź"]]
    assert (table.encoding, table.delimiter, codes(table)) == (encoding, "\t", [])


def test_cyrillic_in_utf_16_without_a_mark_is_found() -> None:
    table = read("Имя;Город\nИван Петров;Москва\n".encode("utf-16-le"))
    assert cells(table) == [["Имя", "Город"], ["Иван Петров", "Москва"]]


def test_windows_1252_is_read_and_said() -> None:
    table = read("Name,Preis\nJosé,5 €\n".encode("cp1252"))
    assert cells(table)[1] == ["José", "5 €"]
    assert table.encoding == "cp1252"
    assert codes(table) == [(0, "guessed_encoding", "info")]


def test_lines_of_another_encoding_are_read_and_named() -> None:
    table = read("Name,Ort\nJosé,Köln\n".encode() + "Zoë,Gräz\n".encode("cp1252") + "Łu,x\n".encode())
    assert cells(table)[1:] == [["José", "Köln"], ["Zoë", "Gräz"], ["Łu", "x"]]
    assert codes(table) == [(3, "mixed_encoding", "warning")]


def test_many_lines_of_another_encoding_are_listed_once_they_are_enough() -> None:
    table = read("Name,Ort\nJosé,Köln\n".encode() + "Zoë,Gräz\n".encode("cp1252") * 500)
    assert len(table.issues) == 101
    assert "400 further lines" in table.issues["message"][0]


def test_damaged_utf_16_is_read_and_said() -> None:
    table = read("a,b\n1,x\n".encode("utf-16") + b"\x00\xd8")
    assert "damaged_characters" in table.issues["code"].tolist()


# --- delimiters and shape ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "delimiter", "first"),
    [
        ("a,b\n1,2\n", ",", ["1", "2"]),
        ("a;b\n1,5;2,5\n", ";", ["1,5", "2,5"]),
        ("Name;Price, EUR;City\nA;1,5;B\n", ";", ["A", "1,5", "B"]),
        ("a|b\nx, y|z; w\n", "|", ["x, y", "z; w"]),
        ("a\tb\n1,2\t3\n", "\t", ["1,2", "3"]),
        ('"a;b","c"\n"1;2","3"\n', ",", ["1;2", "3"]),
        ('a,b\n"x\n;\n;",2\n', ",", ["x\n;\n;", "2"]),
        ("sep=|\na,b|c\n1|2\n", "|", ["1", "2"]),
        ("Email\na@b.example\n", None, ["a@b.example"]),
        ("Note\nHello, world; again\n", None, ["Hello, world; again"]),
        ("a,b\r1,2\r", ",", ["1", "2"]),
        ("a,b\r\n1,2\n3,4\r5,6", ",", ["1", "2"]),
        ("a,b\n1,2", ",", ["1", "2"]),
    ],
)
def test_the_delimiter_is_found(text: str, delimiter: str | None, first: list[str]) -> None:
    table = read(text)
    assert table.delimiter == delimiter
    assert cells(table)[1] == first


def test_row_numbers_are_lines_of_the_file() -> None:
    table = read('\n , \nName,Note\nA,"1\n2\n3"\n\n  \n,\nB,x\nC,"y\n"\nD,z')
    assert table.frame["Name"].tolist() == ["A", "B", "C", "D"]
    assert table.row_numbers.tolist() == [4, 10, 11, 13]
    assert table.rows_read == 4


def test_a_stray_quotation_mark_is_plain_text() -> None:
    table = read('Size,Note\n5" pipe,a\n6,7" pipe\n8,"q ""r"" s"\n')
    assert cells(table)[1:] == [['5" pipe', "a"], ["6", '7" pipe'], ["8", 'q "r" s']]
    assert table.row_numbers.tolist() == [2, 3, 4]


def test_ragged_rows_stay_and_are_named() -> None:
    table = read("a,b,c\n1\n1,2,3\n1,2,3,,\n1,2,3,4\n")
    assert cells(table)[1:] == [["1", "", ""], ["1", "2", "3"], ["1", "2", "3"], ["1", "2", "3"]]
    assert codes(table) == [(2, "row_too_short", "warning"), (5, "row_too_long", "error")]
    assert "1 cells, the header has 3" in table.issues["message"][0]


def test_a_row_that_is_too_long_in_a_file_of_trailing_delimiters_is_named() -> None:
    table = read("a,b\n1,2,\n3,4,\n5,6,7\n8,9,\n")
    assert cells(table)[1:] == [["1", "2"], ["3", "4"], ["5", "6"], ["8", "9"]]
    assert codes(table) == [(4, "row_too_long", "error")]


def test_a_repeated_header_stays_and_is_named() -> None:
    table = read(" a ,b\n1,2\na,b\na,x\n")
    assert cells(table) == [["a", "b"], ["1", "2"], ["a", "b"], ["a", "x"]]
    assert codes(table) == [(3, "repeated_header", "error")]


def test_second_headers_are_numbered_without_a_clash() -> None:
    table = read("Email,Email,Email (2), Email \n1,2,3,4\n")
    assert list(table.frame.columns) == ["Email", "Email (3)", "Email (2)", "Email (4)"]
    assert codes(table) == [(1, "duplicate_header", "warning")] * 2


def test_nameless_columns_vanish_when_empty_and_are_numbered_when_not() -> None:
    table = read("a,,b,,,\n1,x,2,,,\n3,,4,,,\n")
    assert cells(table) == [["a", "Column 2", "b"], ["1", "x", "2"], ["3", "", "4"]]
    assert codes(table) == [(1, "unnamed_column", "warning")]


# --- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\n\r\n  \n", "empty_file"),
        (b",,,\n;;\n", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"a,b,c\n", "no_rows"),
        (b"a,b,c\n,,\n\n", "no_rows"),
        (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not_a_table"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "not_a_table"),
        (b"\n<!DOCTYPE html><html>", "not_a_table"),
        (b"a\x01\x02\x03\x04\x05b\n\x06\x07\x08", "not_a_table"),
        (b"a,b\n1,\x002\n", "nul_bytes"),
        (b"a,b\n1,2\n" * 50 + b"\0\0\0\0", "nul_bytes"),
        (b'a,b\n1,"2\n3,4\n', "unclosed_quote"),
        (b'a,b\n1,"2', "unclosed_quote"),
    ],
)
def test_what_is_no_table_is_refused_with_a_code(data: bytes, code: str) -> None:
    assert refusal(data).code == code


@pytest.mark.parametrize(
    ("data", "limits", "code"),
    [
        (b"a,b\n1,2\n", {"max_bytes": 7}, "file_too_large"),
        (b"a\n" + b"1\n" * 11, {"max_rows": 10}, "too_many_rows"),
        (b'a\n"1"\n' + b"1\n" * 10, {"max_rows": 10}, "too_many_rows"),
        (b"a,b\n1\n" + b"1,2\n" * 10, {"max_rows": 10}, "too_many_rows"),
        (b"a,b,c\n1,2,3\n", {"max_columns": 2}, "too_many_columns"),
        (b"a\nlonger\n", {"max_cell_characters": 5}, "cell_too_long"),
        (b"longer\na\n", {"max_cell_characters": 5}, "cell_too_long"),
    ],
)
def test_each_limit_is_a_refusal_and_at_the_limit_is_none(data: bytes, limits: dict[str, int], code: str) -> None:
    assert refusal(data, **limits).code == code
    assert len(read(data, **{name: bound + 1 for name, bound in limits.items()}).frame)


def test_characters_are_counted_and_not_bytes() -> None:
    assert cells(read("a\néééé\n", max_cell_characters=4))[1] == ["éééé"]


def test_blank_rows_do_not_count_as_rows() -> None:
    assert len(read("a\n" + "\n" * 30 + "1\n" * 10, max_rows=10).frame) == 10


@pytest.mark.parametrize(
    ("cell", "code", "where"),
    [
        ("x" * 300_000, "cell_too_long", "row 3, column 'Note'"),
        ('"' + "x" * 300_000 + '"', "cell_too_long", "row 3, column 'Note'"),
        ('"' + "x\n" * 300_000, "unclosed_quote", "row 3, column 'Note'"),
    ],
)
def test_a_giant_cell_is_named_by_row_and_column(cell: str, code: str, where: str) -> None:
    problem = refusal(f"Name,Note\nA,b\nB,{cell}\n")
    assert problem.code == code
    assert where in problem.message


def test_forty_thousand_columns_are_refused() -> None:
    header = ",".join(f"c{place}" for place in range(40_000))
    assert refusal(f"{header}\n{header}\n").code == "too_many_columns"


def test_a_long_and_wide_table_of_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b",".join(b"c%d" % place for place in range(100)) + b"\n" + (b"," * 99 + b"1\n") * 50
    assert len(read(data).frame) == 50
    monkeypatch.setattr(text_files, "_CELLS", 1_000)
    assert refusal(data).code == "too_many_cells"


def test_an_open_quotation_mark_is_named_by_the_line_it_opens_on() -> None:
    assert "row 5, column 'b'" in refusal('a,b\n"x\ny",1\n2,3\n4,"5\n6,7\n').message


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n1,\"" + b"x,y\n" * 5_000_000,
        b"a\n" + b"1\n" * 5_000_000,
        b"c," * 2_000_000 + b"c\n1,2\n",
        b"a,b\n1," + b"x" * 20_000_000 + b"\n",
    ],
    ids=["open quote", "rows", "columns", "cell"],
)
def test_a_text_bomb_is_refused_in_bounded_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        refusal(data)
        assert tracemalloc.get_traced_memory()[1] < 12 * len(data) + 100_000_000
    finally:
        tracemalloc.stop()


# --- always ------------------------------------------------------------------------------------------------

LETTERS = st.characters(exclude_characters="\ufeff", exclude_categories=["Cs", "Cc"])
CELL = st.text(LETTERS | st.sampled_from("\n\r\t\x0b\x1f\x85 \",;|"), max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    header = [f"head{place}" for place in range(width)]
    rows = draw(st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=6))
    return [header, *(row for row in rows if any(cell.strip() for cell in row))]


@settings(max_examples=150, deadline=None)
@given(
    tables(),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_any_table_comes_back_identical(
    table: list[list[str]], delimiter: str, encoding: str, line_end: str, quoting: int
) -> None:
    data = written(table, delimiter, line_end, quoting).encode(encoding)
    has_breaks = any("\n" in cell or "\r" in cell for row in table for cell in row)
    assume(len(table) > 1 and (quoting == csv.QUOTE_ALL or not has_breaks))  # the writer leaves foreign breaks bare
    assert cells(read_table(data, "x.csv")) == table


@settings(max_examples=300, deadline=None)
@given(st.text('",\n\r ab;', max_size=40).map(lambda text: "h1,h2\n" + text))
@example('h1,h2\n;","')
@example('h1,h2\na"b,"c"d"')
def test_both_parsers_agree_on_cells_and_row_numbers(text: str) -> None:
    layout = text_files._find_layout(text.encode(), Limits())
    body = memoryview(text.encode())[layout.body_start :]
    fast = text_files._read_fast(body, layout, text_files._record_starts(body))
    if fast is None:
        return
    slow = text_files._read_slowly(body, layout, Limits())
    blank = [all(not str(cell).strip() for cell in row) for row in zip(*fast.columns, strict=True)]
    assert fast.row_numbers[~np.array(blank, dtype=bool)].tolist() == slow.row_numbers.tolist()
    for ours, theirs in zip(fast.columns, slow.columns, strict=False):
        kept = [cell for cell, is_blank in zip(ours.to_pylist(), blank, strict=True) if not is_blank]
        assert kept == theirs.to_pylist()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda tail: b'a,b\n1,"2"\n' + tail)))
def test_arbitrary_bytes_are_a_table_or_a_refusal(data: bytes) -> None:
    try:
        table = read_table(data, "x.csv")
    except UnreadableFile as problem:
        assert problem.code and problem.message
    else:
        assert table.rows_read == len(table.frame) == len(table.row_numbers) > 0


@settings(max_examples=50, deadline=None)
@given(tables())
def test_a_packed_table_comes_back_identical(table: list[list[str]]) -> None:
    assume(len(table) > 1)
    before = read_table(written([*table, table[0]]).encode(), "x.csv")
    after = from_ipc(to_ipc(before))
    pd.testing.assert_frame_equal(after.frame, before.frame)
    pd.testing.assert_frame_equal(after.issues, before.issues)
    assert after.row_numbers.tolist() == before.row_numbers.tolist()
    assert after.sha256 == before.sha256


# --- public files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["adult_income.csv", "bank_additional_full.csv", "hubspot_contacts.csv", "three_tier_scenarios.csv",
     "xeducation_leads.csv", "xeducation_trailing_comma.csv", "zoho_leads.csv"],
)
def test_public_files_are_read_as_the_standard_library_reads_them(name: str) -> None:
    data = shared_file(name).read_bytes()
    table = read_table(data, name)
    text = io.StringIO(data.decode("utf-8-sig" if table.encoding == "utf-8" else "cp1252"), newline="")
    records = [record for record in csv.reader(text, delimiter=table.delimiter or ",") if any(map(str.strip, record))]
    assert table.rows_read == len(records) - 1
    width = len(table.frame.columns)
    assert cells(table)[1:] == [record[:width] for record in records[1:]]

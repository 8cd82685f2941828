from __future__ import annotations

import datetime as dt
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterable

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.errors import UnreadableFile
from leadscore.ingest.archives import check_archive
from leadscore.ingest.limits import Limits
from leadscore.ingest.readers import RawTable, read_table

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"


def book(sheets: dict[str, Iterable[Iterable[object]]]) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for place, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                if value is not None:
                    sheet.cell(place, column, value)
    sink = io.BytesIO()
    workbook.save(sink)
    return sink.getvalue()


def repacked(change: Callable[[dict[str, bytes]], None], level: int = 6) -> bytes:
    """Change the parts of a small good workbook and pack it again."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    change(parts)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return sink.getvalue()


def with_sheet(xml: str) -> bytes:
    whole = f'<worksheet xmlns="{MAIN}"><sheetData>{xml}</sheetData></worksheet>'
    return repacked(lambda parts: parts.update({SHEET: whole.encode()}))


GOOD = book({"Leads": [["Name", "Score"], ["Ann", 1], ["Bob", 2]]})


def read(data: bytes, sheet: str | None = None, **limits: int) -> RawTable:
    return read_table(data, "leads.xlsx", sheet, Limits(**limits))


def cells(table: RawTable) -> list[list[str]]:
    return [list(table.frame.columns), *table.frame.to_numpy().tolist()]


def refusal(data: bytes, sheet: str | None = None, **limits: int) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        read(data, sheet, **limits)
    assert caught.value.message and caught.value.hint
    return caught.value


# --- values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("None", "None"),
        ("01234", "01234"),
        ("12345678901234567890", "12345678901234567890"),
        (" a ", " a "),
        ("two\nlines", "two\nlines"),
        (5, "5"),
        (5.0, "5"),
        (-3, "-3"),
        (0.1 + 0.2, "0.3"),
        (1234.5, "1234.5"),
        (1e-7, "1e-07"),
        (1e20, "100000000000000000000"),
        (123456789012345, "123456789012345"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.date(2024, 2, 29), "2024-02-29"),
        (dt.datetime.fromisoformat("2024-02-29"), "2024-02-29"),
        (dt.datetime.fromisoformat("2024-02-29 13:05:07"), "2024-02-29 13:05:07"),
        (dt.time(13, 5), "13:05:00"),
        (dt.timedelta(hours=30, minutes=2), "30:02:00"),
    ],
)
def test_each_cell_is_shown_as_a_person_sees_it(value: object, shown: str) -> None:
    table = read(book({"S": [["Name", "Value"], ["x", value], ["y", None]]}))
    assert cells(table) == [["Name", "Value"], ["x", shown], ["y", ""]]
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}


def test_the_name_of_the_file_does_not_decide() -> None:
    table = read_table(GOOD, "leads.csv")
    assert cells(table) == [["Name", "Score"], ["Ann", "1"], ["Bob", "2"]]
    assert (table.sheet, table.sheets, table.encoding, table.delimiter) == ("Leads", ("Leads",), None, None)


def test_row_numbers_are_those_of_the_spreadsheet_program() -> None:
    rows = [[], ["Export of May"], [], [None, "Name", "Score"], [None, "Ann", 1], [], [None, "Bob", 2]]
    table = read(book({"S": rows}))
    assert cells(table) == [["Name", "Score"], ["Ann", "1"], ["Bob", "2"]]
    assert table.row_numbers.tolist() == [5, 7]
    assert table.issues[["row", "code", "severity"]].to_numpy().tolist() == [[0, "rows_above_header", "info"]]


def test_repeated_and_second_headers_are_named_as_in_text_files() -> None:
    table = read(book({"S": [["A", "A", None], [1, 2, 3], ["A", "A", None]]}))
    assert list(table.frame.columns) == ["A", "A (2)", "Column 3"]
    assert table.issues["code"].tolist() == ["duplicate_header", "unnamed_column", "repeated_header"]


def test_more_rows_than_one_batch_stay_in_order() -> None:
    rows = [["Number", "Text"], *([number, f"t{number}"] for number in range(20_050))]
    table = read(book({"S": rows}))
    assert table.frame["Number"].tolist() == [str(number) for number in range(20_050)]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["", "a", "None", " x", "1e5", 7, 2.5, True]), min_size=3, max_size=3),
                min_size=1, max_size=5))
def test_rows_in_are_rows_in_the_frame(rows: list[list[object]]) -> None:
    filled = [row for row in rows if any(cell != "" for cell in row)]
    data = book({"S": [["A", "B", "C"], *[[cell if cell != "" else None for cell in row] for row in rows]]})
    if not filled:
        assert refusal(data).code == "no_rows"
        return
    table = read(data)
    assert table.rows_read == len(table.frame) == len(filled)


# --- sheets ------------------------------------------------------------------------------------------------

SHEETS: dict[str, Iterable[Iterable[object]]] = {
    "Empty": [],
    "Notes": [["Made by"], ["Ann"]],
    "Leads": [["Name", "Score"], ["Ann", 1]],
    "More": [["X", "Y"], [1, 2]],
}


def test_the_first_sheet_with_a_table_is_read() -> None:
    table = read(book(SHEETS))
    assert (table.sheet, table.sheets) == ("Leads", tuple(SHEETS))
    assert table.issues["code"].tolist() == ["sheet_chosen"]


def test_a_sheet_is_chosen_by_name() -> None:
    table = read(book(SHEETS), "More")
    assert (table.sheet, cells(table), len(table.issues)) == ("More", [["X", "Y"], ["1", "2"]], 0)


def test_an_unknown_sheet_lists_the_sheets() -> None:
    problem = refusal(book(SHEETS), "Missing")
    assert problem.code == "unknown_sheet"
    assert "'Empty', 'Notes', 'Leads', 'More'" in problem.hint


def test_an_empty_sheet_that_is_asked_for_is_refused() -> None:
    assert refusal(book(SHEETS), "Empty").code == "empty_file"


# --- other formats and damage ------------------------------------------------------------------------------


def ole(name: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + name.encode("utf-16-le") + bytes(600)


def archive(**parts: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as target:
        for name, content in parts.items():
            target.writestr(name.replace("__", "/"), content)
    return sink.getvalue()


def lying() -> bytes:
    """Declare in the directory that every part unpacks to nothing."""
    data = bytearray(GOOD)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 24 : at + 28] = bytes(4)
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


def encrypted_parts() -> bytes:
    data = bytearray(GOOD)
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


ENTITIES = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (GOOD[: len(GOOD) // 2], "damaged_workbook"),
        (GOOD[:-30], "damaged_workbook"),
        (GOOD[:100] + bytes(200) + GOOD[300:], "damaged_workbook"),
        (b"PK\x03\x04", "damaged_workbook"),
        (lying(), "damaged_workbook"),
        (encrypted_parts(), "password_protected"),
        (ole("EncryptedPackage"), "password_protected"),
        (ole("Workbook"), "unsupported_format"),
        (ole("WordDocument"), "not_a_table"),
        (archive(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "unsupported_format"),
        (archive(**{"xl__workbook.bin": b"x"}), "unsupported_format"),
        (archive(**{"word__document.xml": b"x"}), "not_a_table"),
        (archive(**{"photo.jpg": b"x"}), "not_a_table"),
        (repacked(lambda parts: parts.pop("xl/workbook.xml")), "damaged_workbook"),
        (repacked(lambda parts: parts.pop(SHEET)), "damaged_workbook"),
        (repacked(lambda parts: parts.update({SHEET: ENTITIES.encode() + parts[SHEET]})), "unsafe_workbook"),
        (repacked(lambda parts: parts.update({SHEET: ENTITIES.encode("utf-16")})), "unsafe_workbook"),
        (book({"S": [[]]}), "empty_file"),
        (book({"S": [["Name", "Score"]]}), "no_rows"),
    ],
)
def test_other_formats_and_damage_are_refused_with_a_code(data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_macros_are_ignored_and_said() -> None:
    data = repacked(lambda parts: parts.update({"xl/vbaProject.bin": b"macro"}))
    assert read(data).issues["code"].tolist() == ["macros_ignored"]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8), st.booleans())
def test_a_mutated_workbook_is_a_table_or_a_refusal(at: int, piece: bytes, is_cut: bool) -> None:
    data = GOOD[:at] + piece + (b"" if is_cut else GOOD[at + len(piece) :])
    try:
        table = read(data)
    except UnreadableFile as problem:
        assert problem.code and problem.message
    else:
        assert table.rows_read == len(table.frame) > 0


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 600), st.text("<>/\"='crvt1A&; ", min_size=1, max_size=6))
def test_a_mutated_sheet_is_a_table_or_a_refusal(at: int, piece: str) -> None:
    def change(parts: dict[str, bytes]) -> None:
        parts[SHEET] = parts[SHEET][:at] + piece.encode() + parts[SHEET][at + len(piece) :]

    try:
        assert len(read(repacked(change)).frame) > 0
    except UnreadableFile as problem:
        assert problem.code


# --- bombs and limits --------------------------------------------------------------------------------------


def cell(reference: str, value: str = "<v>1</v>") -> str:
    return f'<c r="{reference}">{value}</c>'


def row(number: int, *inside: str) -> str:
    return f'<row r="{number}">{"".join(inside)}</row>'


def shared_string_bomb(parts: dict[str, bytes]) -> None:
    parts["xl/sharedStrings.xml"] = b"<sst><si><t>" + b"x" * 100_000_000 + b"</t></si></sst>"


def many_cells(parts: dict[str, bytes]) -> None:
    one = row(1, *[cell(f"{letter}1") for letter in "ABCDEFGHIJ"]).encode()
    parts[SHEET] = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + one * 400_000 + b"</sheetData></worksheet>"


def long_text_in_many_cells(parts: dict[str, bytes]) -> None:
    parts["xl/sharedStrings.xml"] = b"<sst><si><t>a</t></si><si><t>" + b"y" * 30_000 + b"</t></si></sst>"
    rows = "".join(row(n, f'<c r="A{n}" t="s"><v>1</v></c>') for n in range(1, 50_001))
    parts[SHEET] = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def test_many_cells_of_short_text_beside_one_long_text_are_no_bomb() -> None:
    def change(parts: dict[str, bytes]) -> None:
        long_text_in_many_cells(parts)
        parts[SHEET] = parts[SHEET].replace(b"<v>1</v>", b"<v>0</v>")

    check_archive(repacked(change), Limits())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (repacked(long_text_in_many_cells), "workbook_too_large"),
        (with_sheet(row(1, cell("A1")) + row(1_048_576, cell("XFD1048576"))), "workbook_too_large"),
        (with_sheet(row(1, cell("A1")) + row(1_048_576, "<c r='XFD1048576'><v>1</v></c>")), "workbook_too_large"),
        (with_sheet("".join(row(n, cell(f"XFD{n}")) for n in range(1, 3_001))), "workbook_too_large"),
        (with_sheet(row(1, *[cell(f"{a}{b}1") for a in "ABCDEFGHIJKLMNOPQRST" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
                        cell("AMA1"), cell("AMB1"))), "too_many_columns"),
        (repacked(shared_string_bomb), "zip_bomb"),
        (repacked(many_cells), "zip_bomb"),
        (repacked(lambda parts: parts.update({f"xl/{n}.xml": b"<a/>" for n in range(3_000)})), "workbook_too_large"),
    ],
    ids=["shown often", "far corner", "single quotes", "far column", "columns", "long string", "cells", "parts"],
)
def test_a_workbook_bomb_is_refused_before_it_is_parsed(
    data: bytes, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadscore.ingest.workbooks.CalamineWorkbook", None)
    assert refusal(data).code == code


def test_a_repetitive_but_honest_workbook_is_read() -> None:
    rows = [["A", "B", "C"], *([1, 1, 1] for _ in range(20_000))]
    assert read(book({"S": rows})).rows_read == 20_000


@pytest.mark.parametrize(
    ("limits", "code", "where"),
    [
        ({"max_rows": 1}, "too_many_rows", "1 rows"),
        ({"max_columns": 1}, "too_many_columns", "2 columns"),
        ({"max_cell_characters": 4}, "cell_too_long", "row 1, column 2"),
        ({"max_bytes": 100}, "file_too_large", "100 bytes"),
    ],
)
def test_each_limit_is_a_refusal(limits: dict[str, int], code: str, where: str) -> None:
    problem = refusal(GOOD, **limits)
    assert problem.code == code
    assert where in problem.message


def test_a_cell_that_is_too_long_is_named_by_row_and_column() -> None:
    data = book({"S": [["Name", "Note"], ["Ann", "short"], ["Bob", "x" * 6]]})
    assert "row 3, column 'Note'" in refusal(data, max_cell_characters=5).message


def test_random_archives_never_unpack_further_than_they_may() -> None:
    noise = os.urandom(300_000)
    data = repacked(lambda parts: parts.update({"xl/media/image1.png": noise + zlib.compress(noise)}))
    assert read(data).rows_read == 2

"""Bad and odd files through the real command line and the real import: refused in one sentence, or handled and said."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from leadscore import cli
from leadscore.errors import LeadScoreError
from leadscore.ingest.guard import without_guard
from leadscore.services import accounts, intake
from leadscore.store import clients
from leadscore.store.database import read
from leadscore.store.lead_reading import read_leads
from leadscore.workbench import open_workbench

PROJECT = Path(__file__).resolve().parents[2]
SECRET = "a secret for tests only, long"
COUNTED = ("rows_stored", "updated", "duplicates", "rejected")
SHEET = "xl/worksheets/sheet1.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


# --- files --------------------------------------------------------------------------------------------------


def book(**sheets: list[list[object]]) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return saved(workbook)


def saved(workbook: openpyxl.Workbook) -> bytes:
    sink = io.BytesIO()
    workbook.save(sink)
    return sink.getvalue()


def archive(parts: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    return sink.getvalue()


def with_sheet(content: bytes) -> bytes:
    """Exchange the sheet of a small good workbook."""
    with zipfile.ZipFile(io.BytesIO(book(Leads=[["Name"], ["Ann"]]))) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    return archive(parts | {SHEET: content})


def far_corner() -> bytes:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return with_sheet(f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode())


def zip_bomb() -> bytes:
    return with_sheet(bytes(400 * 1024 * 1024))


def container(*streams: str) -> bytes:
    """Make an OLE compound file: header, one allocation sector, a directory with empty streams of these names."""
    unused = b"\xff" * 4
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(10)
    header += struct.pack("<IIIIIIIII", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0) + unused * 108
    table = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE) + unused * 126
    kinds = [("Root Entry", 5), *((name, 2) for name in streams)]
    return header + table + b"".join(_entry(name, kind) for name, kind in kinds).ljust(512, b"\0") + bytes(4096)


def _entry(name: str, kind: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return text.ljust(64, b"\0") + struct.pack("<HBB", len(text), kind, 1) + b"\xff" * 12 + bytes(48)


def open_document() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as target:
        target.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        target.writestr("content.xml", "<office:document-content/>")
    return sink.getvalue()


def forty_thousand_columns() -> bytes:
    line = ",".join(f"c{place}" for place in range(40_000))
    return f"{line}\n{line}\n".encode()


REFUSED = {
    "empty.csv": (lambda: b"", "empty_file"),
    "blank.csv": (lambda: b"  \n\r\n \t \n", "empty_file"),
    "header only.csv": (lambda: b"Name,Email\n", "no_rows"),
    "pdf.csv": (lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n", "not_a_table"),
    "png.xlsx": (lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200), "not_a_table"),
    "cut.xlsx": (lambda: (whole := book(Leads=[["Name"], ["Ann"]]))[:len(whole) // 2], "damaged_workbook"),
    "protected.xlsx": (lambda: container("EncryptionInfo", "EncryptedPackage"), "password_protected"),
    "far corner.xlsx": (far_corner, "workbook_too_large"),
    "zip bomb.xlsx": (zip_bomb, "zip_bomb"),
    "wide.csv": (forty_thousand_columns, "too_many_columns"),
    "giant cell.csv": (lambda: b'Name,Note\nAnn,"' + b"x" * 80_000_000 + b'"\n', "cell_too_long"),
    "nul.csv": (lambda: b"Name,Email\nAnn,a\0nn@firm.example\n", "nul_bytes"),
    "only commas.csv": (lambda: b"Name,Email\n,\n , \n,\n", "no_rows"),
    "only dashes.csv": (lambda: b"Email,Note\n-,N/A\n,null\n", "no_usable_column"),
    "unclosed.csv": (lambda: b'Name,Note\nAnn,"hello\nBob,x\n', "unclosed_quote"),
    "old.xls": (lambda: container("Workbook"), "unsupported_format"),
    "open.ods": (open_document, "unsupported_format"),
}
COMMANDS = ("inspect", "import", "score")


# --- running ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory) -> Path:
    """Give a store that is made once, because nothing here may change it."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    return _at(tmp_path, monkeypatch)


@pytest.fixture
def untouched(shared_home, monkeypatch) -> Path:
    return _at(shared_home, monkeypatch)


def _at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADSCORE_HOME", str(folder))
    monkeypatch.setenv("LEADSCORE_SECRET_KEY", SECRET)
    return folder


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict, str]:
    code = cli.main([*map(str, words), "--json"])
    heard = capsys.readouterr()
    assert heard.out.count("\n") == 1
    return code, json.loads(heard.out), heard.err


def stored(folder: Path) -> dict[str, int]:
    with sqlite3.connect(folder / "data" / "leadscore.db") as database:
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("batches", "leads", "scores", "activities", "outcomes", "file_shapes")}


def is_refusal(answer: dict, code: str) -> bool:
    words = answer["error"]
    assert set(answer) == {"error"}
    assert set(words) == {"code", "message", "hint"}
    assert all(text and text[-1] in ".?!)" for text in (words["message"], words["hint"]))
    return bool(words["code"] == code)


def imported(capsys: pytest.CaptureFixture[str], path: Path, *words: object) -> dict:
    """Import a file and hold what every import promises."""
    code, answer, _ = run(capsys, "import", path, *words)
    assert code == 0, answer
    assert answer["rows_read"] == sum(answer[name] for name in COUNTED)
    return answer


def values_of(capsys: pytest.CaptureFixture[str], lead: int = 1) -> dict:
    return run(capsys, "leads", "show", lead)[1]["values"]


def scored(capsys: pytest.CaptureFixture[str], path: Path, target: Path) -> list[list[str]]:
    code, answer, _ = run(capsys, "score", path, "--top", "100%", "--reasons", 1, "--out", target)
    assert code == 0, answer
    assert answer["rows"] == answer["exported"]
    return table_of(target)


def table_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def written(rows: list[list[str]]) -> bytes:
    sink = io.StringIO()
    csv.writer(sink).writerows(rows)
    return sink.getvalue().encode()


# --- refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_list_of_leads_is_refused_in_one_sentence_and_nothing_is_stored(name, capsys, untouched, tmp_path):
    make, code = REFUSED[name]
    path = put(tmp_path, name, make())
    for command in COMMANDS:
        exit_code, answer, noise = run(capsys, command, path)
        assert exit_code == 3, (command, answer)
        assert is_refusal(answer, code), (command, answer)
        assert "Traceback" not in noise
    path.unlink()
    assert set(stored(untouched).values()) == {0}


@pytest.mark.parametrize("name", ["far corner.xlsx", "nul.csv", "only dashes.csv", "protected.xlsx"])
def test_the_import_service_refuses_the_same_bytes_from_a_browser(name, untouched):
    make, code = REFUSED[name]
    with pytest.raises(LeadScoreError) as refused:
        intake.import_file(open_workbench(), accounts.local_operator(), client="default", source=make(),
                           filename=name)
    assert refused.value.code == code
    assert set(stored(untouched).values()) == {0}


@pytest.mark.parametrize(("command", "name"), [("import", "cut.xlsx"), ("score", "unclosed.csv")])
def test_a_process_of_its_own_prints_one_object_and_no_traceback(command, name, untouched, tmp_path):
    make, code = REFUSED[name]
    done = subprocess.run(
        [sys.executable, "-m", "leadscore", command, str(put(tmp_path, name, make())), "--json"], cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert is_refusal(json.loads(done.stdout), code)
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert set(stored(untouched).values()) == {0}


# --- handled and said ---------------------------------------------------------------------------------------

LEAD = "Name,Email\nAnn,ann@firm.example\n"

HANDLED = {
    "two of one name": (b"Name,Email,Email\nAnn,ann@firm.example,a@home.example\n", 1, {"duplicate_header"}),
    "mixed encodings": ("Name,City\nZoë,Köln\n".encode() + "José,Málaga\n".encode("cp1252"), 2, {"mixed_encoding"}),
    "all duplicates": (LEAD.encode() + b"Ann,ann@firm.example\n" * 9, 1, {"duplicate"}),
    "longer and shorter": (LEAD.encode() + b"Bob\nCy,cy@firm.example,more\n", 2, {"row_too_long", "row_too_short"}),
    "utf-16 with tabs": ("Name\tCity\nJosé\tKöln\n".encode("utf-16"), 1, set()),
    "workbook called csv": (book(Leads=[["Name", "City"], ["Ann", "Rome"]]), 1, set()),
    "header repeated": (LEAD.encode() + b"Name,Email\nBob,bob@firm.example\nName,Email\n", 2, {"repeated_header"}),
    "trailing empty columns": (b"Name,Email,,,\nAnn,ann@firm.example,,,\nBob,bob@firm.example,,,\n", 2, set()),
    "nameless column": (b"Name,,Email\nAnn,x,ann@firm.example\n", 1, {"unnamed_column"}),
    "several sheets": (book(Cover=[["Made by us"]], Leads=[["Name", "City"], ["Ann", "Rome"]]), 1, {"sheet_chosen"}),
}


@pytest.mark.parametrize("case", HANDLED)
def test_an_odd_file_is_imported_and_the_oddity_is_said(case, capsys, home):
    content, leads, said = HANDLED[case]
    answer = imported(capsys, put(home, "leads.csv", content))
    assert answer["rows_stored"] == leads
    assert stored(home)["leads"] == leads
    assert said <= set(answer["issues"])


def test_the_second_time_a_file_comes_every_row_is_a_duplicate(capsys, home):
    path = put(home, "leads.csv", LEAD.encode() + b"Bob,bob@firm.example\n")
    assert imported(capsys, path)["rows_stored"] == 2
    again = imported(capsys, path)
    assert (again["rows_stored"], again["duplicates"]) == (0, 2)
    assert stored(home)["leads"] == 2


def test_the_sheet_asked_for_is_read_and_an_unknown_one_is_refused(capsys, home):
    content = book(May=[["Name", "City"], ["Ann", "Rome"]], June=[["Name", "City"], ["Bo", "Oslo"]])
    path = put(home, "leads.xlsx", content)
    assert imported(capsys, path, "--sheet", "June")["rows_stored"] == 1
    assert values_of(capsys)["City"] == "Oslo"
    code, answer, _ = run(capsys, "score", path, "--sheet", "July")
    assert (code, is_refusal(answer, "unknown_sheet")) == (3, True)


def test_words_that_look_like_nothing_stay_what_they_are(capsys, home):
    path = put(home, "leads.csv", b"Last Name;Country;Postal Code;Annual Revenue;Account\n"
                                  b"None;NA;01234;1.234,56;12345678901234567890\n")
    imported(capsys, path)
    shown = values_of(capsys)
    assert shown["Last Name"] == "None"
    assert shown["Country"] == "NA"
    assert shown["Postal Code"] == "01234"
    assert shown["Annual Revenue"] == "1,234.56"
    assert shown["Account"] == "12345678901234567890"


def test_long_notes_and_their_line_breaks_are_kept(capsys, home):
    notes = "first line\nsecond, \"quoted\"\n" + "x" * 15_000
    imported(capsys, put(home, "leads.csv", written([["Name", "Notes"], ["Ann", notes], ["Bob", "short"]])))
    assert values_of(capsys)["Notes"] == notes


# --- values come back ---------------------------------------------------------------------------------------

VALUES = ["None", "NA", "01234", "1e5", "12345678901234567890", "TRUE", "1.234,56", " padded ", "-5", "Müller", "日本",
          "two\nlines", 'say "hi"', "a;b", "", "nan", "#N/A", "x" * 15_000, "2024-02-30", "'t Hart"]

TRIGGERS = "=+-@|\t\r\n\uff1d\uff0b\uff0d\uff20"
INVISIBLE = "\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff "
SIGNED = ["1+1", "cmd|' /C calc'!A0", "SUM(A1:A9)", 'HYPERLINK("http://x.example","y")', '"a"&"b"', "A1*2"]
PAYLOADS = [
    *[sign + text for sign in "=+-@|" for text in SIGNED],
    "\t=1", " =1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\u200e+1+1", "\u2060@x", "\uff1d1+1", "\uff0b1+1", "\uff0d1+1",
    "\uff20SUM(A1)", "=IMPORTXML(\"http://x.example\")", "=DDE(\"cmd\")", "+49 351 1234567", "-- nobody", "==1",
]


def test_every_cell_of_the_input_comes_back_in_its_column(capsys, home):
    rows = [[str(number), value, VALUES[-1 - number]] for number, value in enumerate(VALUES)]
    header = ["Key", "score", "What they said"]
    answer = scored(capsys, put(home, "leads.csv", written([header, *rows])), home / "out.csv")
    assert answer[0] == ["Key", "input_score", "What they said", "rank", "score", "probability", "tier", "qualified",
                         "reason_1"]
    back = sorted((line[:3] for line in answer[1:]), key=lambda line: int(line[0]))
    assert back == rows


@pytest.mark.parametrize("header", ["rank", "score", "probability", "tier", "qualified", "reason_1"])
def test_a_header_of_ours_gets_a_prefix(header, capsys, home):
    answer = scored(capsys, put(home, "leads.csv", f"Name,{header},input_x\nAnn,7,8\n".encode()), home / "out.csv")
    assert answer[0][:3] == ["Name", f"input_{header}", "input_x"]
    assert answer[1][:3] == ["Ann", "7", "8"]
    assert len(set(answer[0])) == len(answer[0])


def test_no_payload_is_a_formula_in_what_we_write_and_each_comes_back_as_it_was(capsys, home):
    rows = [[f"k{number}", payload, "x"] for number, payload in enumerate(PAYLOADS)]
    path = put(home, "leads.csv", written([["Key", "Notes", "=1+1"], *rows]))
    answer = scored(capsys, path, home / "out.csv")
    cells = [cell for line in answer for cell in line]
    assert not [cell for cell in cells if cell.lstrip(INVISIBLE)[:1] in tuple(TRIGGERS) and not _is_number(cell)]
    back = {line[0]: line[1] for line in answer[1:]}
    written_cells = pd.Series([back[f"k{number}"] for number in range(len(PAYLOADS))], dtype="str")
    assert without_guard(written_cells).tolist() == PAYLOADS


def test_a_workbook_holds_payloads_as_plain_text(capsys, home):
    path = put(home, "leads.csv", written([["Key", "=Notes"], *[["k", payload] for payload in PAYLOADS]]))
    code, _, _ = run(capsys, "score", path, "--top", "100%", "--out", home / "out.xlsx")
    assert code == 0
    sheet = openpyxl.load_workbook(home / "out.xlsx").active
    assert sorted(row[1].value for row in sheet.iter_rows(min_row=2)) == sorted(PAYLOADS)
    assert {cell.data_type for row in sheet.iter_rows(max_col=2) for cell in row} == {"s"}
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]


def test_our_own_export_imported_again_stores_the_same_values(capsys, home):
    rows = [[f"k{number}", payload, "+49 351 1234567"] for number, payload in enumerate([*PAYLOADS, "'t Hart"])]
    path = put(home, "leads.csv", written([["Record ID", "Notes", "Phone"], *rows]))
    scored(capsys, path, home / "out.csv")
    imported(capsys, path, "--client", "first")
    imported(capsys, home / "out.csv", "--client", "second")
    assert notes_of("first") == notes_of("second")
    assert len(notes_of("first")) == len(rows)


def notes_of(client: str) -> dict[str, tuple[str, str]]:
    workbench = open_workbench()
    with read(workbench.engine) as session:
        leads = read_leads(session, workbench.vault, clients.require(session, client))
    return dict(zip(leads["crm_id"], zip(leads["notes"], leads["phone"], strict=True), strict=True))


def _is_number(text: str) -> bool:
    return text.replace(".", "").removeprefix("-").isdigit()

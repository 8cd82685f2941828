"""Reports on paper: the words of the HTML on numbered pages, the same bytes each time, and no text that stops it."""

import re
from datetime import timedelta
from io import BytesIO

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from leadscore.charts import still
from leadscore.errors import InvalidRequest
from leadscore.reports.cells import MOST_ROWS
from leadscore.reports.document import Brand, Document, Drawing, Section, Table
from leadscore.reports.pdf import pdf
from tests.reports.samples import BARS, MADE_AT, picture, report
from tests.reports.test_html import HOSTILE

MARKUP = ("#strong[x]", "$ x^2 $", "@reference", "*bold* _thin_", "#panic()", "#import \"@preview/x:1.0.0\"",
          "#read(\"/etc/passwd\")", "\\u{41}", "= Heading", "- item", "// gone", "/* gone */", "<label>", "`raw`")
NAMES = ("Zoë Müller", "Ελένη Παπαδοπούλου", "Анна Петрова", "ქეთევანი", "Nguyễn Thị Ánh", "Łukasz Żółć")


def read(content: bytes) -> PdfReader:
    return PdfReader(BytesIO(content))


def words(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(content).pages)


def document_of(*tables: Table, title: str = "Report", paragraphs: tuple[str, ...] = (),
                drawings: tuple[Drawing, ...] = ()) -> Document:
    return Document(title, "About", Brand("Acme", "#e0b400", picture("JPEG")), MADE_AT, "the boss",
                    (Section("Part", paragraphs, drawings=drawings, tables=tables),), ("A note.",))


def test_the_same_document_gives_the_same_bytes_and_another_day_others():
    document = report()
    later = Document(**{**vars(document), "made_at": MADE_AT + timedelta(days=1)})
    assert pdf(document) == pdf(report())
    assert pdf(document) != pdf(later)


def test_a_file_knows_its_title_its_date_and_its_language():
    reader = read(pdf(report("Webinar")))
    assert reader.metadata.title == "Webinar"
    assert reader.metadata.creation_date == MADE_AT
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


@pytest.mark.parametrize("word", [word for word in (*HOSTILE, *MARKUP) if "\x00" not in word])
def test_what_people_write_is_set_as_it_is_and_never_read_as_layout(word):
    said = re.sub(r"\s", "", words(pdf(document_of(paragraphs=(f"before {word} after",)))))
    assert re.sub(r"\s", "", f"before{word}after") in said


@pytest.mark.parametrize("name", NAMES)
def test_names_of_other_scripts_can_be_read_back(name):
    said = words(pdf(document_of(Table("People", pd.DataFrame({"Name": [name]})))))
    assert name.replace(" ", "") in said.replace(" ", "")


@pytest.mark.parametrize("name", ["山田太郎", "김철수", "שרה כהן", "محمد علي", "😀", "\x00\x0b\x1b[0m", "\u202e\ufeff",
                                  "", "\ud800"])
def test_characters_no_font_has_do_not_stop_it(name):
    assert pdf(document_of(title=name or "x", paragraphs=(name,))).startswith(b"%PDF")


@settings(max_examples=12, deadline=None)
@given(st.text(max_size=60))
def test_no_text_whatever_stops_it(word):
    assert len(read(pdf(report(word))).pages) >= 1


def test_a_long_table_runs_over_pages_which_are_numbered_and_repeat_its_headings():
    rows = pd.DataFrame({"Lead": range(MOST_ROWS + 50), "Fingerprint": "ab" * 32})
    pages = [page.extract_text() for page in read(pdf(document_of(Table("Leads", rows)))).pages]
    assert len(pages) > 3
    for number, said in enumerate(pages, start=1):
        assert "Fingerprint" in said
        assert f"{number} / {len(pages)}" in said
        assert "2026-11-21" in said
    assert "50 more rows are left out here." in pages[-1]


def test_empty_tables_are_no_fault():
    empty = (Table("None", pd.DataFrame()), Table("Headings only", pd.DataFrame({"A": [], "B": []})))
    assert "Headings only" in words(pdf(document_of(*empty)))


def test_a_drawing_keeps_its_words_in_our_font():
    spec = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "height": 60, "mark": "bar",
            "data": {"values": [{"source": "Webinar", "leads": 3}, {"source": "Анна", "leads": 5}]},
            "encoding": {"y": {"field": "source", "type": "nominal"}, "x": {"field": "leads", "type": "quantitative"}}}
    content = pdf(document_of(drawings=(Drawing("Sources", still.svg(spec, width=430), "Bars"),)))
    fonts = {str(font["/BaseFont"]) for page in read(content).pages
             for font in (entry.get_object() for entry in page["/Resources"]["/Font"].values())}
    assert all("FiraGO" in name for name in fonts), fonts
    assert "Webinar" in words(content)
    assert "Анна" in words(content)


def test_drawings_of_any_widths_follow_each_other():
    plain, wide = Drawing("Plain", BARS), Drawing("Wide", BARS, wide=True)
    said = words(pdf(document_of(drawings=(plain, wide, plain, plain, plain, wide, wide))))
    assert (said.count("Plain"), said.count("Wide")) == (4, 3)


def test_what_is_no_drawing_is_refused():
    with pytest.raises(InvalidRequest):
        pdf(report(drawing="<html/>"))

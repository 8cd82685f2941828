"""Reports as one file: everything said, nothing that acts, nothing asked of anybody."""

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadscore.reports.cells import MOST_ROWS
from leadscore.reports.drawings import LOOKS
from leadscore.reports.html import html
from tests.reports.samples import BARS, report

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "{{ 7 * 7 }}",
           "{% raw %}", "</style><script>", "]]>", "&lt;b&gt;", "\x00\x0b<b>", "' onload='x", "<!--", "${x}",
           "<svg onload=alert(1)>", "@import url(//x)")
PAGE = {"html", "head", "meta", "title", "style", "body", "header", "main", "section", "footer", "div", "span", "img",
        "h1", "h2", "h3", "p", "figure", "figcaption", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
SHAPES = {"svg", "g", "path", "rect", "text", "defs", "clippath"}
NAMES = {"lang", "charset", "http-equiv", "content", "name", "class", "src", "alt", "role", "aria-label", "scope"} | {
    look.lower() for look in LOOKS}


class Seen(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.words = set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words.append(data)


def assert_harmless(page):
    seen = Seen(page)
    assert seen.tags <= PAGE | SHAPES
    assert {name for name, _ in seen.attributes} <= NAMES
    assert all(value.startswith("data:image/png;base64,") for name, value in seen.attributes if name == "src")
    return seen


@pytest.mark.parametrize("word", HOSTILE)
def test_what_people_write_is_shown_and_never_run(word):
    seen = assert_harmless(html(report(word)))
    assert word.replace("\x00", "\ufffd") in "".join(seen.words) or "\x00" in word


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_no_text_whatever_adds_an_element_or_an_attribute(word):
    assert_harmless(html(report(word)))


def test_a_report_asks_nothing_of_anybody():
    page = html(report())
    assert "default-src 'none'" in page
    assert not re.findall(r"https?://", page.replace("http://www.w3.org/2000/svg", ""))
    assert not re.findall(r"url\((?!#)", page)


def test_drawings_of_one_page_do_not_share_names():
    page = html(report())
    names = re.findall(r' id="([^"]+)"', page)
    assert len(names) == len(set(names)) == 2
    assert sorted(re.findall(r"url\(#([^)]+)\)", page)) == sorted(names)


def test_an_empty_drawing_says_why_there_is_nothing_to_see():
    page = html(report("Record outcomes first.", drawing=""))
    assert "<svg" not in page
    assert "<figcaption>Record outcomes first.</figcaption>" in page


def test_numbers_stand_to_the_right_with_the_same_decimals_and_missing_ones_are_dashes():
    rows = pd.DataFrame({"Source": ["a", None], "Leads": [1_200, 7], "Score": [45.25, 60.0], "Days": [3.0, None],
                         "Good": [True, False]})
    page = html(report(rows=rows))
    for cell in ('<td class="right">1,200</td>', '<td class="right">45.2</td>', '<td class="right">60.0</td>',
                 '<td class="right">3</td>', '<td class="right">—</td>', "<td>—</td>", "<td>yes</td>"):
        assert cell in page, cell


def test_shares_are_written_as_per_cent():
    document = report(rows=pd.DataFrame({"Rate": [0.1234, None]}))
    section = document.sections[0]
    table = type(section.tables[0])("t", section.tables[0].rows, shares=("Rate",))
    page = html(type(document)(**{**vars(document), "sections": (type(section)(**{**vars(section),
                                                                                  "tables": (table,)}),)}))
    assert '<td class="right">12.3 %</td>' in page


def test_a_long_table_is_cut_and_says_so():
    page = html(report(rows=pd.DataFrame({"n": range(MOST_ROWS + 3)})))
    assert "3 more rows are left out here." in page
    assert page.count("<td") == MOST_ROWS


def test_the_same_report_is_the_same_bytes():
    assert html(report()) == html(report())


def test_the_made_up_drawing_is_drawn():
    assert BARS.count("<path") == 1
    assert html(report()).count("<path") == 2

"""Tiles, pictures and sentences become a report."""

import re
from datetime import UTC, datetime

import pandas as pd
import pytest

from leadscore.charts.picture import Picture
from leadscore.charts.tile import Better, Tile, Unit
from leadscore.reports.document import Brand
from leadscore.reports.html import html
from leadscore.steps.report_document import PAPER_WIDTH, WIDE, About, document_of, drawing_of, figure_of

ABOUT = About("Performance", "All leads", datetime(2026, 11, 21, tzinfo=UTC), "ann")
BARS = {"width": "container", "height": 60, "mark": "bar",
        "data": {"values": [{"source": "<b>Ads</b>", "leads": 3}]}, "encoding": {
            "x": {"field": "source", "type": "nominal"}, "y": {"field": "leads", "type": "quantitative"}}}
PICTURE = Picture("sources", "Sources", pd.DataFrame({"Source": ["<b>Ads</b>"], "Leads": [3]}), BARS, "Bars.",
                  "So it is.")
NOTHING = Picture("rate", "Rate", pd.DataFrame(), None, empty="Record outcomes, to see the rate.")
RATE = Tile("rate", "Conversion rate", 0.04, Unit.SHARE, low=0.03, high=0.05, before=0.05, note="Of all leads.")


def _width(svg):
    found = re.search(r'<svg[^>]* width="([0-9.]+)"', svg)
    return float(found.group(1))


def test_a_tile_says_in_a_report_what_it_says_on_the_page():
    figure = figure_of(RATE)
    assert (figure.label, figure.value, figure.likely, figure.note) == \
        ("Conversion rate", RATE.text, "Likely 3.0 % to 5.0 %", "Of all leads.")
    assert figure.change == "-1.0 points against before"
    assert figure_of(Tile("a", "A", 0.05, Unit.SHARE, before=0.05)).change == "As before"
    assert figure_of(Tile("a", "A", 0.05, Unit.SHARE)).change == ""


@pytest.mark.parametrize(("tile", "good"), [
    (RATE, False), (Tile("a", "A", 2.0, Unit.DAYS, before=5.0, better=Better.DOWN), True),
    (Tile("a", "A", 5.0, Unit.DAYS, before=2.0, better=Better.DOWN), False),
    (Tile("a", "A", 9, Unit.COUNT, before=5, better=Better.NEITHER), None), (Tile("a", "A", 9, Unit.COUNT), None),
    (Tile("a", "A", None, Unit.COUNT, before=5), None), (Tile("a", "A", 5, Unit.COUNT, before=0), None),
    (Tile("a", "A", 0.05, Unit.SHARE, before=0.05), None), (Tile("a", "A", 0.2, Unit.SHARE, before=0.1), True),
])
def test_a_change_is_called_good_only_where_it_is_one(tile, good):
    assert figure_of(tile).good is good


def test_other_currencies_are_told_beside_a_figure():
    tile = Tile("revenue", "Revenue", 5.0, Unit.MONEY, "EUR", note="Of converted leads.", more=("7 USD", "1 GBP"))
    assert figure_of(tile).note == "Also 7 USD, 1 GBP. Of converted leads."


def test_a_picture_is_drawn_for_its_place():
    narrow, broad = (_width(drawing_of(PICTURE, wide=wide).svg) for wide in (False, True))
    # the axis stands beside it
    assert PAPER_WIDTH <= narrow < PAPER_WIDTH + 80
    assert WIDE <= broad < WIDE + 80


def test_a_picture_of_nothing_says_what_to_do():
    drawing = drawing_of(NOTHING)
    assert (drawing.svg, drawing.caption) == ("", "Record outcomes, to see the rate.")


def test_parts_stand_under_their_headings_and_empty_ones_have_none():
    document = document_of(ABOUT, Brand("Acme"), tiles=[RATE], pictures={"Over time": [NOTHING], "Nowhere": []},
                           sentences=["Fewer convert."], notes=["Small."])
    assert [section.title for section in document.sections] == ["In short", "Over time"]
    assert document.footnotes == ("Small.",)
    assert document_of(ABOUT, Brand("Acme"), tiles=[], pictures={}, sentences=[]).sections == ()


def test_what_people_called_a_source_is_a_word_in_the_report():
    page = html(document_of(ABOUT, Brand("Acme"), tiles=[RATE], pictures={"P": [PICTURE, PICTURE]}, sentences=["<i>"],
                            wide={"sources"}))
    assert "&lt;b&gt;Ads&lt;/b&gt;" in page
    assert "<b>" not in page
    assert page.count("<svg") == 2
    assert page.count('class="wide"') == 2

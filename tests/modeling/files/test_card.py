"""The card of a model tells what its report tells, stands alone, and keeps what comes from data out of the page."""

import re
from html.parser import HTMLParser

import pytest

from leadscore.modeling.files.card import CardFacts, card_html
from leadscore.modeling.files.svg import bar_chart, line_chart
from tests.modeling.samples import train_small

EVIL = "<script>alert('x')</script>\"&"
VOID = {"meta", "line", "rect", "circle", "polyline", "polygon", "br"}


class _Page(HTMLParser):
    """Collects tags and text, and notices tags that are not closed in order."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts, self.open, self.attributes = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.texts.append(data)


def _page(report=None, **more):
    facts = {"version": 3, "client": "acme", "alias": "champion", "created_at": "21 November 2026", "created_by": "ann",
             "report": report or {}, "manifest": {}} | more
    page = card_html(CardFacts(**facts))
    parsed = _Page(page)
    assert parsed.open == []
    return page, parsed, " ".join(parsed.texts)


@pytest.fixture(scope="module")
def report():
    return train_small("xgboost", rows=400).report.to_dict()


RICH = {
    "target": "Lead Status", "threshold": 0.31, "proof": "ab" * 32, "verdict": "ready",
    "confusion": {"true_positive": 41, "false_positive": 12, "false_negative": 9, "true_negative": 1_138},
    "learning_curve": [{"rows": 100, "outcomes": 30, "average_precision": 0.4, "low": 0.3, "high": 0.5},
                       {"rows": 400, "outcomes": 120, "average_precision": 0.5, "low": 0.45, "high": 0.55}],
    "expectation": {"sentence": "500 more outcomes may bring it to 0.55"},
    "set_aside": [{"column": "Tags", "reason": "filled in afterwards", "effect": None}],
    "warnings": ["the base rate moved"], "promotion": {"reason": "It is not worse than version 2."},
}


def test_the_card_tells_what_the_report_tells(report):
    page, parsed, text = _page(report | RICH)
    for words in ("Model 3 of acme", "champion", "Lead Status", "Ready.", "41", "1,138", "31.0 %", "Tags",
                  "Filled in afterwards.", "The base rate moved.", "500 more outcomes",
                  "It is not worse than version 2.", "abab", "What it must not be used for", "credit", "xgboost"):
        assert words in text, words
    roc = report["metrics"]["roc_auc"]
    assert f"{roc['value'] * 100:.1f} %" in text
    assert f"{roc['low'] * 100:.1f} % to {roc['high'] * 100:.1f} %" in text
    assert parsed.tags.count("svg") == 4


def test_the_card_needs_nothing_from_elsewhere_and_runs_nothing(report):
    page, parsed, _ = _page(report | RICH)
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(parsed.tags)
    names = {name for name, _ in parsed.attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"src", "href"}
    assert not re.search(r"https?://|url\(|@import", page)


def test_nothing_from_the_data_becomes_part_of_the_page(report):
    finding = {"column": EVIL, "label": EVIL, "reason": EVIL, "code": EVIL, "name": EVIL}
    spoilt = report | RICH | {
        "target": EVIL, "verdict": EVIL, "warnings": [EVIL], "set_aside": [finding], "suspects": [finding],
        "importance": {EVIL: 1.0}, "parameters": {EVIL: EVIL}, "libraries": {EVIL: EVIL}, "algorithm": EVIL,
        "proof": EVIL, "expectation": {"sentence": EVIL}, "split": {"kind": EVIL, "reason": EVIL, "train_rows": 1},
        "data": {"columns": [EVIL], "fingerprint": EVIL, "period": [EVIL, EVIL]},
        "candidates": [{"algorithm": EVIL, "balance": EVIL, "chosen": True}]}
    page, parsed, _ = _page(spoilt, client=EVIL, created_by=EVIL, alias=EVIL, created_at=EVIL,
                            manifest={"files": {EVIL: {"sha256": EVIL, "bytes": 1}},
                                      "about": {"target": EVIL, "data_fingerprint": EVIL, "proof": EVIL}})
    assert "script" not in parsed.tags
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 20


def test_an_older_report_gives_a_shorter_card(report):
    for missing in [*report, None]:
        _page({name: value for name, value in report.items() if name != missing})
    _, parsed, text = _page({})
    assert "What it must not be used for" in text
    assert "svg" not in parsed.tags


@pytest.mark.parametrize("value", [None, "text", 3, float("nan"), float("inf"), [], {}, [None, 3, "x"]])
@pytest.mark.parametrize("name", ["gains", "reliability", "importance", "learning_curve", "metrics", "confusion",
                                  "threshold", "candidates", "set_aside", "data", "split", "expectation"])
def test_no_odd_value_stops_the_card(report, name, value):
    if isinstance(value, str | int | float) and name in ("gains", "reliability", "learning_curve", "candidates",
                                                         "set_aside"):
        value = [value]
    _page(report | RICH | {name: value})


def test_charts_stay_inside_their_picture():
    drawn = line_chart([(-1.0, 5.0), (2.0, -3.0)], x="x", y="y", title="t", band=[(-9.0, 9.0), (0.0, 99.0)])
    for numbers in re.findall(r'points="([^"]+)"', drawn):
        for pair in numbers.split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= 340 and 0 <= y <= 230
    assert 'width="0' in bar_chart([("nothing", 0.0)], title="t")
    assert "…" in bar_chart([("x" * 60, 1.0)], title="t")

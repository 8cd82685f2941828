"""The Performance page hands itself out as a report: the leads of its filters, under the client's brand."""

from leadscore.access import Role
from leadscore.services import reporting
from tests.pages.conftest import assert_calm, labels


def test_a_report_is_offered_and_made_only_when_asked_for(campaign, open_page, monkeypatch):
    asked = []

    def made(*words, **more):
        asked.append(more["view"])
        return reporting.ReportFile("x.html", b"<!doctype html>", "0")

    monkeypatch.setattr(reporting, "performance_report", made)
    app = open_page(campaign, "performance", Role.VIEWER, of_tier="High")
    assert_calm(app)
    assert {"For screens (HTML)", "For paper (PDF)"} <= set(labels(app, "download_button"))
    assert asked == []


def test_there_is_no_report_of_nothing(empty, open_page):
    app = open_page(empty, "performance")
    assert_calm(app)
    assert "For paper (PDF)" not in labels(app, "download_button")

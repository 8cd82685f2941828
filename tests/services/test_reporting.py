"""Reports to hand on: dated, branded, in words, fingerprinted, and written down."""

import hashlib
import re
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from leadscore.access import Role
from leadscore.errors import InvalidRequest, NotFound
from leadscore.services import branding, governance, reporting, segments
from leadscore.services.reporting import Format, ListView, report_name
from leadscore.steps.performance_document import OTHER, PARTS
from tests.services.conftest import CLIENT, person

BOSS = person(Role.MANAGER, CLIENT)


@pytest.fixture(scope="module")
def branded(trained_once):
    branding.save_brand(trained_once, BOSS, client=CLIENT, name="Acme <Europe>", colour="#aa3322")
    return trained_once


@pytest.fixture(scope="module")
def made(branded):
    return reporting.performance_report(branded, person(Role.VIEWER, CLIENT), client=CLIENT,
                                        view=ListView(came_from="2026-01-01", came_to="2026-11-21"))


def _last_told(bench):
    frame = governance.audit_events(bench, person(Role.ADMIN), limit=20).frame
    return frame[frame["action"] == "report_made"].iloc[0]


def test_a_report_stands_under_the_brand_and_says_what_it_is_about(made):
    page = made.content.decode()
    assert made.filename == "performance_acme_2026-11-21.html"
    assert "Acme &lt;Europe&gt;" in page
    assert "#aa3322" in page
    assert "Leads that came in from 1 Jan to 21 Nov 2026" in page
    assert "Made on 21 Nov 2026, 12:00 UTC by the viewer" in page


def test_every_part_of_the_page_is_in_it(made):
    page = made.content.decode()
    headings = re.findall(r"<h2>([^<]+)</h2>", page)
    assert headings == ["In short", *PARTS, "Tables"]
    assert OTHER not in headings
    assert page.count("<svg") > 10
    for word in ("Conversion rate", "User satisfaction", "Are the best leads worked first?", "Likely "):
        assert word in page


def test_on_paper_it_says_the_same_with_a_fingerprint_of_its_own(branded, viewer):
    made = reporting.performance_report(branded, viewer, client=CLIENT, view=ListView(), as_a=Format.PDF)
    said = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(BytesIO(made.content)).pages))
    assert made.filename == "performance_acme_2026-11-21.pdf"
    for word in ("Acme <Europe>", "Conversion rate", "Are the best leads worked first?", *PARTS):
        assert word in said
    told = _last_told(branded)["detail"]
    assert made.sha256 == hashlib.sha256(made.content).hexdigest()
    assert made.sha256 in told
    assert '"format":"pdf"' in told


def test_the_trail_holds_its_fingerprint_and_the_page_the_names_of_what_it_shows(branded, viewer):
    number = segments.save_segment(branded, BOSS, client=CLIENT, name="Hot & ready", view=ListView(tiers=("High",)),
                                   shared=True)
    view = ListView(segment=number, batch_id=1, tiers=("High",), search="Nobody of this name")
    made = reporting.performance_report(branded, viewer, client=CLIENT, view=view)
    told = _last_told(branded)
    assert made.sha256 == hashlib.sha256(made.content).hexdigest()
    assert made.sha256 in told["detail"]
    assert '"tiers":["High"]' in told["detail"]
    assert "Nobody" not in told["detail"]
    assert "import campaign.csv, in the saved view Hot &amp; ready, found by a search" in made.content.decode()


def test_a_report_of_no_leads_says_what_to_do(branded, viewer):
    page = reporting.performance_report(branded, viewer, client=CLIENT,
                                        view=ListView(sources=("Nowhere",))).content.decode()
    assert "source Nowhere" in page
    assert "<svg" not in page
    assert "Upload leads" in page


@pytest.mark.parametrize(("view", "refusal"), [
    (ListView(came_from="2026-02-01", came_to="2026-01-01"), InvalidRequest), (ListView(came_from="soon"),
                                                                              InvalidRequest),
    (ListView(segment=999), NotFound)])
def test_what_cannot_be_shown_is_refused_and_not_told(branded, viewer, view, refusal):
    before = _last_told(branded)["seq"]
    with pytest.raises(refusal):
        reporting.performance_report(branded, viewer, client=CLIENT, view=view)
    assert _last_told(branded)["seq"] == before


@pytest.mark.parametrize(("client", "name"), [
    ("acme", "performance_acme_2026-11-21.html"), ("../../etc/passwd", "performance_etc-passwd_2026-11-21.html"),
    ("Müller & Söhne", "performance_Müller-Söhne_2026-11-21.html"), ('a"b\\c:d', "performance_a-b-c-d_2026-11-21.html"),
    ("...", "performance_client_2026-11-21.html"), ("x" * 80, f"performance_{'x' * 60}_2026-11-21.html")])
def test_the_name_of_a_file_holds_nothing_a_disk_would_not_take(client, name):
    assert report_name("performance", client, date(2026, 11, 21)) == name

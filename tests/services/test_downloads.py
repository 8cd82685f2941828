"""A picture leaves as a file that is what it says, harms no spreadsheet, and is written down."""

from hashlib import sha256

import pandas as pd
import pytest

from leadscore.access import Role
from leadscore.charts import board
from leadscore.charts.picture import Picture
from leadscore.errors import InvalidRequest
from leadscore.services import downloads, governance
from tests.services.conftest import CLIENT, person


def picture(**changes):
    groups = pd.DataFrame({"source": ["=HYPERLINK(1)", "Webinar"], "leads": [30, 20], "converted": [3, 2],
                           "rate": [0.1, 0.1], "average_score": [40.0, 50.0]})
    drawn = board.groups(groups, "source", by="volume")
    return Picture(**{**vars(drawn), **changes})


@pytest.mark.parametrize(("kind", "begins", "mime"), [
    ("csv", "\ufeff".encode(), "text/csv"), ("png", b"\x89PNG", "image/png"), ("svg", b"<svg", "image/svg+xml")])
def test_a_picture_leaves_as_what_was_asked_for(seen, viewer, kind, begins, mime):
    made = downloads.picture_file(seen, viewer, client=CLIENT, picture=picture(), format=kind)
    assert made.content.startswith(begins)
    assert (made.filename, made.mime) == (f"source-volume-acme-2026-11-21.{kind}", mime)


def test_no_cell_of_a_table_is_a_formula(seen, viewer):
    made = downloads.picture_file(seen, viewer, client=CLIENT, picture=picture(), format="csv")
    assert "\"'=HYPERLINK(1)\"" in made.content.decode()


def test_an_image_carries_its_title_its_client_and_its_day(seen, viewer):
    drawn = downloads.picture_file(seen, viewer, client=CLIENT, picture=picture(title="Sources <b>"), format="svg")
    assert "Sources &lt;b&gt;" in drawn.content.decode()
    assert "acme, 21 November 2026" in drawn.content.decode()


def test_taking_a_picture_is_written_down(trained, viewer):
    made = downloads.picture_file(trained, viewer, client=CLIENT, picture=picture(), format="csv")
    (event,) = governance.audit_events(trained, person(Role.ADMIN), limit=1).frame.to_dict("records")
    assert (event["action"], event["object"], event["actor"]) == \
        ("figure_downloaded", "figure:source-volume", viewer.name)
    assert sha256(made.content).hexdigest() in str(event["detail"])


@pytest.mark.parametrize("kind", ["xlsx", "", "../csv", "PNG"])
def test_another_format_is_refused_and_nothing_written_down(trained, viewer, kind):
    before = governance.audit_events(trained, person(Role.ADMIN), limit=5).frame
    with pytest.raises(InvalidRequest, match="cannot be written"):
        downloads.picture_file(trained, viewer, client=CLIENT, picture=picture(), format=kind)
    assert governance.audit_events(trained, person(Role.ADMIN), limit=5).frame.equals(before)


def test_nothing_makes_no_image_but_an_empty_table(seen, viewer):
    empty = picture(spec=None, empty="Upload leads.")
    with pytest.raises(InvalidRequest) as refused:
        downloads.picture_file(seen, viewer, client=CLIENT, picture=empty, format="png")
    assert refused.value.hint == "Upload leads."
    assert downloads.picture_file(seen, viewer, client=CLIENT, picture=empty, format="csv").content


@pytest.mark.parametrize(("client", "name"), [
    ("../../etc", "gains-etc-2026-01-02.csv"), ("Müller & Söhne", "gains-m-ller-s-hne-2026-01-02.csv"),
    ("🎉", "gains-2026-01-02.csv"), ("x" * 300, f"gains-{'x' * 40}-2026-01-02.csv")])
def test_a_file_name_is_plain_whatever_the_client_is_called(client, name):
    assert downloads.file_name(picture(key="gains"), client, "2026-01-02", "csv") == name

"""What columns mean: by name, as remembered for this client's files of the same shape, as a person says."""

import pytest

from leadscore.errors import InvalidRequest
from leadscore.ingest.cleaning import CleaningChoices
from leadscore.services import intake
from leadscore.steps.mapping import corrected, mapping_for, recognise
from leadscore.steps.reading import read_file
from tests.services.conftest import CLIENT, leads_file

pytestmark = pytest.mark.usefixtures("read_here")


@pytest.fixture
def frame(workbench):
    return read_file(workbench.settings, leads_file(5), "leads.csv").frame


@pytest.fixture
def remembering(workbench, admin):
    """Give a workbench that was told what 'Number of Sessions' is, and how to treat duplicates."""
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(5), filename="a.csv", remember=True,
                       overrides=["Number of Sessions=page_views"], choices={"duplicates": "merge"})
    return workbench


def test_a_file_never_seen_is_known_by_its_headers(workbench, frame):
    known = recognise(workbench, frame, client=CLIENT)
    assert not known.remembered
    assert known.choices == CleaningChoices().to_dict()
    assert [match.header for match in known.matches] == list(frame.columns)
    assert mapping_for(workbench, frame, client=CLIENT)["Number of Sessions"] != "page_views"


def test_decisions_are_remembered_for_the_same_headers_of_the_same_client(remembering, frame):
    known = recognise(remembering, frame, client=CLIENT)
    assert known.remembered
    assert known.choices["duplicates"] == "merge"
    assert mapping_for(remembering, frame, client=CLIENT)["Number of Sessions"] == "page_views"
    other_shape = frame.drop(columns="Job Title")
    assert mapping_for(remembering, other_shape, client=CLIENT)["Number of Sessions"] != "page_views"
    assert not recognise(remembering, frame, client="somebody else").remembered


def test_corrections_win_over_what_is_remembered(remembering, frame):
    mapping = mapping_for(remembering, frame, client=CLIENT,
                          overrides=["Number of Sessions=downloads", "Product interest=industry"])
    assert (mapping["Number of Sessions"], mapping["Product interest"]) == ("downloads", "industry")
    assert mapping["Industry"] is None


@pytest.mark.parametrize(("override", "code"), [
    ("No such=email", "unknown_column"), ("Email=nonsense", "unknown_field"), ("Email", "bad_override"),
])
def test_corrections_that_cannot_be_carried_out_are_refused(workbench, frame, override, code):
    with pytest.raises(InvalidRequest) as refused:
        mapping_for(workbench, frame, client=CLIENT, overrides=[override])
    assert refused.value.code == code


def test_a_mapping_given_by_hand_is_checked(frame):
    with pytest.raises(InvalidRequest) as refused:
        corrected({"Email": "email", "Job Title": "email"}, frame, [])
    assert refused.value.code == "field_twice"

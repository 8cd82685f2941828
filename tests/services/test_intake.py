"""Every row of a file is accounted for, nothing is half stored, and every import can be taken back."""

import pandas as pd
import pytest

from leadscore.errors import Forbidden, InvalidRequest, NotFound, UnreadableFile
from leadscore.services import delivery, dossier, governance, intake, scoring
from tests.services.conftest import CLIENT, HEADER, leads_file, row


def _import(workbench, actor, data, **more):
    return intake.import_file(workbench, actor, client=CLIENT, source=data, filename="leads.csv", **more)


def _adds_up(result) -> bool:
    return result.rows_read == result.rows_stored + result.updated + result.duplicates + result.rejected


def test_a_clean_file_is_stored_whole(workbench, admin):
    result = _import(workbench, admin, leads_file(30))
    assert (result.rows_read, result.rows_stored) == (30, 30)
    assert (result.updated, result.duplicates, result.rejected) == (0, 0, 0)


def test_the_same_file_again_is_all_duplicates(workbench, admin):
    _import(workbench, admin, leads_file(30))
    result = _import(workbench, admin, leads_file(30))
    assert (result.rows_stored, result.updated, result.duplicates) == (0, 0, 30)


def test_next_months_export_brings_the_outcomes(workbench, admin):
    _import(workbench, admin, leads_file(30))
    result = _import(workbench, admin, leads_file(30, status="Closed Won"))
    assert (result.rows_stored, result.updated, result.duplicates) == (0, 30, 0)
    scoring.rescore(workbench, admin, client=CLIENT)
    page = delivery.list_leads(workbench, admin, client=CLIENT, view=delivery.ListView())
    assert set(page.frame["outcome"]) == {"converted"}


def test_empty_cells_never_wipe_out_what_is_known(workbench, admin):
    _import(workbench, admin, leads_file(3))
    _import(workbench, admin, leads_file(3, title="", industry="Retail"))
    scoring.rescore(workbench, admin, client=CLIENT)
    detail = dossier.lead_detail(workbench, admin, client=CLIENT, lead_id=1)
    values = {label: text for _, label, text in detail.values}
    assert values["Job Title"] == "Head of Sales"
    assert values["Industry"] == "Retail"


def test_undoing_an_update_restores_the_earlier_values(workbench, admin):
    _import(workbench, admin, leads_file(5))
    second = _import(workbench, admin, leads_file(8, industry="Retail", status="Closed Won"))
    undone = intake.undo_import(workbench, admin, client=CLIENT, batch_id=second.batch_id)
    assert (undone.deleted, undone.restored) == (3, 5)
    scoring.rescore(workbench, admin, client=CLIENT)
    page = delivery.list_leads(workbench, admin, client=CLIENT, view=delivery.ListView(columns=("industry",)))
    assert set(page.frame["Industry"]) == {"Software"}
    assert set(page.frame["outcome"]) == {"new"}


HISTORY_FILE = (
    "Record ID,Email,Lead Status,Stage history,Deal value\n"
    "r1,a@x.example,Closed Won,New 2026-01-02 > Contacted 2026-01-05 > Closed Won 2026-02-01,900\n"
    "r2,b@x.example,Contacted,New 2026-01-02 > Contacted 2026-01-05 > Closed Lost 2026-02-01,\n"
    "r3,c@x.example,New,,\n"
)


def _told_of(workbench, actor, lead_id):
    told = dossier.lead_detail(workbench, actor, client=CLIENT, lead_id=lead_id).outcomes
    return [(stage, None if pd.isna(at) else str(at.date())) for stage, at in zip(told["stage"], told["at"],
                                                                                  strict=True)]


def _settled(workbench, actor):
    scoring.rescore(workbench, actor, client=CLIENT)
    page = delivery.list_leads(workbench, actor, client=CLIENT, view=delivery.ListView())
    return page.frame.set_index("lead_id")["outcome"].sort_index().tolist()


@pytest.mark.usefixtures("read_here")
def test_a_history_of_stages_brings_the_earlier_ones_with_their_dates(workbench, admin):
    _import(workbench, admin, HISTORY_FILE.encode())
    assert _told_of(workbench, admin, 1) == [("contacted", "2026-01-05"), ("converted", "2026-02-01")]
    assert _told_of(workbench, admin, 2) == [("contacted", None)]
    assert _told_of(workbench, admin, 3) == []
    assert _settled(workbench, admin) == ["converted", "contacted", "new"]
    _import(workbench, admin, HISTORY_FILE.encode())
    assert len(_told_of(workbench, admin, 1)) == 2


@pytest.mark.usefixtures("read_here")
def test_without_a_status_the_history_says_how_far_a_lead_has_come(workbench, admin):
    lines = [",".join(line.split(",")[:2] + line.split(",")[3:4]) for line in HISTORY_FILE.splitlines()]
    _import(workbench, admin, "\n".join(lines).encode())
    assert _settled(workbench, admin) == ["converted", "lost", "new"]
    assert _told_of(workbench, admin, 2) == [("contacted", "2026-01-05"), ("lost", "2026-02-01")]


@pytest.mark.usefixtures("read_here")
def test_undo_takes_the_stages_of_a_history_back(workbench, admin):
    _import(workbench, admin, leads_file(1).replace(b"r0", b"r1").replace(b"p0@firm0.example", b"a@x.example"))
    second = _import(workbench, admin, HISTORY_FILE.encode())
    assert _told_of(workbench, admin, 1) == [("contacted", "2026-01-05"), ("converted", "2026-02-01")]
    assert _settled(workbench, admin)[0] == "converted"
    intake.undo_import(workbench, admin, client=CLIENT, batch_id=second.batch_id)
    assert _told_of(workbench, admin, 1) == []
    assert _settled(workbench, admin) == ["new"]


def test_undoing_twice_is_refused(workbench, admin):
    first = _import(workbench, admin, leads_file(5))
    intake.undo_import(workbench, admin, client=CLIENT, batch_id=first.batch_id)
    with pytest.raises(InvalidRequest, match="already"):
        intake.undo_import(workbench, admin, client=CLIENT, batch_id=first.batch_id)


@pytest.mark.parametrize(("tail", "stored", "duplicates", "rejected"), [
    (row(0), 10, 1, 0),
    (row(0, status="Closed Won"), 10, 1, 0),
    (HEADER, 10, 0, 1),
    (row(11).strip() + ",surplus\n", 10, 0, 1),
    ("r77,Only,Name\n", 11, 0, 0),
])
def test_odd_rows_are_counted_and_said(workbench, admin, tail, stored, duplicates, rejected):
    result = _import(workbench, admin, leads_file(10) + tail.encode())
    assert _adds_up(result)
    assert (result.rows_stored, result.duplicates, result.rejected) == (stored, duplicates, rejected)


@pytest.mark.parametrize("choice", ["update", "merge", "skip"])
def test_whatever_is_chosen_for_duplicates_the_rows_add_up(workbench, admin, choice):
    _import(workbench, admin, leads_file(10))
    result = _import(workbench, admin, leads_file(15, industry="Retail") + row(3).encode(),
                     choices={"duplicates": choice})
    assert _adds_up(result)
    assert result.rows_stored == 5
    # the second row of lead 3 takes its industry back, so that lead has nothing new to say
    assert result.updated == (9 if choice == "update" else 0)


def test_merging_fills_gaps_and_keeps_what_is_stored(workbench, admin):
    _import(workbench, admin, leads_file(4, title=""))
    _import(workbench, admin, leads_file(4, industry="Retail"), choices={"duplicates": "merge"})
    scoring.rescore(workbench, admin, client=CLIENT)
    view = delivery.ListView(columns=("industry",))
    page = delivery.list_leads(workbench, admin, client=CLIENT, view=view)
    assert set(page.frame["Industry"]) == {"Software"}
    assert set(page.frame["job_title"]) == {"Head of Sales"}


def test_a_refused_file_leaves_nothing_behind(workbench, admin):
    with pytest.raises(UnreadableFile):
        _import(workbench, admin, b"%PDF-1.7 not a table")
    assert intake.list_batches(workbench, admin, client=CLIENT) == []


def test_an_import_is_remembered_in_the_audit_trail_without_personal_data(workbench, admin):
    _import(workbench, admin, leads_file(5))
    events = governance.audit_events(workbench, admin).frame
    told = events[events["action"] == "leads_imported"].iloc[0]
    assert "rows_stored" in told["detail"]
    assert "example" not in events.to_csv()


def test_decisions_are_remembered_for_files_of_the_same_shape(workbench, admin):
    mapping = {match.header: match.field for match in intake.inspect_file(
        workbench, admin, client=CLIENT, source=leads_file(3), filename="a.csv").matches}
    _import(workbench, admin, leads_file(3), mapping=mapping | {"Industry": None}, remember=True)
    again = intake.inspect_file(workbench, admin, client=CLIENT, source=leads_file(9), filename="b.csv")
    assert again.remembered
    assert {match.header: match.field for match in again.matches}["Industry"] is None


def test_an_override_that_names_no_header_is_refused(workbench, admin):
    with pytest.raises(InvalidRequest, match="Nonsense"):
        _import(workbench, admin, leads_file(3), overrides=["Nonsense=email"])


def test_a_viewer_may_not_import_and_a_stranger_sees_no_client(workbench, viewer, stranger):
    with pytest.raises(Forbidden):
        _import(workbench, viewer, leads_file(3))
    with pytest.raises(NotFound):
        _import(workbench, stranger, leads_file(3))


def test_a_staged_upload_belongs_to_its_client(workbench, admin, stranger):
    staged = intake.stage_upload(workbench, admin, client=CLIENT, data=leads_file(3), filename="a.csv")
    assert intake.staged_upload(workbench, admin, client=CLIENT, upload_id=staged).filename == "a.csv"
    with pytest.raises(NotFound):
        intake.staged_upload(workbench, stranger, client="somebody else", upload_id=staged)


def test_the_rows_with_problems_can_be_fetched(workbench, admin):
    result = _import(workbench, admin, leads_file(10) + row(11, email="not an address").encode())
    report = intake.issue_report(workbench, admin, client=CLIENT, batch_id=result.batch_id).decode("utf-8-sig")
    assert "not an address" in report
    assert "invalid_email" in report

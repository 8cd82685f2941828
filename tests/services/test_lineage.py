"""A lead is followed back to its file and forward to where it went, and its past scores come out again."""

import orjson
import pytest
from sqlalchemy import text

from leadscore.access import Role
from leadscore.errors import NotFound
from leadscore.services import data_rights, delivery, dossier, governance, intake, lineage, policies, scoring
from leadscore.store import subject_keys
from leadscore.store.audit import append
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, NOW, leads_file, person, row

pytestmark = pytest.mark.usefixtures("read_here")

WITH_REMARK = {"employees": "many"}


@pytest.fixture
def told(trained, admin):
    """Two more files for the campaign: the second changes a lead of the first."""
    first = leads_file(3) + row(3, **WITH_REMARK).encode()
    intake.import_file(trained, admin, client=CLIENT, source=first, filename="first.csv")
    scoring.rescore(trained, admin, client=CLIENT)
    header = first.split(b"\n")[0] + b"\n"
    changed = header + row(1, employees="9000", sessions="40", last="Renamed").encode()
    intake.import_file(trained, admin, client=CLIENT, source=changed, filename="second.csv")
    return trained


def newest(bench, offset: int = 0) -> int:
    with read(bench.engine) as session:
        return session.execute(text("SELECT max(id) FROM leads")).scalar_one() - offset


def change(bench, statement: str, **values) -> None:
    with write(bench.engine) as session:
        session.execute(text(statement), values)


def replay(bench, lead: int, run: int | None = None):
    return lineage.replay_score(bench, person(Role.ANALYST, CLIENT), client=CLIENT, lead_id=lead, run_id=run)


def test_a_lead_leads_back_to_its_file_its_row_and_what_changed_it(told, analyst):
    found = lineage.lead_lineage(told, analyst, client=CLIENT, lead_id=newest(told, 2))
    assert (found.file.filename, found.row, found.file.imported_by) == ("first.csv", 3, "the admin")
    assert len(found.file.sha256) == 64
    (update,) = found.updates
    assert (update.file.filename, update.rows) == ("second.csv", [2])
    by_field = {entry["field"]: (entry["before"], entry["after"]) for entry in update.changed}
    assert by_field["Number of Employees"] == ("11", "9,000")
    assert by_field["Last Name"] == ("•••", "•••")
    assert (found.policy["version"], found.model.version) == (1, 1)
    assert "stored leads: 394" in found.model.trained_on
    assert found.score is not None
    assert len(found.history) == 1


def test_personal_values_are_never_in_a_lineage(told, admin):
    found = lineage.lead_lineage(told, admin, client=CLIENT, lead_id=newest(told, 2))
    plain = orjson.dumps(lineage.as_dict(found), default=str).decode()
    for secret in ("Last1", "Renamed", "p1@firm1", "35155"):
        assert secret not in plain.replace(" ", "")
    assert found.fields.set_index("field").loc["E-mail", "value"] == "•••"


def test_what_cleaning_said_of_the_row_is_told(told, analyst):
    found = lineage.lead_lineage(told, analyst, client=CLIENT, lead_id=newest(told))
    remarks = found.fields.set_index("header")["remarks"]
    assert remarks["Number of Employees"]
    assert not remarks["Industry"]


def test_exports_that_held_a_lead_are_named_and_others_are_not(told, analyst):
    held = delivery.export_leads(told, analyst, client=CLIENT, view=delivery.ListView(), format="csv")
    delivery.export_leads(told, analyst, client=CLIENT, view=delivery.ListView(top="1"), format="csv")
    frame = delivery.list_leads(told, analyst, client=CLIENT, view=delivery.ListView(page_size=1000)).frame
    last = int(frame["lead_id"].iloc[-1])
    lead = last if last else newest(told)
    exports = lineage.lead_lineage(told, analyst, client=CLIENT, lead_id=lead).exports
    assert [(export.rows, export.certain) for export in exports] in ([(held.rows, True)], [])
    of_file = lineage.file_lineage(told, analyst, client=CLIENT, batch_id=1).exports
    assert [export["rows"] for export in of_file] == [held.rows, 1]


def test_a_file_leads_forward(told, analyst):
    found = lineage.file_lineage(told, analyst, client=CLIENT, batch_id=1)
    assert (found.leads, found.scored, sum(found.tiers.values())) == (394, 394, 394)
    assert [model.version for model in found.models] == [1]
    assert lineage.file_lineage(told, analyst, client=CLIENT, batch_id=3).changed == 1
    assert not lineage.file_lineage(told, analyst, client=CLIENT, batch_id=2).models
    with pytest.raises(NotFound):
        lineage.file_lineage(told, analyst, client=CLIENT, batch_id=99)


@pytest.mark.parametrize("batch", [None, 1])
def test_a_lineage_is_drawn(told, analyst, batch):
    found = lineage.file_lineage(told, analyst, client=CLIENT, batch_id=batch) if batch else \
        lineage.lead_lineage(told, analyst, client=CLIENT, lead_id=newest(told, 2))
    picture = lineage.drawn(found)
    assert picture.spec["layer"][0]["layer"]
    assert "first.csv" in picture.alt or "campaign.csv" in picture.alt


# --- replay -----------------------------------------------------------------------------------------------------


def test_a_score_of_before_an_import_comes_out_with_the_values_of_then(told):
    lead = newest(told, 2)
    found = replay(told, lead)
    assert found.identical
    assert found.seal == "whole"
    assert {"employees", "sessions", "last_name"} & set(found.put_back)
    assert found.why_not == []


def test_any_past_scoring_is_made_again_after_policies_and_values_have_changed(told, admin):
    policies.save_policy(told, admin, client=CLIENT, changes={"alpha": 0.9}, comment="other")
    scoring.rescore(told, admin, client=CLIENT)
    lead = newest(told, 2)
    results = {run: replay(told, lead, run) for run in (2, 3)}
    assert [found.identical for found in results.values()] == [True, True]
    assert [found.policy_version for found in results.values()] == [1, 2]
    assert results[2].stored != results[3].stored
    whole = lineage.replay_scoring(told, admin, client=CLIENT, run_id=1)
    assert (whole.leads, whole.identical, whole.same) == (394, 394, True)


def test_a_value_corrected_by_a_person_is_put_back(told):
    lead = newest(told)
    with write(told.engine) as session:
        words = subject_keys.sealed(session, told.vault, 1, lead, {"before": {"industry": "Software"}})
        session.execute(text("UPDATE leads SET industry = 'Retail', employees = NULL WHERE id = :lead"), {"lead": lead})
        append(session, told.vault, at=NOW, client_id=1, actor="ann", action="lead_corrected", object=f"lead:{lead}",
               detail={"sealed": words})
    assert replay(told, lead).identical
    assert replay(told, lead).put_back == ["industry"]


def test_of_a_correction_and_a_later_import_the_value_before_both_is_put_back(told, admin):
    lead = newest(told, 1)
    data_rights.rectify(told, admin, client=CLIENT, lead_id=lead, changes={"employees": "5000"})
    header = leads_file(1).split(b"\n")[0] + b"\n"
    intake.import_file(told, admin, client=CLIENT, source=header + row(2, employees="9000").encode(), filename="3.csv")
    assert replay(told, lead).identical
    data_rights.rectify(told, admin, client=CLIENT, lead_id=lead, changes={"employees": "7"})
    assert replay(told, lead).identical


def test_an_altered_score_and_a_lost_value_are_told_apart(told):
    lead = newest(told)
    change(told, "UPDATE leads SET industry = 'Retail', website_visits = 400 WHERE id = :lead", lead=lead)
    found = replay(told, lead)
    assert (found.identical, found.seal) == (False, "whole")
    assert "outside the workbench" in found.why_not[0]
    change(told, "UPDATE scores SET blended = 99 WHERE lead_id = :lead", lead=newest(told, 1))
    found = replay(told, newest(told, 1))
    assert (found.identical, found.seal) == (False, "altered")
    assert "altered in the database" in found.why_not[0]
    whole = lineage.replay_scoring(told, person(Role.ADMIN), client=CLIENT, run_id=2)
    assert (whole.leads - whole.identical, whole.altered) == (2, 1)
    assert sorted(whole.different) == [newest(told, 1), lead]


def test_what_an_import_taken_back_had_changed_is_said_to_be_lost(told, admin):
    scoring.rescore(told, admin, client=CLIENT)
    intake.undo_import(told, admin, client=CLIENT, batch_id=3)
    found = replay(told, newest(told, 2))
    assert not found.identical
    assert "Import 3 was taken back" in found.why_not[0]


def test_a_model_whose_files_are_gone_is_said_so(told):
    (folder,) = [path for path in told.registry.folder.iterdir() if path.is_dir()]
    told.registry.remove(folder.name)
    told.loaded.clear()
    found = replay(told, newest(told))
    assert (found.identical, found.again) == (False, {})
    assert "cannot be made again" in found.why_not[0]


def test_the_reasons_somebody_was_shown_are_the_same_again_and_again(told, analyst):
    lead = newest(told)
    dossier.lead_detail(told, analyst, client=CLIENT, lead_id=lead)
    first = replay(told, lead)
    assert [(shown.actor, shown.same) for shown in first.shown] == [("the analyst", True)]
    for _ in range(10):
        assert replay(told, lead).reasons == first.reasons
    change(told, "UPDATE leads SET page_views = 4000, website_visits = 400 WHERE id = :lead", lead=lead)
    assert [shown.same for shown in replay(told, lead).shown] == [False]


def test_a_lead_without_a_score_from_a_scoring_is_refused(told):
    with pytest.raises(NotFound, match="no score from scoring 1"):
        replay(told, newest(told), 1)
    with pytest.raises(NotFound):
        replay(told, 10**6)


def test_the_record_of_a_scoring_says_who_came_into_the_best_fifth(told, admin):
    policies.save_policy(told, admin, client=CLIENT, changes={"alpha": 0.0}, comment="rules alone")
    scoring.rescore(told, admin, client=CLIENT)
    detail = orjson.loads(governance.audit_events(told, admin, action="leads_scored").frame["detail"].iloc[0])
    moved = detail["best_fifth"]
    assert moved["leads"] == 80
    assert moved["entered"] == moved["left"] > 0
    assert len(moved["entered_leads"]) == min(moved["entered"], 50)
    assert detail["runs"][0]["rows"] == 398
    assert len(detail["runs"][0]["digest"]) == len(detail["runs"][0]["model_digest"]) == 64

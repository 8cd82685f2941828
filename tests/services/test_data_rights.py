"""A person gets all that is stored about them, takes it along, has it corrected, and is answered within a month."""

from datetime import UTC, datetime, timedelta

import orjson
import pandas as pd
import pytest
from sqlmodel import select

from leadscore import sandbox
from leadscore.access import Role
from leadscore.errors import InvalidRequest, NotFound
from leadscore.services import consents, data_rights, delivery, dossier, intake, requests, scoring
from leadscore.steps.person_document import in_words
from leadscore.store import alerts, lead_matching, lead_reading, privacy_requests, subject_keys
from leadscore.store.database import read
from leadscore.store.tables import AuditEvent
from tests.services.conftest import CLIENT, HEADER, leads_file, person, row, run_here, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")
BOSS = person(Role.ADMIN)
EMAIL = "ada@nowhere.example"


def _events(session, action: str) -> list[AuditEvent]:
    return list(session.exec(select(AuditEvent).where(AuditEvent.action == action)))


@pytest.fixture(scope="module")
def told(trained_once):
    """Give the record of a person with two imports, scores, a judgement by hand, an export, a look and a request."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "run", run_here)
        for title in ("Clerk", "Chief Executive Officer"):
            source = (HEADER + row(9001, first="Ada", last="Ampersand & Söhne", email=EMAIL, title=title)).encode()
            intake.import_file(trained_once, BOSS, client=CLIENT, source=source, filename=f"{title}.csv")
            scoring.rescore(trained_once, BOSS, client=CLIENT)
    found = data_rights.find_people(trained_once, BOSS, client=CLIENT, email=EMAIL)
    lead_id = found[0].lead_id
    dossier.override(trained_once, BOSS, client=CLIENT, lead_id=lead_id, reason="I know her", tier="High")
    dossier.lead_detail(trained_once, BOSS, client=CLIENT, lead_id=lead_id)
    delivery.export_leads(trained_once, BOSS, client=CLIENT, view=delivery.ListView(), format="csv")
    requests.open_request(trained_once, BOSS, client=CLIENT, kind="access", lead_id=lead_id, note="by letter")
    return trained_once, lead_id, data_rights.access_record(trained_once, BOSS, client=CLIENT, email=EMAIL.upper())


def test_the_record_of_a_person_holds_all_that_is_stored(told) -> None:
    _, lead_id, file = told
    (lead,) = orjson.loads(file.json)["leads"]
    assert lead["lead_id"] == lead_id
    stored = {entry["name"]: entry["value"] for entry in lead["stored"]}
    assert (stored["email"], stored["last_name"], stored["job_title"]) == (
        EMAIL, "Ampersand & Söhne", "Chief Executive Officer")
    assert [source["file"] for source in lead["sources"]] == ["Clerk.csv", "Chief Executive Officer.csv"]
    assert {"import": 3, "name": "job_title", "value": "Clerk"} in lead["earlier_values"]
    assert [(score["model_version"], bool(score["reasons"])) for score in lead["scores"]] == [(1, True), (1, True)]
    assert lead["decided_by_a_person"]["reason"] == "I know her"
    assert lead["consents"][0]["known_from"] == "import 2"
    assert [look["by"] for look in lead["looked_at_by"]] == [BOSS.name]
    assert [(export["by"], export["certain"]) for export in lead["handed_out"]] == [(BOSS.name, True)]
    assert [(one["kind"], one["note"]) for one in lead["requests"]] == [("access", "by letter")]


def test_every_key_of_the_record_stands_in_the_report_to_read(told) -> None:
    _, _, file = told
    (lead,) = orjson.loads(file.json)["leads"]
    page = file.other.decode()
    nested = {key for part in lead.values() if isinstance(part, list) for entry in part for key in entry}
    assert [key for key in {*lead, *nested, *lead["decided_by_a_person"]} if in_words(key) not in page] == []
    assert "Ampersand &amp; Söhne" in page and "<script" not in page


def test_giving_out_a_record_is_in_the_trail(told) -> None:
    workbench, lead_id, _ = told
    with read(workbench.engine) as session:
        assert [event.object for event in _events(session, "person_record_made")] == [f"lead:{lead_id}"]


def test_a_copy_taken_along_gives_equal_leads_elsewhere(told) -> None:
    workbench, lead_id, _ = told
    copy = data_rights.portable_data(workbench, BOSS, client=CLIENT, lead_id=lead_id)
    intake.import_file(workbench, BOSS, client="elsewhere", source=copy.other, filename="copy.csv")
    with read(workbench.engine) as session:
        here = lead_reading.read_leads(session, workbench.vault, 1, lead_ids=[lead_id])
        there = lead_reading.read_leads(session, workbench.vault, 2)
    pd.testing.assert_frame_equal(there.reset_index(drop=True), here.reset_index(drop=True), check_dtype=False)
    assert orjson.loads(copy.json)["leads"][0]["E-mail"] == EMAIL


def test_a_correction_is_stored_scored_found_again_and_told_under_the_leads_own_key(workbench, admin) -> None:
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(2), filename="leads.csv")
    changed = data_rights.rectify(workbench, admin, client=CLIENT, lead_id=1, changes={
        "email": "New.Name@Firm.Example", "last_name": "Newname", "employees": "4,000", "job_title": ""})
    assert changed == ["email", "employees", "job_title", "last_name"]
    assert scoring.rescore(workbench, admin, client=CLIENT, only=[1]).rows == 1
    with read(workbench.engine) as session:
        lead = lead_reading.read_leads(session, workbench.vault, 1, lead_ids=[1]).iloc[0]
        assert (lead["last_name"], lead["employees"], lead.get("job_title")) == ("Newname", 4000.0, None)
        assert lead_matching.find_by_email(session, workbench.vault, 1, "new.name@firm.example").tolist() == [1]
        assert lead_matching.find_by_email(session, workbench.vault, 1, "p0@firm0.example").size == 0
        (event,) = _events(session, "person_rectified")
        detail = orjson.loads(event.detail)
        told = subject_keys.opened(session, workbench.vault, 1, 1, detail["sealed"])
    assert "newname" not in event.detail.lower()
    assert (told["before"]["last_name"], told["after"]["last_name"]) == ("Last0", "Newname")


@pytest.mark.parametrize(("changes", "code"), [
    ({"email": "nonsense"}, "no_value"), ({"employees": "many"}, "no_value"), ({"stage": "won"}, "not_correctable"),
    ({"consent": "yes"}, "not_correctable"), ({"email_index": "x"}, "not_correctable"),
    ({"last_name": "Last0"}, "nothing_corrected")])
def test_what_cannot_be_corrected_is_refused(workbench, admin, changes, code) -> None:
    intake.import_file(workbench, admin, client=CLIENT, source=leads_file(1), filename="leads.csv")
    with pytest.raises(InvalidRequest) as refusal:
        data_rights.rectify(workbench, admin, client=CLIENT, lead_id=1, changes=changes)
    assert refusal.value.code == code


def test_nobody_stored_is_said_plainly(told) -> None:
    workbench, _, _ = told
    with pytest.raises(NotFound) as refusal:
        data_rights.access_record(workbench, BOSS, client=CLIENT, email="nobody@nowhere.example")
    assert refusal.value.code == "unknown_person"
    with pytest.raises(NotFound):
        data_rights.find_people(workbench, BOSS, client=CLIENT, lead_id=10**30)


# --- requests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("received", "due"), [("2026-01-31", "2026-02-28"), ("2026-11-21", "2026-12-21"),
                                               ("2026-12-15", "2027-01-15")])
def test_a_request_is_due_in_a_month(received, due) -> None:
    moment = datetime.fromisoformat(received).replace(tzinfo=UTC)
    assert f"{privacy_requests.month_later(moment):%Y-%m-%d}" == due


def test_an_overdue_request_raises_one_alert_until_it_is_answered(tmp_path) -> None:
    moments = [datetime(2026, 11, 21, 12, tzinfo=UTC)]
    workbench = workbench_at(tmp_path, clock=lambda: moments[-1])
    intake.import_file(workbench, BOSS, client=CLIENT, source=leads_file(1), filename="leads.csv")
    request = requests.open_request(workbench, BOSS, client=CLIENT, kind="contest", lead_id=1, note="too low")
    assert requests.remind_of_requests(workbench) == 0
    moments.append(moments[0] + timedelta(days=31))
    assert [requests.remind_of_requests(workbench) for _ in range(2)] == [1, 1]
    shown = requests.list_requests(workbench, BOSS, client=CLIENT)[0]
    assert (shown.overdue, shown.days_left, shown.note) == (True, -1, "too low")
    requests.close_request(workbench, BOSS, client=CLIENT, request_id=request, outcome="looked at, set to High")
    with read(workbench.engine) as session:
        assert alerts.list_open(session, 1) == []
        (event,) = _events(session, "request_closed")
    assert orjson.loads(event.detail) == {"kind": "contest", "lead": 1, "refused": False, "late": True}
    with pytest.raises(InvalidRequest):
        requests.close_request(workbench, BOSS, client=CLIENT, request_id=request, outcome="again")


def test_consents_are_part_of_the_record(told) -> None:
    workbench, lead_id, _ = told
    consents.record_consent(workbench, BOSS, client=CLIENT, lead_id=lead_id, purpose="sale", given=False, source="form")
    file = data_rights.access_record(workbench, BOSS, client=CLIENT, lead_id=lead_id)
    told_of = orjson.loads(file.json)["leads"][0]["consents"]
    assert [entry["purpose"] for entry in told_of] == ["contact", "sale"]

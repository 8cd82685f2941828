"""Newer leads are compared with those the model learnt among; what is found is kept, told, and can start a training."""

import dataclasses
import shutil
from datetime import timedelta

import pytest

from leadscore import sandbox
from leadscore.access import Role
from leadscore.errors import InvalidRequest, NotFound
from leadscore.sample.campaign import make_campaign, to_csv_bytes
from leadscore.services import drift, governance, intake, jobs, retraining, scoring
from leadscore.steps import drift as steps
from leadscore.steps.models import crown
from leadscore.store import alerts
from leadscore.store import models as model_rows
from leadscore.store.database import read, write
from leadscore.store.tables import ModelVersion
from tests.services.conftest import CLIENT, NOW, person, run_here, workbench_at

pytestmark = pytest.mark.usefixtures("read_here")
LATER = NOW + timedelta(days=3)


@pytest.fixture(scope="module")
def drifted_home(trained_home, tmp_path_factory):
    """Make a home three days after a training, with leads that have come in since, a fifth from a new source."""
    home = tmp_path_factory.mktemp("drifted") / "home"
    shutil.copytree(trained_home, home)
    bench, boss = workbench_at(home, lambda: LATER), person(Role.ADMIN)
    frame = make_campaign(600, 11, end=LATER)
    frame = frame.assign(**{name: "n" + frame[name] for name in ("Record ID", "Email")}, **{"Phone Number": ""})
    frame["Original Source"] = frame["Original Source"].mask(frame.index % 5 == 0, "Podcast")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sandbox, "run", run_here)
        intake.import_file(bench, boss, client=CLIENT, source=to_csv_bytes(frame), filename="new.csv")
    scoring.rescore(bench, boss, client=CLIENT)
    bench.engine.dispose()
    return home


@pytest.fixture
def drifted(drifted_home, tmp_path):
    shutil.copytree(drifted_home, tmp_path / "copy")
    return workbench_at(tmp_path / "copy", lambda: LATER)


def _at(workbench, **later):
    return dataclasses.replace(workbench, clock=lambda: LATER + timedelta(**later))


def _open_alerts(workbench):
    with read(workbench.engine) as session:
        return [(row.kind, row.owner, row.times) for row in alerts.list_open(session, 1)]


def test_a_new_source_is_named_with_the_leads_concerned_and_an_owner_is_told(drifted, admin):
    drift.save_drift_settings(drifted, admin, client=CLIENT, changes={"owner": "ada"})
    found = drift.check_drift(drifted, admin, client=CLIENT)
    source = next(column for column in found.result.columns if column.name == "source")
    assert found.result.verdict == drift.Verdict.ALARM
    assert "“Podcast”, 20%" in source.sentence
    assert (source.filter, source.affected) == (("source", "is", "Podcast"), pytest.approx(0.2, abs=0.02))
    assert _open_alerts(drifted) == [("drift", "ada", 1)]
    event = governance.audit_events(drifted, admin, action="drift_checked").frame.iloc[0]
    assert ("Original Source" in str(event["detail"]), event["object"]) == (True, "model:1")
    drift.check_drift(drifted, admin, client=CLIENT)
    assert _open_alerts(drifted) == [("drift", "ada", 2)]


def test_what_was_found_is_shown_with_its_history(drifted, admin):
    assert drift.drift_overview(drifted, admin, client=CLIENT).latest is None
    first = drift.check_drift(drifted, admin, client=CLIENT)
    assert drift.drift_overview(drifted, admin, client=CLIENT).pictures["drift-history"].spec is None
    second = drift.check_drift(_at(drifted, days=1), admin, client=CLIENT, window="import")
    view = drift.drift_overview(drifted, admin, client=CLIENT)
    assert view.latest == second
    assert first.result.newer == second.result.newer
    drawn = {key for key, picture in view.pictures.items() if picture.spec is not None}
    assert {"drift-history", "drift-promises", "drift-calibration", "drift-coverage", "drift-column-0"} <= drawn


def test_an_alarm_is_over_when_a_later_check_finds_nothing(drifted, admin, monkeypatch):
    alarm = drift.check_drift(drifted, admin, client=CLIENT).result
    assert _open_alerts(drifted)
    for verdict, still in (("too little", True), ("steady", False)):
        monkeypatch.setattr(drift, "check", lambda *_given, _now=verdict, **_more: dataclasses.replace(
            alarm, verdict=_now))
        drift.check_drift(drifted, admin, client=CLIENT)
        assert bool(_open_alerts(drifted)) is still


def test_an_alarm_about_a_model_is_over_when_another_takes_its_place(drifted, admin):
    drift.check_drift(drifted, admin, client=CLIENT)
    with write(drifted.engine) as session:
        kept = model_rows.champion(session, 1).model_dump(exclude={"id"})
        session.add(ModelVersion(**kept | {"alias": None, "folder": "another"}))
    for version, still in ((1, True), (2, False)):
        with write(drifted.engine) as session:
            crown(session, drifted, client_id=1, version=version, actor_name="ada", now=LATER)
        assert bool(_open_alerts(drifted)) is still


def test_without_newer_leads_there_is_neither_alarm_nor_all_clear(trained, admin):
    found = drift.check_drift(trained, admin, client=CLIENT)
    assert (found.result.verdict, found.result.newer) == ("too little", 0)
    assert found.result.sentence.startswith("Too little data: 0 leads have come in since version 1 learnt")
    assert _open_alerts(trained) == []


def test_a_model_from_before_references_were_kept_is_compared_with_the_leads_stored_then(drifted, admin):
    with write(drifted.engine) as session:
        row = model_rows.champion(session, 1)
        row.report = {name: part for name, part in row.report.items() if name != "reference"}
        session.add(row)
    found = drift.check_drift(drifted, admin, client=CLIENT).result
    assert found.reference.startswith("Leads stored before version 1 was trained")
    assert "source" in {column.name for column in found.moved}


def test_the_reference_holds_no_text_of_a_person(trained, admin):
    with read(trained.engine) as session:
        kept = model_rows.champion(session, 1).report["reference"]["columns"]
    assert not {"email", "first_name", "last_name", "phone", "notes", "gender"} & set(kept)
    assert kept["source"]["values"]
    assert "recency_days" not in kept


def test_it_is_checked_once_a_day_and_after_an_import(drifted, admin):
    assert drift.check_due(drifted) == 1
    assert drift.check_due(_at(drifted, hours=23)) == 0
    assert drift.check_due(_at(drifted, hours=25)) == 1
    with read(drifted.engine) as session:
        assert [row.started_by for row in drift.rows.history(session, 1, 9)] == ["workbench"] * 2
    drift.save_drift_settings(drifted, admin, client=CLIENT, changes={"on": False})
    assert drift.check_due(_at(drifted, days=9)) == 0


def test_drift_starts_a_training_only_where_it_is_wanted_and_outcomes_are_new(drifted, admin, monkeypatch):
    monkeypatch.setattr(retraining, "learnt_by_neither", lambda *_given: range(60))
    retraining.save_retraining_settings(drifted, admin, client=CLIENT, changes={"on": True, "least": 10, "share": 1.0,
                                                                               "days": 300, "on_drift": True})
    assert retraining.queue_due(drifted) == []
    drift.check_drift(drifted, admin, client=CLIENT)
    (job_id,) = retraining.queue_due(drifted)
    assert "newer leads differ from those version 1" in jobs.view(drifted, admin, job_id=job_id).arguments["reason"]
    view = retraining.save_retraining_settings(drifted, admin, client=CLIENT, changes={"least": 100_000})
    assert "not due" in view.sentence
    view = retraining.save_retraining_settings(drifted, admin, client=CLIENT, changes={"least": 10, "on_drift": False})
    assert "not due" in view.sentence


@pytest.mark.parametrize("changes", [{"days": 0}, {"index": 0.0}, {"owner": "x" * 81}, {"nonsense": 1}])
def test_settings_that_make_no_sense_are_refused(trained, admin, changes):
    with pytest.raises(InvalidRequest):
        drift.save_drift_settings(trained, admin, client=CLIENT, changes=changes)


def test_without_a_model_there_is_nothing_to_compare(workbench, admin):
    assert drift.drift_overview(workbench, admin, client=CLIENT).version is None
    with write(workbench.engine) as session:
        drift.clients.ensure(session, CLIENT, NOW)
    with pytest.raises(NotFound):
        drift.check_drift(workbench, admin, client=CLIENT)


def test_a_window_must_be_known(drifted, admin):
    with pytest.raises(InvalidRequest):
        drift.check_drift(drifted, admin, client=CLIENT, window="yesterday")


def test_many_leads_are_drawn_from(drifted, admin, monkeypatch):
    monkeypatch.setattr(steps, "MOST_LEADS", 200)
    found = drift.check_drift(drifted, admin, client=CLIENT).result
    assert found.compared == 200 < found.newer
    assert any("drawn evenly" in note for note in found.notes)

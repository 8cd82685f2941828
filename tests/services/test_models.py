"""Versions of models are listed, deployed and checked; a changed file is named, another client's is unknown."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from leadscore.errors import InvalidRequest, NotFound, TamperedData
from leadscore.modeling.encoding import Encoder
from leadscore.modeling.files.artefact import from_files
from leadscore.services import alerts, governance, models, scoring, training
from leadscore.steps.alerting import AlertKind
from leadscore.steps.models import CHAMPION, load_model
from leadscore.store import lead_reading
from leadscore.store import models as model_rows
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from tests.services.conftest import CLIENT, QUICK, leads_file

pytestmark = pytest.mark.usefixtures("read_here")


def _files(workbench):
    return sorted(path for path in workbench.settings.models_folder.rglob("*") if path.is_file())


def test_deploying_and_going_back(trained, admin):
    training.train_stored(trained, admin, client=CLIENT, request=QUICK)
    deployed = models.deploy_model(trained, admin, client=CLIENT, version="2")
    assert (deployed["champion"], deployed["before"], deployed["rescore_needed"]) == (2, 1, True)
    assert deployed["checked"]["same_answers"] and not deployed["warnings"]
    assert models.show_model(trained, admin, client=CLIENT, version=CHAMPION).version == 2
    back = models.deploy_model(trained, admin, client=CLIENT, version="v1")
    assert (back["champion"], back["before"], back["rescore_needed"]) == (1, 2, False)
    assert [model.alias for model in models.list_models(trained, admin, client=CLIENT)].count(CHAMPION) == 1
    assert governance.audit_events(trained, admin, action="model_deployed").total == 3


def test_putting_a_version_to_use_that_knew_nothing_is_warned_about(trained, admin):
    training.train_stored(trained, admin, client=CLIENT, request=QUICK)
    with write(trained.engine) as session:
        row = model_rows.find(session, 1, 2)
        row.report = {**row.report, "verdict": "not better than chance"}
        session.add(row)
    assert any("chance" in warning for warning in
               models.deploy_model(trained, admin, client=CLIENT, version="2")["warnings"])
    assert models.deploy_model(trained, admin, client=CLIENT, version="1")["warnings"] == []


def test_untouched_files_pass(seen, admin):
    verdict = models.verify_model(seen, admin, client=CLIENT, version="1")
    assert verdict["ok"] and verdict["same_answers"] and not verdict["warnings"]
    assert verdict["replay"] == {"leads": 394, "identical": 394, "skipped_changed": 0}


# --- going back -----------------------------------------------------------------------------------------------


def _probabilities(workbench):
    with read(workbench.engine) as session:
        return score_rows.page(session, 1, limit=1_000).sort_index()["probability"]


def test_going_back_gives_the_scores_of_before_bit_for_bit(seen, twice, admin):
    before = _probabilities(seen)
    assert not before.equals(_probabilities(twice))
    back = models.roll_back_model(twice, admin, client=CLIENT)
    assert (back["champion"], back["before"], back["rescore_needed"]) == (1, 2, True)
    assert back["replay"] == {"leads": 394, "identical": 394, "skipped_changed": 0}
    assert back["warnings"] == []
    scoring.rescore(twice, admin, client=CLIENT)
    assert before.equals(_probabilities(twice))
    forth = models.roll_back_model(twice, admin, client=CLIENT, version="2")
    assert (forth["champion"], forth["before"]) == (2, 1)
    events = governance.audit_events(twice, admin, action="model_rolled_back").frame
    assert events["object"].tolist() == ["model:2", "model:1"]
    assert json.loads(events["detail"].iloc[1]) == {"before": 2, "after": 1}


def test_without_an_earlier_champion_there_is_no_way_back(seen, admin):
    with pytest.raises(InvalidRequest) as refused:
        models.roll_back_model(seen, admin, client=CLIENT)
    assert refused.value.code == "no_previous_model"


def test_a_changed_file_stops_the_way_back_before_anything_moves(twice, admin):
    folder = models.show_model(twice, admin, client=CLIENT, version="1").manifest["folder"]
    path = twice.settings.models_folder / folder / "model.json"
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    with pytest.raises(TamperedData):
        models.roll_back_model(twice, admin, client=CLIENT)
    assert models.show_model(twice, admin, client=CLIENT, version=CHAMPION).version == 2
    assert governance.audit_events(twice, admin, action="model_rolled_back").total == 0
    assert governance.audit_events(twice, admin, action="model_refused").frame["object"].tolist() == ["model:1"]
    assert [alert.kind for alert in alerts.open_alerts(twice, admin, client=CLIENT)] == [AlertKind.MODEL]


def test_other_answers_than_noted_are_told_with_both_library_versions(trained, admin, monkeypatch):
    monkeypatch.setattr("leadscore.steps.models.proof_of", lambda model: "0" * 64)
    monkeypatch.setattr("leadscore.steps.models.library_differences", lambda report: ("numpy 1.0 then, 2.0 now",))
    verdict = models.verify_model(trained, admin, client=CLIENT, version="1")
    assert not verdict["ok"]
    assert verdict["same_answers"] is False
    assert "numpy 1.0 then, 2.0 now" in verdict["warnings"][0]
    # it may still be put to use: whoever decides has been told
    assert "numpy 1.0 then" in models.deploy_model(trained, admin, client=CLIENT, version="1")["warnings"][0]


def test_other_libraries_with_the_same_answers_are_told_and_are_no_fault(trained, admin, monkeypatch, caplog):
    monkeypatch.setattr("leadscore.steps.models.library_differences", lambda report: ("numpy 1.0 then, 2.0 now",))
    verdict = models.verify_model(trained, admin, client=CLIENT, version="1")
    assert verdict["ok"]
    assert "still the same" in verdict["warnings"][0]
    scoring.score_file(trained, admin, client=CLIENT, source=leads_file(2), filename="a.csv")
    assert "numpy 1.0 then, 2.0 now" in caplog.text


def test_a_stored_score_that_is_not_the_models_is_told(trained, admin):
    with write(trained.engine) as session:
        session.execute(text("UPDATE scores SET probability = 0.5 WHERE lead_id = 3"))
    verdict = models.verify_model(trained, admin, client=CLIENT, version="1")
    assert not verdict["ok"]
    assert verdict["replay"]["identical"] == 393


def test_a_challenger_scores_nothing_and_is_in_the_log(twice, admin):
    assert models.challenge_model(twice, admin, client=CLIENT, version="1") == {"challenger": 1, "before": None}
    assert models.show_model(twice, admin, client=CLIENT, version="challenger").version == 1
    assert models.show_model(twice, admin, client=CLIENT, version=CHAMPION).version == 2
    assert governance.audit_events(twice, admin, action="model_challenges").total == 1
    with pytest.raises(InvalidRequest):
        models.challenge_model(twice, admin, client=CLIENT, version="2")


# --- half-written models ------------------------------------------------------------------------------------


def _later(workbench, hours):
    return dataclasses.replace(workbench, clock=lambda: datetime.now(UTC) + timedelta(hours=hours))


@pytest.mark.parametrize("place", ["leadscore.store.models.add", "leadscore.store.registry.sync_folder",
                                   "leadscore.store.audit.append"])
def test_a_registration_that_dies_leaves_no_version_and_its_files_go_at_the_next_start(trained, admin, monkeypatch,
                                                                                      place):
    def die(*_given, **_more):
        raise RuntimeError("killed")

    model = from_files(trained.registry.load(_files(trained)[0].parent.name))
    with monkeypatch.context() as dying, pytest.raises(RuntimeError):
        dying.setattr(training, "train", lambda *_given, **_more: model)
        dying.setattr(place, die)
        training.train_stored(trained, admin, client=CLIENT, request=QUICK)
    assert len(models.list_models(trained, admin, client=CLIENT)) == 1
    folders = [path for path in trained.settings.models_folder.iterdir() if path.is_dir()]
    assert len(folders) == 2
    # it could belong to a training that is registering just now
    assert models.forget_orphans(_later(trained, 0)) == []
    assert len(models.forget_orphans(_later(trained, 2))) == 1
    assert models.verify_model(trained, admin, client=CLIENT, version="1")["ok"]


def test_a_model_that_would_keep_a_persons_address_is_not_registered(trained, admin, monkeypatch):
    model = from_files(trained.registry.load(_files(trained)[0].parent.name))
    with read(trained.engine) as session:
        address = lead_reading.read_leads(session, trained.vault, 1, fields=["email"])["email"].dropna().iloc[0]
    plans = (*model.encoder.plans[:-1], dataclasses.replace(model.encoder.plans[-1], vocabulary=("Web", address)))
    spoilt = dataclasses.replace(model, encoder=Encoder(plans))
    monkeypatch.setattr(training, "train", lambda *_given, **_more: spoilt)
    before = _files(trained)
    with pytest.raises(InvalidRequest) as refused:
        training.train_stored(trained, admin, client=CLIENT, request=QUICK)
    assert refused.value.code == "personal_data_in_model"
    assert address not in str(refused.value)
    assert _files(trained) == before
    assert len(models.list_models(trained, admin, client=CLIENT)) == 1


# --- changed files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2, -1])
def test_a_changed_file_is_named_and_neither_serves_nor_is_deployed(trained, admin, place):
    scoring.score_file(trained, admin, client=CLIENT, source=leads_file(2), filename="a.csv")
    path = _files(trained)[place]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(TamperedData) as found:
        models.verify_model(trained, admin, client=CLIENT, version="1")
    assert path.name in str(found.value) or path.name.startswith("manifest")
    # although the model is in memory already
    with pytest.raises(TamperedData):
        models.deploy_model(trained, admin, client=CLIENT, version="1")
    trained.loaded.clear()
    with pytest.raises(TamperedData):
        scoring.score_file(trained, admin, client=CLIENT, source=leads_file(2), filename="a.csv")


@pytest.mark.parametrize("change", ["removed", "added"])
def test_a_missing_or_an_added_file_is_found(trained, admin, change):
    path = _files(trained)[0]
    if change == "removed":
        path.unlink()
    else:
        path.with_name("more.json").write_bytes(b"{}")
    with pytest.raises(TamperedData):
        models.verify_model(trained, admin, client=CLIENT, version="1")


@pytest.mark.parametrize("function", [models.show_model, models.verify_model, models.deploy_model,
                                      models.roll_back_model])
def test_a_model_of_one_client_is_unknown_to_another(trained_once, admin, function):
    function(trained_once, admin, client=CLIENT, version="1")
    for client in ("globex", "nobody yet"):
        with pytest.raises(NotFound):
            function(trained_once, admin, client=client, version="1")
    with pytest.raises(NotFound):
        scoring.score_file(trained_once, admin, client="globex", source=leads_file(2), filename="a.csv", model="1")
    assert scoring.score_file(trained_once, admin, client="globex", source=leads_file(2),
                              filename="a.csv").model_version is None


@pytest.mark.parametrize(("version", "error"), [("2", NotFound), ("newest", InvalidRequest), ("", InvalidRequest),
                                                ("none", NotFound), ("1e3", InvalidRequest),
                                                ("9" * 30, InvalidRequest)])
def test_versions_that_are_none_are_refused(seen, admin, version, error):
    with pytest.raises(error):
        models.show_model(seen, admin, client=CLIENT, version=version)


def test_an_empty_registry_lists_nothing(workbench, admin):
    assert models.list_models(workbench, admin, client=CLIENT) == []


def test_the_short_answer_has_no_report_and_the_whole_one_has(seen, admin):
    view = models.show_model(seen, admin, client=CLIENT, version="1")
    assert "report" not in view.as_dict()
    assert view.as_dict(whole=True)["report"]["target"] == "stored outcomes"


def test_what_is_printed_first_is_what_matters(seen, admin):
    short = models.show_model(seen, admin, client=CLIENT, version="1").in_short()
    assert (short["version"], short["alias"], short["target"]) == (1, CHAMPION, "stored outcomes")
    assert 0 < len(short["looks_at"]) <= 10
    assert list(short["looks_at"].values()) == sorted(short["looks_at"].values(), reverse=True)
    assert "Lead Status" in short["set_aside"]
    assert "importance" not in short


def test_an_older_report_is_shown_too(seen, admin):
    view = models.show_model(seen, admin, client=CLIENT, version="1")
    assert dataclasses.replace(view, report={}).in_short()["looks_at"] == {}


def test_only_so_many_models_stay_in_memory(trained, monkeypatch):
    with read(trained.engine) as session:
        version = model_rows.find(session, 1, 1)
    trained.loaded.update({f"other {number}": None for number in range(20)})
    chosen = load_model(trained, version)
    assert chosen.version == 1
    assert len(trained.loaded) <= 8
    assert load_model(trained, version).model is chosen.model

"""Automatic retraining is off until wanted, is queued once when due, and publishes only what is not worse."""

import dataclasses
from datetime import timedelta

import pytest

from leadscore import worker
from leadscore.errors import InvalidRequest, NotFound
from leadscore.services import governance, jobs, models, retraining, training
from leadscore.steps import registration
from leadscore.steps.promotion import Promotion
from leadscore.store import lead_reading
from leadscore.store import outcomes as outcome_rows
from leadscore.store.database import write
from tests.services.conftest import CLIENT, NOW

pytestmark = pytest.mark.usefixtures("read_here")


def _at(workbench, days):
    return dataclasses.replace(workbench, clock=lambda: NOW + timedelta(days=days))


def _decide(workbench, won, lost):
    """Let open leads end."""
    with write(workbench.engine) as session:
        stages = lead_reading.outcomes(session, 1)
        chosen = stages.index[~stages.isin(["converted", "lost"])].to_numpy()[:won + lost]
        assert len(chosen) == won + lost
        for stage, part in (("converted", chosen[:won]), ("lost", chosen[won:])):
            outcome_rows.record(session, 1, part, stage=stage, at=None, recorded_by="me", now=workbench.clock())


@pytest.fixture
def wanted(trained, admin):
    retraining.save_retraining_settings(trained, admin, client=CLIENT, changes={"on": True, "least": 40, "share": 0.1})
    return _at(trained, 1)


def test_it_is_off_until_somebody_wants_it(trained, admin):
    view = retraining.retraining_settings(trained, admin, client=CLIENT)
    assert (view.settings.on, view.settings.days, view.settings.share, view.settings.least) == (False, 15, 0.2, 50)
    _decide(_at(trained, 1), 22, 22)
    assert retraining.queue_due(_at(trained, 99)) == []


def test_settings_are_kept_beside_others_and_in_the_log(trained, admin):
    retraining.save_retraining_settings(trained, admin, client=CLIENT, changes={"on": True, "days": 7})
    view = retraining.save_retraining_settings(trained, admin, client=CLIENT, changes={"share": 0.5})
    assert (view.settings.on, view.settings.days, view.settings.share) == (True, 7, 0.5)
    assert view.sentence.startswith("Next check: not due: 0 new outcomes since version 1")
    assert governance.audit_events(trained, admin, action="retraining_settings_saved").total == 2
    with pytest.raises(InvalidRequest):
        retraining.save_retraining_settings(trained, admin, client=CLIENT, changes={"days": 0})


def test_it_is_queued_once_when_enough_is_new(wanted, admin):
    assert retraining.queue_due(wanted) == []
    _decide(wanted, 22, 22)
    (job_id,) = retraining.queue_due(wanted)
    assert retraining.queue_due(wanted) == []
    job = jobs.view(wanted, admin, job_id=job_id)
    assert (job.kind, job.state) == ("retrain", "queued")
    assert "44 new outcomes since version 1" in job.arguments["reason"]
    event = governance.audit_events(wanted, admin, action="retraining_queued").frame.iloc[0]
    assert event["actor"] == retraining.AUTHOR


def test_a_training_under_way_is_waited_for(wanted, admin):
    _decide(wanted, 22, 22)
    jobs.submit(wanted, admin, client=CLIENT, kind="train", arguments={})
    assert retraining.queue_due(wanted) == []


def test_a_failure_is_not_repeated_every_hour(wanted, admin, monkeypatch):
    def fail(*_given, **_more):
        raise InvalidRequest("no_luck", "Not today.", "Wait.")

    _decide(wanted, 22, 22)
    (job_id,) = retraining.queue_due(wanted)
    with monkeypatch.context() as failing:
        failing.setattr(training, "train_stored", fail)
        worker.run_pending(wanted)
    assert jobs.view(wanted, admin, job_id=job_id).state == "failed"
    assert retraining.queue_due(_at(wanted, 1.9)) == []
    assert len(retraining.queue_due(_at(wanted, 2.1))) == 1


@pytest.mark.parametrize("promotion", [None, Promotion(True, "It is not worse.", 1)])
def test_the_job_learns_as_the_champion_did_and_says_why_it_was_published_or_not(wanted, admin, monkeypatch,
                                                                                promotion):
    _decide(wanted, 22, 22)
    (job_id,) = retraining.queue_due(wanted)
    if promotion:
        monkeypatch.setattr(registration, "judge_candidate", lambda *_given: promotion)
    worker.run_pending(wanted)
    job = jobs.view(wanted, admin, job_id=job_id)
    assert job.error is None
    told, shown = job.result["training"], models.show_model(wanted, admin, client=CLIENT, version="2")
    assert (told["algorithm"], shown.created_by) == ("logistic", retraining.AUTHOR)
    assert shown.report["promotion"] == told["promotion"]
    assert told["promotion"]["against"] == 1
    assert told["deployed"] is told["promotion"]["publish"] is (promotion is not None)
    if promotion:
        assert shown.alias == "champion"
        assert job.result["scoring"]["model_version"] == 2
    else:
        assert told["promotion"]["reason"].endswith(".")
        assert shown.alias == "challenger"
        assert job.result["scoring"] is None
    # what was tried is not tried again
    assert retraining.queue_due(_at(wanted, 40)) == []


def test_the_wishes_of_the_champion_are_used_again(trained, admin):
    wishes = training.TrainingRequest.from_dict(retraining.retraining_request(trained, admin, client=CLIENT))
    assert (wishes.algorithm, wishes.balance, wishes.deploy, wishes.publish_if_not_worse) == (
        "logistic", "none", False, True)


def test_without_a_model_there_is_nothing_to_train_again(workbench, admin):
    with pytest.raises(NotFound):
        retraining.retraining_request(workbench, admin, client=CLIENT)
    view = retraining.save_retraining_settings(workbench, admin, client=CLIENT, changes={"on": True})
    assert "no model is in use" in view.sentence
    assert retraining.queue_due(workbench) == []

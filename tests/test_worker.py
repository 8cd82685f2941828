"""The worker does what was queued, ends every job, keeps nothing of a failed one, and stops with its server."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from leadscore import worker
from leadscore.access import Actor, Role
from leadscore.errors import LeadScoreError, NotFound
from leadscore.services import accounts, delivery, governance, intake, jobs, models, scoring, training
from leadscore.store import audit
from leadscore.store.database import read, write
from tests.services.conftest import (  # noqa: F401
    CLIENT,
    NOW,
    admin,
    campaign_file,
    leads_file,
    read_here,
    seen,
    trained,
    trained_home,
    workbench,
    workbench_at,
)

pytestmark = pytest.mark.usefixtures("read_here")

BOSS = Actor(name="the boss", role=Role.ADMIN)
ROOT = Path(worker.__file__).parents[1]
PATIENCE_SECONDS = 30.0


def _import_job(bench, data, **wishes):
    staged = intake.stage_upload(bench, BOSS, client=CLIENT, data=data, filename="leads.csv")
    return jobs.submit(bench, BOSS, client=CLIENT, kind="import", arguments={"upload_id": staged, **wishes})


def _done(bench, job_id):
    worker.run_pending(bench)
    return jobs.view(bench, BOSS, job_id=job_id)


def _total(bench):
    return delivery.list_leads(bench, BOSS, client=CLIENT, view=delivery.ListView()).total


def _total_stored(bench):
    with read(bench.engine) as session:
        return session.execute(text("SELECT count(*) FROM leads")).scalar_one()


def _kept_nothing(bench):
    batches = intake.list_batches(bench, BOSS, client=CLIENT)
    return _total(bench) == 0 and all(batch.undone_at is not None for batch in batches)


@pytest.fixture
def small_first_models(monkeypatch):
    """Train first models the quick way."""
    def quick(*given, request, **more):
        return training_stored(*given, request=training.TrainingRequest(algorithm="logistic", balance="none"), **more)

    training_stored = training.train_stored
    monkeypatch.setattr(training, "train_stored", quick)


# --- jobs ---------------------------------------------------------------------------------------------------


def test_an_import_stores_trains_and_scores(workbench, campaign_file, small_first_models):  # noqa: F811
    job = _done(workbench, _import_job(workbench, campaign_file, train_first=True))
    assert (job.state, job.progress, job.error) == ("done", 1.0, None)
    assert job.result["import"]["rows_read"] == 400
    assert job.result["training"]["deployed"]
    assert job.result["scoring"]["model_version"] == job.result["training"]["model_version"]
    assert _total(workbench) == job.result["import"]["rows_stored"] == job.result["scoring"]["rows"]
    with pytest.raises(NotFound):
        intake.open_upload(workbench, BOSS, client=CLIENT, upload_id=job.arguments["upload_id"])


def test_an_import_with_too_few_outcomes_is_scored_by_rules(workbench):  # noqa: F811
    job = _done(workbench, _import_job(workbench, leads_file(12), train_first=True))
    assert job.state == "done"
    assert job.result["training"] is None
    assert job.result["scoring"] == {"rows": 12, "model_version": None, "policy_version": 1, "run_id": 1,
                                      "experiment": None, "language": None}


def test_a_first_model_that_cannot_be_trained_does_not_undo_the_import(workbench, campaign_file,  # noqa: F811
                                                                       monkeypatch):
    def refuse(*_given, **_more):
        raise LeadScoreError("no_luck", "No model today.", "Wait.")

    monkeypatch.setattr(training, "train_stored", refuse)
    job = _done(workbench, _import_job(workbench, campaign_file, train_first=True))
    assert job.state == "done"
    assert job.result["training"]["error"]["code"] == "no_luck"
    assert _total(workbench) > 350


@pytest.mark.parametrize(("module", "fault"), [
    (training, RuntimeError("a secret detail")), (scoring, RuntimeError("a secret detail")),
    # a refused training is no failure: the import stands without a model
    (scoring, LeadScoreError("disk_full", "Full.", "Clean up.")),
])
def test_a_job_that_fails_after_the_import_keeps_nothing(workbench, campaign_file, monkeypatch,  # noqa: F811
                                                         module, fault):
    def fail(*_given, **_more):
        raise fault

    monkeypatch.setattr(training, "train_stored", fail if module is training else training.train_stored)
    monkeypatch.setattr(scoring, "rescore", fail if module is scoring else scoring.rescore)
    job = _done(workbench, _import_job(workbench, campaign_file, train_first=module is training))
    assert job.state == "failed"
    assert job.error["code"] == ("disk_full" if isinstance(fault, LeadScoreError) else "internal_fault")
    assert {"code", "message", "hint"} <= set(job.error)
    assert "secret" not in str(job.error)
    assert _kept_nothing(workbench)


def test_a_file_that_is_no_table_fails_with_its_own_words(workbench):  # noqa: F811
    job = _done(workbench, _import_job(workbench, b"%PDF-1.7 nothing"))
    assert job.state == "failed"
    assert job.error["code"] not in ("internal_fault", "")
    assert _kept_nothing(workbench)


def test_a_failed_job_does_not_stop_the_next(workbench):  # noqa: F811
    first, second = _import_job(workbench, b""), _import_job(workbench, leads_file(3))
    assert worker.run_pending(workbench) == 2
    states = [jobs.view(workbench, BOSS, job_id=job_id).state for job_id in (first, second)]
    assert states == ["failed", "done"]


@pytest.mark.parametrize("step", ["Storing", "Stored"])
def test_a_job_stopped_between_steps_keeps_nothing(workbench, monkeypatch, step):  # noqa: F811
    monkeypatch.setattr(worker, "PROGRESS_SECONDS", 0.0)
    plain = jobs.progress

    def stop_at(bench, job_id, fraction, message):
        if message.startswith(step):
            jobs.cancel(bench, BOSS, job_id=job_id)
        return plain(bench, job_id, fraction, message)

    monkeypatch.setattr(jobs, "progress", stop_at)
    job = _done(workbench, _import_job(workbench, leads_file(8)))
    assert job.state == "cancelled"
    assert _kept_nothing(workbench)


@pytest.mark.parametrize("built_upon", [False, True])
def test_what_a_dead_worker_had_stored_is_taken_back_or_said(tmp_path, monkeypatch, built_upon):
    moment = [NOW]
    bench = workbench_at(tmp_path, clock=lambda: moment[0])
    job_id = _import_job(bench, leads_file(8))

    def die(*_given, **_more):
        raise SystemExit

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(scoring, "rescore", die)
        worker.run_next(bench)
    assert _total_stored(bench) == 8
    if built_upon:
        intake.import_file(bench, BOSS, client=CLIENT, source=leads_file(8, title="Owner"), filename="later.csv")
    moment[0] += timedelta(minutes=3)
    assert worker.end_abandoned(bench) == 1
    job = jobs.view(bench, BOSS, job_id=job_id)
    assert (job.state, job.error["code"]) == ("failed", "worker_stopped")
    assert job.error["hint"].startswith("Import 1 is stored" if built_upon else "Nothing was kept")
    assert _total_stored(bench) == (8 if built_upon else 0)
    assert worker.end_abandoned(bench) == 0


def test_the_last_step_is_not_stopped_half_way(workbench, monkeypatch):  # noqa: F811
    monkeypatch.setattr(worker, "PROGRESS_SECONDS", 0.0)
    plain = jobs.progress

    def stop_late(bench, job_id, fraction, message):
        if message.startswith("Storing 8 scores"):
            jobs.cancel(bench, BOSS, job_id=job_id)
        return plain(bench, job_id, fraction, message)

    monkeypatch.setattr(jobs, "progress", stop_late)
    job = _done(workbench, _import_job(workbench, leads_file(8)))
    assert job.state == "done"
    assert _total(workbench) == 8


def test_training_from_a_job_serves_when_asked_to(trained):  # noqa: F811
    job_id = jobs.submit(trained, BOSS, client=CLIENT, kind="train",
                         arguments={"algorithm": "logistic", "balance": "none", "deploy": True})
    job = _done(trained, job_id)
    assert job.state == "done"
    assert job.result["scoring"]["model_version"] == job.result["training"]["model_version"] == 2
    waiting = _done(trained, jobs.submit(trained, BOSS, client=CLIENT, kind="train",
                                         arguments={"algorithm": "logistic", "balance": "none"}))
    assert waiting.result["scoring"] is None
    assert models.show_model(trained, BOSS, client=CLIENT, version="champion").version == 2


def test_an_export_can_be_fetched(trained):  # noqa: F811
    view = delivery.ListView(top="20%", columns=("city",)).to_dict()
    job = _done(trained, jobs.submit(trained, BOSS, client=CLIENT, kind="export",
                                     arguments={"view": view, "format": "csv"}))
    name, content = jobs.result_file(trained, BOSS, client=CLIENT, job_id=job.id)
    assert name.endswith(".csv")
    assert len(pd.read_csv(StringIO(content.decode("utf-8-sig")))) == job.result["rows"]
    assert job.result["left_out"]


def test_scoring_everything_again_is_a_job(trained):  # noqa: F811
    job = _done(trained, jobs.submit(trained, BOSS, client=CLIENT, kind="rescore", arguments={}))
    assert job.result["run_id"] == 2


def test_the_demo_brings_its_own_leads(workbench, small_first_models):  # noqa: F811
    wishes = {"leads": 300, "seed": 2}
    job = _done(workbench, jobs.submit(workbench, BOSS, client=CLIENT, kind="demo", arguments=wishes))
    assert job.state == "done"
    assert _total(workbench) == job.result["import"]["rows_stored"] > 250


def test_a_job_has_the_rights_its_person_has_now(workbench):  # noqa: F811
    accounts.create_first_administrator(workbench, name="root", password="correct horse battery 9")
    user = accounts.add_user(workbench, BOSS, name="kim", password="another long phrase 7", role=Role.ANALYST,
                             clients=[CLIENT])
    kim = accounts.actor_of(workbench, name=user.name, user_id=user.id)
    job_id = jobs.submit(workbench, kim, client=CLIENT, kind="rescore", arguments={})
    accounts.change_user(workbench, BOSS, user_id=user.id, role=Role.VIEWER)
    job = _done(workbench, job_id)
    assert (job.state, job.error["code"]) == ("failed", "forbidden")


def test_every_job_ends_with_a_signed_end_of_the_log(workbench):  # noqa: F811
    _done(workbench, _import_job(workbench, leads_file(2)))
    assert audit.checkpoint_file(workbench.settings.data_folder).exists()
    assert governance.verify_audit(workbench, BOSS).ok
    assert not governance.note_checkpoint(workbench)


def test_a_busy_store_does_not_break_the_heartbeat(workbench, monkeypatch):  # noqa: F811
    monkeypatch.setattr(worker, "HEARTBEAT_SECONDS", 0.02)
    job_id = _import_job(workbench, leads_file(2))
    jobs.claim(workbench)
    with worker._Reporter(workbench, job_id), write(workbench.engine):
        time.sleep(0.1)
    assert jobs.view(workbench, BOSS, job_id=job_id).state == "running"


def test_a_worker_that_starts_removes_files_no_version_knows(workbench):  # noqa: F811
    orphan, young = (workbench.settings.models_folder / (letter * 32) for letter in "ab")
    for folder in (orphan, young):
        folder.mkdir()
    day_ago = time.time() - 86_400
    os.utime(orphan, (day_ago, day_ago))
    process = subprocess.Popen([sys.executable, "-m", "leadscore.worker"], cwd=ROOT, stderr=subprocess.DEVNULL,
                               env=_environment(workbench.settings.home))
    try:
        assert _until(lambda: not orphan.exists())
        assert young.exists()
    finally:
        process.kill()
        process.wait()


# --- the process --------------------------------------------------------------------------------------------


def _environment(home, **more):
    return {**os.environ, "LEADSCORE_HOME": str(home), "LEADSCORE_SECRET_KEY": "a secret for tests only, long", **more}


def _ended(pid: int) -> bool:
    """Whether a process that is no child of ours has ended, or waits only to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _until(condition) -> bool:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_a_worker_process_does_its_job_and_stops_when_told(workbench):  # noqa: F811
    job_id = _import_job(workbench, leads_file(3))
    process = subprocess.Popen([sys.executable, "-m", "leadscore.worker"], cwd=ROOT, stderr=subprocess.DEVNULL,
                               env=_environment(workbench.settings.home))
    try:
        assert _until(lambda: jobs.view(workbench, BOSS, job_id=job_id).state == "done")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()


SERVER = """
import subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-m", "leadscore.worker"], stderr=subprocess.DEVNULL)
print(worker.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for the worker in /proc")
def test_a_worker_stops_when_its_server_is_killed(workbench):  # noqa: F811
    job_id = _import_job(workbench, leads_file(3))
    server = subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                              env=_environment(workbench.settings.home, LEADSCORE_FOLLOW_PARENT="1"))
    pid = int(server.stdout.readline())
    try:
        assert _until(lambda: jobs.view(workbench, BOSS, job_id=job_id).state == "done")
        server.kill()
        server.wait()
        assert _until(lambda: _ended(pid))
    finally:
        server.kill()
        server.stdout.close()
        if not _ended(pid):
            os.kill(pid, signal.SIGKILL)


def test_work_between_jobs_that_fails_does_not_end_the_worker(caplog, workbench):  # noqa: F811
    def fail(_):
        raise ValueError("nobody expected this")

    worker._Chore(workbench, 0.0, "nothing much", fail).do_if_due()
    assert "ValueError in chore nothing much" in caplog.text
    assert "nobody expected" not in caplog.text, "the words of a fault may quote data"

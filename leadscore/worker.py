"""The worker: takes queued jobs from the store, one at a time, and does them through the services."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from sqlalchemy.exc import OperationalError

from leadscore.access import Actor
from leadscore.errors import Cancelled, LeadScoreError
from leadscore.services import (
    accounts,
    backups,
    delivery,
    drift,
    faults,
    governance,
    intake,
    jobs,
    learning,
    models,
    operations,
    policy_history,
    privacy,
    requests,
    retention,
    retraining,
    sampling,
    scoring,
    segments,
    similar,
    training,
)
from leadscore.workbench import Workbench, open_workbench

POLL_SECONDS = 0.4
HEARTBEAT_SECONDS = 5.0
PROGRESS_SECONDS = 0.3
ABANDONED_EVERY_SECONDS = 15.0
OLD_FILES_EVERY_SECONDS = 3_600.0
DRIFT_EVERY_SECONDS = 600.0
RETRAINING_EVERY_SECONDS = 3_600.0
SIMILAR_EVERY_SECONDS = 10.0
ERASURES_EVERY_SECONDS = 3_600.0
LIFE_SECONDS = 15.0
BACKUP_EVERY_SECONDS = 60.0
HEALTH_EVERY_SECONDS = 600.0
TIMINGS_SECONDS = 30.0
REQUESTS_EVERY_SECONDS = 3_600.0
RETENTION_EVERY_SECONDS = 3_600.0
CHECKPOINT_SECONDS = 60.0
VERIFY_EVERY_SECONDS = 86_400.0
ALREADY_UNDONE = "already_undone"
FOLLOW_PARENT = "LEADSCORE_FOLLOW_PARENT"

Progress = Callable[[float, str], None]
Task = Callable[[Workbench, Actor, jobs.ClaimedJob, Progress], dict[str, Any]]

log = logging.getLogger(__name__)


def main() -> int:
    """Work until told to stop."""
    faults.keep_log_calm(logging.INFO)
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    parent = os.getppid() if os.environ.get(FOLLOW_PARENT) == "1" else None
    workbench = open_workbench()
    chores = [_Chore(workbench, every, name, work) for every, name, work in (
        (LIFE_SECONDS, "sign of life", operations.show_life),
        (ABANDONED_EVERY_SECONDS, "abandoned jobs", end_abandoned),
        (OLD_FILES_EVERY_SECONDS, "old files", jobs.forget_old_files),
        (DRIFT_EVERY_SECONDS, "drift", drift.check_due),
        (RETRAINING_EVERY_SECONDS, "retraining", retraining.queue_due),
        (SIMILAR_EVERY_SECONDS, "similar leads", similar.prepare_changed),
        (ERASURES_EVERY_SECONDS, "erasures", privacy.finish_erasures),
        (REQUESTS_EVERY_SECONDS, "requests", requests.remind_of_requests),
        (RETENTION_EVERY_SECONDS, "retention", retention.apply_retention),
        (CHECKPOINT_SECONDS, "checkpoint", governance.note_checkpoint),
        (VERIFY_EVERY_SECONDS, "check of the log", governance.verify_daily),
        (HEALTH_EVERY_SECONDS, "health", operations.watch_health),
        (BACKUP_EVERY_SECONDS, "backup", backups.back_up_if_due),
        (TIMINGS_SECONDS, "timings", operations.keep_timings))]
    models.forget_orphans(workbench)
    # a server that was killed outright cannot stop its worker, which is then handed to another parent
    while not stopping.is_set() and parent in (None, os.getppid()):
        for chore in chores:
            chore.do_if_due()
        if not run_next(workbench):
            stopping.wait(POLL_SECONDS)
    operations.keep_timings(workbench)
    operations.end_life(workbench)
    return 0


class _Chore:
    """Something to be done between jobs, every so many seconds, the first time at once."""

    def __init__(self, workbench: Workbench, every: float, name: str, work: Callable[[Workbench], object]) -> None:
        self._workbench, self._every, self._name, self._work = workbench, every, name, work
        self._done_at = -float("inf")

    def do_if_due(self) -> None:
        if time.monotonic() - self._done_at >= self._every:
            self._done_at = time.monotonic()
            try:
                self._work(self._workbench)
            except Exception as fault:
                # what can wait for its next turn must not keep jobs from being done
                faults.note_fault(self._workbench, fault, place=f"chore {self._name}")


def run_pending(workbench: Workbench) -> int:
    """Do every queued job in this process and return how many there were."""
    done = 0
    while run_next(workbench):
        done += 1
    return done


def run_next(workbench: Workbench) -> bool:
    """Do the oldest queued job; False when none is waiting."""
    job = jobs.claim(workbench)
    if job is None:
        return False
    reporter = _Reporter(workbench, job.id)
    try:
        with reporter, _measured(workbench, job) as measured:
            actor = accounts.actor_of(workbench, name=job.user_name, user_id=job.user_id)
            result = TASKS[job.kind](workbench, actor, job, reporter.tell)
            measured["rows"] = _rows(result)
    except LeadScoreError as refusal:
        jobs.finish(workbench, job.id, error=refusal)
    except Exception as fault:
        number = faults.note_fault(workbench, fault, place=f"job {job.kind}", user=job.user_name, client=job.client)
        jobs.finish(workbench, job.id, error=LeadScoreError(
            "internal_fault", f"The work stopped because of a fault of ours (number {number}).",
            "Nothing was kept. Try again; if it fails again, tell us this number."))
    else:
        jobs.finish(workbench, job.id, result=result)
    governance.note_checkpoint(workbench)
    return True


@contextmanager
def _measured(workbench: Workbench, job: jobs.ClaimedJob) -> Iterator[dict[str, Any]]:
    """Measure how long a job takes and how much memory this process had at most meanwhile."""
    operations.forget_peak()
    with operations.timed(workbench, f"job {job.kind}", client=job.client) as measured:
        try:
            yield measured
        finally:
            measured["peak_mb"] = operations.peak_mb()


def _rows(result: dict[str, Any]) -> int | None:
    """Find how many rows a job was about in what it gave back."""
    parts = [result, *(part for part in result.values() if isinstance(part, dict))]
    return next((int(part[name]) for part in parts for name in ("rows_read", "rows") if part.get(name)), None)


def end_abandoned(workbench: Workbench) -> int:
    """Fail the jobs whose worker died, after taking back what they had stored; returns how many."""
    left = jobs.abandoned(workbench)
    for job in left:
        jobs.finish(workbench, job.id, error=_left_behind(workbench, job))
    return len(left)


def _left_behind(workbench: Workbench, job: jobs.ClaimedJob) -> LeadScoreError:
    """Take back the import of a job that died later on, and say what came of it."""
    hint = "Nothing was kept; start it again."
    if job.stored_as is not None:
        try:
            actor = accounts.actor_of(workbench, name=job.user_name, user_id=job.user_id)
            intake.undo_import(workbench, actor, client=job.client, batch_id=job.stored_as)
        except LeadScoreError as refusal:
            if refusal.code != ALREADY_UNDONE:
                hint = f"Import {job.stored_as} is stored, but not scored: score all leads again, or undo it."
    return LeadScoreError("worker_stopped", "The program that did this work stopped.", hint)


class _Reporter:
    """Writes progress and a heartbeat to the job row, and turns a requested cancel into ``Cancelled``."""

    def __init__(self, workbench: Workbench, job_id: str) -> None:
        self._workbench, self._job_id = workbench, job_id
        self._told_at = 0.0
        self._latest = (0.0, "Starting")
        self._ended = threading.Event()
        self._pulse = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self._pulse.start()

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._pulse.join()

    def tell(self, fraction: float, message: str) -> None:
        moment = time.monotonic()
        self._latest = (fraction, message)
        if moment - self._told_at < PROGRESS_SECONDS and fraction < 1:
            return
        self._told_at = moment
        if not jobs.progress(self._workbench, self._job_id, fraction, message):
            raise Cancelled("cancelled", "The job was stopped as you asked.", "Nothing was kept.")

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            # while this job itself writes, the store is locked; the next beat will do
            with suppress(OperationalError, LeadScoreError):
                jobs.progress(self._workbench, self._job_id, *self._latest)


def _part(progress: Progress, start: float, end: float) -> Progress:
    """Give one step of a job its share of the progress bar."""
    return lambda fraction, message: progress(start + (end - start) * fraction, message)


def _import(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob, progress: Progress) -> dict[str, Any]:
    wishes = job.arguments
    data, filename = intake.open_upload(workbench, actor, client=job.client, upload_id=wishes["upload_id"])
    imported = intake.import_file(
        workbench, actor, client=job.client, source=data, filename=filename, sheet=wishes.get("sheet"),
        mapping=wishes.get("mapping"), choices=wishes.get("choices"), remember=bool(wishes.get("remember")),
        progress=_part(progress, 0.0, 0.5), job_id=job.id)
    with _taken_back_on_failure(workbench, actor, job, imported.batch_id):
        progress(0.5, f"Stored {imported.rows_stored:,} leads")
        trained = _first_model(workbench, actor, job, _part(progress, 0.5, 0.8)) if wishes.get("train_first") else None
        scored = scoring.rescore(workbench, actor, client=job.client, batch_id=None if trained else imported.batch_id,
                                 progress=_to_the_end(_part(progress, 0.8, 1.0)))
    intake.discard_upload(workbench, actor, client=job.client, upload_id=wishes["upload_id"])
    return {"import": imported.as_dict(), "training": trained, "scoring": scored.as_dict()}


@contextmanager
def _taken_back_on_failure(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob, batch_id: int) -> Iterator[None]:
    """Undo an import whose job fails or is stopped later on, so that nothing is kept, as people are told."""
    try:
        yield
    except Exception:
        intake.undo_import(workbench, actor, client=job.client, batch_id=batch_id)
        raise


def _to_the_end(progress: Progress) -> Progress:
    """Report progress of a last step that is not stopped any more: what it stands on is stored already."""
    def tell(fraction: float, message: str) -> None:
        with suppress(Cancelled):
            progress(fraction, message)

    return tell


def _first_model(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob,
                 progress: Progress) -> dict[str, Any] | None:
    if not learning.ready_for_first_model(workbench, actor, client=job.client):
        return None
    try:
        return training.train_stored(workbench, actor, client=job.client, request=training.TrainingRequest(),
                                     progress=progress).as_dict()
    except Cancelled:
        raise
    except LeadScoreError as refusal:
        # the import stands; the page shows why there is no model yet
        return {"error": refusal.as_dict()}


def _demo(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob, progress: Progress) -> dict[str, Any]:
    campaign = sampling.make_campaign_file(workbench, actor, client=job.client,
                                           leads=int(job.arguments.get("leads", 5_000)),
                                           seed=int(job.arguments.get("seed", 7)))
    imported = intake.import_file(workbench, actor, client=job.client, source=campaign.content,
                                  filename=campaign.filename, progress=_part(progress, 0.0, 0.3), job_id=job.id)
    with _taken_back_on_failure(workbench, actor, job, imported.batch_id):
        trained = _first_model(workbench, actor, job, _part(progress, 0.3, 0.8))
        scored = scoring.rescore(workbench, actor, client=job.client,
                                 progress=_to_the_end(_part(progress, 0.8, 1.0)))
    return {"import": imported.as_dict(), "training": trained, "scoring": scored.as_dict()}


def _train(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob, progress: Progress) -> dict[str, Any]:
    return _trained_and_scored(workbench, actor, job, training.TrainingRequest.from_dict(job.arguments), progress)


def _retrain(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob, progress: Progress) -> dict[str, Any]:
    wishes = retraining.retraining_request(workbench, actor, client=job.client)
    return _trained_and_scored(workbench, actor, job, training.TrainingRequest.from_dict(wishes), progress)


def _trained_and_scored(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob, request: training.TrainingRequest,
                        progress: Progress) -> dict[str, Any]:
    trained = training.train_stored(workbench, actor, client=job.client, request=request,
                                    progress=_part(progress, 0.0, 0.85))
    scored = scoring.rescore(workbench, actor, client=job.client, progress=_to_the_end(_part(progress, 0.85, 1.0))) \
        if trained.deployed else None
    return {"training": trained.as_dict(), "scoring": scored.as_dict() if scored else None}


def _rescore(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob, progress: Progress) -> dict[str, Any]:
    return scoring.rescore(workbench, actor, client=job.client, progress=progress).as_dict()


def _backtest(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob, progress: Progress) -> dict[str, Any]:
    request = policy_history.BacktestRequest.from_dict(job.arguments)
    return policy_history.backtest_policy(workbench, actor, client=job.client, request=request,
                                          progress=progress).as_dict()


def _export(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob, progress: Progress) -> dict[str, Any]:
    progress(0.1, "Collecting the leads")
    exported = delivery.export_leads(workbench, actor, client=job.client,
                                     view=delivery.ListView.from_dict(job.arguments["view"]),
                                     format=job.arguments["format"])
    progress(0.9, "Keeping the file for you")
    kept = jobs.keep_file(workbench, client=job.client, data=exported.content, filename=exported.filename)
    return {"file": kept, "rows": exported.rows, "left_out": exported.left_out, "by_chance": exported.by_chance,
            "sha256": exported.sha256}


def _back_up(workbench: Workbench, actor: Actor, _job: jobs.ClaimedJob, progress: Progress) -> dict[str, Any]:
    return backups.make_backup(workbench, actor, progress=progress)


def _then_follow(task: Task) -> Task:
    """Let segments be looked at once new scores are in force; the scores stand whatever comes of it."""
    def done(workbench: Workbench, actor: Actor, job: jobs.ClaimedJob, progress: Progress) -> dict[str, Any]:
        result = task(workbench, actor, job, progress)
        try:
            followed = segments.follow_segments(workbench, actor, client=job.client)
        except LeadScoreError as refusal:
            log.warning("segments were not looked at after job %s: %s", job.id, refusal.code)
            return result
        return result | {"segments": [found.as_dict() for found in followed]}

    return done


TASKS: dict[str, Task] = {
    "import": _then_follow(_import), "demo": _then_follow(_demo), "train": _then_follow(_train),
    "retrain": _then_follow(_retrain), "rescore": _then_follow(_rescore), "export": _export,
    "backtest": _backtest, "backup": _back_up}


if __name__ == "__main__":
    raise SystemExit(main())

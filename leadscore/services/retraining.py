"""Automatic retraining: what a client wants, whether it is due and why, and the job that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import NotFound
from leadscore.modeling.retraining import Due, History, RetrainingSettings, retraining_due
from leadscore.monitoring.drift_verdict import Verdict
from leadscore.steps.comparing import is_from_store, learnt_by_neither
from leadscore.steps.models import number_of
from leadscore.store import audit, clients
from leadscore.store import drift as drift_rows
from leadscore.store import experiments as experiment_rows
from leadscore.store import jobs as job_rows
from leadscore.store import models as model_rows
from leadscore.store.database import read, write
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

AUTHOR = "automatic retraining"
JOB = "retrain"
BUSY = ("train", JOB)
SETTING = "retraining"
KEPT_WISHES = ("algorithm", "balance", "seconds", "random_state")
PAUSE_AFTER_FAILURE = timedelta(days=1)


@dataclass(frozen=True)
class RetrainingView:
    """What is set, and what the next check will say."""

    settings: RetrainingSettings
    due: bool
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return asdict(self)


def retraining_settings(workbench: Workbench, actor: Actor, *, client: str) -> RetrainingView:
    """Show the settings of automatic retraining and whether it is due."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None:
            return RetrainingView(RetrainingSettings(), False, "Automatic retraining is off.")
        due = _due(session, workbench, row)
        return RetrainingView(_settings(row), due.due, f"Next check: {due.sentence[0].lower()}{due.sentence[1:]}")


def save_retraining_settings(workbench: Workbench, actor: Actor, *, client: str,
                             changes: Mapping[str, Any]) -> RetrainingView:
    """Change some settings of automatic retraining.

    Parameters
    ----------
    changes : mapping
        Any of ``on``, ``days``, ``share``, ``least`` and ``on_drift``.

    Raises
    ------
    InvalidRequest
        A value makes no sense.
    """
    require(actor, Action.DEPLOY_MODEL, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        row = session.get_one(Client, client_id)
        before = _settings(row)
        after = RetrainingSettings.from_dict(before.to_dict() | dict(changes))
        clients.save_settings(session, client_id, {**row.settings, SETTING: after.to_dict()})
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="retraining_settings_saved", object=f"client:{client_id}",
                     detail={"before": before.to_dict(), "after": after.to_dict()})
    return retraining_settings(workbench, actor, client=client)


def retraining_request(workbench: Workbench, actor: Actor, *, client: str) -> dict[str, Any]:
    """Give the wishes of the champion's training, for a training on stored outcomes that publishes if not worse.

    Raises
    ------
    NotFound
        No model is in use.
    """
    require(actor, Action.TRAIN_MODEL, client)
    with read(workbench.engine) as session:
        champion = model_rows.champion(session, clients.require(session, client))
        if champion is None:
            raise NotFound("no_model", "No model is in use that could be trained again.", "Train a first one.")
        wishes = dict(champion.report.get("request") or {})
        if not is_from_store(champion):
            # the columns of a file are not those of the store: what became of the stored leads is learnt
            wishes = {name: wishes[name] for name in KEPT_WISHES if name in wishes}
    return wishes | {"deploy": False, "publish_if_not_worse": True}


def queue_due(workbench: Workbench) -> list[str]:
    """Queue a training for each client whose model is due for one, never two at once; for the worker.

    Returns
    -------
    list of str
        Ids of the jobs.
    """
    with read(workbench.engine) as session:
        due = [row.name for row in clients.list_all(session)
               if _settings(row).on and _due(session, workbench, row).due]
    return [job for name in due if (job := _queue(workbench, name))]


def _queue(workbench: Workbench, client: str) -> str | None:
    now = workbench.clock()
    with write(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None or row.id is None:
            return None
        model_rows.stand_alone(session, row.id)
        if _is_busy_or_resting(session, workbench, row.id):
            return None
        sentence = _due(session, workbench, row).sentence
        job_id = job_rows.create(session, row.id, kind=JOB, arguments={"reason": sentence}, user_name=AUTHOR,
                                 user_id=None, now=now)
        audit.append(session, workbench.vault, at=now, client_id=row.id, actor=AUTHOR, action="retraining_queued",
                     object=f"job:{job_id}", detail={"reason": sentence})
    return job_id


def _is_busy_or_resting(session: Session, workbench: Workbench, client_id: int) -> bool:
    """Say whether an experiment or a training is on its way, or the last automatic one has failed not long ago."""
    if experiment_rows.running(session, client_id) is not None:
        # a new champion would end the experiment without a result
        return True
    latest = [job for kind in BUSY if (job := job_rows.latest(session, client_id, kind))]
    if any(job.state in (job_rows.QUEUED, job_rows.RUNNING) for job in latest):
        return True
    return any(job.kind == JOB and job.state != job_rows.DONE and job.finished_at is not None
               and job.finished_at > workbench.clock() - PAUSE_AFTER_FAILURE for job in latest)


def _settings(row: Client) -> RetrainingSettings:
    return RetrainingSettings.from_dict(row.settings.get(SETTING) or {})


def _due(session: Session, workbench: Workbench, row: Client) -> Due:
    client_id = row.id or 0
    if model_rows.champion(session, client_id) is None:
        return retraining_due(_settings(row), None)
    # one that was tried and not published has used these outcomes too
    newest = model_rows.list_all(session, client_id)[0]
    history = History(version=number_of(newest), trained_at=newest.created_at, now=workbench.clock(),
                      learnt=int((newest.report.get("data") or {}).get("rows", 0)),
                      decided=len(learnt_by_neither(session, [newest])),
                      drifted=_drifted(session, client_id, number_of(newest)))
    return retraining_due(_settings(row), history)


def _drifted(session: Session, client_id: int, version: int) -> bool:
    last = drift_rows.latest(session, client_id, version)
    return last is not None and last.verdict == Verdict.ALARM

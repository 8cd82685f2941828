"""Long work is written down as a job row; a worker does it, pages watch it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import Cancelled, InvalidRequest, LeadScoreError, NotFound
from leadscore.store import audit, clients
from leadscore.store import jobs as job_rows
from leadscore.store.database import read, write
from leadscore.store.tables import Job
from leadscore.workbench import Workbench

KINDS = {
    "import": Action.IMPORT_LEADS,
    "demo": Action.IMPORT_LEADS,
    "train": Action.TRAIN_MODEL,
    "retrain": Action.DEPLOY_MODEL,
    "rescore": Action.EDIT_LEADS,
    "export": Action.EXPORT_LEADS,
    "backtest": Action.TRAIN_MODEL,
    "backup": Action.CONFIGURE,
}


@dataclass(frozen=True)
class JobView:
    """A job as pages see it; ``progress`` is in [0, 1]."""

    id: str
    client: str
    kind: str
    state: str
    progress: float
    message: str
    arguments: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    stopping: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {"done", "failed", "cancelled"}


@dataclass(frozen=True)
class ClaimedJob:
    """A job as its worker sees it."""

    id: str
    client: str
    kind: str
    user_name: str
    user_id: int | None
    arguments: dict[str, Any]
    stored_as: int | None = None
    """The import it has stored already, should it have been left in the middle."""


def submit(workbench: Workbench, actor: Actor, *, client: str, kind: str, arguments: dict[str, Any]) -> str:
    """Queue a job and return its id.

    Raises
    ------
    InvalidRequest
        There is no such kind of job.
    """
    if kind not in KINDS:
        raise InvalidRequest("unknown_job", f"There is no job of the kind '{kind}'.", f"Use one of {', '.join(KINDS)}.")
    require(actor, KINDS[kind], client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        job_id = job_rows.create(session, client_id, kind=kind, arguments=arguments, user_name=actor.name,
                                 user_id=actor.user_id, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="job_submitted",
                     object=f"job:{job_id}", detail={"kind": kind})
    return job_id


def view(workbench: Workbench, actor: Actor, *, job_id: str) -> JobView:
    """Look at a job.

    Raises
    ------
    NotFound
        No job of one of the actor's clients has this id.
    """
    with read(workbench.engine) as session:
        job = job_rows.find(session, job_id)
        name = clients.name_of(session, job.client_id) if job else ""
    if job is None or not actor.sees(name):
        raise NotFound("unknown_job", "There is no such job.", "It may have been removed; see the list of imports.")
    return _view(job, name)


def recent(workbench: Workbench, actor: Actor, *, client: str, limit: int = 10) -> list[JobView]:
    """List the newest jobs of a client."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        return [_view(job, client) for job in job_rows.recent(session, row.id, limit)] if row and row.id else []


def cancel(workbench: Workbench, actor: Actor, *, job_id: str) -> None:
    """Ask a job to stop; what it did is rolled back."""
    current = view(workbench, actor, job_id=job_id)
    require(actor, KINDS[current.kind], current.client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        job_rows.request_cancel(session, job_id, now=now)
        audit.append(session, workbench.vault, at=now, client_id=clients.ensure(session, current.client, now),
                     actor=actor.name, action="job_cancelled", object=f"job:{job_id}", detail={"kind": current.kind})


def result_file(workbench: Workbench, actor: Actor, *, client: str, job_id: str) -> tuple[str, bytes]:
    """Fetch the file an export job has made.

    Raises
    ------
    NotFound
        The job made no file, or it is gone.
    """
    require(actor, Action.EXPORT_LEADS, client)
    current = view(workbench, actor, job_id=job_id)
    if current.client != client or not current.result or "file" not in current.result:
        raise NotFound("no_file", "This job has no file to fetch.", "Start the export again.")
    data, meta = workbench.uploads.get(current.result["file"], client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=clients.require(session, client), actor=actor.name,
                     action="file_fetched", object=f"job:{job_id}", detail={"kind": current.kind, "bytes": len(data)})
    return str(meta["filename"]), data


# --- for the worker -----------------------------------------------------------------------------------------


def claim(workbench: Workbench) -> ClaimedJob | None:
    """Take the oldest queued job, so that no other worker can."""
    with write(workbench.engine) as session:
        job = job_rows.claim_next(session, now=workbench.clock())
        return _claimed(session, job) if job is not None else None


def progress(workbench: Workbench, job_id: str, fraction: float, message: str) -> bool:
    """Write down how far a job is; False when a person asked to stop it."""
    with write(workbench.engine) as session:
        return job_rows.report(session, job_id, progress=fraction, message=message, now=workbench.clock())


def finish(workbench: Workbench, job_id: str, *, result: dict[str, Any] | None = None,
           error: LeadScoreError | None = None) -> None:
    """Write down how a job ended: with a result, an error, or because a person stopped it."""
    now = workbench.clock()
    with write(workbench.engine) as session:
        if isinstance(error, Cancelled):
            job_rows.end_cancelled(session, job_id, now=now)
        elif error is not None:
            job_rows.fail(session, job_id, error=error.as_dict(), now=now)
        else:
            job_rows.finish(session, job_id, result=result or {}, now=now)


def abandoned(workbench: Workbench) -> list[ClaimedJob]:
    """List the running jobs whose worker died."""
    with read(workbench.engine) as session:
        return [_claimed(session, job) for job in job_rows.stale(session, now=workbench.clock())]


def forget_old_files(workbench: Workbench) -> int:
    """Remove uploads nobody imported and exports nobody will fetch any more; they hold personal data."""
    return workbench.uploads.remove_older(workbench.clock())


def keep_file(workbench: Workbench, *, client: str, data: bytes, filename: str) -> str:
    """Keep the file a job has made, encrypted, until somebody fetches it; return its id."""
    return workbench.uploads.put(data, {"filename": filename, "client": client})


def _claimed(session: Session, job: Job) -> ClaimedJob:
    return ClaimedJob(job.id, clients.name_of(session, job.client_id), job.kind, job.user_name, job.user_id,
                      dict(job.arguments), (job.result or {}).get("batch_id"))


def _view(job: Job, client: str) -> JobView:
    return JobView(id=job.id, client=client, kind=job.kind, state=job.state, progress=job.progress,
                   message=job.message, arguments=job.arguments, result=job.result, error=job.error,
                   created_at=job.created_at, started_at=job.started_at, finished_at=job.finished_at,
                   stopping=job.cancel_requested)

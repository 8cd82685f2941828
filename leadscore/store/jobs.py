"""The jobs: long work that is queued, claimed by one worker, watched and ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func
from sqlmodel import Session, col, select

from leadscore.store.tables import Job

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
STALE_AFTER = timedelta(minutes=2)
LONGEST_MESSAGE = 300


def create(session: Session, client_id: int, *, kind: str, arguments: Mapping[str, Any], user_name: str,
           user_id: int | None, now: datetime) -> str:
    """Queue a job and give its id."""
    row = Job(id=uuid4().hex, client_id=client_id, kind=kind, arguments=dict(arguments), user_name=user_name[:80],
              user_id=user_id, state=QUEUED, created_at=now)
    session.add(row)
    session.flush()
    return row.id


def find(session: Session, job_id: str, client_id: int | None = None) -> Job | None:
    """Find a job, of one client when it is named."""
    row = session.get(Job, job_id)
    return row if row is not None and client_id in (None, row.client_id) else None


def recent(session: Session, client_id: int, limit: int = 10) -> list[Job]:
    """List the newest jobs of a client, newest first."""
    return list(session.exec(select(Job).where(Job.client_id == client_id)
                             .order_by(col(Job.created_at).desc(), col(Job.id)).limit(limit)))


def latest(session: Session, client_id: int, kind: str) -> Job | None:
    """Find the newest job of a kind."""
    return session.exec(select(Job).where(Job.client_id == client_id, Job.kind == kind)
                        .order_by(col(Job.created_at).desc(), col(Job.id)).limit(1)).one_or_none()


def claim_next(session: Session, *, now: datetime) -> Job | None:
    """Take the oldest queued job for the calling worker; no other worker gets it."""
    row = session.exec(select(Job).where(Job.state == QUEUED).order_by(col(Job.created_at), col(Job.id)).limit(1)
                       .with_for_update(skip_locked=True)).one_or_none()
    return _start(session, row, now) if row is not None else None


def claim(session: Session, job_id: str, *, now: datetime) -> Job | None:
    """Take this job when it is still queued."""
    row = session.exec(select(Job).where(Job.id == job_id, Job.state == QUEUED)
                       .with_for_update(skip_locked=True)).one_or_none()
    return _start(session, row, now) if row is not None else None


def is_waiting(session: Session) -> bool:
    """Say whether a job waits for a worker."""
    return session.exec(select(Job.id).where(Job.state == QUEUED).limit(1)).first() is not None


def count_open(session: Session) -> tuple[int, int]:
    """Count the jobs that wait and those that run."""
    found = dict(session.exec(select(Job.state, func.count()).where(col(Job.state).in_((QUEUED, RUNNING)))
                              .group_by(col(Job.state))).all())
    return int(found.get(QUEUED, 0)), int(found.get(RUNNING, 0))


def report(session: Session, job_id: str, *, progress: float, message: str, now: datetime) -> bool:
    """Write down how far a job is; says whether it may go on (nobody asked it to stop)."""
    row = session.get(Job, job_id)
    if row is None or row.state != RUNNING:
        return False
    row.progress, row.message = min(max(progress, 0.0), 1.0), message[:LONGEST_MESSAGE]
    row.heartbeat_at = now
    session.add(row)
    session.flush()
    return not row.cancel_requested


def finish(session: Session, job_id: str, *, result: Mapping[str, Any], now: datetime) -> None:
    """End a job well."""
    _end(session, job_id, DONE, now, result=dict(result), progress=1.0)


def fail(session: Session, job_id: str, *, error: Mapping[str, Any], now: datetime) -> None:
    """End a job with ``code``, ``message`` and ``hint``."""
    _end(session, job_id, FAILED, now, error=dict(error))


def end_cancelled(session: Session, job_id: str, *, now: datetime) -> None:
    """End a job that a person stopped."""
    _end(session, job_id, CANCELLED, now)


def request_cancel(session: Session, job_id: str, *, now: datetime) -> None:
    """Ask a running job to stop; a queued one ends at once, one that has ended stays as it is."""
    row = session.get(Job, job_id)
    if row is None or row.state not in (QUEUED, RUNNING):
        return
    row.cancel_requested = True
    session.add(row)
    session.flush()
    if row.state == QUEUED:
        end_cancelled(session, job_id, now=now)


def note_batch(session: Session, job_id: str, batch_id: int) -> None:
    """Write down what a job has stored so far, in the transaction that stores it: should it die, that is taken back."""
    row = session.get(Job, job_id)
    if row is not None:
        row.result = {"batch_id": batch_id}
        session.add(row)
        session.flush()


def stale(session: Session, *, now: datetime, after: timedelta = STALE_AFTER) -> list[Job]:
    """List the running jobs whose worker has not been heard of."""
    return list(session.exec(select(Job).where(Job.state == RUNNING, col(Job.heartbeat_at) < now - after)))


def _start(session: Session, row: Job, now: datetime) -> Job:
    row.state, row.started_at, row.heartbeat_at = RUNNING, now, now
    session.add(row)
    session.flush()
    return row


def _end(session: Session, job_id: str, state: str, now: datetime, **values: Any) -> None:
    row = session.get(Job, job_id)
    if row is None or row.state not in (QUEUED, RUNNING):
        return
    row.state, row.finished_at = state, now
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()

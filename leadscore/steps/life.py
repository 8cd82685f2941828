"""Signs of life of the worker: a moment in the store, moved on between jobs; while one runs, its row has them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from leadscore.store import facts
from leadscore.store.database import write
from leadscore.store.jobs import RUNNING
from leadscore.store.tables import Job
from leadscore.workbench import Workbench

FACT = "worker_beat"
BEAT_SECONDS = 15.0
MISSED = timedelta(seconds=4 * BEAT_SECONDS)
"""Without a sign for so long, a worker counts as gone."""


def beat(workbench: Workbench) -> None:
    """Show that the worker is there."""
    with write(workbench.engine) as session:
        facts.note(session, FACT, workbench.clock().isoformat())


def end(workbench: Workbench) -> None:
    """Say that the worker has ended in good order."""
    with write(workbench.engine) as session:
        facts.forget(session, FACT)


def last_sign(session: Session) -> datetime | None:
    """Give when a worker was last heard of; None where none is at work."""
    said = facts.value_of(session, FACT)
    running = session.exec(select(func.max(Job.heartbeat_at)).where(col(Job.state) == RUNNING)).one()
    signs = [moment for moment in (moment_of(said), running) if moment]
    return max(signs, default=None)


def moment_of(said: str | None) -> datetime | None:
    """Read a sign of life as the store keeps it."""
    return datetime.fromisoformat(said) if said else None

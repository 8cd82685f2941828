"""How the workbench itself is doing: its health, its speed, its size, and the worker's signs of life."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pandas as pd
from sqlalchemy.engine import make_url

from leadscore import __version__
from leadscore.access import Action, Actor, require
from leadscore.charts.picture import Picture
from leadscore.steps import backups, health, life, speed, timing
from leadscore.steps.alerting import AlertKind, Severity, raise_alert, settle_alert
from leadscore.steps.health import Check as Check
from leadscore.steps.health import Health as Health
from leadscore.steps.health import State as State
from leadscore.store import jobs, timings
from leadscore.store.database import read, size_in_bytes, write
from leadscore.workbench import Workbench

MEGABYTE = 1024 * 1024
TELL_THEMSELVES = frozenset({"worker", "backup"})


@dataclass(frozen=True)
class Speed:
    """How long things took: one row a kind in ``kinds``, single ones in ``slowest``, and pictures of their course."""

    kinds: pd.DataFrame
    slowest: pd.DataFrame
    pictures: tuple[Picture, ...]
    measured: int


@dataclass(frozen=True)
class Figures:
    """How large things are, in megabytes, and what waits.

    Parameters
    ----------
    store_mb, log_mb, models_mb : float
        The store, what of it is written but not folded in yet (SQLite), and the files of models.
    free_mb : float
        Left on the disk of the data folder.
    waiting, running : int
        Jobs.
    worker_at, backup_at : datetime or None
        When the worker was last heard of, and when the newest backup was made.
    """

    program: str
    database: str
    store_mb: float
    log_mb: float
    models_mb: float
    free_mb: float
    waiting: int
    running: int
    worker_at: datetime | None
    backup_at: datetime | None


# --- health ---------------------------------------------------------------------------------------------------


def health_of(workbench: Workbench, *, thorough: bool = False) -> Health:
    """Look at everything the workbench needs; ``thorough`` also reads the whole store, and writes to it."""
    return health.check_all(workbench, thorough=thorough)


def watch_health(workbench: Workbench) -> None:
    """Tell administrators of a check that fails, until it does so no more; for the worker.

    The worker, which looks, and backups, which tell of themselves, are left aside.
    """
    found = [check for check in health.check_all(workbench).checks if check.name not in TELL_THEMSELVES]
    now = workbench.clock()
    with write(workbench.engine) as session:
        for check in found:
            about: dict[str, Any] = {"client_id": None, "kind": AlertKind.HEALTH, "subject": check.name, "now": now}
            if check.state is State.FAIL:
                raise_alert(session, workbench, text=f"{check.label}: {check.sentence}", severity=Severity.SERIOUS,
                            **about)
            else:
                settle_alert(session, workbench, **about)


def is_ready(workbench: Workbench) -> bool:
    """Say whether the store answers and has the tables this program needs."""
    return health.is_ready(workbench)


def show_life(workbench: Workbench) -> None:
    """Let the worker say that it is there."""
    life.beat(workbench)


def end_life(workbench: Workbench) -> None:
    """Let the worker say that it has ended in good order."""
    life.end(workbench)


# --- speed ----------------------------------------------------------------------------------------------------


@contextmanager
def timed(workbench: Workbench, what: str, *, client: str | None = None) -> Iterator[dict[str, Any]]:
    """Measure what happens inside; ``rows`` and ``peak_mb`` may be put into the dict it gives.

    What ends by itself, such as a page that starts anew, is not measured.
    """
    found: dict[str, Any] = {}
    start = perf_counter()
    try:
        yield found
    except Exception:
        timing.note(workbench, what, perf_counter() - start, client=client, failed=True, **found)
        raise
    timing.note(workbench, what, perf_counter() - start, client=client, **found)


def forget_peak() -> None:
    """Begin to measure this process's peak memory anew."""
    timing.forget_peak()


def peak_mb() -> float | None:
    """Give this process's peak memory in megabytes since then; None where the system does not tell."""
    return timing.peak_mb()


def keep_timings(workbench: Workbench) -> int:
    """Write down what was measured since the last time."""
    return timing.keep(workbench)


def speed_of(workbench: Workbench, actor: Actor, *, days: int = 7) -> Speed:
    """Say how long pages, jobs and commands took of late, by kind and over time."""
    require(actor, Action.VIEW_AUDIT)
    now = workbench.clock()
    with read(workbench.engine) as session:
        frame = timings.since(session, now - timedelta(days=days))
    return Speed(kinds=speed.by_kind(frame), slowest=speed.slowest(frame),
                 pictures=speed.pictures(frame, now=now, days=days), measured=len(frame))


# --- figures --------------------------------------------------------------------------------------------------


def figures(workbench: Workbench, actor: Actor) -> Figures:
    """Say how large things are and what waits."""
    require(actor, Action.CONFIGURE)
    settings = workbench.settings
    with read(workbench.engine) as session:
        (waiting, running), sign = jobs.count_open(session), life.last_sign(session)
    made = backups.list_archives(settings.backups)
    return Figures(program=__version__, database=workbench.engine.dialect.name,
                   store_mb=size_in_bytes(workbench.engine) / MEGABYTE,
                   log_mb=_log_mb(workbench),
                   models_mb=_size(settings.models_folder), waiting=waiting, running=running, worker_at=sign,
                   free_mb=shutil.disk_usage(settings.data_folder).free / MEGABYTE,
                   backup_at=made[0].made_at if made else None)


def _log_mb(workbench: Workbench) -> float:
    """Give the size of what SQLite has written and not yet folded into its file."""
    address = make_url(workbench.settings.url)
    store = Path(str(address.database))
    return _file_mb(store.with_name(store.name + "-wal")) if address.get_backend_name() == "sqlite" else 0.0


def _file_mb(path: Path) -> float:
    return path.stat().st_size / MEGABYTE if path.exists() else 0.0


def _size(folder: Path) -> float:
    return sum(_file_mb(path) for path in folder.rglob("*") if path.is_file())

"""Backups as people know them: made now or by plan, listed, checked, and put back by whoever runs the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.config import Settings
from leadscore.errors import LeadScoreError, NotFound
from leadscore.steps import backup_plan, restoring
from leadscore.steps import backups as steps
from leadscore.steps.alerting import WORKBENCH, AlertKind, Severity, raise_alert, settle_alert
from leadscore.steps.backup_plan import MOST_HOURS as MOST_HOURS
from leadscore.steps.backup_plan import MOST_KEPT as MOST_KEPT
from leadscore.steps.backup_plan import BackupPlan as BackupPlan
from leadscore.steps.restoring import Restored
from leadscore.store import audit
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

SUBJECT = "backup"


@dataclass(frozen=True)
class Backup:
    """A backup in the folder of backups."""

    name: str
    made_at: datetime
    bytes: int
    sealed: bool


def make_backup(workbench: Workbench, actor: Actor, *, target: Path | None = None,
                progress: Callable[[float, str], None] | None = None) -> dict[str, Any]:
    """Back up the store, the models and the signatures of the log while everybody goes on working.

    Parameters
    ----------
    target : Path, optional
        A folder, or a file that does not exist yet and ends in ``.backup``; the folder of backups without it.

    Returns
    -------
    dict
        ``file``, ``bytes``, ``sealed``, ``made_at``, ``rows``, ``models``, ``audit_seq``.
    """
    require(actor, Action.CONFIGURE)
    if progress:
        progress(0.1, "Copying the store and the models")
    return _made(workbench, target or workbench.settings.backups, by=actor.name)


def list_backups(workbench: Workbench, actor: Actor) -> list[Backup]:
    """List the backups in the folder of backups, newest first."""
    require(actor, Action.CONFIGURE)
    return [Backup(one.path.name, one.made_at, one.bytes, one.sealed)
            for one in steps.list_archives(workbench.settings.backups)]


def verify_backup(workbench: Workbench, actor: Actor, *, backup: str) -> dict[str, Any]:
    """Unpack a backup for a moment and check all of it: every byte, the database's own file, counts, the log's end.

    Raises
    ------
    NotFound
        There is no backup of this name.
    LeadScoreError
        What is wrong with it.
    """
    require(actor, Action.CONFIGURE)
    known = {one.path.name: one.path for one in steps.list_archives(workbench.settings.backups)}
    if backup not in known:
        raise NotFound("unknown_backup", "There is no backup of this name.", "The System tab lists them.")
    now = workbench.clock()
    facts = steps.check_backup(workbench.vault, known[backup], workbench.settings.backup_passphrase,
                               unpack_in=workbench.settings.data_folder)
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=None, actor=actor.name, action="backup_verified",
                     object="store", detail={"file": backup, "rows": facts.rows, "audit_seq": facts.audit_seq})
    return {"file": backup, "made_at": facts.made_at.isoformat(), "rows": facts.rows, "models": len(facts.folders),
            "audit_seq": facts.audit_seq, "bytes": facts.bytes}


def backup_settings(workbench: Workbench, actor: Actor) -> BackupPlan:
    """Say when backups are made by themselves."""
    require(actor, Action.CONFIGURE)
    with read(workbench.engine) as session:
        return backup_plan.plan_of(session)


def save_backup_settings(workbench: Workbench, actor: Actor, *, wish: BackupPlan) -> BackupPlan:
    """Decide when backups are made by themselves and how many are kept.

    Raises
    ------
    InvalidRequest
        A number is out of range.
    """
    require(actor, Action.CONFIGURE)
    backup_plan.checked(wish)
    now = workbench.clock()
    with write(workbench.engine) as session:
        before = backup_plan.plan_of(session)
        backup_plan.keep_plan(session, wish)
        audit.append(session, workbench.vault, at=now, client_id=None, actor=actor.name,
                     action="backup_settings_saved", object="store",
                     detail={"before": asdict(before), "after": asdict(wish)})
    return wish


def restore_backup(settings: Settings, actor: Actor, *, path: Path, force: bool = False,
                   passphrase: str | None = None, now: datetime) -> Restored:
    """Put a backup into a home that nobody uses; see :func:`leadscore.steps.restoring.restore`."""
    require(actor, Action.CONFIGURE)
    return restoring.restore(settings, path, passphrase=passphrase or settings.backup_passphrase, force=force,
                             by=actor.name, now=now)


# --- for the worker -----------------------------------------------------------------------------------------


def back_up_if_due(workbench: Workbench) -> bool:
    """Make the backup that is due by plan and delete the oldest; a failure raises an alert and is tried again later."""
    now, folder = workbench.clock(), workbench.settings.backups
    with read(workbench.engine) as session:
        plan, tried = backup_plan.plan_of(session), backup_plan.tried_at(session)
    made = steps.list_archives(folder) if plan.on else []
    if not plan.due(made[0].made_at if made else None, tried, now):
        return False
    with write(workbench.engine) as session:
        backup_plan.note_try(session, now)
    try:
        _made(workbench, folder, by=WORKBENCH)
        gone = steps.forget_old(folder, keep=plan.keep)
    except LeadScoreError as refusal:
        _alarm(workbench, refusal)
        return False
    with write(workbench.engine) as session:
        settle_alert(session, workbench, client_id=None, kind=AlertKind.BACKUP, subject=SUBJECT, now=now)
        if gone:
            audit.append(session, workbench.vault, at=now, client_id=None, actor=WORKBENCH, action="backups_removed",
                         object="store", detail={"files": gone, "kept": plan.keep})
    return True


def _made(workbench: Workbench, target: Path, *, by: str) -> dict[str, Any]:
    now = workbench.clock()
    archive, facts = steps.make_backup(workbench, target)
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=None, actor=by, action="backup_made", object="store",
                     detail={"file": archive.path.name, "bytes": archive.bytes, "sealed": archive.sealed,
                             "rows": facts.rows, "audit_seq": facts.audit_seq})
    return {"file": str(archive.path), "bytes": archive.bytes, "sealed": archive.sealed,
            "made_at": archive.made_at.isoformat(), "rows": facts.rows, "models": len(facts.folders),
            "audit_seq": facts.audit_seq}


def _alarm(workbench: Workbench, refusal: LeadScoreError) -> None:
    with write(workbench.engine) as session:
        raise_alert(session, workbench, client_id=None, kind=AlertKind.BACKUP, subject=SUBJECT,
                    severity=Severity.SERIOUS, text=f"The planned backup was not made: {refusal}"[:500],
                    now=workbench.clock())

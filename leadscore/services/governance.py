"""What happened, who did it, and whether the record of it is whole."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import pandas as pd

from leadscore.access import Action, Actor, require
from leadscore.errors import Forbidden
from leadscore.steps.exporting import csv_bytes
from leadscore.store import audit, clients
from leadscore.store.audit import Verdict
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

EVENTS_IN_AN_EXPORT = 5_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AuditPage:
    """Some audit events, newest first: columns seq, at, client, actor, action, object, detail."""

    frame: pd.DataFrame
    total: int


def audit_events(workbench: Workbench, actor: Actor, *, client: str | None = None, action: str | None = None,
                 person: str | None = None, limit: int = 100, offset: int = 0) -> AuditPage:
    """List audit events; without a client, an administrator sees all of them.

    Raises
    ------
    Forbidden
        Someone who is no administrator asked for every client's events.
    """
    require(actor, Action.VIEW_AUDIT, client)
    if client is None and not actor.may(Action.MANAGE_USERS):
        raise Forbidden("forbidden", "Only an administrator sees the events of every client.", "Choose a client.")
    with read(workbench.engine) as session:
        row = clients.find(session, client) if client else None
        if client and row is None:
            return AuditPage(audit.list_events(session, client_id=-1, limit=1)[0], 0)
        frame, total = audit.list_events(session, client_id=row.id if row else None, action=action, actor=person,
                                         limit=limit, offset=offset)
    return AuditPage(frame, total)


def verify_audit(workbench: Workbench, actor: Actor) -> Verdict:
    """Check the whole chain; the first altered, removed or reordered record is named."""
    require(actor, Action.VIEW_AUDIT)
    with read(workbench.engine) as session:
        return audit.verify(session, workbench.vault, checkpoints=audit.checkpoint_file(workbench.settings.data_folder))


def export_audit(workbench: Workbench, actor: Actor) -> bytes:
    """Write the whole log as CSV; the export is itself recorded."""
    require(actor, Action.MANAGE_USERS)
    now = workbench.clock()
    with write(workbench.engine) as session:
        frame, total = audit.list_events(session, limit=EVENTS_IN_AN_EXPORT, with_chain=True)
        content = csv_bytes(frame)
        audit.append(session, workbench.vault, at=now, client_id=None, actor=actor.name, action="audit_exported",
                     object="audit", detail={"records": total})
    return content


def note_checkpoint(workbench: Workbench, *, every: int = 1) -> bool:
    """Sign the end of the log in a file outside the database, so that cutting off its newest records is found.

    Parameters
    ----------
    every : int
        Write only when at least so many records are newer than the last checkpoint.

    Returns
    -------
    bool
        Whether one was written; a folder that cannot be written to is no reason to refuse the work itself.
    """
    path = audit.checkpoint_file(workbench.settings.data_folder)
    try:
        with read(workbench.engine) as session:
            return audit.checkpoint(session, workbench.vault, path, at=workbench.clock(), every=every)
    except OSError as problem:
        log.warning("the checkpoint of the audit log could not be written: %s", problem.strerror)
        return False

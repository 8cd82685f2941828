"""Faults of the program: noted under a number that people can quote, and looked up by that number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from leadscore.access import Action, Actor, require
from leadscore.errors import NotFound
from leadscore.steps import faults as fault_steps
from leadscore.store import audit, clients, faults
from leadscore.store.database import read, write
from leadscore.store.tables import ErrorRecord
from leadscore.workbench import Workbench

LISTED = 50
LONGEST_NUMBER = 16


@dataclass(frozen=True)
class Fault:
    """A fault as it is listed; ``kind`` is the class of the exception, without its words."""

    id: str
    at: datetime
    place: str
    kind: str
    user: str | None
    program: str


def keep_log_calm(level: int) -> None:
    """Let everything of ours be logged without personal data, secrets and control characters."""
    fault_steps.keep_log_calm(level)


def note_fault(workbench: Workbench | None, fault: BaseException, *, place: str, user: str | None = None,
               client: str | None = None) -> str:
    """Note a fault and give the number to tell the person; see :func:`leadscore.steps.faults.note_fault`."""
    return fault_steps.note_fault(workbench, fault, place=place, user=user, client=client)


def list_faults(workbench: Workbench, actor: Actor, *, client: str, number: str = "") -> list[Fault]:
    """List the newest faults, or those whose number begins as given.

    Administrators see all of them, others those that happened with this client's leads.
    """
    require(actor, Action.VIEW_AUDIT, client)
    wanted = number.strip().lower()[:LONGEST_NUMBER]
    with read(workbench.engine) as session:
        own = None if actor.may(Action.CONFIGURE) else clients.id_of(session, client)
        return [_fault(row) for row in faults.recent(session, number=wanted, client_id=own, limit=LISTED)]


def fault_trace(workbench: Workbench, actor: Actor, *, number: str) -> str:
    """Give the whole of a fault, which may quote data of leads; that somebody looked is written down.

    Raises
    ------
    NotFound
        There is no fault of this number.
    """
    require(actor, Action.CONFIGURE)
    now = workbench.clock()
    with write(workbench.engine) as session:
        row = faults.find(session, number)
        if row is None:
            raise NotFound("unknown_fault", f"There is no error with the number '{number[:LONGEST_NUMBER]}'.",
                           "Check the number; old ones are removed after a while.")
        trace = fault_steps.trace_of(workbench, row)
        audit.append(session, workbench.vault, at=now, client_id=row.client_id, actor=actor.name,
                     action="fault_viewed", object=f"error:{row.id}", detail={"kind": row.kind, "place": row.place})
    return trace


def faults_by_day(workbench: Workbench, actor: Actor, *, days: int = 30) -> pd.DataFrame:
    """Count the faults of each of the last days: columns ``day`` and ``faults``, the days without any included."""
    require(actor, Action.VIEW_AUDIT)
    now = workbench.clock()
    with read(workbench.engine) as session:
        moments = faults.moments(session, now - timedelta(days=days - 1))
    every = pd.date_range(end=pd.Timestamp(now).normalize(), periods=days, freq="D", tz="UTC").tz_localize(None)
    counted = pd.Series(1, index=pd.DatetimeIndex([one.replace(tzinfo=None) for one in moments]).normalize(),
                        dtype=float).groupby(level=0).sum()
    return pd.DataFrame({"day": every, "faults": counted.reindex(every, fill_value=0).astype(int).to_numpy()})


def _fault(row: ErrorRecord) -> Fault:
    return Fault(id=row.id, at=row.at, place=row.place, kind=row.kind, user=row.user_name, program=row.program)

"""What somebody must look at: the open alerts of a client, and for administrators those of the workbench."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadscore.access import Action, Actor, require
from leadscore.steps.alerting import AlertKind as AlertKind
from leadscore.steps.alerting import Severity as Severity
from leadscore.store import alerts as alert_rows
from leadscore.store import audit, clients
from leadscore.store.database import read, write
from leadscore.workbench import Workbench


@dataclass(frozen=True)
class OpenAlert:
    """An alert nobody has settled yet; ``everywhere`` says that it is about the workbench, not about one client."""

    id: int
    kind: AlertKind
    severity: Severity
    text: str
    owner: str | None
    raised_at: datetime
    times: int
    everywhere: bool


def open_alerts(workbench: Workbench, actor: Actor, *, client: str) -> list[OpenAlert]:
    """List the open alerts, the gravest first and among equals the newest."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        rows = alert_rows.list_open(session, clients.id_of(session, client),
                                    of_workbench=actor.may(Action.CONFIGURE))
    found = [OpenAlert(id=row.id or 0, kind=AlertKind(row.kind), severity=Severity(row.severity), text=row.text,
                       owner=row.owner, raised_at=row.raised_at, times=row.times, everywhere=row.client_id is None)
             for row in rows]
    return sorted(found, key=lambda alert: list(Severity).index(alert.severity), reverse=True)


def dismiss_alert(workbench: Workbench, actor: Actor, *, client: str, alert_id: int, everywhere: bool = False) -> None:
    """Say that an alert is dealt with; it opens again when what it tells of happens again.

    Raises
    ------
    NotFound
        There is no such open alert.
    """
    require(actor, Action.CONFIGURE if everywhere else Action.EDIT_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = None if everywhere else clients.require(session, client)
        row = alert_rows.settle_by_id(session, client_id, alert_id, by=actor.name, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="alert_settled",
                     object=f"alert:{alert_id}", detail={"kind": row.kind, "subject": row.subject, "over": False})

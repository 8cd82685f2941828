"""Raises alerts and settles them when what they tell of is over; each is written down once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from leadscore.store import alerts, audit
from leadscore.workbench import Workbench

WORKBENCH = "workbench"
"""Who acts in the log where nobody did: the workbench by itself."""
DRIFT_SUBJECT = "leads"
"""What an alert of drift is about."""


class AlertKind(StrEnum):
    """What alerts are about."""

    DRIFT = "drift"
    REQUEST = "request"
    FAULT = "fault"
    BACKUP = "backup"
    CHAIN = "chain"
    APPROVAL = "approval"
    MODEL = "model"
    HEALTH = "health"


class Severity(StrEnum):
    """How soon somebody must look."""

    NOTE = "note"
    WARNING = "warning"
    SERIOUS = "serious"


def raise_alert(session: Session, workbench: Workbench, *, client_id: int | None, kind: AlertKind, subject: str,
                text: str, severity: Severity, now: datetime, owner: str | None = None,
                by: str = WORKBENCH) -> None:
    """Open an alert in the transaction of what it tells of; call it last, since it writes to the log.

    Where the same is open already, only its count and time move on, and nothing is written to the log.

    Parameters
    ----------
    client_id : int or None
        None for what is about the workbench as a whole; administrators see these.
    subject : str
        What it is about, for the program; one alert of a kind and subject is open at a time.
    text : str
        One sentence for people, without personal data of leads.
    owner : str, optional
        The user who is to look after it.
    """
    row = alerts.raise_one(session, client_id=client_id, kind=kind, subject=subject, severity=severity, text=text,
                           owner=owner, now=now)
    if row.times == 1:
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=by, action="alert_raised",
                     object=f"alert:{row.id}", detail={"kind": kind, "subject": subject, "severity": severity,
                                                       "text": text, "owner": owner})


def settle_alert(session: Session, workbench: Workbench, *, client_id: int | None, kind: AlertKind, subject: str,
                 now: datetime, by: str = WORKBENCH) -> bool:
    """Close what is open of a kind and subject, because it is over; False where nothing was."""
    settled = alerts.settle(session, client_id=client_id, kind=kind, subject=subject, by=by, now=now)
    if settled:
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=by, action="alert_settled",
                     object=f"alert:{kind}", detail={"kind": kind, "subject": subject, "over": True})
    return settled

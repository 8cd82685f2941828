"""The risk record: risks entered, changed, and adopted from what the workbench proposes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.charts.picture import Picture
from leadscore.charts.risk_matrix import grade, risk_matrix
from leadscore.steps.compliance.risk_record import frame_of
from leadscore.steps.risks import LIVE, RiskEntry, proposals
from leadscore.steps.risks import Proposal as Proposal
from leadscore.steps.risks import State as State
from leadscore.store import audit, clients
from leadscore.store import risks as rows
from leadscore.store.database import read, write
from leadscore.store.tables import Risk
from leadscore.workbench import Workbench

IN_WORDS = frozenset({"title", "description", "measures"})


@dataclass(frozen=True)
class KeptRisk:
    """A risk of the record."""

    id: int
    entry: RiskEntry
    grade: str
    changed_by: str
    changed_at: datetime


@dataclass(frozen=True)
class RiskRecord:
    """The risks of a client, those the workbench proposes, and the matrix of the open ones."""

    risks: list[KeptRisk]
    proposals: list[Proposal]
    matrix: Picture


def risk_record(workbench: Workbench, actor: Actor, *, client: str) -> RiskRecord:
    """Give the risks of a client, the worst first, and what the workbench would add to them."""
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None or row.id is None:
            return RiskRecord([], [], risk_matrix(frame_of([])))
        found = rows.list_all(session, row.id)
        worst_first = sorted(found, key=lambda risk: (-risk.likelihood * risk.impact, risk.id or 0))
        return RiskRecord([_kept(risk) for risk in worst_first],
                          proposals(session, workbench, row.id, now=workbench.clock()),
                          risk_matrix(frame_of([risk for risk in found if risk.state in LIVE])))


def save_risk(workbench: Workbench, actor: Actor, *, client: str, values: dict[str, Any],
              risk_id: int | None = None) -> KeptRisk:
    """Enter a risk, or change one.

    Parameters
    ----------
    values : dict
        Of :class:`RiskEntry`.

    Raises
    ------
    InvalidRequest
        An entry cannot be used; nothing has changed.
    NotFound
        The client has no such risk.
    """
    require(actor, Action.EDIT_POLICY, client)
    entry = RiskEntry(**values)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        before = None if risk_id is None else RiskEntry.from_row(rows.find(session, client_id, risk_id)).as_dict()
        row = rows.add(session, client_id, entry.as_dict(), by=actor.name, now=now) if risk_id is None \
            else rows.change(session, client_id, risk_id, entry.as_dict(), by=actor.name, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="risk_saved",
                     object=f"risk:{row.id}", detail=_told(before, entry))
        return _kept(row)


def _told(before: dict[str, Any] | None, entry: RiskEntry) -> dict[str, Any]:
    """Tell the log what changed; of free words only that they did, since they may name people."""
    after = entry.as_dict()
    known = before or dict.fromkeys(after)
    changed = [name for name in after if known[name] != after[name]]
    return {"reworded": [name for name in changed if name in IN_WORDS],
            "before": {name: known[name] for name in changed if name not in IN_WORDS},
            "after": {name: after[name] for name in changed if name not in IN_WORDS}}


def _kept(row: Risk) -> KeptRisk:
    return KeptRisk(row.id or 0, RiskEntry.from_row(row), grade(row.likelihood, row.impact), row.changed_by,
                    row.changed_at)

"""Where a lead's score comes from, what has become of a file, and whether a past score comes out again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from leadscore.access import Action, Actor, require
from leadscore.charts.picture import Picture
from leadscore.steps.lineage import FileLineage as FileLineage
from leadscore.steps.lineage import LeadLineage as LeadLineage
from leadscore.steps.lineage import lineage_of_file, lineage_of_lead
from leadscore.steps.lineage_pictures import picture_of_file, picture_of_lead
from leadscore.steps.plain import plain_rows
from leadscore.steps.score_replay import ALTERED as ALTERED
from leadscore.steps.score_replay import UNSEALED as UNSEALED
from leadscore.steps.score_replay import ReplayedRun as ReplayedRun
from leadscore.steps.score_replay import ReplayedScore as ReplayedScore
from leadscore.steps.score_replay import replay_lead as replayed_lead
from leadscore.steps.score_replay import replay_run as replayed_run
from leadscore.store import clients
from leadscore.store.database import read
from leadscore.workbench import Workbench

MOST_REPLAYED = 1_000


def lead_lineage(workbench: Workbench, actor: Actor, *, client: str, lead_id: int) -> LeadLineage:
    """Follow a lead back to its file and forward to where it went; personal values are masked for everybody.

    Raises
    ------
    NotFound
        The client has no such lead.
    """
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        return lineage_of_lead(session, workbench, clients.require(session, client), lead_id)


def file_lineage(workbench: Workbench, actor: Actor, *, client: str, batch_id: int) -> FileLineage:
    """Follow an import forward: its leads, their scores and ends, the models and exports they are in.

    Raises
    ------
    NotFound
        The client has no such import.
    """
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        return lineage_of_file(session, clients.require(session, client), batch_id)


def replay_score(workbench: Workbench, actor: Actor, *, client: str, lead_id: int,
                 run_id: int | None = None) -> ReplayedScore:
    """Make a score of a lead again, with the values, versions and date it was made with.

    Parameters
    ----------
    run_id : int, optional
        Any scoring the lead had; that in force by default.

    Raises
    ------
    NotFound
        The client has no such lead, or it got no score from this scoring.
    """
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        return replayed_lead(session, workbench, clients.require(session, client), lead_id, run_id,
                             personal=actor.may(Action.VIEW_PERSONAL_DATA))


def replay_scoring(workbench: Workbench, actor: Actor, *, client: str, run_id: int,
                   most: int = MOST_REPLAYED) -> ReplayedRun:
    """Make the scores of a scoring again, at most so many of them.

    Raises
    ------
    NotFound
        The client has no such scoring, or nothing is left of it.
    """
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        return replayed_run(session, workbench, clients.require(session, client), run_id, most=most)


def drawn(found: LeadLineage | FileLineage) -> Picture:
    """Draw a lineage as boxes, what comes later below what it comes from."""
    return picture_of_lead(found) if isinstance(found, LeadLineage) else picture_of_file(found)


def as_dict(found: LeadLineage | FileLineage | ReplayedScore | ReplayedRun) -> dict[str, Any]:
    """Give the answer of the command line."""
    plain = asdict(found)
    if isinstance(found, LeadLineage):
        plain |= {name: plain_rows(getattr(found, name)) for name in ("fields", "features", "history")}
    if isinstance(found, ReplayedRun):
        plain["same"] = found.same
    return plain

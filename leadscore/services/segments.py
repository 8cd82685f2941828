"""Views of the ranked list are kept under a name, and things happen when a lead comes into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import Forbidden, InvalidRequest, NotFound
from leadscore.steps.exporting import check_format
from leadscore.steps.listing import ListView, members_of, scope_of, view_of
from leadscore.store import audit, clients
from leadscore.store import jobs as job_rows
from leadscore.store import leads as lead_rows
from leadscore.store import scores as score_rows
from leadscore.store import segments as segment_rows
from leadscore.store.database import read, write
from leadscore.store.tables import Segment
from leadscore.workbench import Workbench

MOST_FOLLOWED = 200_000
"""Leads a segment with a trigger may have: who is in it is written down lead by lead."""
LONGEST_OWNER = 80


class TriggerKind(StrEnum):
    """What can happen when a lead comes into a segment."""

    COUNT = "count"
    OWNER = "owner"
    EXPORT = "export"


@dataclass(frozen=True)
class Trigger:
    """What happens when a lead comes into a segment.

    Parameters
    ----------
    kind : str
        ``count`` only counts who came in, ``owner`` hands leads without an owner to one, ``export`` prepares a file of
        those who came in.
    owner : str or None
        For ``owner``.
    format : str or None
        For ``export``: ``csv`` or ``xlsx``.
    """

    kind: str
    owner: str | None = None
    format: str | None = None


@dataclass(frozen=True)
class SegmentView:
    """A saved view: its name, whose it is, what it shows, what happens for it, and how many came in last time."""

    id: int
    name: str
    view: ListView
    shared: bool
    created_by: str
    trigger: Trigger | None
    checked_at: datetime | None
    newcomers: int = 0


@dataclass(frozen=True)
class Followed:
    """What a look at a segment has found; ``came`` counts those who were not in it the time before."""

    segment: str
    came: int
    went: int
    done: str

    def as_dict(self) -> dict[str, Any]:
        """Give plain values for the result of a job."""
        return asdict(self)


def save_segment(workbench: Workbench, actor: Actor, *, client: str, name: str, view: ListView,
                 shared: bool = False) -> int:
    """Keep a view under a name and return its number; saving it again under the same name replaces it.

    Raises
    ------
    InvalidRequest
        The name cannot be one or is somebody else's, or the view means nothing.
    Forbidden
        The role may not save views for everybody.
    """
    require(actor, Action.EDIT_LEADS if shared else Action.VIEW_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        row = segment_rows.save(session, workbench.vault, client_id, name=name, view=view.to_dict() | {"page": 1},
                                shared=shared, by=actor.name, now=now)
        # a view that cannot be looked at is not kept
        scope_of(session, workbench, client_id, view_of(workbench, row), by=actor.name)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="segment_saved",
                     object=f"segment:{row.id}", detail={"shared": shared})
        return row.id or 0


def list_segments(workbench: Workbench, actor: Actor, *, client: str) -> list[SegmentView]:
    """List the saved views this person may see, by name."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None or row.id is None:
            return []
        came = segment_rows.newcomers(session, row.id)
        return [replace(_shown(workbench, segment), newcomers=came.get(segment.id or 0, 0))
                for segment in segment_rows.list_all(session, row.id, seen_by=actor.name)]


def segment_named(workbench: Workbench, actor: Actor, *, client: str, name: str) -> SegmentView:
    """Find a saved view by its name.

    Raises
    ------
    NotFound
        There is none that this person may see.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        found = segment_rows.find_named(session, client_id, name)
        return _shown(workbench, segment_rows.get(session, client_id, found.id, seen_by=actor.name))


def remove_segment(workbench: Workbench, actor: Actor, *, client: str, segment_id: int) -> None:
    """Forget a saved view: one's own, or as a manager anybody's.

    Raises
    ------
    NotFound
        There is none that this person may see.
    Forbidden
        It is somebody else's.
    """
    require(actor, Action.VIEW_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        row = segment_rows.get(session, client_id, segment_id, seen_by=actor.name)
        if row.created_by != actor.name and not actor.may(Action.EDIT_POLICY):
            raise Forbidden("not_yours", f"'{row.name}' was saved by {row.created_by}.", "Ask them or a manager.")
        segment_rows.remove(session, client_id, segment_id)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="segment_removed",
                     object=f"segment:{segment_id}")


def set_trigger(workbench: Workbench, actor: Actor, *, client: str, segment_id: int,
                trigger: Mapping[str, Any] | None) -> None:
    """Say what happens when a lead comes into a segment from now on; whoever is in it already does not count.

    Raises
    ------
    InvalidRequest
        An unknown kind, an owner without a name, an unknown format, or a segment of too many leads.
    """
    require(actor, Action.EDIT_LEADS, client)
    wanted = None if trigger is None else _checked(Trigger(**trigger), actor)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        row = segment_rows.get(session, client_id, segment_id, seen_by=actor.name)
        segment_rows.set_trigger(session, client_id, segment_id, asdict(wanted) if wanted else None)
        if wanted:
            _start(session, workbench, row, now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="segment_trigger_set", object=f"segment:{segment_id}",
                     detail={"trigger": asdict(wanted) if wanted else None})


def follow_segments(workbench: Workbench, actor: Actor, *, client: str) -> list[Followed]:
    """Look who has come into the segments that have a trigger, and do what it says; called after every scoring."""
    require(actor, Action.EDIT_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        return [_follow(session, workbench, actor, row, now) for row in segment_rows.list_all(session, client_id)
                if row.trigger]


def _shown(workbench: Workbench, row: Segment) -> SegmentView:
    return SegmentView(row.id or 0, row.name, view_of(workbench, row), row.shared, row.created_by,
                       Trigger(**row.trigger) if row.trigger else None, row.checked_at)


def _checked(trigger: Trigger, actor: Actor) -> Trigger:
    if trigger.kind not in {str(kind) for kind in TriggerKind}:
        raise InvalidRequest("unknown_trigger", f"Nothing is known to happen by '{trigger.kind}'.",
                             f"Use one of {', '.join(TriggerKind)}.")
    if trigger.kind == TriggerKind.OWNER:
        owner = (trigger.owner or "").strip()
        if not owner or len(owner) > LONGEST_OWNER:
            raise InvalidRequest("no_owner", "Nobody is named to hand the leads to.", "Give the owner's name.")
        return Trigger(trigger.kind, owner=owner)
    if trigger.kind == TriggerKind.EXPORT:
        require(actor, Action.EXPORT_LEADS)
        return Trigger(trigger.kind, format=check_format(trigger.format or "csv"))
    return Trigger(trigger.kind)


def _start(session: Session, workbench: Workbench, row: Segment, now: datetime) -> None:
    """Write down who is in a segment when it begins to be followed."""
    segment_id, present = row.id or 0, _present(session, workbench, row)
    before = segment_rows.members_before(session, row.client_id, segment_id)
    segment_rows.move(session, row.client_id, segment_id, came=np.setdiff1d(present, before),
                      went=np.setdiff1d(before, present), now=now, at_start=True)


def _present(session: Session, workbench: Workbench, row: Segment) -> np.ndarray:
    present = members_of(session, workbench, row.client_id, view_of(workbench, row), by=row.created_by)
    if len(present) > MOST_FOLLOWED:
        raise InvalidRequest("segment_too_large", f"'{row.name}' holds {len(present):,} leads, too many to follow "
                             "one by one.", f"Narrow it to {MOST_FOLLOWED:,} or fewer.")
    return present


def _follow(session: Session, workbench: Workbench, actor: Actor, row: Segment, now: datetime) -> Followed:
    try:
        present = _present(session, workbench, row)
    except (InvalidRequest, NotFound) as refusal:
        # one segment that cannot be followed any more must not keep the scores from being used
        return Followed(row.name, 0, 0, refusal.message)
    if row.checked_at is None:
        _start(session, workbench, row, now)
        return Followed(row.name, 0, 0, "")
    before = segment_rows.members_before(session, row.client_id, row.id or 0)
    came, went = np.setdiff1d(present, before), np.setdiff1d(before, present)
    segment_rows.move(session, row.client_id, row.id or 0, came=came, went=went, now=now)
    done = _do(session, actor, row, came, now) if len(came) else ""
    if len(came):
        audit.append(session, workbench.vault, at=now, client_id=row.client_id, actor=actor.name,
                     action="segment_entered", object=f"segment:{row.id}",
                     detail={"came": len(came), "went": len(went), "done": done})
    return Followed(row.name, len(came), len(went), done)


def _do(session: Session, actor: Actor, row: Segment, came: np.ndarray, now: datetime) -> str:
    trigger = Trigger(**(row.trigger or {}))
    if trigger.kind == TriggerKind.OWNER:
        owners = score_rows.of_leads(session, row.client_id, came)["owner"]
        free = owners.index[owners.isna()].to_numpy()
        handed = lead_rows.assign_owner(session, row.client_id, free, trigger.owner, now=now) if len(free) else 0
        return f"{handed:,} handed to {trigger.owner}"
    if trigger.kind == TriggerKind.EXPORT:
        if not actor.may(Action.EXPORT_LEADS):
            return f"no file: {actor.name}, who had the leads scored, may not export"
        if not row.shared and row.created_by != actor.name:
            return f"no file: the view is {row.created_by}'s alone, and {actor.name} had the leads scored"
        view = ListView(segment=row.id, entered_since=now.isoformat())
        job_rows.create(session, row.client_id, kind="export", user_name=actor.name, user_id=actor.user_id, now=now,
                        arguments={"view": view.to_dict(), "format": trigger.format, "segment": row.name})
        return f"a file of {len(came):,} is being prepared"
    return ""

"""Whether people find the scores helpful: asked with one click, counted by their latest answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.monitoring.adoption import Satisfaction as Satisfaction
from leadscore.steps.adoption import satisfaction_of
from leadscore.store import audit, clients
from leadscore.store import opinions as opinion_rows
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

COUNTED_DAYS = 30
"""An answer speaks for a person so long, unless another period is asked for."""


class Place(StrEnum):
    """The pages that ask."""

    PERFORMANCE = "performance"
    LEADS = "leads"


@dataclass(frozen=True)
class Opinions:
    """What people say, and what this person has said today; None where that is nothing."""

    satisfaction: Satisfaction
    mine: bool | None


def give_opinion(workbench: Workbench, actor: Actor, *, client: str, helpful: bool, place: str) -> None:
    """Keep whether a person finds the scores helpful; a second answer of a day replaces the first.

    Raises
    ------
    InvalidRequest
        No page of this name asks.
    """
    require(actor, Action.VIEW_LEADS, client)
    if place not in {str(known) for known in Place}:
        raise InvalidRequest("unknown_place", f"No page '{place[:20]}' asks for opinions.",
                             f"Use one of {', '.join(Place)}.")
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        opinion_rows.give(session, client_id, actor.name, helpful=helpful, place=place, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="opinion_given",
                     object=f"client:{client_id}", detail={"helpful": helpful, "place": place})


def opinions(workbench: Workbench, actor: Actor, *, client: str, since: date | None = None) -> Opinions:
    """Count the people who find the scores helpful, by the latest answer of each since a day.

    Parameters
    ----------
    since : date, optional
        First day whose answers count; by default the last 30 days do.
    """
    require(actor, Action.VIEW_LEADS, client)
    now = workbench.clock()
    first = since or now.date() - timedelta(days=COUNTED_DAYS - 1)
    with read(workbench.engine) as session:
        client_id = clients.id_of(session, client)
        return Opinions(satisfaction_of(session, client_id, first=first.isoformat(), last=now.date().isoformat()),
                        opinion_rows.today(session, client_id, actor.name, now))

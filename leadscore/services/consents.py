"""Consent and objection: what a person allows, where that is known from, and what follows at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.charts.board.consents import consent_by_source
from leadscore.charts.picture import Picture
from leadscore.errors import InvalidRequest
from leadscore.steps.consent_history import consent_history, keep_what_stood
from leadscore.steps.objecting import resume_profiling, stop_profiling
from leadscore.steps.records import LOOKS
from leadscore.steps.remembering import remembered
from leadscore.store import audit, clients, consents, lead_reading, restriction, suppression
from leadscore.store import leads as lead_rows
from leadscore.store import scores as score_rows
from leadscore.store.consents import Purpose as Purpose
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

STATES_REMEMBERED = 8


@dataclass(frozen=True)
class Coverage:
    """What is known of the consent of a client's leads.

    Parameters
    ----------
    by_source : DataFrame
        Columns ``source``, ``given``, ``refused``, ``unknown``: leads.
    picture : Picture
        The same, drawn.
    objecting, not_for_sale : int
        Leads whose person objects to profiling, or has opted out of being sold.
    suppressed : int
        Addresses and numbers that no import stores.
    """

    by_source: pd.DataFrame
    picture: Picture
    objecting: int
    not_for_sale: int
    suppressed: int


def record_consent(workbench: Workbench, actor: Actor, *, client: str, lead_id: int, purpose: str, given: bool,
                   source: str, at: datetime | None = None) -> None:
    """Write down that a person agrees or objects, and let it hold at once.

    An objection to profiling takes the lead out of lists, scoring and training until it is taken back; one to being
    contacted or sold keeps it out of exports.

    Raises
    ------
    InvalidRequest
        No such purpose, nothing about where it is known from, a time in the future, or the person agreed before a day
        on which they said no (``older_consent``).
    NotFound
        The client has no such lead.
    """
    require(actor, Action.EDIT_LEADS, client)
    now = workbench.clock()
    said_at = at or now
    wanted = _checked(purpose, source, said_at, now)
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        keep_what_stood(session, client_id, lead_id, wanted, now=now)
        if given:
            _refuse_older(session, client_id, lead_id, wanted, said_at)
        consents.add(session, client_id, [lead_id], purpose=wanted, given=given, source=source.strip(), at=said_at,
                     by=actor.name, now=now)
        if wanted is Purpose.CONTACT:
            lead_rows.set_consent(session, client_id, [lead_id], given=given, source=source.strip(), at=said_at,
                                  now=now)
            score_rows.set_reachable(session, client_id, np.array([lead_id]), reachable=given)
        elif wanted is Purpose.PROFILING and given:
            resume_profiling(session, workbench, client_id, [lead_id])
        elif wanted is Purpose.PROFILING:
            stop_profiling(session, workbench, client_id, [lead_id], now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="consent_recorded" if given else "objection_recorded", object=f"lead:{lead_id}",
                     detail={"purpose": str(wanted), "said_at": f"{said_at:%Y-%m-%d}"})


def lead_consents(workbench: Workbench, actor: Actor, *, client: str, lead_id: int) -> pd.DataFrame:
    """Give all that is known of a person's consent, oldest first: at, purpose, given, source, known_from.

    Raises
    ------
    NotFound
        The client has no such lead.
    """
    require(actor, Action.VIEW_PERSONAL_DATA, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        lead_reading.find_lead(session, client_id, lead_id)
        return consent_history(session, workbench.vault, client_id, lead_id)


def consent_coverage(workbench: Workbench, actor: Actor, *, client: str) -> Coverage:
    """Count what is known of the consent of all leads."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        client_id = clients.id_of(session, client)
        state = audit.latest(session, client_id, besides=LOOKS)
        by_source = remembered(workbench, "consent coverage", (client_id, state),
                               lambda: consents.coverage(session, client_id), most=STATES_REMEMBERED)
        return Coverage(by_source, consent_by_source(by_source), len(restriction.restricted_ids(session, client_id)),
                        len(consents.opted_out(session, client_id, Purpose.SALE)),
                        suppression.count(session, client_id))


def _refuse_older(session: Session, client_id: int, lead_id: int, purpose: Purpose, at: datetime) -> None:
    """Refuse that an agreement of earlier, written down late, undoes a no of a later day."""
    known = consents.of_leads(session, client_id, [lead_id])
    refused = known.loc[(known["purpose"] == str(purpose)) & ~known["given"], "at"]
    if len(refused) and refused.max().date() > at.date():
        raise InvalidRequest("older_consent", f"On {refused.max():%Y-%m-%d}, after that day, the person said no.",
                             "Give the day on which they have agreed again.")


def _checked(purpose: str, source: str, at: datetime, now: datetime) -> Purpose:
    if purpose not in set(Purpose):
        raise InvalidRequest("unknown_purpose", f"'{purpose}' is no purpose.", f"Use one of {', '.join(Purpose)}.")
    if not source.strip():
        raise InvalidRequest("no_source", "It is not said where this is known from.",
                             "Write for example: phone call, web form, letter.")
    if at > now:
        raise InvalidRequest("future_consent", "Nobody has agreed in the future.", "Check the date.")
    return Purpose(purpose)

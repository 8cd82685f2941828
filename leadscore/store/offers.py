"""The offers of a client; an edit is a new row that names the one it replaces, so that nothing is ever rewritten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from leadscore.errors import InvalidRequest, NotFound
from leadscore.store.tables import OfferVersion


def save(session: Session, client_id: int, *, body: Mapping[str, Any], created_by: str, now: datetime,
         replaces: int | None = None) -> OfferVersion:
    """Store an offer; the one it replaces is retired.

    Raises
    ------
    NotFound
        The client has no offer of the number to replace.
    InvalidRequest
        That one is no longer in use.
    """
    if replaces is not None:
        retire(session, client_id, replaces, now=now)
    row = OfferVersion(client_id=client_id, name=str(body["name"]), body=dict(body), replaces=replaces,
                       created_by=created_by[:80], created_at=now)
    session.add(row)
    session.flush()
    return row


def find(session: Session, client_id: int, offer_id: int) -> OfferVersion:
    """Find an offer, in use or not.

    Raises
    ------
    NotFound
        The client has no such offer.
    """
    row = session.get(OfferVersion, offer_id)
    if row is None or row.client_id != client_id:
        raise NotFound("unknown_offer", f"There is no offer {offer_id}.", "The Offers settings list them.")
    return row


def list_all(session: Session, client_id: int, *, retired: bool = False) -> list[OfferVersion]:
    """List the offers, newest first; those no longer in use only on request."""
    wanted = select(OfferVersion).where(OfferVersion.client_id == client_id)
    if not retired:
        wanted = wanted.where(col(OfferVersion.retired_at).is_(None))
    return list(session.exec(wanted.order_by(col(OfferVersion.id).desc())))


def retire(session: Session, client_id: int, offer_id: int, *, now: datetime) -> OfferVersion:
    """Take an offer out of use; policies that hold a copy of it keep it.

    Raises
    ------
    NotFound
        The client has no such offer.
    InvalidRequest
        It is out of use already.
    """
    row = find(session, client_id, offer_id)
    if row.retired_at is not None:
        raise InvalidRequest("offer_retired", f"Offer {offer_id} is no longer in use.",
                             "It was replaced or retired; choose one of the list.")
    row.retired_at = now
    session.add(row)
    session.flush()
    return row

"""What scoring is worth: by score beside the order of before, and the best of a file beside those chance put there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from leadscore.access import Action, Actor, require
from leadscore.monitoring.held_back import HeldBack, compared
from leadscore.steps.held_back import MOST as MOST
from leadscore.steps.held_back import checked_share, keep_share, sentence_of, share_of
from leadscore.steps.listing import ListView as ListView
from leadscore.steps.listing import filter_of
from leadscore.steps.records import LOOKS
from leadscore.steps.remembering import remembered
from leadscore.steps.value import LEAST_SHARE as LEAST_SHARE
from leadscore.steps.value import MOST_SHARE as MOST_SHARE
from leadscore.steps.value import (
    OrderChoice,
    choices_for,
    chosen_order,
    find_order,
    keep_order,
    order_before,
    value_for,
)
from leadscore.steps.value import ScoringValue as ScoringValue
from leadscore.store import audit, clients, held_back
from leadscore.store.database import read, write
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

EVERYTHING = ListView()
REMEMBERED = 64
"""Answers kept in memory; one is some hundred rows."""


@dataclass(frozen=True)
class Orders:
    """The orders leads can be put in, and which of them the client's team called in before."""

    choices: tuple[OrderChoice, ...]
    before: str


@dataclass(frozen=True)
class ByChance:
    """The leads that chance puts into exported lists, and what they tell.

    Parameters
    ----------
    share : float
        Leads by chance for each of the best, in [0, 0.2].
    best, others : int
        The best of such lists, and the leads that came into them by chance.
    found : HeldBack
        How often either kind converts.
    sentence : str
    """

    share: float
    best: int
    others: int
    found: HeldBack
    sentence: str


def call_orders(workbench: Workbench, actor: Actor, *, client: str) -> Orders:
    """List the orders this client's leads can be put in; one that is no longer there is no longer chosen."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        client_id = clients.id_of(session, client)
        return Orders(choices_for(session, client_id), order_before(session, client_id).key)


def save_order(workbench: Workbench, actor: Actor, *, client: str, order: str) -> None:
    """Remember for everybody in which order this client's team called before there were scores.

    Raises
    ------
    InvalidRequest
        The leads of this client have no such order.
    """
    require(actor, Action.EDIT_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        found = find_order(choices_for(session, client_id), order)
        before = chosen_order(session, client_id)
        if before == found.key:
            return
        keep_order(session, client_id, found.key)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="call_order_saved", object=found.key, detail={"before": before, "after": found.key})


def scoring_value(workbench: Workbench, actor: Actor, *, client: str, view: ListView = EVERYTHING,
                  order: str | None = None, share: int = 20) -> ScoringValue:
    """Compare calling the best leads by score with the order of before, among those whose end is known.

    Parameters
    ----------
    order : str, optional
        Key of an order; the one the client has chosen when left out.
    share : int
        Of the leads, how many are called, in per cent: 5 to 50.

    Raises
    ------
    InvalidRequest, NotFound
        A share out of range, an order these leads cannot be put in, or a view that means nothing.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        client_id = clients.id_of(session, client)
        chosen = order_before(session, client_id) if order is None else \
            find_order(choices_for(session, client_id), order)
        # a saved view may be one person's alone
        key = (client_id, view, actor.name if view.segment else None, chosen, share,
               audit.latest(session, client_id, besides=LOOKS))
        return remembered(workbench, "scoring value", key, partial(
            value_for, session, workbench, client_id, view, chosen, share=share, by=actor.name), most=REMEMBERED)


def held_back_leads(workbench: Workbench, actor: Actor, *, client: str, view: ListView = EVERYTHING) -> ByChance:
    """Compare the best of exported lists with the leads that chance put into them, among the leads of a view."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        client_id = row.id if row and row.id else -1
        counts = held_back.counts(session, client_id, filter_of(session, workbench, client_id, view, by=actor.name))
    certain = counts["share"] >= held_back.CERTAIN
    found = compared(counts)
    return ByChance(share_of(row), int(counts.loc[certain, "taken"].sum()), int(counts.loc[~certain, "taken"].sum()),
                    found, sentence_of(found))


def save_held_back_share(workbench: Workbench, actor: Actor, *, client: str, held_back_share: float) -> None:
    """Choose how many leads chance puts into exported lists of the best, for each of these.

    Parameters
    ----------
    held_back_share : float
        In [0, 0.2]; 0 for none.

    Raises
    ------
    InvalidRequest
        Another share.
    """
    require(actor, Action.EDIT_POLICY, client)
    share = checked_share(held_back_share)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        before = share_of(session.get_one(Client, client_id))
        if before == share:
            return
        keep_share(session, client_id, share)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="held_back_share_saved", object=f"{share:.0%}", detail={"before": before, "after": share})

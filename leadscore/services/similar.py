"""Leads that resemble a lead, an offer or the customers won so far, with what they have in common."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import Cancelled, InvalidRequest
from leadscore.features.derived import SIZE_BANDS, SIZE_EDGES
from leadscore.features.titles import OTHER, read_titles
from leadscore.schema import OutcomeStage
from leadscore.scoring.intent import offer_lines
from leadscore.scoring.lookalikes import centres, largest, products
from leadscore.scoring.offer import read_offer
from leadscore.steps.listing import MASK, person_names
from leadscore.steps.nearness import (
    Neighbourhood,
    is_prepared,
    is_waiting,
    local_space,
    nearest_leads,
    neighbourhood,
    prepare,
    prepare_locally,
    space_for_leads,
)
from leadscore.steps.progress import Progress, silent
from leadscore.steps.records import NOT_ABOUT_LEADS
from leadscore.store import audit, clients, lead_reading
from leadscore.store import jobs as job_rows
from leadscore.store import offers as offer_rows
from leadscore.store import scores as score_rows
from leadscore.store import vectors as vector_rows
from leadscore.store.database import read
from leadscore.workbench import Workbench

MOST_SHOWN = 200
PREPARED_AT_ONCE = 3_000
"""Leads that are worth preparing while somebody waits; more is left to the worker."""
CUSTOMERS = "customers"
LEAST_CUSTOMERS = 5
READ_FIELDS = ("first_name", "last_name", "full_name", "company", "job_title", "industry", "employees", "source",
               "occupation", "department", "country")
COLUMNS = ("lead_id", "name", "job_title", "company", "similarity", "score", "tier", "outcome", "shared")


@dataclass(frozen=True)
class SimilarLeads:
    """Leads near to something.

    Parameters
    ----------
    frame : DataFrame
        ``lead_id``, ``name``, ``job_title``, ``company``, ``similarity`` (cosine, at most 1), ``score``, ``tier``,
        ``outcome`` and ``shared``, what they have in common in words; nearest first.
    ready : bool
        False while the worker still places the leads among each other.
    sentence : str
        What was compared with what, or why there is nothing.
    """

    frame: pd.DataFrame
    ready: bool
    sentence: str


def similar_leads(workbench: Workbench, actor: Actor, *, client: str, lead_id: int, count: int = 5) -> SimilarLeads:
    """Find the leads most like one.

    Raises
    ------
    NotFound
        The client has no such lead.
    InvalidRequest
        More leads are asked for than are shown.
    """
    require(actor, Action.VIEW_LEADS, client)
    _check(count)
    client_id, ready = _ready(workbench, client)
    with read(workbench.engine) as session:
        lead_reading.find_lead(session, client_id, lead_id)
        if not ready:
            return _not_ready()
        space = space_for_leads(session, workbench, client_id)
        own = vector_rows.of_leads(session, client_id, space, [lead_id]).get(lead_id)
        if own is None:
            return _nothing("Nothing is known of this lead that could be compared.")
        found = nearest_leads(session, workbench, client_id, space, own, count=count,
                              without=np.array([lead_id], dtype=np.int64))
        frame = _dressed(session, workbench, client_id, found, pd.Series(lead_id, index=found.index),
                         actor.may(Action.VIEW_PERSONAL_DATA))
    return SimilarLeads(frame, True, "Compared by role, industry, interests and what was written; names, addresses and "
                                     "numbers play no part.")


def leads_like_offer(workbench: Workbench, actor: Actor, *, client: str, offer_id: int,
                     count: int = 20) -> SimilarLeads:
    """Find the leads whose words are nearest to an offer's, among those not decided yet.

    Raises
    ------
    NotFound
        The client has no such offer.
    InvalidRequest
        More leads are asked for than are shown.
    """
    require(actor, Action.VIEW_LEADS, client)
    _check(count)
    client_id, ready = _ready(workbench, client)
    with read(workbench.engine) as session:
        offer = read_offer(offer_rows.find(session, client_id, offer_id).body)
        if not ready:
            return _not_ready()
        lines = offer_lines(offer)
        questions = vector_rows.turned(workbench.vault, workbench.embedder.embed(lines))
        space = local_space(workbench)
        decided = np.concatenate(_decided(session, workbench, client_id))
        found = nearest_leads(session, workbench, client_id, space, questions.T, count=count, without=decided)
        own = vector_rows.of_leads(session, client_id, space, found.index.tolist())
        closest = [lines[int((questions @ own[lead_id]).argmax())] for lead_id in found.index.tolist()]
        frame = _dressed(session, workbench, client_id, found, None, actor.may(Action.VIEW_PERSONAL_DATA))
    near = pd.Series(closest, index=found.index, dtype="str").reindex(frame["lead_id"])
    frame["shared"] = [f"close to '{line}'" for line in near]
    return SimilarLeads(frame, True, f"The open leads whose words are nearest to '{offer.name}'.")


def look_alikes(workbench: Workbench, actor: Actor, *, client: str, of: str = CUSTOMERS,
                count: int = 20) -> SimilarLeads:
    """Find the open leads that resemble the customers won so far.

    Customers are summed up in at most 16 kinds (k-means with a fixed seed); a lead counts by the nearest kind, and is
    shown beside the nearest single customer.

    Raises
    ------
    InvalidRequest
        ``of`` is not ``"customers"``, or more leads are asked for than are shown.
    """
    require(actor, Action.VIEW_LEADS, client)
    _check(count)
    if of != CUSTOMERS:
        raise InvalidRequest("unknown_look_alikes", f"There are no look-alikes of '{of}'.", f"Use '{CUSTOMERS}'.")
    client_id, ready = _ready(workbench, client)
    with read(workbench.engine) as session:
        if not ready:
            return _not_ready()
        space = space_for_leads(session, workbench, client_id)
        won, lost = _decided(session, workbench, client_id)
        near = neighbourhood(session, workbench, client_id, space)
        rows = near.rows_of(won)
        if len(rows) < LEAST_CUSTOMERS:
            return _nothing(f"{len(rows)} leads have converted; with {LEAST_CUSTOMERS} it can be said what they are "
                            "like.")
        kinds, likeness = _likeness(workbench, client_id, near, rows)
        places, cosines = largest(likeness, count, near.rows_of(np.concatenate([won, lost])))
        found = pd.Series(cosines.astype(float), index=pd.Index(near.ids[places], name="lead_id"))
        customers = _nearest_customers(near, rows, found)
        frame = _dressed(session, workbench, client_id, found, customers, actor.may(Action.VIEW_PERSONAL_DATA))
    return SimilarLeads(frame, True, f"The open leads nearest to the {kinds} kinds that {len(rows):,} customers "
                                     "fall into.")


def prepare_similar(workbench: Workbench, actor: Actor, *, client: str, progress: Progress | None = None) -> int:
    """Place the leads of a client among each other; returns how many had changed."""
    require(actor, Action.EDIT_LEADS, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
    return prepare(workbench, client_id, tell=progress or silent, now=workbench.clock())


def prepare_changed(workbench: Workbench) -> int:
    """Place the leads of every client whose leads have changed; for the worker, between jobs, which go first."""
    with read(workbench.engine) as session:
        waiting = [row.id for row in clients.list_all(session)
                   if row.id and is_waiting(session, workbench, row.id)]
    done = 0
    with suppress(Cancelled):
        for client_id in waiting:
            done += prepare(workbench, client_id, tell=partial(_give_way, workbench), now=workbench.clock())
    return done


def _give_way(workbench: Workbench, _fraction: float, _message: str) -> None:
    """Stop between two portions when a job is waiting; what is placed stays placed, the rest follows later.

    Raises
    ------
    Cancelled
        A job is waiting.
    """
    with read(workbench.engine) as session:
        if job_rows.is_waiting(session):
            raise Cancelled("job_waiting", "Somebody's job goes first.", "The rest follows after it.")


def _ready(workbench: Workbench, client: str) -> tuple[int, bool]:
    """Say whether the leads are placed; few are placed at once."""
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        if is_prepared(session, workbench, client_id):
            return client_id, True
        if lead_reading.count(session, client_id) > PREPARED_AT_ONCE:
            return client_id, False
    prepare_locally(workbench, client_id, tell=silent, now=workbench.clock())
    return client_id, True


def _check(count: int) -> None:
    if not 1 <= count <= MOST_SHOWN:
        raise InvalidRequest("wrong_count", f"{count} similar leads cannot be shown.", f"Ask for 1 to {MOST_SHOWN}.")


def _decided(session: Session, workbench: Workbench, client_id: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the leads won and those lost, from memory until something about the client's leads has changed."""
    name, state = (client_id, "decided"), audit.latest(session, client_id, besides=NOT_ABOUT_LEADS)
    known = workbench.nearby.get(name)
    if known is None or known[0] != state:
        known = (state, *(lead_reading.with_outcome(session, client_id, str(stage))
                          for stage in (OutcomeStage.CONVERTED, OutcomeStage.LOST)))
        workbench.nearby[name] = known
    return known[1], known[2]


def _likeness(workbench: Workbench, client_id: int, near: Neighbourhood,
              rows: np.ndarray) -> tuple[int, np.ndarray]:
    """Give the number of kinds of customers and each lead's closeness to the nearest, until any of them changes."""
    name, state = (client_id, "likeness"), (near.state, near.vectors.shape, len(rows), int(near.ids[rows].sum()))
    known = workbench.nearby.get(name)
    if known is None or known[0] != state:
        kinds = centres(near.vectors[rows])
        known = (state, len(kinds), products(near.vectors, kinds.T))
        workbench.nearby[name] = known
    return known[1], known[2]


def _nearest_customers(near: Neighbourhood, rows: np.ndarray, found: pd.Series) -> pd.Series:
    theirs = near.vectors[near.rows_of(found.index.to_numpy())]
    order = near.ids[near.rows_of(found.index.to_numpy())]
    best = near.ids[rows][(theirs @ near.vectors[rows].T).argmax(axis=1)] if len(theirs) else order
    return pd.Series(best, index=order)


def _dressed(session: Session, workbench: Workbench, client_id: int, found: pd.Series, beside: pd.Series | None,
             personal: bool) -> pd.DataFrame:
    """Give found leads their names, scores and what each shares with the lead it is shown beside."""
    others = [] if beside is None else beside.unique().tolist()
    fields = READ_FIELDS if personal else [name for name in READ_FIELDS if not name.endswith("_name")]
    leads = lead_reading.read_leads(session, workbench.vault, client_id,
                                    lead_ids=np.unique([*found.index.tolist(), *others]).astype(np.int64),
                                    fields=fields, custom=())
    kept = found.index.intersection(leads.index, sort=False)
    scores = score_rows.of_leads(session, client_id, kept.to_numpy())
    names = person_names(leads) if personal else pd.Series(MASK, index=leads.index, dtype="str")
    frame = pd.DataFrame({
        "lead_id": kept, "name": names.loc[kept].to_numpy(), "job_title": leads["job_title"].loc[kept].to_numpy(),
        "company": leads["company"].loc[kept].to_numpy(), "similarity": found.loc[kept].to_numpy().round(3),
        "score": scores["score"].reindex(kept).to_numpy(), "tier": scores["tier"].reindex(kept).to_numpy(),
        "outcome": scores["outcome"].reindex(kept).to_numpy()}, columns=list(COLUMNS[:-1]))
    frame["shared"] = _shared(leads, kept, beside) if beside is not None else ""
    return frame


def _shared(leads: pd.DataFrame, kept: pd.Index, beside: pd.Series) -> list[str]:
    """Say of each found lead what it has in common with the one it is shown beside."""
    known = _comparable(leads)
    mine, theirs = leads.index.get_indexer(kept), leads.index.get_indexer(pd.Index(beside.loc[kept]))
    same = np.column_stack([(values[mine] == values[theirs]) & (values[mine] != "") & (theirs >= 0)
                            for values in known.values()])
    labels = np.array(list(known))
    return [f"same {', '.join(labels[equal])}" if equal.any() else "alike in words only" for equal in same]


def _comparable(leads: pd.DataFrame) -> dict[str, np.ndarray]:
    """Give what is compared of each lead, by its name in words; empty where it is not known or says nothing."""
    titles = read_titles(leads["job_title"])
    employees = leads["employees"].to_numpy(dtype=float, na_value=np.nan)
    bands = np.array([*SIZE_BANDS, ""])
    places = np.where(employees >= 0, np.searchsorted(SIZE_EDGES[1:], employees, side="left"), len(SIZE_BANDS))
    # that two leads both decide nothing is not worth telling
    columns = {"role": _plain(titles["title_role"], OTHER), "seniority": _plain(titles["title_seniority"], "staff"),
               "company size": bands[places]}
    return {"industry": _plain(leads["industry"])} | columns | {
        name: _plain(leads[name]) for name in ("source", "occupation", "department", "country")}


def _plain(values: pd.Series, meaningless: str = "") -> np.ndarray:
    texts = [value.strip().casefold() if isinstance(value, str) else "" for value in values.tolist()]
    return np.array(["" if text == meaningless else text for text in texts])


def _not_ready() -> SimilarLeads:
    return SimilarLeads(pd.DataFrame({name: [] for name in COLUMNS}), False,
                        "The leads are being placed among each other; look again in a minute.")


def _nothing(why: str) -> SimilarLeads:
    return SimilarLeads(pd.DataFrame({name: [] for name in COLUMNS}), True, why)

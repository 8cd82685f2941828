"""The best of exported lists, and the leads chance put beside them, kept to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.schema import CLOSED_STAGES
from leadscore.store.bulk import fetch_columns, fetch_for, insert_rows, member_of, members
from leadscore.store.list_filter import EVERYTHING, ListFilter, where_of

CERTAIN = 1.0
"""The chance of the best to be in the file."""
_CLOSED = ", ".join(f"'{stage}'" for stage in sorted(CLOSED_STAGES))
OPEN = f"reachable = true AND exported = false AND outcome NOT IN ({_CLOSED})"
"""Leads that can be compared later: nobody had them before, and their end is not known yet."""


@dataclass(frozen=True)
class OpenLeads:
    """How many leads of a list are open, above its cut and below it."""

    best: int
    below: int


def open_leads(session: Session, client_id: int, wanted: int, chosen: ListFilter = EVERYTHING) -> OpenLeads:
    """Count the open leads among the best ``wanted`` of a filter, and below them."""
    where, parameters = where_of(session, client_id, chosen)
    # in the order of the index of ranks: neither sorted nor fetched
    best = (f"SELECT s.reachable, s.exported, s.outcome FROM scores s WHERE {where} ORDER BY s.score DESC, s.lead_id "
            "LIMIT :wanted")
    ((among,),) = fetch_columns(session, f"SELECT count(*) FROM ({best}) q WHERE {OPEN}",
                                parameters | {"wanted": wanted})
    ((of_all,),) = fetch_columns(session, f"SELECT count(*) FROM scores s WHERE {where} AND {OPEN}", parameters)
    return OpenLeads(int(among), int(of_all) - int(among))


def pick_below(session: Session, client_id: int, wanted: int, numbers: Sequence[int] | np.ndarray,
               chosen: ListFilter = EVERYTHING) -> pd.Series:
    """Find open leads below the best ``wanted`` by their number among these, from 1.

    Returns
    -------
    Series
        Index ``lead_id``, values the place of each in the whole list.
    """
    ranked, parameters = _ranked(session, client_id, wanted, chosen)
    ids, places = fetch_columns(
        session, f"SELECT lead_id, place FROM (SELECT q.lead_id, q.place, row_number() OVER (ORDER BY q.place) AS "
        f"number FROM ({ranked}) q WHERE place > :wanted AND {OPEN}) numbered WHERE "
        f"{member_of(session, 'number', 'numbers')} ORDER BY place",
        parameters | {"numbers": members(session, np.asarray(numbers, dtype=np.int64))})
    return pd.Series(np.array(places, dtype=np.int64), name="place",
                     index=pd.Index(np.array(ids, dtype=np.int64), name="lead_id"))


def keep(session: Session, client_id: int, taken: pd.DataFrame, *, now: datetime) -> int:
    """Remember who was in an exported file, and with which chance; a lead that is known already stays as it is.

    Parameters
    ----------
    taken : DataFrame
        Index ``lead_id``; columns ``score`` and ``share``, ``CERTAIN`` for the best.
    """
    (known,) = fetch_for(session, "SELECT lead_id FROM held_back_leads WHERE client_id = :client", "lead_id",
                         taken.index.to_numpy(), {"client": client_id})
    fresh = taken[~taken.index.isin(known)]
    return insert_rows(session, "held_back_leads", {
        "lead_id": fresh.index.to_numpy(), "client_id": client_id, "score": fresh["score"], "share": fresh["share"],
        "taken_at": now})


def counts(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count them by the chance they had.

    Returns
    -------
    DataFrame
        Columns ``share``, ``taken``, ``leads`` (whose end is known by now) and ``converted``.
    """
    where, parameters = where_of(session, client_id, chosen)
    ended = f"sum(CASE WHEN s.outcome IN ({_CLOSED}) THEN 1 ELSE 0 END)"
    found = fetch_columns(
        session, f"SELECT h.share, count(*), {ended}, sum(CASE WHEN s.outcome = 'converted' THEN 1 ELSE 0 END) FROM "
        f"held_back_leads h JOIN scores s ON s.lead_id = h.lead_id WHERE h.client_id = :client AND {where} "
        "GROUP BY h.share ORDER BY h.share", parameters)
    frame: dict[str, Any] = {"share": np.array(found[0], dtype=float)}
    return pd.DataFrame(frame | {name: np.array(values, dtype=np.int64) for name, values
                                 in zip(("taken", "leads", "converted"), found[1:], strict=True)})


def _ranked(session: Session, client_id: int, wanted: int, chosen: ListFilter) -> tuple[str, dict[str, Any]]:
    where, parameters = where_of(session, client_id, chosen)
    return ("SELECT s.lead_id, s.reachable, s.exported, s.outcome, row_number() OVER (ORDER BY s.score DESC, s.lead_id)"
            f" AS place FROM scores s WHERE {where}", parameters | {"wanted": wanted})

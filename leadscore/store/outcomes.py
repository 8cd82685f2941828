"""What became of leads: stages appended, never overwritten; the latest one also stands in the lead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlmodel import Session

from leadscore.schema import CLOSED_STAGES, OutcomeStage
from leadscore.store import endings
from leadscore.store.bulk import fetch_columns, fetch_for, in_portions, insert_rows, member_of, members, to_list
from leadscore.store.lead_undo import LATEST_FIRST, settle_outcomes
from leadscore.store.tables import to_text

COLUMNS = ("lead_id", "stage", "label", "at", "revenue", "currency", "origin", "recorded_by", "recorded_at", "batch_id")
KEY = ("lead_id", "stage", "at", "revenue", "currency")
BY_PERSON, BY_IMPORT = "person", "import"


def append(session: Session, client_id: int, outcomes: pd.DataFrame, *, batch_id: int | None, origin: str,
           recorded_by: str, now: datetime, settled: Sequence[int] | np.ndarray = ()) -> int:
    """Append outcomes that are not known yet and settle the leads they are about.

    Parameters
    ----------
    outcomes : DataFrame
        Columns ``lead_id`` and ``stage``; optional ``label`` (the user's word), ``at`` (UTC or missing),
        ``revenue`` and ``currency``.
    batch_id : int or None
        The import that told, so that undo takes them back.
    settled : sequence of int
        Leads that were stored with this outcome just now and need no settling.

    Returns
    -------
    int
        Number of new ones; the same stage, time and amount of the same lead is known already. What a person says is
        only known when it is their latest word: it may be said again after a mistake.
    """
    if outcomes.empty:
        return 0
    fresh = _lists(outcomes)
    lead_ids = np.unique(np.array(fresh["lead_id"], dtype=np.int64))
    known = _known(session, client_id, lead_ids, latest=origin == BY_PERSON)
    kept = []
    for position, key in enumerate(zip(*(fresh[name] for name in KEY), strict=True)):
        if key not in known:
            known.add(key)
            kept.append(position)
    columns: dict[str, Any] = {name: [values[position] for position in kept] for name, values in fresh.items()}
    written = insert_rows(session, "outcomes", columns | {
        "client_id": client_id, "batch_id": batch_id, "origin": origin, "recorded_by": recorded_by[:80],
        "recorded_at": now})
    settle_outcomes(session, client_id, np.setdiff1d(np.array(columns["lead_id"], dtype=np.int64), settled))
    return written


def record(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray, *, stage: OutcomeStage | str,
           at: datetime | None, recorded_by: str, now: datetime, revenue: float | None = None,
           currency: str | None = None) -> int:
    """Record what a person says became of leads; ids of other clients are left out.

    Returns
    -------
    int
        Number of leads of this client among the ids.
    """
    own = _own(session, client_id, np.unique(np.asarray(lead_ids, dtype=np.int64)))
    frame = pd.DataFrame({"lead_id": own, "stage": str(OutcomeStage(stage))})
    frame["at"] = pd.Series([to_text(at or now)] * len(frame), dtype=object)
    frame["revenue"] = pd.Series([revenue] * len(frame), dtype=float)
    frame["currency"] = pd.Series([currency] * len(frame), dtype=object)
    append(session, client_id, frame, batch_id=None, origin=BY_PERSON, recorded_by=recorded_by, now=now)
    return len(own)


def take_back(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray) -> pd.DataFrame:
    """Remove the word that stands for each of these leads, so that the one before it stands again.

    Of a stage that was told of more than once the last word is removed, also where it corrected the day to an earlier
    one.

    Returns
    -------
    DataFrame
        What was removed: columns ``COLUMNS``, at most one row per lead.
    """
    own = np.unique(np.asarray(lead_ids, dtype=np.int64))
    standing = "(SELECT o.stage FROM outcomes o WHERE o.client_id = l.client_id AND o.lead_id = l.id " \
        f"ORDER BY {LATEST_FIRST} LIMIT 1)"
    last = f"(SELECT max(d.id) FROM outcomes d WHERE d.client_id = l.client_id AND d.lead_id = l.id AND d.stage = " \
        f"{standing})"
    (found,) = fetch_for(session, f"SELECT {last} FROM leads l WHERE l.client_id = :client", "l.id", own,
                         {"client": client_id})
    ids = np.array([number for number in found if number is not None], dtype=np.int64)
    removed = _typed(dict(zip(COLUMNS, fetch_for(
        session, f"SELECT {', '.join(COLUMNS)} FROM outcomes WHERE client_id = :client", "id", ids,
        {"client": client_id}), strict=True)))
    endings.before_taking_back(session, client_id, removed["lead_id"].to_numpy())
    for portion in in_portions(ids):
        session.execute(text(f"DELETE FROM outcomes WHERE client_id = :client AND {member_of(session, 'id', 'ids')}"),
                        {"client": client_id, "ids": members(session, portion)})
    settle_outcomes(session, client_id, removed["lead_id"].to_numpy())
    return removed


def of_leads(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray | None = None) -> pd.DataFrame:
    """Give the recorded outcomes, oldest first: of each lead the last one is the word that stands.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``; ``at`` and ``recorded_at`` as UTC times.
    """
    names = ", ".join(f"o.{name}" for name in COLUMNS)
    statement = f"SELECT {names} FROM outcomes o WHERE o.client_id = :client"
    parameters: dict[str, Any] = {"client": client_id}
    if lead_ids is not None:
        statement = f"{statement} AND {member_of(session, 'o.lead_id', 'ids')}"
        parameters["ids"] = members(session, np.asarray(lead_ids, dtype=np.int64))
    columns = fetch_columns(session, f"{statement} ORDER BY {LATEST_FIRST.replace(' DESC', '')}", parameters)
    return _typed(dict(zip(COLUMNS, columns, strict=True)))


def decided_since(session: Session, client_id: int, moment: datetime, *, files: Sequence[str] = ()) -> pd.Series:
    """Find the leads whose first final outcome was recorded after a moment.

    Leads told of by a file that was imported before that moment, too, are left out: what it says was known.

    Parameters
    ----------
    moment : datetime
    files : sequence of str
        SHA-256 of further files whose outcomes were known. When any is named, the outcome itself must also be later
        than the moment, where its date is known.

    Returns
    -------
    Series
        Index ``lead_id``, the present final stage of each.
    """
    final = ", ".join(f"'{stage}'" for stage in sorted(CLOSED_STAGES))
    dated = "AND min(coalesce(o.at, o.recorded_at)) > :moment" if files else ""
    known = f"b.created_at <= :moment OR {member_of(session, 'b.sha256', 'files')}"
    found, stages = fetch_columns(
        session, f"SELECT l.id, l.outcome FROM leads l WHERE l.client_id = :client AND l.outcome IN ({final}) AND l.id "
        f"IN (SELECT o.lead_id FROM outcomes o WHERE o.client_id = :client AND o.stage IN ({final}) GROUP BY o.lead_id "
        f"HAVING min(o.recorded_at) > :moment {dated}) AND NOT EXISTS (SELECT 1 FROM outcomes k JOIN batches c ON "
        f"c.id = k.batch_id JOIN batches b ON b.sha256 = c.sha256 AND b.client_id = :client WHERE k.lead_id = l.id AND "
        f"k.client_id = :client AND k.stage IN ({final}) AND ({known})) ORDER BY l.id",
        {"client": client_id, "moment": to_text(moment), "files": members(session, list(files))})
    return pd.Series(pd.array(stages, dtype="str"), name="outcome",
                     index=pd.Index(np.array(found, dtype=np.int64), name="lead_id"))


def last_recorded(session: Session, client_id: int) -> date | None:
    """Give the day on which anybody told of an outcome last; None where nobody has."""
    (found,) = fetch_columns(session, "SELECT recorded_at FROM outcomes WHERE +client_id = :client "
                             "ORDER BY id DESC LIMIT 1", {"client": client_id})
    return date.fromisoformat(found[0][:10]) if found else None


def _typed(columns: dict[str, list[Any]]) -> pd.DataFrame:
    frame = pd.DataFrame({
        "lead_id": np.array(columns["lead_id"], dtype=np.int64),
        "revenue": np.array(columns["revenue"], dtype=float),
        "batch_id": pd.array(columns["batch_id"], dtype="Int64"),
    } | {name: pd.array(columns[name], dtype="str") for name in ("stage", "label", "currency", "origin", "recorded_by")}
      | {name: pd.to_datetime(pd.Series(columns[name], dtype=object), utc=True, format="ISO8601").dt.as_unit("us")
         for name in ("at", "recorded_at")})
    return frame[list(COLUMNS)]


def _lists(outcomes: pd.DataFrame) -> dict[str, list[Any]]:
    count = len(outcomes)
    lists = {name: to_list(outcomes[name]) if name in outcomes else [None] * count
             for name in ("lead_id", "stage", "label", "at", "revenue", "currency")}
    lists["stage"] = [str(stage) for stage in lists["stage"]]
    return lists


def _known(session: Session, client_id: int, lead_ids: np.ndarray, *, latest: bool) -> set[tuple[Any, ...]]:
    newest = "AND o.id = (SELECT max(n.id) FROM outcomes n WHERE n.client_id = o.client_id AND n.lead_id = o.lead_id)"
    columns = fetch_for(session, f"SELECT {', '.join(f'o.{name}' for name in KEY)} FROM outcomes o "
                        f"WHERE o.client_id = :client {newest if latest else ''}",
                        "o.lead_id", lead_ids, {"client": client_id})
    return set(zip(*columns, strict=True))


def revenue(session: Session, client_id: int) -> dict[str, float]:
    """Add up the revenue of converted leads by currency (empty text where none was given), each lead's latest only."""
    currencies, amounts = fetch_columns(
        session, "SELECT coalesce(o.currency, ''), sum(o.revenue) FROM outcomes o WHERE o.client_id = :client AND "
        "o.id IN (SELECT max(id) FROM outcomes WHERE client_id = :client AND stage = :stage AND revenue IS NOT NULL "
        "GROUP BY lead_id) GROUP BY 1 ORDER BY 2 DESC", {"client": client_id, "stage": str(OutcomeStage.CONVERTED)})
    return {str(currency): float(amount) for currency, amount in zip(currencies, amounts, strict=True)}


def _own(session: Session, client_id: int, lead_ids: np.ndarray) -> np.ndarray:
    (found,) = fetch_for(session, "SELECT id FROM leads WHERE client_id = :client", "id", lead_ids,
                         {"client": client_id})
    return np.array(sorted(found), dtype=np.int64)

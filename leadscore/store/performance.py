"""What reports count, counted by the database: cells, days, revenue and speed of the leads a filter leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.schema import OutcomeStage
from leadscore.store.bulk import fetch_columns
from leadscore.store.database import is_sqlite
from leadscore.store.list_filter import EVERYTHING, ListFilter, where_of

CELL = ("source", "country", "tier", "band", "outcome", "qualified")
DAY = ("day", "tier", "outcome")
MONEY = ("source", "country", "owner", "tier", "band", "currency")
_LATEST_CONVERSION = ("(SELECT lead_id, max(id) AS id FROM outcomes WHERE client_id = :client AND "
                      f"stage = '{OutcomeStage.CONVERTED}' GROUP BY lead_id)")


def cells(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count leads by everything figures are made of.

    Returns
    -------
    DataFrame
        Columns ``source``, ``country``, ``tier``, ``band`` (score without decimals, 0 to 100), ``outcome``,
        ``qualified`` and ``leads``.
    """
    where, parameters = where_of(session, client_id, chosen)
    names = ", ".join(f"s.{name}" for name in CELL)
    found = fetch_columns(session, f"SELECT {names}, count(*) FROM scores s WHERE {where} GROUP BY {names}", parameters)
    return _frame((*CELL, "leads"), found, texts=("source", "country", "tier", "outcome"))


def average(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> float | None:
    """Give the mean score; None without leads."""
    where, parameters = where_of(session, client_id, chosen)
    ((found,),) = fetch_columns(session, f"SELECT avg(s.score) FROM scores s WHERE {where}", parameters)
    return None if found is None else float(found)


def days(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count leads by the day they came in.

    Returns
    -------
    DataFrame
        Columns ``day`` (as 2026-01-31), ``tier``, ``outcome``, ``leads`` and ``bands``, the sum of their bands.
    """
    where, parameters = where_of(session, client_id, chosen)
    names = ", ".join(f"s.{name}" for name in DAY)
    found = fetch_columns(session, f"SELECT {names}, count(*), sum(s.band) FROM scores s WHERE {where} "
                          f"GROUP BY {names} ORDER BY s.day", parameters)
    return _frame((*DAY, "leads", "bands"), found, texts=DAY)


def money(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Add up the revenue of converted leads; of a conversion told more than once the latest word counts.

    Returns
    -------
    DataFrame
        Columns ``source``, ``country``, ``owner``, ``tier``, ``band``, ``currency`` (empty where none was given),
        ``conversions`` and ``revenue``.
    """
    where, parameters = where_of(session, client_id, chosen)
    names = "s.source, s.country, s.owner, s.tier, s.band, coalesce(o.currency, '')"
    found = fetch_columns(
        session, f"SELECT {names}, count(*), sum(coalesce(o.revenue, 0)) FROM {_LATEST_CONVERSION} c JOIN outcomes o "
        f"ON o.id = c.id JOIN scores s ON s.lead_id = c.lead_id WHERE {where} AND s.outcome = "
        f"'{OutcomeStage.CONVERTED}' GROUP BY {names}", parameters)
    return _frame((*MONEY, "conversions", "revenue"), found, texts=("source", "country", "owner", "tier", "currency"))


def days_until(session: Session, client_id: int, stage: OutcomeStage, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count leads by the days from when they came in until they first reached a stage.

    Returns
    -------
    DataFrame
        Columns ``days`` (0 or more; leads whose stage is dated before they came in are left out) and ``leads``,
        ascending.
    """
    where, parameters = where_of(session, client_id, chosen)
    first = "(SELECT lead_id, min(at) AS at FROM outcomes WHERE client_id = :client AND stage = :stage AND at IS NOT " \
        "NULL GROUP BY lead_id)"
    passed = "CAST(julianday(substr(c.at, 1, 10)) - julianday(s.day) AS INTEGER)" if is_sqlite(session) else \
        "(CAST(substr(c.at, 1, 10) AS date) - CAST(s.day AS date))"
    found = fetch_columns(session, f"SELECT {passed} AS days, count(*) FROM {first} c JOIN scores s ON s.lead_id = "
                          f"c.lead_id WHERE {where} AND substr(c.at, 1, 10) >= s.day GROUP BY 1 ORDER BY 1",
                          parameters | {"stage": str(stage)})
    return _frame(("days", "leads"), found)


def _frame(names: tuple[str, ...], columns: list[list[Any]], *, texts: tuple[str, ...] = ()) -> pd.DataFrame:
    frame: dict[str, Any] = {}
    for name, values in zip(names, columns, strict=True):
        frame[name] = pd.array(values, dtype="str") if name in texts else np.array(values or np.zeros(0, dtype=int))
    return pd.DataFrame(frame)

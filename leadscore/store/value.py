"""Leads whose end is known, counted by the score that foretold it and by the order they were called in before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.schema import CUSTOM_PREFIX, OutcomeStage
from leadscore.store.bulk import fetch_columns
from leadscore.store.database import is_sqlite
from leadscore.store.lead_reading import quoted
from leadscore.store.list_filter import EVERYTHING, ListFilter, where_of
from leadscore.store.tables import LEAD_FIELD_COLUMNS

STEPS = 500
"""Parts the leads are counted in, in their order; a cut at a whole part is exact."""
DAY = "day"
COUNTS = ("leads", "converted")
RATINGS = {4: ("hot", "high", "a"), 3: ("warm", "medium", "b"), 2: ("cold", "low", "c"), 1: ("d",)}
"""Words of a rating, best first; any other word is no rating."""
# a condition on the outcome the index of ended leads is made for
_ENDED = (f"s.outcome <> '{OutcomeStage.NEW}' AND s.outcome IN ('{OutcomeStage.CONVERTED}', '{OutcomeStage.LOST}') "
          "AND s.foretold IS NOT NULL")
_WON = f"CASE WHEN s.outcome = '{OutcomeStage.CONVERTED}' THEN 1 ELSE 0 END"


@dataclass(frozen=True)
class CallOrder:
    """An order to call leads in.

    Parameters
    ----------
    name : str
        ``day`` for the day they came in, or a field with numbers, of everybody's or of the client's own.
    descending : bool
        Whether the largest (or newest) come first; leads without a value are last in any case.
    rating : bool
        Whether the field holds words such as hot, warm and cold instead of numbers.
    """

    name: str
    descending: bool
    rating: bool = False


def by_score(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count leads whose end is known by what their score was before it was.

    Returns
    -------
    DataFrame
        Columns ``score`` (tenths of a point, highest first), ``leads`` and ``converted``.
    """
    where, parameters = where_of(session, client_id, chosen)
    found = fetch_columns(session, f"SELECT s.foretold, count(*), sum({_WON}) FROM scores s WHERE {where} AND {_ENDED} "
                          "GROUP BY s.foretold ORDER BY s.foretold DESC", parameters)
    return _frame(("score", *COUNTS), found)


def by_order(session: Session, client_id: int, order: CallOrder, scores: pd.DataFrame, cut: int,
             chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count the same leads in the order they would have been called in otherwise, first called first.

    Parameters
    ----------
    scores : DataFrame
        Of :func:`by_score`, for the same filter.
    cut : int
        A score in tenths of a point: leads above it and at it are counted apart.

    Returns
    -------
    DataFrame
        One row for each part of the leads and each tie that reaches into the next part, at most ``2 * STEPS``: columns
        ``leads`` and ``converted``, the same with ``_above`` and ``_at``, and ``unknown``: leads without a value.
    """
    where, parameters = where_of(session, client_id, chosen)
    value, joined, more = _value_of(session, order)
    # 0 and 1 below the cut by score, 2 and 3 at it, 4 and 5 above it; odd ones converted
    kinds = {"converted": "1, 3, 5", "leads_above": "4, 5", "converted_above": "5", "leads_at": "2, 3",
             "converted_at": "3"}
    counted = ", ".join(f"sum(CASE WHEN kind IN ({some}) THEN 1 ELSE 0 END) AS {name}" for name, some in kinds.items())
    names = ("leads", "converted", "leads_above", "converted_above", "leads_at", "converted_at")
    # what lies in one part is put together, but for a tie that reaches beyond it: that one can be cut through
    statement = (
        f"WITH ended AS (SELECT {value} AS value, CASE WHEN s.foretold > :cut THEN 4 WHEN s.foretold = :cut THEN 2 "
        f"ELSE 0 END + {_WON} AS kind FROM scores s {joined} WHERE {where} AND {_ENDED}), "
        f"tied AS (SELECT value, count(*) AS leads, {counted} FROM ended GROUP BY value), "
        f"placed AS (SELECT tied.*, CAST(sum(leads) OVER (ORDER BY value {'DESC' if order.descending else 'ASC'} "
        "NULLS LAST ROWS UNBOUNDED PRECEDING) AS bigint) AS reached FROM tied), "
        f"cut AS (SELECT placed.*, (reached - leads) * {STEPS} / :total AS part FROM placed) "
        f"SELECT {', '.join(f'sum({name})' for name in names)}, sum(CASE WHEN value IS NULL THEN leads ELSE 0 END) "
        f"FROM cut GROUP BY part, CASE WHEN reached * {STEPS} > (part + 1) * :total THEN 1 ELSE 0 END "
        "ORDER BY min(reached)")
    total = max(int(scores["leads"].sum()), 1)
    return _frame((*names, "unknown"), fetch_columns(session, statement,
                                                     parameters | more | {"cut": cut, "total": total}))


def sold(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Add up what the same leads brought: columns ``currency`` (empty where none), ``conversions`` and ``revenue``.

    Conversions nobody told the revenue of are not among them.
    """
    where, parameters = where_of(session, client_id, chosen)
    found = fetch_columns(session, f"SELECT coalesce(s.currency, ''), count(*), sum(s.revenue) FROM scores s WHERE "
                          f"{where} AND {_ENDED} AND s.outcome = '{OutcomeStage.CONVERTED}' AND s.revenue IS NOT NULL "
                          "GROUP BY 1 ORDER BY 1", parameters)
    return pd.DataFrame({"currency": pd.array(found[0], dtype="str"),
                         "conversions": np.array(found[1], dtype=np.int64), "revenue": np.array(found[2], dtype=float)})


def _value_of(session: Session, order: CallOrder) -> tuple[str, str, dict[str, Any]]:
    """Say to the database what leads are ordered by: an expression, a join and its parameters."""
    if order.name == DAY:
        # not the bare column: its index would be walked along, and every row fetched
        return "nullif(s.day, '')", "", {}
    joined = "JOIN leads l ON l.id = s.lead_id"
    if order.name.startswith(CUSTOM_PREFIX):
        if is_sqlite(session):
            inner = ("SELECT j.value FROM json_each(l.custom) j WHERE j.key = :field AND j.type IN ('integer', "
                     "'real')")
            return f"({inner})", joined, {"field": order.name}
        kept = "CAST(l.custom AS json)"
        return (f"CASE WHEN json_typeof({kept} -> :field) = 'number' THEN CAST({kept} ->> :field AS double precision) "
                "END", joined, {"field": order.name})
    if order.name not in LEAD_FIELD_COLUMNS:
        raise ValueError(f"leads are not stored by {order.name}")
    column = f"l.{quoted(order.name)}"
    if not order.rating:
        return column, joined, {}
    words = " ".join(f"WHEN lower({column}) IN ({', '.join(repr(word) for word in known)}) THEN {value}"
                     for value, known in RATINGS.items())
    return f"CASE {words} END", joined, {}


def _frame(names: tuple[str, ...], columns: list[list[Any]]) -> pd.DataFrame:
    return pd.DataFrame({name: np.array(values, dtype=np.int64) for name, values in zip(names, columns, strict=True)})

"""Leads by group, counted by the database: who is among the best, and what became of those whose end is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.schema import OutcomeStage
from leadscore.store.bulk import fetch_columns
from leadscore.store.endings import CLOSED
from leadscore.store.tables import LEAD_FIELD_COLUMNS

COUNTS = ("leads", "chosen", "qualified", "above_median", "decided", "converted", "decided_chosen",
          "converted_chosen", "chances", "chance", "chance_converted")
_WON = f"s.outcome = '{OutcomeStage.CONVERTED}'"
# the words of the index of leads that have ended: without them it is not used
_FORETOLD = f"s.outcome <> 'new' AND s.outcome IN ({CLOSED}) AND s.foretold IS NOT NULL"


@dataclass(frozen=True)
class Cuts:
    """Where the best begin, in this moment's scores and in what scores foretold of leads whose end is known.

    Parameters
    ----------
    leads, decided : int
        Leads with a score, and those of them whose end is known and was foretold.
    score, last : float and int
        Score and number of the last lead that is among the best; equals go by number.
    median : float
    foretold, foretold_last : int
        The same among the leads whose end is known, in tenths of a point.
    """

    leads: int
    decided: int
    score: float
    last: int
    median: float
    foretold: int
    foretold_last: int


def cuts(session: Session, client_id: int, share: float) -> Cuts | None:
    """Find the borders of the best; None where no lead has a score."""
    client = {"client": client_id}
    leads = _number(session, "SELECT count(*) FROM scores s WHERE s.client_id = :client", client)
    if not leads:
        return None
    ranked = ("SELECT s.score, s.lead_id FROM scores s WHERE s.client_id = :client ORDER BY s.score DESC, s.lead_id "
              "LIMIT 1 OFFSET :place")
    (score,), (last,) = fetch_columns(session, ranked, client | {"place": max(round(share * leads), 1) - 1})
    (median,), _ = fetch_columns(session, ranked, client | {"place": leads // 2})
    decided = _number(session, f"SELECT count(*) FROM scores s WHERE s.client_id = :client AND {_FORETOLD}", client)
    foretold, foretold_last = 0, 0
    if decided:
        (foretold,), (foretold_last,) = fetch_columns(
            session, f"SELECT s.foretold, s.lead_id FROM scores s WHERE s.client_id = :client AND {_FORETOLD} "
            "ORDER BY s.foretold DESC, s.lead_id LIMIT 1 OFFSET :place",
            client | {"place": max(round(share * decided), 1) - 1})
    return Cuts(leads, decided, float(score), int(last), float(median), int(foretold), int(foretold_last))


def count_groups(session: Session, client_id: int, found: Cuts, fields: Sequence[str]) -> pd.DataFrame:
    """Count leads by the values of columns that are stored as they are, each combination once.

    Returns
    -------
    DataFrame
        A column a field, missing where a lead has no value, and ``COUNTS``.
    """
    unknown = [name for name in fields if name not in LEAD_FIELD_COLUMNS]
    if unknown:
        raise InvalidRequest("unknown_field", f"Leads cannot be counted by '{unknown[0]}'.", "Choose another field.")
    names = ", ".join(f'l."{name}"' for name in fields)
    columns = fetch_columns(
        session, f"SELECT {names}, {', '.join(_sums())} FROM scores s JOIN leads l ON l.id = s.lead_id "
        f"WHERE s.client_id = :client GROUP BY {names}", _parameters(client_id, found))
    return _frame(fields, columns)


def facts_of(session: Session, client_id: int, found: Cuts, *, after: int, most: int) -> pd.DataFrame:
    """Give what counts of each of the next leads by number, for groups that only can be made outside the database.

    Returns
    -------
    DataFrame
        Index ``lead_id``, ``COUNTS`` of each lead alone; empty at the end.
    """
    columns = fetch_columns(
        session, f"SELECT s.lead_id, {', '.join(_each())} FROM scores s WHERE +s.client_id = :client AND "
        "s.lead_id > :after ORDER BY s.lead_id LIMIT :most",
        _parameters(client_id, found) | {"after": after, "most": most})
    index = pd.Index(np.array(columns[0], dtype=np.int64), name="lead_id")
    return pd.DataFrame({name: np.array(column, dtype=float)
                         for name, column in zip(COUNTS, columns[1:], strict=True)}, index=index)


def _each() -> tuple[str, ...]:
    """Write what counts of one lead, in the order of ``COUNTS``."""
    best = "(s.score > :score OR (s.score = :score AND s.lead_id <= :last))"
    foretold = f"({_FORETOLD})"
    first = "(s.foretold > :foretold OR (s.foretold = :foretold AND s.lead_id <= :foretold_last))"
    chance = f"({_FORETOLD} AND s.foretold_chance IS NOT NULL)"
    tests = ("1 = 1", best, "s.qualified", "s.score > :median", foretold, f"{foretold} AND {_WON}",
             f"{foretold} AND {first}", f"{foretold} AND {first} AND {_WON}", chance)
    flags = tuple(f"CASE WHEN {test} THEN 1 ELSE 0 END" for test in tests)
    return (*flags, f"CASE WHEN {chance} THEN s.foretold_chance ELSE 0.0 END",
            f"CASE WHEN {chance} AND {_WON} THEN 1 ELSE 0 END")


def _sums() -> tuple[str, ...]:
    return tuple(f"sum({part})" for part in _each())


def _parameters(client_id: int, found: Cuts) -> dict[str, Any]:
    return {"client": client_id, "score": found.score, "last": found.last, "median": found.median,
            "foretold": found.foretold, "foretold_last": found.foretold_last}


def _frame(fields: Sequence[str], columns: Sequence[list[Any]]) -> pd.DataFrame:
    groups = {name: pd.array(column, dtype="str") if any(isinstance(value, str) for value in column) else column
              for name, column in zip(fields, columns, strict=False)}
    counts = {name: np.array(column, dtype=float)
              for name, column in zip(COUNTS, columns[len(fields):], strict=True)}
    return pd.DataFrame(groups | counts)


def _number(session: Session, statement: str, parameters: Mapping[str, Any]) -> int:
    ((found,),) = fetch_columns(session, statement, parameters)
    return int(found)

"""What reports count, counted by the database: leads by cell and by day, and what became of those that have ended."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.schema import OutcomeStage
from leadscore.store.bulk import fetch_columns
from leadscore.store.database import whole
from leadscore.store.endings import CLOSED
from leadscore.store.list_filter import EVERYTHING, ListFilter, where_of

CELL = ("source", "tier", "band", "outcome", "qualified")
INNER = ("source", "country", "tier", "band", "outcome", "qualified")
"""The beginning of the index of cells."""
DAY = ("day", "tier", "outcome")
ENDING = ("source", "country", "owner", "tier", "outcome", "furthest", "currency")
FORETOLD = ("foretold", "foretold_by", "outcome", "currency")
SUMS = ("leads", "score", "chance", "chances")
TEXTS = frozenset({"source", "country", "owner", "tier", "outcome", "furthest", "currency", "day", "decided_on",
                   "month", "foretold_by", "campaign"})
STEPS_OF_CHANCE = 20
"""Parts that chances to convert are sorted into, to be compared with what came of them."""

_SUMS = "count(*), sum(s.score), sum(s.probability), count(s.probability)"
# the words of the index of those leads: without them it is not used
_ENDED = "s.outcome <> 'new'"
_DECIDED = f"s.outcome IN ({CLOSED})"
_CONVERTED = f"s.outcome = '{OutcomeStage.CONVERTED}'"


def everybody(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count leads by everything figures are made of, and by country, with one look at all of them.

    Returns
    -------
    tuple of DataFrame
        Cells: columns ``source``, ``tier``, ``band`` (score without decimals, 0 to 100), ``outcome``, ``qualified``;
        ``leads``, the sums ``score`` and ``chance`` of their scores and probabilities, and ``chances``, how many have a
        probability. Countries: ``country``, ``outcome``, ``leads`` and ``score``.
    """
    where, parameters = where_of(session, client_id, chosen)
    inner = ", ".join(f"s.{name}" for name in INNER)
    # in the order of the index first: what is left of a million leads is quickly grouped twice more
    grouped = (f"SELECT {inner}, count(*) AS leads, sum(s.score) AS score, sum(s.probability) AS chance, "
               f"count(s.probability) AS chances FROM scores s WHERE {where} GROUP BY {inner}")
    sums = "CAST(sum(leads) AS BIGINT), sum(score), sum(chance), CAST(sum(chances) AS BIGINT)"
    parts, *columns = fetch_columns(
        session, f"WITH c AS MATERIALIZED ({grouped}) SELECT 1, {', '.join(CELL)}, {sums} FROM c GROUP BY "
        f"{', '.join(CELL)} UNION ALL SELECT 2, country, CAST(NULL AS VARCHAR), CAST(NULL AS INTEGER), outcome, "
        f"CAST(NULL AS BOOLEAN), {sums} FROM c GROUP BY country, outcome", parameters)
    names = [*CELL, *SUMS]
    cells, countries = (_frame(names, [[value for value, of in zip(column, parts, strict=True) if of == part]
                                       for column in columns]) for part in (1, 2))
    return cells, countries.rename(columns={"source": "country"})[["country", "outcome", "leads", "score"]]


def days(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count leads by the day they came in: ``day`` (as 2026-01-31), ``tier``, ``outcome``, and the sums of cells."""
    return _grouped(session, client_id, chosen, DAY, _SUMS, SUMS)


def ended(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count leads that are no longer new, and add up the revenue of those that have converted.

    Returns
    -------
    DataFrame
        Columns ``source``, ``country``, ``owner``, ``tier``, ``outcome``, ``furthest`` (the farthest stage on the way
        to a conversion), ``currency`` (empty where none was given, missing where nothing was sold), ``leads``,
        ``revenue`` and ``squares``, the sum of the squared amounts.
    """
    return _grouped(session, client_id, chosen, ENDING,
                    "count(*), sum(coalesce(s.revenue, 0)), sum(coalesce(s.revenue * s.revenue, 0))",
                    ("leads", "revenue", "squares"), _ENDED)


def foretold(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count leads whose end is known by what their score foretold without knowing it.

    Returns
    -------
    DataFrame
        Columns ``foretold`` (tenths of a point, 0 to 1000), ``foretold_by``, ``outcome``, ``currency``, ``step`` (of
        their chance to convert, 0 to 20, missing without a model), ``leads``, ``revenue`` and ``chance`` (the sum of
        their chances).
    """
    step = whole(session, f"s.foretold_chance * {STEPS_OF_CHANCE}")
    sums = "count(*), sum(coalesce(s.revenue, 0)), sum(s.foretold_chance)"
    return _grouped(session, client_id, chosen, FORETOLD, sums, ("leads", "revenue", "chance"),
                    f"{_ENDED} AND {_DECIDED} AND s.foretold IS NOT NULL", also=(("step", step),))


def decided(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count conversions by the day they happened.

    Returns
    -------
    DataFrame
        Columns ``decided_on`` (as 2026-01-31; missing where nobody gave a day), ``currency``, ``leads``, ``revenue``.
    """
    return _grouped(session, client_id, chosen, ("decided_on", "currency"), "count(*), sum(coalesce(s.revenue, 0))",
                    ("leads", "revenue"), f"{_ENDED} AND {_CONVERTED}")


def decided_after(session: Session, client_id: int, chosen: ListFilter, day: str) -> pd.DataFrame:
    """Count conversions that happened after a day (as 2026-01-31) by ``source``, ``currency`` and ``days`` they took.

    Returns
    -------
    DataFrame
        Besides these ``month`` (the lead came in), ``leads`` and ``revenue``.
    """
    return _grouped(session, client_id, chosen, ("source", "currency"), "count(*), sum(coalesce(s.revenue, 0))",
                    ("leads", "revenue"), f"{_ENDED} AND {_CONVERTED} AND s.decided_on > :after",
                    also=(("month", "substr(s.day, 1, 7)"), ("days", "s.days_to_conversion")), after=day)


def waits(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count conversions by the month the lead came in (as 2026-01) and the ``days`` until it converted, and ``leads``.

    Conversions without a day, or dated before the lead came in, are left out.
    """
    return _grouped(session, client_id, chosen, (), "count(*)", ("leads",),
                    f"{_ENDED} AND {_CONVERTED} AND s.days_to_conversion IS NOT NULL",
                    also=(("month", "substr(s.day, 1, 7)"), ("days", "s.days_to_conversion")))


def contact_waits(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count leads by the ``days`` from when they came in until somebody first contacted them, and ``leads``."""
    return _grouped(session, client_id, chosen, (), "count(*)", ("leads",),
                    f"{_ENDED} AND s.days_to_contact IS NOT NULL", also=(("days", "s.days_to_contact"),))


def _grouped(session: Session, client_id: int, chosen: ListFilter, names: tuple[str, ...], sums: str,
             called: tuple[str, ...], condition: str = "", *, also: tuple[tuple[str, str], ...] = (),
             **further: str) -> pd.DataFrame:
    where, parameters = where_of(session, client_id, chosen)
    parts = [(name, f"s.{name}") for name in names] + list(also)
    expressions = ", ".join(expression for _, expression in parts)
    places = ", ".join(str(place + 1) for place in range(len(parts)))
    narrowed = f"{where} AND {condition}" if condition else where
    found = fetch_columns(session, f"SELECT {expressions}, {sums} FROM scores s WHERE {narrowed} GROUP BY {places}",
                          parameters | further)
    return _frame([name for name, _ in parts] + list(called), found)


def _frame(names: list[str], columns: list[list[Any]]) -> pd.DataFrame:
    frame: dict[str, Any] = {}
    for name, values in zip(names, columns, strict=True):
        frame[name] = pd.array(values, dtype="str") if name in TEXTS else _numbers(values)
    return pd.DataFrame(frame)


def _numbers(values: list[Any]) -> Any:
    if not values:
        return np.zeros(0)
    return np.array(values, dtype=float) if None in values else np.array(values)


def sold_by_campaign(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> pd.DataFrame:
    """Count conversions of leads that name a campaign: ``campaign``, ``currency``, ``conversions`` and ``revenue``.

    The campaign stands with the lead, so each converted lead is looked up.
    """
    where, parameters = where_of(session, client_id, chosen)
    found = fetch_columns(
        session, "SELECT l.campaign, s.currency, count(*), sum(coalesce(s.revenue, 0)) FROM scores s JOIN leads l ON "
        f"l.id = s.lead_id WHERE {where} AND {_ENDED} AND {_CONVERTED} AND l.campaign IS NOT NULL GROUP BY 1, 2",
        parameters)
    return _frame(["campaign", "currency", "conversions", "revenue"], found)


def first_and_last_day(session: Session, client_id: int) -> tuple[str, str] | None:
    """Give the first and the last day on which a scored lead came in, as 2026-01-31; None without any."""
    first, last = (fetch_columns(session, f"SELECT {which}(day) FROM scores WHERE client_id = :client AND day IS NOT "
                                 "NULL", {"client": client_id})[0][0] for which in ("min", "max"))
    return None if first is None else (str(first), str(last))

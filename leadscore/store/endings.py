"""What became of leads, kept beside their scores so that reports need not look it up: worked out from the outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlmodel import Session

from leadscore.schema import CLOSED_STAGES, OutcomeStage
from leadscore.store.bulk import fetch_columns, fetch_for, in_portions, member_of, members
from leadscore.store.database import is_sqlite, whole

CLOSED = ", ".join(f"'{stage}'" for stage in sorted(CLOSED_STAGES))
FACTS = ("furthest", "decided_on", "days_to_contact", "days_to_conversion", "revenue", "currency")
FORETOLD = ("foretold", "foretold_chance", "foretold_by")
TENTHS = 10
"""Steps of a point in which it is kept what a score foretold."""
LAST_DIGIT = 1e-6
MANY = 50_000
"""Leads from which it is quicker to look at all of a client."""

_CONVERTED, _LOST = str(OutcomeStage.CONVERTED), str(OutcomeStage.LOST)
_QUALIFIED, _CONTACTED = str(OutcomeStage.QUALIFIED), str(OutcomeStage.CONTACTED)


class ForetoldBy(StrEnum):
    """Why a score could not know how the lead would end."""

    BEFORE = "before"
    """It stood there before anybody told the end."""
    LATER = "later"
    """The end was told after the model had learnt."""
    HELD_OUT = "held out"
    """The model's judgement from before it learnt from this lead, too."""
    RULES = "rules"
    """Rules do not learn."""
    KNOWN = "known"
    """Nothing is foretold: the end was told once and taken back, and who has learnt it since is not known."""


def refresh(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray | None = None) -> None:
    """Work out anew what became of leads that have a score; of all the client's leads when none are named.

    Of a conversion told more than once the latest word counts. Days are counted from the day the lead came in, and what
    is dated before that day is not; what is dated later than it was told of happened when it was told of.

    What a score foretold is known where it stood there before the end was told; it is what rules and model said,
    whatever a person has set by hand. It stays, also where the end is taken back: what is said after anybody has told
    of it may have been learnt from it.
    """
    if lead_ids is None:
        _refresh(session, {"client": client_id}, narrowed="")
        return
    narrowed = f"AND {member_of(session, '{column}', 'ids')}"
    for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)):
        _refresh(session, {"client": client_id, "ids": members(session, portion)}, narrowed=narrowed)


def _refresh(session: Session, parameters: dict[str, Any], *, narrowed: str) -> None:
    nothing = ", ".join(f"{name} = NULL" for name in FACTS)
    session.execute(text(f"UPDATE scores SET {nothing} WHERE client_id = :client {narrowed.format(column='lead_id')} "
                         "AND (outcome <> 'new' OR furthest IS NOT NULL OR decided_on IS NOT NULL)"), parameters)
    session.execute(text(_facts(session, narrowed)), parameters)
    session.execute(text(_standing_before(session, narrowed)), parameters)


def _facts(session: Session, narrowed: str) -> str:
    """Write the statement that puts together what the outcomes of a lead tell."""
    told = (f"SELECT o.lead_id, max(CASE o.stage WHEN '{_QUALIFIED}' THEN 2 WHEN '{_CONTACTED}' THEN 1 ELSE 0 END) AS "
            f"step, min(CASE WHEN o.stage = '{_CONTACTED}' THEN {_day_of('o')} END) AS contacted_on, "
            f"max(CASE WHEN o.stage = '{_CONVERTED}' THEN o.id END) AS sale, "
            f"max(CASE WHEN o.stage = '{_LOST}' THEN o.id END) AS loss FROM outcomes o "
            f"WHERE o.client_id = :client {narrowed.format(column='o.lead_id')} GROUP BY o.lead_id")
    found = (f"SELECT s.lead_id, s.outcome, s.day, t.step, t.contacted_on, {_day_of('d')} AS decided_on, "
             f"d.revenue, d.currency FROM scores s JOIN ({told}) t ON t.lead_id = s.lead_id "
             f"LEFT JOIN outcomes d ON d.id = "
             f"CASE s.outcome WHEN '{_CONVERTED}' THEN t.sale WHEN '{_LOST}' THEN t.loss END "
             f"WHERE s.client_id = :client AND s.outcome <> 'new'")
    sold = f"f.outcome = '{_CONVERTED}'"
    return (f"UPDATE scores SET furthest = CASE WHEN {sold} THEN '{_CONVERTED}' WHEN f.step = 2 THEN '{_QUALIFIED}' "
            f"WHEN f.step = 1 THEN '{_CONTACTED}' END, decided_on = f.decided_on, "
            f"days_to_contact = CASE WHEN f.contacted_on >= f.day THEN {_passed(session, 'f.contacted_on')} END, "
            f"days_to_conversion = CASE WHEN {sold} AND f.decided_on >= f.day THEN {_passed(session, 'f.decided_on')} "
            f"END, revenue = CASE WHEN {sold} THEN f.revenue END, "
            f"currency = CASE WHEN {sold} THEN coalesce(f.currency, '') END "
            f"FROM ({found}) f WHERE scores.lead_id = f.lead_id AND scores.client_id = :client")


def _day_of(outcome: str) -> str:
    # nothing has happened after it was told of
    return (f"substr(CASE WHEN {outcome}.at > {outcome}.recorded_at THEN {outcome}.recorded_at ELSE {outcome}.at END, "
            "1, 10)")


def _passed(session: Session, day: str) -> str:
    if is_sqlite(session):
        return f"CAST(julianday({day}) - julianday(f.day) AS INTEGER)"
    return f"(CAST({day} AS date) - CAST(f.day AS date))"


def _standing_before(session: Session, narrowed: str) -> str:
    """Write the statement that finds the last score of a lead from before anybody told its end."""
    ids = narrowed.format(column="h.lead_id")
    names = "h.lead_id, h.run_id, h.blended, h.probability"
    stood = (f"SELECT {names} FROM score_history h WHERE h.client_id = :client {ids} UNION ALL "
             f"SELECT {names} FROM scores h WHERE h.client_id = :client AND h.outcome IN ({CLOSED}) {ids}")
    known = (f"SELECT o.lead_id, min(o.recorded_at) AS at FROM outcomes o WHERE o.client_id = :client AND o.stage IN "
             f"({CLOSED}) {narrowed.format(column='o.lead_id')} GROUP BY o.lead_id")
    best = (f"SELECT h.lead_id, h.blended, h.probability, row_number() OVER (PARTITION BY h.lead_id ORDER BY h.run_id "
            f"DESC) AS place FROM ({stood}) h JOIN ({known}) k ON k.lead_id = h.lead_id JOIN score_runs r ON r.id = "
            f"h.run_id AND r.created_at < k.at")
    return (f"UPDATE scores SET foretold = {_in_tenths(session, 'b.blended')}, foretold_chance = b.probability, "
            f"foretold_by = '{ForetoldBy.BEFORE}' FROM ({best}) b WHERE b.place = 1 AND scores.lead_id = b.lead_id AND "
            f"scores.client_id = :client AND scores.outcome IN ({CLOSED}) AND scores.foretold_by IS NULL")


def _in_tenths(session: Session, score: str) -> str:
    return whole(session, f"{score} * {TENTHS} + {LAST_DIGIT}")


def before_taking_back(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray) -> None:
    """Note of leads of which outcomes are about to be removed that their end has been told.

    What was foretold before that stays. For the others nothing will be: a model may have learnt the end by the time it
    is told again.
    """
    for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)):
        session.execute(
            text(f"UPDATE scores SET foretold = NULL, foretold_chance = NULL, foretold_by = '{ForetoldBy.KNOWN}' WHERE "
                 f"client_id = :client AND {member_of(session, 'lead_id', 'ids')} AND coalesce(foretold_by, '') <> "
                 f"'{ForetoldBy.BEFORE}' AND EXISTS (SELECT 1 FROM outcomes o WHERE o.client_id = scores.client_id AND "
                 f"o.lead_id = scores.lead_id AND o.stage IN ({CLOSED}))"),
            {"client": client_id, "ids": members(session, portion)})


def lasting(session: Session, client_id: int, lead_ids: np.ndarray) -> pd.DataFrame:
    """Give what was foretold once and for all, whatever scores follow: index as given, columns ``FORETOLD``."""
    statement = (f"SELECT lead_id, {', '.join(FORETOLD)} FROM scores WHERE client_id = :client AND foretold_by IN "
                 f"('{ForetoldBy.BEFORE}', '{ForetoldBy.KNOWN}')")
    found = fetch_columns(session, statement, {"client": client_id}) if len(lead_ids) > MANY else \
        fetch_for(session, statement, "lead_id", lead_ids, {"client": client_id})
    ids, scores, chances, why = found
    return pd.DataFrame({
        "foretold": pd.array(scores, dtype="Int64"), "foretold_chance": np.array(chances, dtype=float),
        "foretold_by": pd.array(why, dtype="str")}, index=np.array(ids, dtype=np.int64)).reindex(lead_ids)


def take_from_score(session: Session, client_id: int, by: ForetoldBy,
                    lead_ids: Sequence[int] | np.ndarray | None = None) -> None:
    """Say that the scores in force know nothing of the ends of these leads; of all when none are named.

    By ``RULES`` only where rules alone have scored. Leads of which it is known already what a score foretold are left
    as they are.
    """
    statement = (f"UPDATE scores SET foretold = {_in_tenths(session, 'blended')}, foretold_chance = probability, "
                 f"foretold_by = :by WHERE client_id = :client AND outcome IN ({CLOSED}) AND foretold_by IS NULL")
    parameters = {"client": client_id, "by": str(by)}
    if by == ForetoldBy.RULES:
        statement += " AND probability IS NULL"
    if lead_ids is None:
        session.execute(text(statement), parameters)
        return
    for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)):
        session.execute(text(f"{statement} AND {member_of(session, 'lead_id', 'ids')}"),
                        parameters | {"ids": members(session, portion)})


def take_from_held_out(session: Session, client_id: int, said: pd.DataFrame) -> None:
    """Keep what a model said of leads before it learnt from them.

    Parameters
    ----------
    said : DataFrame
        Index ``lead_id``; columns ``score`` in [0, 100] and ``probability``.
    """
    tenths = np.floor(said["score"].to_numpy(dtype=float) * TENTHS + LAST_DIGIT).astype(np.int64).tolist()
    rows = [{"lead": lead, "foretold": score, "chance": chance, "client": client_id, "by": str(ForetoldBy.HELD_OUT)}
            for lead, score, chance in zip(said.index.tolist(), tenths, said["probability"].tolist(), strict=True)]
    if rows:
        session.connection().execute(
            text("UPDATE scores SET foretold = :foretold, foretold_chance = :chance, foretold_by = :by WHERE lead_id = "
                 f":lead AND client_id = :client AND outcome IN ({CLOSED}) AND foretold_by IS NULL"), rows)

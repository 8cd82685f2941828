"""The scores in force, their history, and the ranked lists the database makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlmodel import Session, col, select

from leadscore.errors import InvalidRequest, NotFound
from leadscore.schema import OutcomeStage, Tier
from leadscore.store import endings
from leadscore.store.bulk import fetch_columns, fetch_for, in_portions, insert_rows, member_of, members
from leadscore.store.leads import MIRRORED
from leadscore.store.list_filter import EVERYTHING, ListFilter, where_of
from leadscore.store.tables import ScoreRun, to_text

NUMBERS = ("rule_score", "probability", "blended", "score", "fit", "engagement")
PAGE_COLUMNS = ("lead_id", "run_id", *NUMBERS, "tier", "qualified", "reachable", "exported", "outcome", "batch_id",
                *MIRRORED)
HISTORY_COLUMNS = ("rule_score", "probability", "blended", "score", "tier")
BEST_SHARE = 0.2
REPLAYED = ("rule_score", "probability", "blended")
RUNS_LOOKED_AT = 20
DISTINCT = {"source": "source"} | {name: f"coalesce({name}, '')" for name in ("owner", "country", "industry")}
"""Columns whose values can be chosen from, as the indexes hold them."""
MOST_CHOICES = 500
LAST_DIGIT = 1e-9


@dataclass(frozen=True)
class SpecialCounts:
    """How many leads of a list must not be contacted, and how many were exported before."""

    unreachable: int
    exported: int


# --- writing -------------------------------------------------------------------------------------------------


def new_run(session: Session, client_id: int, *, policy_version: int, model_version: int | None, as_of: datetime,
            rows: int, started_by: str, now: datetime) -> int:
    """Open a scoring: the versions and the date all its scores share. Gives its id."""
    row = ScoreRun(client_id=client_id, policy_version=policy_version, model_version=model_version, as_of=as_of,
                   rows=rows, started_by=started_by[:80], created_at=now)
    session.add(row)
    session.flush()
    return row.id or 0


def replace_scores(session: Session, client_id: int, run_id: int | pd.Series, scores: pd.DataFrame) -> int:
    """Put new scores in force; those they replace move to the history.

    Parameters
    ----------
    run_id : int or Series
        The scoring they belong to; indexed like ``scores`` when they belong to several.
    scores : DataFrame
        Index ``lead_id``; columns ``rule_score``, ``probability``, ``blended``, ``score``, ``fit``, ``engagement``,
        ``tier``, ``qualified``, ``reachable``, ``owner``, ``source``, ``country``, ``industry``, and ``seal`` of
        :func:`score_seals.seals`. Leads that are not this client's are left out.

    Returns
    -------
    int
        Number of scores written.
    """
    facts = _facts(session, client_id, scores.index.to_numpy())
    frame = scores.loc[facts.index] if not scores.index.equals(facts.index) else scores
    lasting = endings.lasting(session, client_id, facts.index.to_numpy())
    _move_to_history(session, client_id, facts.index.to_numpy())
    names = [name for name in (*NUMBERS, "tier", "qualified", "reachable", "seal", *MIRRORED) if name in frame]
    runs = run_id if isinstance(run_id, int) else run_id.loc[facts.index]
    columns: dict[str, Any] = {"lead_id": facts.index.to_numpy(), "client_id": client_id, "run_id": runs}
    columns |= {name: facts[name] for name in ("batch_id", "outcome", "exported", "day")}
    if lasting["foretold_by"].notna().any():
        columns |= {name: lasting[name] for name in endings.FORETOLD}
    # a score that misses a whole number by its last digit counts as that number, as it does for tiers
    columns["band"] = np.floor(frame["score"].to_numpy(dtype=float) + LAST_DIGIT).astype(np.int64)
    written = insert_rows(session, "scores", columns | {name: frame[name] for name in names})
    ended = facts.index[facts["outcome"] != str(OutcomeStage.NEW)].to_numpy()
    endings.refresh(session, client_id, None if len(ended) > endings.MANY else ended)
    return written


def withdraw(session: Session, client_id: int, lead_ids: np.ndarray) -> None:
    """Take the scores of leads out of force; they stay in the history."""
    _move_to_history(session, client_id, lead_ids)


def set_reachable(session: Session, client_id: int, lead_ids: np.ndarray, *, reachable: bool) -> None:
    """Say whether leads may be handed to sales, until the next scoring looks again."""
    for portion in in_portions(lead_ids):
        session.execute(text("UPDATE scores SET reachable = :reachable WHERE client_id = :client AND "
                             f"{member_of(session, 'lead_id', 'ids')}"),
                        {"reachable": reachable, "client": client_id, "ids": members(session, portion)})


def runs_of(session: Session, client_id: int, lead_id: int) -> list[int]:
    """List the scorings a lead took part in, oldest first."""
    (found,) = fetch_columns(session, "SELECT run_id FROM score_history WHERE client_id = :client AND lead_id = :lead "
                             "UNION SELECT run_id FROM scores WHERE client_id = :client AND lead_id = :lead ORDER BY 1",
                             {"client": client_id, "lead": lead_id})
    return [int(run_id) for run_id in found]


def set_final(session: Session, client_id: int, lead_id: int, *, score: float, tier: str) -> None:
    """Change what lists use of one lead, after a person's override.

    Raises
    ------
    NotFound
        The client has no such scored lead.
    """
    changed = session.execute(text("UPDATE scores SET score = :score, band = :band, tier = :tier WHERE "
                                   "lead_id = :lead AND client_id = :client"),
                              {"score": score, "band": int(score + LAST_DIGIT), "tier": tier, "lead": lead_id,
                               "client": client_id})
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise NotFound("unknown_lead", f"Lead {lead_id} has no score.", "Score the leads first.")


def blended(session: Session, client_id: int) -> pd.Series:
    """Give what rules and model say of every scored lead: index ``lead_id``, values in [0, 100]."""
    ids, values = fetch_columns(session, "SELECT lead_id, blended FROM scores WHERE client_id = :client ORDER BY "
                                "lead_id", {"client": client_id})
    return pd.Series(np.array(values, dtype=float), name="blended",
                     index=pd.Index(np.array(ids, dtype=np.int64), name="lead_id"))


def rank_of(session: Session, client_id: int, lead_id: int, score: float) -> tuple[int, int]:
    """Say how many scored leads would stand before this one with such a score, and how many there are in all."""
    before, all_of_them = session.execute(
        text("SELECT sum(CASE WHEN lead_id <> :lead AND (blended > :score OR (blended = :score AND lead_id < :lead)) "
             "THEN 1 ELSE 0 END), count(*) FROM scores WHERE client_id = :client"),
        {"client": client_id, "lead": lead_id, "score": score}).one()
    return int(before or 0), int(all_of_them)


def set_tiers(session: Session, client_id: int, tiers: pd.Series) -> None:
    """Put other tiers in force; everything else about the scores stays."""
    for tier in Tier:
        for portion in in_portions(tiers.index[tiers == str(tier)].to_numpy(dtype=np.int64)):
            session.execute(text("UPDATE scores SET tier = :tier WHERE client_id = :client AND tier <> :tier AND "
                                 f"{member_of(session, 'lead_id', 'ids')}"),
                            {"tier": str(tier), "client": client_id, "ids": members(session, portion)})


def _facts(session: Session, client_id: int, lead_ids: np.ndarray) -> pd.DataFrame:
    """Give what the lead rows know: index ``lead_id`` in the order given, only leads of this client."""
    statement = ("SELECT id, batch_id, outcome, exported_at IS NOT NULL, "
                 # nobody comes in after having been stored, whatever a file says
                 "substr(CASE WHEN created_at < stored_at THEN created_at ELSE stored_at END, 1, 10) FROM leads WHERE "
                 "client_id = :client")
    if len(lead_ids) > _lead_count(session, client_id) // 4:
        found = fetch_columns(session, statement, {"client": client_id})
    else:
        found = fetch_for(session, statement, "id", lead_ids, {"client": client_id})
    ids, batch_ids, outcomes, exported, days = found
    frame = pd.DataFrame({"batch_id": np.array(batch_ids, dtype=np.int64), "outcome": pd.array(outcomes, dtype="str"),
                          "exported": np.array(exported, dtype=bool), "day": pd.array(days, dtype="str")},
                         index=np.array(ids, dtype=np.int64))
    return frame.reindex(lead_ids[np.isin(lead_ids, frame.index.to_numpy())])


def _lead_count(session: Session, client_id: int) -> int:
    return int(session.execute(text("SELECT count(*) FROM leads WHERE client_id = :client"),
                               {"client": client_id}).scalar_one())


def _move_to_history(session: Session, client_id: int, lead_ids: np.ndarray) -> None:
    statement = text("SELECT 1 FROM scores WHERE client_id = :client LIMIT 1")
    if session.execute(statement, {"client": client_id}).first() is None:
        return
    names = ", ".join(("lead_id", "run_id", "client_id", *HISTORY_COLUMNS, "seal"))
    for portion in in_portions(lead_ids):
        parameters = {"client": client_id, "ids": members(session, portion)}
        where = f"WHERE client_id = :client AND {member_of(session, 'lead_id', 'ids')}"
        session.execute(text(f"INSERT INTO score_history ({names}) SELECT {names} FROM scores {where}"), parameters)
        session.execute(text(f"DELETE FROM scores {where}"), parameters)


# --- lists ---------------------------------------------------------------------------------------------------


def page(session: Session, client_id: int, chosen: ListFilter = EVERYTHING, *, order: str = "score", offset: int = 0,
         limit: int = 100) -> pd.DataFrame:
    """Give a part of the ranked list.

    Parameters
    ----------
    order : {"score", "company"}
        Best first, equals in the order they were stored; or the leads of one company together, best company first.

    Returns
    -------
    DataFrame
        Index ``lead_id``; columns ``PAGE_COLUMNS`` without it.
    """
    where, parameters = where_of(session, client_id, chosen)
    columns = fetch_columns(session, _ranked(where, order, PAGE_COLUMNS),
                            parameters | {"limit": max(limit, 0), "offset": max(offset, 0)})
    return _score_frame(dict(zip(PAGE_COLUMNS, columns, strict=True)))


def top(session: Session, client_id: int, count_: int, chosen: ListFilter = EVERYTHING) -> pd.Series:
    """Give the best leads: index ``lead_id``, values their scores, best first."""
    where, parameters = where_of(session, client_id, chosen)
    ids, scores = fetch_columns(session, _ranked(where, "score", ("lead_id", "score")),
                                parameters | {"limit": max(count_, 0), "offset": 0})
    return pd.Series(np.array(scores, dtype=float), index=pd.Index(np.array(ids, dtype=np.int64), name="lead_id"),
                     name="score")


def best_fifth(session: Session, client_id: int) -> np.ndarray:
    """List the best 20 % of the scored leads, best first."""
    return top(session, client_id, int(np.ceil(BEST_SHARE * count(session, client_id)))).index.to_numpy()


def count(session: Session, client_id: int, chosen: ListFilter = EVERYTHING) -> int:
    """Count the leads a filter leaves."""
    where, parameters = where_of(session, client_id, chosen)
    return int(session.execute(text(f"SELECT count(*) FROM scores s WHERE {where}"), parameters).scalar_one())


def special_counts(session: Session, client_id: int, chosen: ListFilter, wanted: int) -> SpecialCounts:
    """Count who stands out among the best ``wanted`` leads of a filter."""
    where, parameters = where_of(session, client_id, chosen)
    best = _ranked(where, "score", ("reachable", "exported"))
    unreachable, exported = session.execute(
        text(f"SELECT sum(CASE WHEN reachable THEN 0 ELSE 1 END), sum(CASE WHEN exported THEN 1 ELSE 0 END) "
             f"FROM ({best}) best"), parameters | {"limit": max(wanted, 0), "offset": 0}).one()
    return SpecialCounts(int(unreachable or 0), int(exported or 0))


def distinct(session: Session, client_id: int, name: str) -> list[str]:
    """List the values a list can be filtered by, at most 500."""
    if name not in DISTINCT:
        raise InvalidRequest("unknown_field", f"Lists have no choices for '{name}'.", f"Use {', '.join(DISTINCT)}.")
    value = DISTINCT[name]
    # from one value to the next, so that the index is touched once for each instead of once for each lead
    following = f"SELECT {value} FROM scores WHERE client_id = :client AND {value} > {{}} ORDER BY {value} LIMIT 1"
    (found,) = fetch_columns(
        session, f"WITH RECURSIVE found(value) AS (SELECT ({following.format(chr(39) * 2)}) UNION ALL SELECT "
        f"({following.format('found.value')}) FROM found WHERE found.value IS NOT NULL) SELECT value FROM found WHERE "
        f"value IS NOT NULL LIMIT {MOST_CHOICES}", {"client": client_id})
    return [str(choice) for choice in found]


def of_leads(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray) -> pd.DataFrame:
    """Give the scores in force of these leads, in their order; unscored ones are left out."""
    wanted = np.asarray(lead_ids, dtype=np.int64)
    columns = fetch_for(session, f"SELECT {', '.join(PAGE_COLUMNS)} FROM scores WHERE +client_id = :client", "lead_id",
                        wanted, {"client": client_id})
    frame = _score_frame(dict(zip(PAGE_COLUMNS, columns, strict=True)))
    return frame.reindex(wanted[np.isin(wanted, frame.index.to_numpy())])


# --- runs and history ------------------------------------------------------------------------------------------


def latest_run(session: Session, client_id: int) -> ScoreRun | None:
    """Find the newest scoring of a client."""
    return session.exec(select(ScoreRun).where(ScoreRun.client_id == client_id)
                        .order_by(col(ScoreRun.id).desc()).limit(1)).one_or_none()


def run(session: Session, client_id: int, run_id: int) -> ScoreRun:
    """Find a scoring of this client or refuse.

    Raises
    ------
    NotFound
        The client has no such scoring.
    """
    row = session.exec(select(ScoreRun).where(ScoreRun.id == run_id, ScoreRun.client_id == client_id)).one_or_none()
    if row is None:
        raise NotFound("unknown_run", f"There is no scoring {run_id}.", "Score the leads again.")
    return row


def history(session: Session, client_id: int, lead_id: int) -> pd.DataFrame:
    """Give every score a lead has had, oldest first, the one in force last.

    Returns
    -------
    DataFrame
        Columns ``scored_at``, ``score``, ``rule_score``, ``probability``, ``blended``, ``tier``, ``model_version``,
        ``policy_version``, ``as_of``, ``run_id``.
    """
    names = ", ".join(f"h.{name}" for name in HISTORY_COLUMNS)
    chosen = "WHERE h.client_id = :client AND h.lead_id = :lead"
    parts = " UNION ALL ".join(f"SELECT h.run_id, {names} FROM {table} h {chosen}"
                               for table in ("score_history", "scores"))
    columns = fetch_columns(session, f"SELECT r.created_at, r.as_of, r.model_version, r.policy_version, r.id, {names} "
                            f"FROM ({parts}) h JOIN score_runs r ON r.id = h.run_id ORDER BY r.id",
                            {"client": client_id, "lead": lead_id})
    raw = dict(zip(("scored_at", "as_of", "model_version", "policy_version", "run_id", *HISTORY_COLUMNS), columns,
                   strict=True))
    numbers = {name: np.array(raw[name], dtype=float) for name in ("score", "rule_score", "probability", "blended")}
    return pd.DataFrame({"scored_at": pd.to_datetime(raw["scored_at"], utc=True, format="ISO8601")} | numbers | {
        "tier": pd.array(raw["tier"], dtype="str"), "model_version": pd.array(raw["model_version"], dtype="Int64"),
        "policy_version": pd.array(raw["policy_version"], dtype="Int64"),
        "as_of": pd.to_datetime(raw["as_of"], utc=True, format="ISO8601"),
        "run_id": np.array(raw["run_id"], dtype=np.int64)})


def of_run(session: Session, client_id: int, run_id: int, *, lead_ids: Sequence[int] | np.ndarray | None = None,
           limit: int = 1_000) -> pd.DataFrame:
    """Give scores of one scoring, in force or in the history.

    Returns
    -------
    DataFrame
        Index ``lead_id``; columns ``rule_score``, ``probability``, ``blended``, ``seal`` (bytes, or None).
    """
    parts = []
    for table in ("scores", "score_history"):
        statement = (f"SELECT lead_id, {', '.join(REPLAYED)}, seal FROM {table} WHERE +client_id = :client AND "
                     "run_id = :run")
        parameters: dict[str, Any] = {"client": client_id, "run": run_id}
        columns = fetch_columns(session, f"{statement} ORDER BY lead_id LIMIT :limit", parameters | {"limit": limit}) \
            if lead_ids is None else fetch_for(session, statement, "lead_id", lead_ids, parameters)
        raw = dict(zip(("lead_id", *REPLAYED, "seal"), columns, strict=True))
        parts.append(pd.DataFrame({name: np.array(raw[name], dtype=float) for name in REPLAYED}
                                  | {"seal": pd.Series(raw["seal"], dtype=object).to_numpy()},
                                  index=pd.Index(np.array(raw["lead_id"], dtype=np.int64), name="lead_id")))
    return pd.concat(parts).head(limit)


def runs_of_lead(session: Session, client_id: int, lead_id: int) -> list[int]:
    """List the scorings that gave this lead a score, oldest first."""
    (runs,) = fetch_columns(session, "SELECT run_id FROM score_history WHERE client_id = :client AND lead_id = :lead "
                            "UNION SELECT run_id FROM scores WHERE client_id = :client AND lead_id = :lead ORDER BY 1",
                            {"client": client_id, "lead": lead_id})
    return [int(run_id) for run_id in runs]


def scored_by(session: Session, client_id: int, model_version: int, limit: int) -> pd.DataFrame:
    """Give scores that a model version made and that are in force or in the history, newest runs first.

    Returns
    -------
    DataFrame
        Index ``lead_id``, each lead once; columns ``run_id``, ``rule_score``, ``probability``, ``blended`` and
        ``changed``: whether the lead's values were changed after that scoring.
    """
    runs = session.exec(select(ScoreRun).where(ScoreRun.client_id == client_id, ScoreRun.model_version == model_version)
                        .order_by(col(ScoreRun.id).desc()).limit(RUNS_LOOKED_AT)).all()
    found = _no_scores()
    for row in runs:
        for table in ("scores", "score_history"):
            if len(found) < limit and len(part := _scores_of_run(session, row, table, limit)):
                found = pd.concat([found, part]) if len(found) else part
                found = found[~found.index.duplicated()]
    return found.head(limit)


def _no_scores() -> pd.DataFrame:
    columns: dict[str, Any] = {"run_id": np.zeros(0, dtype=np.int64), "changed": np.zeros(0, dtype=bool)}
    return pd.DataFrame(columns | {name: np.zeros(0) for name in REPLAYED}, index=pd.Index([], dtype=np.int64))


def _scores_of_run(session: Session, run_row: ScoreRun, table: str, limit: int) -> pd.DataFrame:
    names = ", ".join(REPLAYED)
    # the sign keeps the planner from the index by score: in the order of the key the first portion is found at once
    columns = fetch_columns(
        session, f"SELECT s.lead_id, {names}, CASE WHEN l.changed_at > :made THEN 1 ELSE 0 END FROM (SELECT lead_id, "
        f"{names} FROM {table} WHERE +client_id = :client AND run_id = :run ORDER BY lead_id LIMIT :limit) s "
        "JOIN leads l ON l.id = s.lead_id ORDER BY s.lead_id",
        {"client": run_row.client_id, "run": run_row.id, "made": to_text(run_row.created_at), "limit": limit})
    raw = dict(zip(("lead_id", *REPLAYED, "changed"), columns, strict=True))
    index = pd.Index(np.array(raw["lead_id"], dtype=np.int64), name="lead_id")
    return pd.DataFrame({"run_id": np.full(len(index), run_row.id, dtype=np.int64)}
                        | {name: np.array(raw[name], dtype=float) for name in REPLAYED}
                        | {"changed": np.array(raw["changed"], dtype=bool)}, index=index)


def made_by_others(session: Session, client_id: int, model_version: int | None) -> int:
    """Count the scores in force that another model version made, or none where ``model_version`` is one."""
    found = session.execute(
        text("SELECT count(*) FROM scores s JOIN score_runs r ON r.id = s.run_id WHERE s.client_id = :client AND "
             "coalesce(r.model_version, 0) <> :model"), {"client": client_id, "model": model_version or 0})
    return int(found.scalar_one())


def _ranked(where: str, order: str, names: Sequence[str]) -> str:
    listed = ", ".join(f"s.{name}" for name in names)
    if order == "score":
        return (f"SELECT {listed} FROM scores s WHERE {where} ORDER BY s.score DESC, s.lead_id "
                f"LIMIT :limit OFFSET :offset")
    if order != "company":
        raise InvalidRequest("unknown_order", f"Lists cannot be ordered by '{order}'.", "Use score or company.")
    key = "coalesce(c.company_key, CAST(s.lead_id AS TEXT))"
    return (f"SELECT {listed} FROM (SELECT s.*, {key} AS company, max(s.score) OVER (PARTITION BY {key}) AS best "
            f"FROM scores s JOIN leads c ON c.id = s.lead_id WHERE {where}) s "
            f"ORDER BY s.best DESC, s.company, s.score DESC, s.lead_id LIMIT :limit OFFSET :offset")


def _score_frame(raw: dict[str, list[Any]]) -> pd.DataFrame:
    index = pd.Index(np.array(raw["lead_id"], dtype=np.int64), name="lead_id")
    columns: dict[str, Any] = {name: np.array(raw[name], dtype=np.int64) for name in ("run_id", "batch_id")}
    columns |= {name: np.array(raw[name], dtype=float) for name in NUMBERS}
    columns |= {name: np.array(raw[name], dtype=bool) for name in ("qualified", "reachable", "exported")}
    columns |= {name: pd.array(raw[name], dtype="str") for name in ("tier", "outcome", *MIRRORED)}
    return pd.DataFrame({name: columns[name] for name in PAGE_COLUMNS[1:]}, index=index)

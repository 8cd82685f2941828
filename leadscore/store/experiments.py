"""Experiments of a client, the leads that take part, and the counts of what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from leadscore.errors import InvalidRequest, NotFound
from leadscore.schema import CLOSED_STAGES, OutcomeStage
from leadscore.store.bulk import fetch_columns, insert_rows
from leadscore.store.tables import Experiment

RUNNING, ENDED = "running", "ended"
LONGEST_NAME = 120
ASSIGNED = ("lead_id", "arm", "champion_probability", "challenger_probability", "score")
COUNTED = ("arm", "champion_top", "challenger_top", "assigned_day", "converted_day", "leads")

_CLOSED = ", ".join(f"'{stage}'" for stage in sorted(CLOSED_STAGES))
_CONVERTED = f"l.outcome = '{OutcomeStage.CONVERTED}'"
_OUTCOME_DAY = "substr(coalesce(l.outcome_at, l.changed_at), 1, 10)"
_TAKING_PART = (
    "FROM experiment_leads e JOIN leads l ON l.id = e.lead_id AND l.client_id = e.client_id "
    "WHERE e.client_id = :client AND e.experiment_id = :experiment "
    # told late, but decided before the lead was put into its arm: no model of ours had a hand in it
    f"AND NOT (l.outcome IN ({_CLOSED}) AND coalesce(substr(l.outcome_at, 1, 10), '9') < substr(e.assigned_at, 1, 10))")


@dataclass(frozen=True)
class NewExperiment:
    """What is decided when an experiment begins; rates and shares in [0, 1], ``planned_*`` leads on top."""

    name: str
    mode: str
    champion_version: int
    challenger_version: int
    share: float
    base_rate: float
    effect: float
    alpha: float
    power: float
    planned_champion: int
    planned_challenger: int
    salt: str


def start(session: Session, client_id: int, new: NewExperiment, *, started_by: str, now: datetime) -> Experiment:
    """Begin an experiment.

    Raises
    ------
    InvalidRequest
        Another one is running.
    """
    row = Experiment(client_id=client_id, status=RUNNING, started_by=started_by[:80], started_at=now, **vars(new))
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as problem:
        raise InvalidRequest("experiment_running", "An experiment is running already.",
                             "Stop it first; one at a time keeps its answer clear.") from problem
    return row


def end(session: Session, row: Experiment, *, decision: str, verdict: str, ended_by: str, now: datetime) -> Experiment:
    """End an experiment with what was decided and what its figures said."""
    row.status, row.decision, row.verdict = ENDED, decision[:20], verdict
    row.ended_by, row.ended_at = ended_by[:80], now
    session.add(row)
    session.flush()
    return row


def running(session: Session, client_id: int) -> Experiment | None:
    """Find the experiment that is on."""
    return session.exec(select(Experiment).where(Experiment.client_id == client_id,
                                                 Experiment.status == RUNNING)).one_or_none()


def find(session: Session, client_id: int, experiment_id: int) -> Experiment:
    """Find an experiment of this client or refuse.

    Raises
    ------
    NotFound
        The client has no such experiment.
    """
    row = session.exec(select(Experiment).where(Experiment.client_id == client_id,
                                                Experiment.id == experiment_id)).one_or_none()
    if row is None:
        raise NotFound("unknown_experiment", f"There is no experiment {experiment_id}.",
                       "'experiments status' shows the latest.")
    return row


def list_all(session: Session, client_id: int) -> list[Experiment]:
    """List the experiments, newest first."""
    return list(session.exec(select(Experiment).where(Experiment.client_id == client_id)
                             .order_by(col(Experiment.id).desc())))


def assign(session: Session, client_id: int, experiment_id: int, assigned: pd.DataFrame, *, now: datetime) -> int:
    """Put leads into their arms.

    Parameters
    ----------
    assigned : DataFrame
        Index ``lead_id``; columns ``arm``, ``champion_probability``, ``challenger_probability``, ``score``,
        ``champion_top`` and ``challenger_top``.

    Returns
    -------
    int
        Number of leads.
    """
    names = ("arm", "champion_probability", "challenger_probability", "score", "champion_top", "challenger_top")
    columns: dict[str, Any] = {"lead_id": assigned.index.to_numpy(), "experiment_id": experiment_id,
                               "client_id": client_id, "assigned_at": now}
    return insert_rows(session, "experiment_leads", columns | {name: assigned[name] for name in names})


def assigned(session: Session, client_id: int, experiment_id: int) -> pd.DataFrame:
    """Give who takes part, in the order of their ids.

    Returns
    -------
    DataFrame
        Index ``lead_id``; columns ``arm``, ``champion_probability``, ``challenger_probability`` and ``score``, as they
        were at the assignment.
    """
    columns = fetch_columns(session, f"SELECT {', '.join(ASSIGNED)} FROM experiment_leads WHERE client_id = :client "
                            "AND experiment_id = :experiment ORDER BY lead_id",
                            {"client": client_id, "experiment": experiment_id})
    raw = dict(zip(ASSIGNED, columns, strict=True))
    return pd.DataFrame({"arm": pd.array(raw["arm"], dtype="str")} |
                        {name: np.array(raw[name], dtype=float) for name in ASSIGNED[2:]},
                        index=pd.Index(np.array(raw["lead_id"], dtype=np.int64), name="lead_id"))


def day_counts(session: Session, client_id: int, experiment_id: int) -> pd.DataFrame:
    """Count the leads taking part by arm, place and days.

    Returns
    -------
    DataFrame
        Columns ``arm``, ``champion_top``, ``challenger_top`` (bool), ``assigned_day``, ``converted_day`` (ISO dates;
        missing while a lead has not converted) and ``leads``.
    """
    groups = (f"e.arm, coalesce(e.champion_top, :no), coalesce(e.challenger_top, :no), substr(e.assigned_at, 1, 10), "
              f"CASE WHEN {_CONVERTED} THEN {_OUTCOME_DAY} END")
    columns = fetch_columns(session, f"SELECT {groups}, count(*) {_TAKING_PART} GROUP BY 1, 2, 3, 4, 5",
                            {"client": client_id, "experiment": experiment_id, "no": False})
    raw: dict[str, list[Any]] = dict(zip(COUNTED, columns, strict=True))
    return pd.DataFrame({
        "arm": pd.array(raw["arm"], dtype="str"), "champion_top": np.array(raw["champion_top"], dtype=bool),
        "challenger_top": np.array(raw["challenger_top"], dtype=bool),
        "assigned_day": pd.array(raw["assigned_day"], dtype="str"),
        "converted_day": pd.array(raw["converted_day"], dtype="str"), "leads": np.array(raw["leads"], dtype=np.int64)})


def probabilities(session: Session, client_id: int, experiment_id: int) -> pd.DataFrame:
    """Give what both models of a shadow experiment said of each lead, and whether it has converted.

    Returns
    -------
    DataFrame
        Columns ``champion``, ``challenger`` (probabilities), ``converted`` (bool) and ``converted_day``; in the
        order of the leads' ids.
    """
    champion, challenger, converted, days = fetch_columns(
        session, f"SELECT e.champion_probability, e.challenger_probability, {_CONVERTED}, {_OUTCOME_DAY} "
                 f"{_TAKING_PART} AND e.champion_probability IS NOT NULL AND e.challenger_probability IS NOT NULL "
                 "ORDER BY e.lead_id", {"client": client_id, "experiment": experiment_id})
    return pd.DataFrame({"champion": np.array(champion, dtype=float), "challenger": np.array(challenger, dtype=float),
                         "converted": np.array(converted, dtype=bool), "converted_day": pd.array(days, dtype="str")})


@dataclass(frozen=True)
class Inflow:
    """What a client's leads say about a coming experiment."""

    leads: int
    converted: int
    open: int
    recent: int


def inflow(session: Session, client_id: int, *, since: str) -> Inflow:
    """Count leads in all, converted ones, open ones, and those that came in since a day (ISO date)."""
    (leads,), (converted,), (undecided,), (recent,) = fetch_columns(
        session, f"SELECT count(*), coalesce(sum(CASE WHEN outcome = '{OutcomeStage.CONVERTED}' THEN 1 ELSE 0 END), 0),"
                 f" coalesce(sum(CASE WHEN outcome IN ({_CLOSED}) THEN 0 ELSE 1 END), 0), "
                 "coalesce(sum(CASE WHEN coalesce(created_at, stored_at) >= :since THEN 1 ELSE 0 END), 0) "
                 "FROM leads WHERE client_id = :client", {"client": client_id, "since": since})
    return Inflow(int(leads), int(converted), int(undecided), int(recent))

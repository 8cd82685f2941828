"""Checks for drift as they were made, and what one is made of: newer leads, ends nobody had learnt, work by score."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session, col, select

from leadscore.schema import OutcomeStage
from leadscore.store.bulk import fetch_columns
from leadscore.store.database import whole
from leadscore.store.endings import CLOSED, ForetoldBy
from leadscore.store.tables import Batch, DriftCheck, to_text

BAND = 20
HONEST = (ForetoldBy.BEFORE, ForetoldBy.LATER)
"""Foretold by a score of leads whose end its model could not know; those held out at a training are its promise."""


def add(session: Session, client_id: int, *, model_version: int, verdict: str, findings: Mapping[str, Any],
        started_by: str, now: datetime) -> DriftCheck:
    """Keep a check."""
    row = DriftCheck(client_id=client_id, model_version=model_version, verdict=verdict, findings=dict(findings),
                     started_by=started_by[:80], at=now)
    session.add(row)
    session.flush()
    return row


def latest(session: Session, client_id: int, model_version: int | None = None) -> DriftCheck | None:
    """Find the newest check of a client, or of one of its model versions."""
    statement = select(DriftCheck).where(DriftCheck.client_id == client_id)
    if model_version is not None:
        statement = statement.where(DriftCheck.model_version == model_version)
    return session.exec(statement.order_by(col(DriftCheck.id).desc()).limit(1)).one_or_none()


def history(session: Session, client_id: int, limit: int) -> list[DriftCheck]:
    """List the newest checks, the oldest of these first."""
    found = session.exec(select(DriftCheck).where(DriftCheck.client_id == client_id)
                         .order_by(col(DriftCheck.id).desc()).limit(limit))
    return list(found)[::-1]


def last_import(session: Session, client_id: int) -> int | None:
    """Give the number of the newest import that stands."""
    return session.exec(select(Batch.id).where(Batch.client_id == client_id, col(Batch.undone_at).is_(None),
                                               Batch.rows_stored > 0).order_by(col(Batch.id).desc()).limit(1)).first()


def newer(session: Session, client_id: int, *, since: datetime | None, besides: str = "",
          batch_id: int | None = None) -> np.ndarray:
    """List the leads stored after a moment, without those of a file and those who object to profiling.

    Parameters
    ----------
    besides : str
        SHA-256 of a file whose leads are left out.
    batch_id : int, optional
        Only the leads this import stored.
    """
    conditions = ["l.client_id = :client", "l.restricted_at IS NULL"]
    parameters = {"client": client_id, "since": to_text(since) if since else "", "file": besides, "batch": batch_id}
    if since is not None:
        conditions.append("l.stored_at > :since")
    if besides:
        conditions.append("l.batch_id NOT IN (SELECT b.id FROM batches b WHERE b.client_id = :client AND b.sha256 = "
                          ":file)")
    if batch_id is not None:
        conditions.append("l.batch_id = :batch")
    (found,) = fetch_columns(session, f"SELECT l.id FROM leads l WHERE {' AND '.join(conditions)} ORDER BY l.id",
                             parameters)
    return np.array(found, dtype=np.int64)


def known_before(session: Session, client_id: int, moment: datetime) -> np.ndarray:
    """List the leads that were stored at a moment and still are."""
    (found,) = fetch_columns(session, "SELECT id FROM leads WHERE client_id = :client AND stored_at <= :moment AND "
                             "restricted_at IS NULL ORDER BY id", {"client": client_id, "moment": to_text(moment)})
    return np.array(found, dtype=np.int64)


def foretold(session: Session, client_id: int, *, until: str) -> pd.DataFrame:
    """Give what was honestly foretold of leads whose end is known.

    Parameters
    ----------
    until : str
        Last day (as 2026-01-31) on which they came in.

    Returns
    -------
    DataFrame
        Index ``lead_id``; columns ``chance``, ``converted`` (0 or 1) and ``stored_at``.
    """
    honest = ", ".join(f"'{by}'" for by in HONEST)
    ids, chances, outcomes, stored = fetch_columns(
        session, "SELECT s.lead_id, s.foretold_chance, s.outcome, l.stored_at FROM scores s JOIN leads l ON l.id = "
        f"s.lead_id WHERE s.client_id = :client AND s.outcome <> 'new' AND s.outcome IN ({CLOSED}) AND "
        f"s.foretold_by IN ({honest}) AND s.foretold_chance IS NOT NULL AND "
        "coalesce(s.day, substr(l.stored_at, 1, 10)) <= :until ORDER BY s.lead_id", {"client": client_id,
                                                                                    "until": until})
    won = np.array([outcome == OutcomeStage.CONVERTED for outcome in outcomes], dtype=float)
    return pd.DataFrame({"chance": np.array(chances, dtype=float), "converted": won,
                         "stored_at": pd.array(stored, dtype="str")},
                        index=pd.Index(np.array(ids, dtype=np.int64), name="lead_id"))


def worked_by_score(session: Session, client_id: int, *, first: str, last: str) -> pd.DataFrame:
    """Count leads that came in between two days by their score.

    Returns
    -------
    DataFrame
        Columns ``low`` and ``high`` (points), ``leads``, ``worked`` (no longer new) and ``ended``; one row for each
        fifth with leads.
    """
    place = whole(session, f"s.score / {BAND}")
    bands, leads, worked, ended = fetch_columns(
        session, f"SELECT {place}, count(*), sum(CASE WHEN s.outcome <> 'new' THEN 1 ELSE 0 END), "
        f"sum(CASE WHEN s.outcome IN ({CLOSED}) THEN 1 ELSE 0 END) FROM scores s WHERE s.client_id = :client AND "
        "s.day BETWEEN :first AND :last GROUP BY 1 ORDER BY 1", {"client": client_id, "first": first, "last": last})
    frame = pd.DataFrame({"place": np.minimum(np.array(bands, dtype=np.int64), 100 // BAND - 1),
                          "leads": np.array(leads, dtype=np.int64), "worked": np.array(worked, dtype=np.int64),
                          "ended": np.array(ended, dtype=np.int64)}).groupby("place").sum()
    return frame.assign(low=frame.index * BAND, high=(frame.index + 1) * BAND)[
        ["low", "high", "leads", "worked", "ended"]].reset_index(drop=True)


def last_import_at(session: Session, client_id: int) -> datetime | None:
    """Say when leads were imported last."""
    return session.exec(select(Batch.created_at).where(Batch.client_id == client_id)
                        .order_by(col(Batch.id).desc()).limit(1)).first()

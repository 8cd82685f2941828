"""Where a model version is and was used: the scorings it made, and who put it to use."""

from __future__ import annotations

import pandas as pd
from sqlmodel import Session

from leadscore.store.bulk import fetch_columns

USES = ("model_deployed", "model_rolled_back")


def scorings(session: Session, client_id: int, model_version: int) -> pd.DataFrame:
    """List the policies a version has scored with: ``policy_version``, ``runs``, ``leads``, ``first`` and ``last``."""
    names = ("policy_version", "runs", "leads", "first", "last")
    columns = fetch_columns(
        session, "SELECT policy_version, count(*), sum(rows), min(created_at), max(created_at) FROM score_runs "
        "WHERE client_id = :client AND model_version = :model GROUP BY policy_version ORDER BY policy_version",
        {"client": client_id, "model": model_version})
    return pd.DataFrame({name: list(column) for name, column in zip(names, columns, strict=True)})


def put_to_use(session: Session, client_id: int, model_version: int) -> pd.DataFrame:
    """List when a version became the champion and by whom: ``at``, ``actor`` and ``action``, oldest first."""
    names = ("at", "actor", "action")
    columns = fetch_columns(
        session, "SELECT at, actor, action FROM audit_events WHERE client_id = :client AND object = :object AND "
        f"action IN ({', '.join(repr(use) for use in USES)}) ORDER BY seq",
        {"client": client_id, "object": f"model:{model_version}"})
    return pd.DataFrame({name: list(column) for name, column in zip(names, columns, strict=True)})

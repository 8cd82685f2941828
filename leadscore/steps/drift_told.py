"""What the last check for drift of a model has found, in a few words for other places than its own page."""

from __future__ import annotations

from sqlmodel import Session

from leadscore.monitoring.drift_verdict import Verdict
from leadscore.store import drift as rows
from leadscore.store.tables import ModelVersion


def drifted_columns(session: Session, champion: ModelVersion | None) -> tuple[str, ...]:
    """Name the columns in which newer leads differ; empty where the last check of the model raised no alarm."""
    last = rows.latest(session, champion.client_id, champion.id) if champion and champion.id else None
    if last is None or last.verdict != Verdict.ALARM:
        return ()
    return tuple(str(column["label"]) for column in last.findings.get("columns", ()) if column.get("moved"))


def last_check(session: Session, version: ModelVersion) -> str:
    """Say when a version was checked last, and what that came to; empty where it never was."""
    last = rows.latest(session, version.client_id, version.id) if version.id else None
    if last is None:
        return ""
    return f"{last.at:%d %B %Y}: {last.findings.get('sentence', last.verdict)}"

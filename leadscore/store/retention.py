"""What is older than it may be: counted and removed by the same condition, so that a dry run tells what a run does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlmodel import Session

from leadscore.store import erasure
from leadscore.store.bulk import fetch_columns
from leadscore.store.leads import rowcount
from leadscore.store.personal_traces import traces_of
from leadscore.store.tables import to_text
from leadscore.store.vault import Vault

LEADS = "leads"


@dataclass(frozen=True)
class Rule:
    """Something that is kept for a time.

    Parameters
    ----------
    name : str
    label : str
        What is kept, in words.
    days : int or None
        How long, unless a client chooses otherwise; None keeps it.
    table, old : str
        Which rows are too old: a condition on ``:before`` and, for a client's own rules, on ``:client``.
    emptied : str
        The column that is emptied instead of the row being deleted; empty where the row goes.
    least : int
        Fewest days that can be chosen.
    """

    name: str
    label: str
    days: int | None
    table: str
    old: str
    emptied: str = ""
    least: int = 1


OWN = "client_id = :client AND "
NO_SIGN_OF_LIFE = (
    "changed_at < :before AND stored_at < :before AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.client_id = "
    "leads.client_id AND o.lead_id = leads.id AND o.recorded_at >= :before) AND NOT EXISTS (SELECT 1 FROM activities a "
    "WHERE a.client_id = leads.client_id AND a.lead_id = leads.id AND a.at >= :before)")
CLIENT_RULES = (
    Rule(LEADS, "Leads without a sign of life", None, "leads", OWN + NO_SIGN_OF_LIFE, least=30),
    Rule("remarks", "Cells quoted in the remarks on an import", 90, "batches",
         OWN + "created_at < :before AND issue_rows IS NOT NULL", emptied="issue_rows"),
    Rule("jobs", "Work that has ended, with what was asked for", 90, "jobs", OWN + "finished_at < :before"),
    Rule("answers", "Answers of a language server", 365, "language_answers", OWN + "at < :before", least=32),
    Rule("notes", "Notes beside requests that were answered", 1_095, "privacy_requests",
         OWN + "closed_at < :before AND note IS NOT NULL", emptied="note"),
    Rule("log_details", "Personal details in the audit trail", 1_095, "subject_keys",
         # one look at the log for all keys: it has no index by what a record is about
         OWN + "lead_id NOT IN (SELECT CAST(substr(e.object, 6) AS BIGINT) FROM audit_events e WHERE e.client_id = "
               ":client AND e.object LIKE 'lead:%' AND e.detail LIKE '%\"sealed\"%' AND e.at >= :before)"),
)
"""What each client decides for itself."""

HOUSE_RULES = (
    Rule("sessions", "Sessions that have ended", 30, "sessions", "expires_at < :before"),
    Rule("sign_in_attempts", "Attempts to sign in", 90, "sign_in_attempts", "at < :before"),
    Rule("errors", "Faults of the program", 180, "errors", "at < :before"),
    Rule("timings", "How long work took", 90, "timings", "at < :before"),
)
"""What holds for the workbench as a whole. Waiting uploads and kept exports go after a day."""


def count(session: Session, rule: Rule, *, client_id: int | None, before: datetime) -> int:
    """Count what a rule would remove."""
    found = session.execute(text(f"SELECT count(*) FROM {rule.table} WHERE {rule.old}"),
                            _parameters(client_id, before))
    return int(found.scalar_one())


def remove(session: Session, vault: Vault, rule: Rule, *, client_id: int | None, before: datetime) -> int:
    """Remove it; returns how many rows that were."""
    parameters = _parameters(client_id, before)
    if rule.name == LEADS and client_id is not None:
        return _remove_leads(session, vault, client_id, rule, parameters)
    if rule.emptied:
        return rowcount(session, f"UPDATE {rule.table} SET {rule.emptied} = NULL WHERE {rule.old}", parameters)
    return rowcount(session, f"DELETE FROM {rule.table} WHERE {rule.old}", parameters)


def _remove_leads(session: Session, vault: Vault, client_id: int, rule: Rule, parameters: dict[str, Any]) -> int:
    (ids,) = fetch_columns(session, f"SELECT id FROM leads WHERE {rule.old}", parameters)
    gone = np.array(ids, dtype=np.int64)
    if len(gone):
        erasure.erase(session, vault, client_id, gone, traces_of(session, vault, client_id, gone))
    return len(gone)


def _parameters(client_id: int | None, before: datetime) -> dict[str, Any]:
    return {"before": to_text(before)} | ({} if client_id is None else {"client": client_id})

"""Everything that is stored about one person, gathered for that person (GDPR Art. 15), as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import pandas as pd
from sqlmodel import Session

from leadscore.schema import PERSONAL_FIELDS, label_of
from leadscore.steps.consent_history import consent_history
from leadscore.steps.listing import explain
from leadscore.steps.plain import is_missing, plain_rows
from leadscore.steps.recipients import handed_out, looked_at
from leadscore.store import activities as activity_rows
from leadscore.store import batches, lead_reading, privacy_requests
from leadscore.store import outcomes as outcome_rows
from leadscore.store import scores as score_rows
from leadscore.store.bulk import fetch_columns
from leadscore.store.leads import change_place
from leadscore.workbench import Workbench

REASONS_OF_A_SCORE, REASONS_KEPT = 5, 50
"""Reasons given for a score, and scorings back to which they are given."""
WHY = ("Leads are scored to decide in which order they are called. A score is a number from 0 to 100; people set the "
       "rules and the model learns from how earlier leads ended. Reasons are those of the versions that made the "
       "score, for the values stored now.")
OUTCOME_COLUMNS = ("stage", "label", "at", "revenue", "currency", "origin", "recorded_by", "recorded_at")
SCORE_COLUMNS = ("scored_at", "score", "rule_score", "probability", "tier", "model_version", "policy_version", "as_of")


def person_record(session: Session, workbench: Workbench, client_id: int, lead_ids: Sequence[int]) -> dict[str, Any]:
    """Gather what is stored about the person of these leads.

    Returns
    -------
    dict
        ``why``, and under ``leads`` for each lead what is stored, where it comes from, what was made of it and who saw
        it: values that JSON can hold.
    """
    return {"why": WHY, "leads": [_lead(session, workbench, client_id, lead_id) for lead_id in lead_ids]}


def stored_values(session: Session, workbench: Workbench, client_id: int,
                  lead_ids: Sequence[int]) -> tuple[pd.DataFrame, dict[str, str]]:
    """Give the stored values of leads, and what each column is called where they came from."""
    leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=list(lead_ids))
    return leads, {str(name): label_of(str(name)) for name in leads.columns}


def _lead(session: Session, workbench: Workbench, client_id: int, lead_id: int) -> dict[str, Any]:
    row = lead_reading.find_lead(session, client_id, lead_id)
    consents = consent_history(session, workbench.vault, client_id, lead_id)
    told = outcome_rows.of_leads(session, client_id, [lead_id])
    requests = privacy_requests.list_all(session, client_id, lead_id=lead_id)
    return {
        "lead_id": lead_id,
        "stored": _stored(session, workbench, client_id, lead_id),
        "sources": _sources(session, client_id, row),
        "earlier_values": _earlier(session, workbench, client_id, lead_id),
        "consents": plain_rows(consents),
        "objected_since": row.restricted_at,
        "scores": _scores(session, workbench, client_id, lead_id),
        "decided_by_a_person": _decision(row),
        "outcomes": plain_rows(told[list(OUTCOME_COLUMNS)]),
        "activities": plain_rows(activity_rows.of_lead(session, client_id, lead_id)),
        "looked_at_by": [vars(look) for look in looked_at(session, client_id, [lead_id])],
        "handed_out": [vars(file) for file in handed_out(session, client_id, [lead_id])],
        "requests": [{"kind": one.kind, "received_at": one.received_at, "due_at": one.due_at, "state": one.state,
                      "outcome": one.outcome, "note": privacy_requests.note_of(workbench.vault, one)}
                     for one in requests],
    }


def _stored(session: Session, workbench: Workbench, client_id: int, lead_id: int) -> list[dict[str, Any]]:
    leads, labels = stored_values(session, workbench, client_id, [lead_id])
    own = {field.name for field in lead_reading.custom_fields(session, client_id) if field.personal}
    values = {str(name): value for name, value in leads.iloc[0].items() if not is_missing(value)}
    return [{"name": name, "label": labels[name], "value": _plain(value), "personal": name in PERSONAL_FIELDS | own}
            for name, value in values.items()]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (datetime, pd.Timestamp)) else \
        value.item() if hasattr(value, "item") else value


def _sources(session: Session, client_id: int, row: Any) -> list[dict[str, Any]]:
    """List the files that brought or changed a lead; the row in the file is known of the one that brought it."""
    (changed,) = fetch_columns(session, "SELECT DISTINCT batch_id FROM lead_changes WHERE client_id = :client AND "
                               "lead_id = :lead ORDER BY batch_id", {"client": client_id, "lead": row.id})
    found = []
    for batch_id in dict.fromkeys([row.batch_id, *changed]):
        batch = batches.get(session, client_id, int(batch_id))
        found.append({"import": batch.id, "file": batch.filename, "sha256": batch.sha256,
                      "row": row.source_row if batch.id == row.batch_id else None, "imported_by": batch.imported_by,
                      "imported_at": batch.created_at})
    return found


def _earlier(session: Session, workbench: Workbench, client_id: int, lead_id: int) -> list[dict[str, Any]]:
    """List what imports have replaced, newest first."""
    batch_ids, notes = fetch_columns(session, "SELECT batch_id, before FROM lead_changes WHERE client_id = :client AND "
                                     "lead_id = :lead ORDER BY id DESC", {"client": client_id, "lead": lead_id})
    opened = workbench.vault.decrypt_many(notes, [change_place(lead_id, batch_id) for batch_id in batch_ids])
    return [{"import": batch_id, "name": name, "value": value}
            for batch_id, note in zip(batch_ids, opened, strict=True)
            for part in orjson.loads(note or b"{}").get("before", {}).values() for name, value in part.items()
            if not name.endswith("_index")]


def _scores(session: Session, workbench: Workbench, client_id: int, lead_id: int) -> list[dict[str, Any]]:
    """List every score, newest first, with the reasons of the newer ones."""
    history = score_rows.history(session, client_id, lead_id)
    runs = score_rows.runs_of(session, client_id, lead_id)
    reasons = _reasons(session, workbench, client_id, lead_id, history, runs)
    rows = plain_rows(history[list(SCORE_COLUMNS)])
    return [score | {"reasons": reasons.get(run_id, [])} for score, run_id in zip(rows, runs, strict=True)][::-1]


def _reasons(session: Session, workbench: Workbench, client_id: int, lead_id: int, history: pd.DataFrame,
             runs: Sequence[int]) -> Mapping[int, list[str]]:
    leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=[lead_id], keep_empty=True)
    found = {}
    for run_id, tier in list(zip(runs, history["tier"], strict=True))[-REASONS_KEPT:]:
        ranked = pd.DataFrame({"run_id": [run_id], "tier": [tier]}, index=leads.index)
        told = explain(session, workbench, client_id, leads, ranked, reasons=REASONS_OF_A_SCORE, personal=True)
        found[run_id] = [str(text) for text in told.reasons.iloc[0] if not is_missing(text) and text]
    return found


def _decision(row: Any) -> dict[str, Any] | None:
    if row.override_by is None:
        return None
    return {"score": row.override_score, "tier": row.override_tier, "reason": row.override_reason,
            "by": row.override_by, "at": row.override_at}



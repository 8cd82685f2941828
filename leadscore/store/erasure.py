"""A person goes: every row about their leads, and what tells of them in rows that stay.

:data:`STAYS` says of every other table why it holds nothing of a lead's person; a test refuses a table that is
neither emptied, nor rewritten, nor named there.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlmodel import Session, SQLModel, col, select

from leadscore.store import batches, faults, held_out, privacy_requests, restriction, segments, vectors
from leadscore.store.bulk import fetch_for, in_portions, member_of, members
from leadscore.store.database import is_sqlite
from leadscore.store.leads import rowcount
from leadscore.store.personal_traces import ERASED, Traces
from leadscore.store.tables import Batch, DriftCheck, Job, ModelVersion, PrivacyRequest
from leadscore.store.vault import Vault

REWRITTEN = {
    "batches": "the cells that a list of remarks quotes, and the name of the file",
    "drift_checks": "values that a finding quotes",
    "errors": "words of a fault that quote the person",
    "held_out": "the person's row in every kept frame",
    "jobs": "what was searched for, and what a message quotes",
    "model_versions": "values that a report quotes",
    "privacy_requests": "the link to the lead, the note, and an outcome that quotes the person",
    "segments": "what was searched for",
}
"""Tables whose rows stay, and what is taken out of them."""

STAYS = {
    "alerts": "sentences of the workbench, without personal data of leads",
    "approvals": "what a second person says about a model",
    "audit_events": "numbers of leads; personal details need the key of the lead, which is deleted",
    "clients": "the account and its settings",
    "compliance_reports": "which reports were made",
    "counters": "next numbers",
    "experiments": "counts",
    "facts": "what the store knows about itself",
    "file_shapes": "headers of files",
    "identities": "people who sign in",
    "key_ring": "keys",
    "memberships": "people who sign in",
    "offers": "what is sold",
    "opinions": "people who sign in",
    "policies": "rules about all leads",
    "risks": "sentences about scoring as a whole",
    "score_runs": "versions and dates",
    "sessions": "people who sign in",
    "sign_in_attempts": "people who sign in, hashed",
    "spend": "money",
    "suppressions": "keyed hashes, so that the person is not stored again",
    "timings": "how long work took",
    "users": "people who sign in",
}
"""Tables that hold nothing an erasure must remove, and why."""

UNMEASURED = {"leads": ("personal", "custom"), "lead_changes": ("before",), "held_out": ("body",)}
"""Columns of which PostgreSQL must keep no samples among its statistics: those outlive the rows."""


def lead_tables() -> list[str]:
    """List the tables whose rows go with a lead, the leads themselves last."""
    found = [table.name for table in SQLModel.metadata.sorted_tables
             if {"lead_id", "client_id"} <= set(table.c.keys()) and table.name not in REWRITTEN]
    return [*found, "leads"]


def delete_leads(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray) -> int:
    """Delete leads with every row that is about one of them; returns the number of rows."""
    wanted, removed = np.asarray(lead_ids, dtype=np.int64), 0
    if not len(wanted):
        return 0
    restriction.forget(session, client_id, wanted)
    vectors.note_forgotten(session, client_id)
    for portion in in_portions(wanted):
        parameters = {"client": client_id, "ids": members(session, portion)}
        for table in lead_tables():
            key = "id" if table == "leads" else "lead_id"
            removed += rowcount(session, f"DELETE FROM {table} WHERE client_id = :client AND "
                                         f"{member_of(session, key, 'ids')}", parameters)
    return removed


def erase(session: Session, vault: Vault, client_id: int, lead_ids: Sequence[int] | np.ndarray,
          traces: Traces) -> int:
    """Delete leads, and what tells of their persons in all other rows of the client.

    Returns
    -------
    int
        Rows deleted or rewritten.
    """
    wanted = np.asarray(lead_ids, dtype=np.int64)
    _keep_no_samples(session)
    rewritten = (_clean_batches(session, vault, client_id, wanted, traces)
                 + held_out.forget(session, vault, client_id, wanted)
                 + faults.forget(session, vault, client_id, traces)
                 + segments.forget(session, vault, client_id, traces)
                 + _clean_jobs(session, client_id, traces)
                 + _clean_findings(session, client_id, traces)
                 + _clean_requests(session, vault, client_id, wanted, traces))
    return rewritten + delete_leads(session, client_id, wanted)


def _keep_no_samples(session: Session) -> None:
    if is_sqlite(session):
        return
    for table, columns in UNMEASURED.items():
        session.execute(text(f"ALTER TABLE {table} " + ", ".join(
            f"ALTER COLUMN {column} SET STATISTICS 0" for column in columns)))


def _clean_batches(session: Session, vault: Vault, client_id: int, lead_ids: np.ndarray, traces: Traces) -> int:
    """Take the rows of these leads, and every cell that tells of their persons, out of the lists of remarks."""
    batch_ids, rows = fetch_for(session, "SELECT batch_id, source_row FROM leads WHERE client_id = :client", "id",
                                lead_ids, {"client": client_id})
    theirs = pd.Series(rows, dtype="int64").groupby(pd.Series(batch_ids, dtype="int64")).agg(set).to_dict()
    changed = 0
    for batch in session.exec(select(Batch).where(Batch.client_id == client_id)).all():
        name = ERASED if traces.told_in(batch.filename) else batch.filename
        sealed = _without_remarks(vault, batch, theirs.get(batch.id, set()), traces)
        if name != batch.filename or sealed is not batch.issue_rows:
            batch.filename, batch.issue_rows = name, sealed
            session.add(batch)
            changed += 1
    session.flush()
    return changed


def _without_remarks(vault: Vault, batch: Batch, rows: set[int], traces: Traces) -> bytes | None:
    if batch.issue_rows is None:
        return None
    where = batches.issues_place(int(batch.id or 0))
    remarks = pd.read_csv(io.BytesIO(zlib.decompress(vault.decrypt(batch.issue_rows, where))), dtype=str,
                          keep_default_na=False, encoding="utf-8-sig")
    quoted = remarks["value"].map({value: traces.told_in(value) for value in remarks["value"].unique()})
    gone = remarks["row"].isin({str(row) for row in rows}) | quoted.astype(bool)
    if not gone.any():
        return batch.issue_rows
    kept = remarks[~gone].to_csv(index=False, quoting=1).encode("utf-8-sig")
    return vault.encrypt(zlib.compress(kept), where)


def _clean_jobs(session: Session, client_id: int, traces: Traces) -> int:
    changed = 0
    for job in session.exec(select(Job).where(Job.client_id == client_id)).all():
        said = {"arguments": job.arguments, "result": job.result, "error": job.error, "message": job.message}
        cleaned = {name: traces.without(value) for name, value in said.items()}
        if cleaned != said:
            job.sqlmodel_update(cleaned)
            session.add(job)
            changed += 1
    session.flush()
    return changed


def _clean_findings(session: Session, client_id: int, traces: Traces) -> int:
    changed = 0
    for table, column in ((DriftCheck, "findings"), (ModelVersion, "report")):
        for row in session.exec(select(table).where(col(table.client_id) == client_id)).all():
            said = getattr(row, column)
            cleaned = traces.without(said)
            if cleaned != said:
                setattr(row, column, cleaned)
                session.add(row)
                changed += 1
    session.flush()
    return changed


def _clean_requests(session: Session, vault: Vault, client_id: int, lead_ids: np.ndarray, traces: Traces) -> int:
    """Keep that somebody asked, when and with what outcome, without who it was.

    A request may have been written down before its lead was known: its words are looked at, too.
    """
    leads, changed = set(lead_ids.tolist()), 0
    for row in session.exec(select(PrivacyRequest).where(PrivacyRequest.client_id == client_id)).all():
        theirs = row.lead_id in leads
        outcome = traces.without(row.outcome)
        quoted = row.note is not None and traces.told_in(privacy_requests.note_of(vault, row))
        if theirs or quoted or outcome != row.outcome:
            row.lead_id = None if theirs else row.lead_id
            row.note = None if theirs or quoted else row.note
            row.outcome = outcome
            session.add(row)
            changed += 1
    session.flush()
    return changed

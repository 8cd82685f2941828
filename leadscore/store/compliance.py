"""Compliance reports that were made: what is needed to make each of them again, and the fingerprint of its file."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from leadscore.errors import NotFound
from leadscore.store.tables import ComplianceReport


def add(session: Session, client_id: int, *, kind: str, subject: str | None, starts: str | None, ends: str | None,
        as_of: datetime, audit_seq: int, sha256: str, made_by: str) -> int:
    """Write down a report and give its number."""
    row = ComplianceReport(client_id=client_id, kind=kind, subject=subject, starts=starts, ends=ends, as_of=as_of,
                           audit_seq=audit_seq, sha256=sha256, made_by=made_by[:80], made_at=as_of)
    session.add(row)
    session.flush()
    return row.id or 0


def find(session: Session, client_id: int, report_id: int) -> ComplianceReport:
    """Give a report of a client.

    Raises
    ------
    NotFound
        The client has no such report.
    """
    row = session.exec(select(ComplianceReport).where(ComplianceReport.client_id == client_id,
                                                      ComplianceReport.id == report_id)).one_or_none()
    if row is None:
        raise NotFound("unknown_report", f"There is no report {report_id}.", "The list of reports shows their numbers.")
    return row


def list_all(session: Session, client_id: int, limit: int = 200) -> list[ComplianceReport]:
    """List the reports of a client, the newest first."""
    return list(session.exec(select(ComplianceReport).where(ComplianceReport.client_id == client_id)
                             .order_by(col(ComplianceReport.id).desc()).limit(limit)))

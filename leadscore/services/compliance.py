"""Compliance reports: made, fingerprinted, written down, made again and compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlmodel import Session

from leadscore import __version__
from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest, NotFound
from leadscore.reports.document import Document
from leadscore.steps.branding import brand_of
from leadscore.steps.compliance.asking import ABOUT_A_LEAD as ABOUT_A_LEAD
from leadscore.steps.compliance.asking import ABOUT_A_PERIOD as ABOUT_A_PERIOD
from leadscore.steps.compliance.asking import NAMES_PERSONS, Asked, Compiled, document_of
from leadscore.steps.compliance.asking import WITH_RECORDS as WITH_RECORDS
from leadscore.steps.compliance.asking import Kind as Kind
from leadscore.steps.compliance.asking import Period as Period
from leadscore.steps.compliance.notice import decision_on
from leadscore.steps.compliance.plain_words import PlainWords as PlainWords
from leadscore.steps.compliance.reports import MAKERS, changes_since
from leadscore.steps.exporting import csv_bytes
from leadscore.steps.processing import Processing as Processing
from leadscore.steps.processing import keep_processing, processing_of
from leadscore.steps.report_files import Format as Format
from leadscore.steps.report_files import ReportFile as ReportFile
from leadscore.steps.report_files import report_file, report_name
from leadscore.store import audit, clients, evidence, subject_keys
from leadscore.store import compliance as made_rows
from leadscore.store.database import read, write
from leadscore.store.tables import Client, ComplianceReport
from leadscore.workbench import Workbench

CSV = "csv"


@dataclass(frozen=True)
class Wish:
    """Which report is wanted.

    Parameters
    ----------
    period : Period or None
        Needed by reports about a period.
    lead_id : int or None
        Needed by the notice about one lead.
    """

    kind: Kind
    period: Period | None = None
    lead_id: int | None = None


@dataclass(frozen=True)
class MadeReport:
    """A report that was made; ``sha256`` is that of its HTML, from which PDF and CSV follow."""

    id: int
    kind: Kind
    lead_id: int | None
    period: Period | None
    made_at: datetime
    made_by: str
    audit_seq: int
    sha256: str


@dataclass(frozen=True)
class Again:
    """A report made again: whether it came out the same, and if not, why."""

    same: bool
    sha256: str
    explained: str


def make_report(workbench: Workbench, actor: Actor, *, client: str, wanted: Wish,
                as_a: Format = Format.HTML) -> ReportFile:
    """Make a report, keep what is needed to make it again, and write down who made it.

    The words of a notice about a lead are kept with its record in the log, sealed with that lead's own key.

    Raises
    ------
    InvalidRequest
        A period or a lead is missing, or the lead has no score.
    NotFound
        There is no such client or lead.
    """
    return _make(workbench, actor, client, wanted, as_a)


def report_records(workbench: Workbench, actor: Actor, *, client: str, wanted: Wish) -> ReportFile:
    """Make a report and hand out its records in full as CSV, formulas guarded.

    Raises
    ------
    InvalidRequest
        This report has no records.
    """
    _check(actor, client, wanted)
    if wanted.kind not in WITH_RECORDS:
        raise InvalidRequest("no_records", "This report has no records of its own.", "Take it as HTML or PDF.")
    return _make(workbench, actor, client, wanted, None)


def list_reports(workbench: Workbench, actor: Actor, *, client: str) -> list[MadeReport]:
    """List the reports that were made of a client, the newest first."""
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        return [_made(row) for row in made_rows.list_all(session, clients.id_of(session, client))]


def make_again(workbench: Workbench, actor: Actor, *, client: str, report_id: int) -> Again:
    """Make a report again from the moment and the record it was made at, and compare fingerprints.

    Raises
    ------
    NotFound
        The client has no such report.
    """
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        row = made_rows.find(session, client_id, report_id)
        made = _made(row)
        _check(actor, client, Wish(made.kind))
        asked = Asked(session, workbench, client_id, client, row.as_of, int(row.audit_seq), made.period, made.lead_id)
        since = changes_since(asked)
        try:
            document = document_of(MAKERS[made.kind](asked), asked, _brand(session, client_id, client),
                                   made_by=row.made_by)
        except (NotFound, InvalidRequest) as gone:
            return Again(False, "", f"It cannot be made again: {gone} {_since(since)}")
    sha256 = _fingerprint(document, client)
    if sha256 == row.sha256:
        return Again(True, sha256, "Made again, it is the same, byte for byte.")
    return Again(False, sha256, f"It comes out otherwise than it was. {_since(since)}")


def plain_decision(workbench: Workbench, actor: Actor, *, client: str, lead_id: int) -> PlainWords:
    """Give the decision about a lead in plain words, to be shown beside it.

    Raises
    ------
    NotFound
        The client has no such lead.
    InvalidRequest
        It has not been scored.
    """
    require(actor, Action.VIEW_LEADS, client)
    require(actor, Action.VIEW_PERSONAL_DATA, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        asked = Asked(session, workbench, client_id, client, workbench.clock(), evidence.last_record(session),
                      lead_id=lead_id)
        return decision_on(asked).words


def processing_details(workbench: Workbench, actor: Actor, *, client: str) -> Processing:
    """Give what people have entered about the processing of a client's data."""
    require(actor, Action.VIEW_AUDIT, client)
    with read(workbench.engine) as session:
        return processing_of(clients.find(session, client))


def save_processing_details(workbench: Workbench, actor: Actor, *, client: str,
                            values: Mapping[str, Any]) -> Processing:
    """Change what people have entered about the processing.

    The log tells which entries changed, not their words: they may name people.

    Raises
    ------
    InvalidRequest
        An entry is unknown or too long; nothing has changed.
    """
    require(actor, Action.EDIT_POLICY, client)
    wished = Processing.from_dict(values)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        before = processing_of(session.get_one(Client, client_id)).as_dict()
        changed = [name for name, value in wished.as_dict().items() if before[name] != value]
        if changed:
            keep_processing(session, client_id, wished)
            audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                         action="processing_details_saved", object="processing",
                         detail={"changed": changed})
    return wished


def _make(workbench: Workbench, actor: Actor, client: str, wanted: Wish, as_a: Format | None) -> ReportFile:
    """Make a report and write it down; without a format its records are handed out."""
    _check(actor, client, wanted)
    now = workbench.clock()
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        asked = Asked(session, workbench, client_id, client, now, evidence.last_record(session), wanted.period,
                      wanted.lead_id)
        compiled = MAKERS[wanted.kind](asked)
        document = document_of(compiled, asked, _brand(session, client_id, client), made_by=actor.name)
    sha256 = _fingerprint(document, client)
    file = _records_file(compiled, wanted.kind, client, now.date()) if as_a is None else \
        report_file(document, kind=wanted.kind, client=client, as_a=as_a)
    with write(workbench.engine) as session:
        _write_down(session, workbench, actor, asked, wanted, compiled,
                    {"format": str(as_a or CSV), "sha256": sha256, "file_sha256": file.sha256})
    return file


def _records_file(compiled: Compiled, kind: Kind, client: str, day: date) -> ReportFile:
    content = csv_bytes(pd.DataFrame() if compiled.records is None else compiled.records)
    return ReportFile(report_name(kind, client, day, CSV), content, hashlib.sha256(content).hexdigest())


def _write_down(session: Session, workbench: Workbench, actor: Actor, asked: Asked, wanted: Wish, compiled: Compiled,
                told: Mapping[str, Any]) -> None:
    period = wanted.period
    number = made_rows.add(
        session, asked.client_id, kind=wanted.kind, subject=f"lead:{wanted.lead_id}" if wanted.lead_id else None,
        starts=f"{period.first}" if period else None, ends=f"{period.last}" if period else None, as_of=asked.as_of,
        audit_seq=asked.upto, sha256=str(told["sha256"]), made_by=actor.name)
    detail: dict[str, Any] = {"report": number, "kind": wanted.kind, "program": __version__, **told}
    if period:
        detail |= {"from": f"{period.first}", "to": f"{period.last}"}
    if compiled.text and wanted.lead_id:
        detail["sealed"] = subject_keys.sealed(session, workbench.vault, asked.client_id, wanted.lead_id,
                                               {"text": compiled.text})
    audit.append(session, workbench.vault, at=asked.as_of, client_id=asked.client_id, actor=actor.name,
                 action="compliance_report_made",
                 object=f"lead:{wanted.lead_id}" if wanted.lead_id else f"report:{number}", detail=detail)


def _check(actor: Actor, client: str, wanted: Wish) -> None:
    require(actor, Action.VIEW_AUDIT, client)
    if wanted.kind in NAMES_PERSONS:
        require(actor, Action.VIEW_PERSONAL_DATA, client)


def _brand(session: Session, client_id: int, client: str) -> Any:
    return brand_of(session.get_one(Client, client_id), client)


def _fingerprint(document: Document, client: str) -> str:
    return report_file(document, kind="", client=client, as_a=Format.HTML).sha256


def _since(changes: list[str]) -> str:
    if not changes:
        return (f"Nothing in the audit trail explains it; the program is version {__version__} now, and the record of "
                "the report names the one that made it.")
    return f"Since then: {', '.join(changes)}."


def _made(row: ComplianceReport) -> MadeReport:
    period = Period(date.fromisoformat(row.starts), date.fromisoformat(row.ends)) if row.starts and row.ends else None
    lead = int(row.subject.removeprefix("lead:")) if row.subject else None
    return MadeReport(row.id or 0, Kind(row.kind), lead, period, row.made_at, row.made_by, int(row.audit_seq),
                      row.sha256)

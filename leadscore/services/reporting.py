"""Dated reports under a client's own brand: made, fingerprinted, and written down."""

from __future__ import annotations

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.steps.branding import brand_of
from leadscore.steps.listing import ListView as ListView
from leadscore.steps.performance import report_of
from leadscore.steps.performance_document import performance_document
from leadscore.steps.report_document import About
from leadscore.steps.report_files import Format as Format
from leadscore.steps.report_files import ReportFile as ReportFile
from leadscore.steps.report_files import report_file
from leadscore.steps.report_files import report_name as report_name
from leadscore.steps.value import order_before, value_for
from leadscore.steps.view_words import in_words as in_words
from leadscore.steps.view_words import shape_of
from leadscore.store import audit, batches, clients, segments
from leadscore.store.database import read, write
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

BEST = 20
"""Per cent of the leads that are called, where the value of scoring is told."""


def performance_report(workbench: Workbench, actor: Actor, *, client: str, view: ListView,
                       as_a: Format = Format.HTML) -> ReportFile:
    """Make the report of the leads a view means: one file with figures, pictures, sentences and tables.

    It holds no personal data of leads; of people it names owners and who made it. What it shows, of which leads, and
    the fingerprint of the file go into the audit trail.

    Raises
    ------
    InvalidRequest, NotFound
        There is no such client, or the view is narrowed by something that is not there.
    """
    require(actor, Action.VIEW_LEADS, client)
    now = workbench.clock()
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        report = report_of(session, workbench, client_id, view, by=actor.name)
        value = value_for(session, workbench, client_id, view, order_before(session, client_id), share=BEST,
                          by=actor.name)
        subtitle = _in_words(session, client_id, view, by=actor.name)
        brand = brand_of(session.get_one(Client, client_id), client)
    about = About("Performance", subtitle, now, actor.name)
    made = report_file(performance_document(report, value, about, brand), kind="performance", client=client, as_a=as_a)
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="report_made",
                     object=f"report:{made.sha256[:16]}",
                     detail={"kind": "performance", "format": as_a, "sha256": made.sha256, "view": shape_of(view)})
    return made


def _in_words(session: Session, client_id: int, view: ListView, *, by: str) -> str:
    batch = batches.find(session, client_id, view.batch_id) if view.batch_id is not None else None
    segment = segments.get(session, client_id, view.segment, seen_by=by).name if view.segment is not None else ""
    return in_words(view, batch=batch.filename if batch else "", segment=segment)

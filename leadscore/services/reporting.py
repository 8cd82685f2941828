"""Dated reports under a client's own brand: made, fingerprinted, and written down."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.reports.html import html
from leadscore.steps.branding import brand_of
from leadscore.steps.listing import ListView as ListView
from leadscore.steps.performance import report_of
from leadscore.steps.performance_document import performance_document
from leadscore.steps.report_document import About
from leadscore.steps.value import order_before, value_for
from leadscore.steps.view_words import in_words as in_words
from leadscore.steps.view_words import shape_of
from leadscore.store import audit, batches, clients, segments
from leadscore.store.database import read, write
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

LONGEST_NAME = 60
BEST = 20
"""Per cent of the leads that are called, where the value of scoring is told."""


@dataclass(frozen=True)
class ReportFile:
    """A report ready to be handed on."""

    filename: str
    content: bytes
    sha256: str


def report_name(kind: str, client: str, day: date) -> str:
    """Name the file of a report: ``performance_acme_2026-11-21.html``, with nothing in it a disk would not take."""
    safe = re.sub(r"[^\w-]+", "-", client)[:LONGEST_NAME].strip("-_") or "client"
    return f"{kind}_{safe}_{day:%Y-%m-%d}.html"


def performance_report(workbench: Workbench, actor: Actor, *, client: str, view: ListView) -> ReportFile:
    """Make the report of the leads a view means: one HTML file with figures, pictures, sentences and tables.

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
    content = html(performance_document(report, value, about, brand)).encode()
    digest = hashlib.sha256(content).hexdigest()
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="report_made",
                     object=f"report:{digest[:16]}",
                     detail={"kind": "performance", "sha256": digest, "view": shape_of(view)})
    return ReportFile(report_name("performance", client, now.date()), content, digest)


def _in_words(session: Session, client_id: int, view: ListView, *, by: str) -> str:
    batch = batches.find(session, client_id, view.batch_id) if view.batch_id is not None else None
    segment = segments.get(session, client_id, view.segment, seen_by=by).name if view.segment is not None else ""
    return in_words(view, batch=batch.filename if batch else "", segment=segment)

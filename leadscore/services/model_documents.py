"""The document of a model version, for those who must be able to challenge it: made, fingerprinted, written down."""

from __future__ import annotations

from leadscore.access import Action, Actor, require
from leadscore.steps.branding import brand_of
from leadscore.steps.model_document import model_document as document_of
from leadscore.steps.model_facts import facts_of
from leadscore.steps.models import known_version, number_of
from leadscore.steps.report_document import About
from leadscore.steps.report_files import Format as Format
from leadscore.steps.report_files import ReportFile, report_file
from leadscore.store import audit
from leadscore.store.database import read, write
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

KIND = "model"


def model_document(workbench: Workbench, actor: Actor, *, client: str, version: str,
                   as_a: Format = Format.HTML) -> ReportFile:
    """Write everything that is known of a version: purpose, data, figures, fairness, drift, approvals and use.

    It names people who trained, approved and put it to use, and holds no lead's data.

    Raises
    ------
    NotFound
        The client has no such version.
    """
    require(actor, Action.VIEW_AUDIT, client)
    now = workbench.clock()
    with read(workbench.engine) as session:
        row = known_version(session, client, version)
        facts = facts_of(session, workbench, row)
        brand = brand_of(session.get_one(Client, row.client_id), client)
        number, client_id = number_of(row), row.client_id
    about = About(f"Model {number}", f"Documentation as of {now:%Y-%m-%d}", now, actor.name)
    made = report_file(document_of(facts, about, brand), kind=f"{KIND}-{number}", client=client, as_a=as_a)
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="report_made",
                     object=f"report:{made.sha256[:16]}",
                     detail={"kind": KIND, "version": number, "sha256": made.sha256})
    return made

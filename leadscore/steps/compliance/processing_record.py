"""The record of processing activities: what people have entered, and what the workbench knows of itself.

Made for Article 30 of the General Data Protection Regulation.
"""

from __future__ import annotations

import pandas as pd

from leadscore.reports.document import Section, Table
from leadscore.steps.compliance.asking import NOT_PROVIDED, Asked, Compiled, in_words
from leadscore.steps.compliance.in_force import data_held, measures, recipients, sources
from leadscore.steps.compliance.retention import retention_rules
from leadscore.steps.processing import Processing, processing_of
from leadscore.store import lead_reading
from leadscore.store.tables import Client

HEAD = {"controller": "Controller", "representative": "Representative", "officer": "Data protection officer",
        "contact": "Where people can write to", "purposes": "Purposes", "legal_basis": "Legal basis"}
SUBJECTS = "People who may buy, or who stand for a company that may buy (leads)"


def processing_record(asked: Asked) -> Compiled:
    """Make the record; what nobody has entered says so."""
    entered = processing_of(asked.session.get_one(Client, asked.client_id))
    leads = lead_reading.count(asked.session, asked.client_id)
    head = pd.DataFrame([*((label, _said(entered, name)) for name, label in HEAD.items()),
                         ("Categories of people", f"{SUBJECTS}: {leads:,} stored")], columns=["What", "Entry"])
    held = data_held(asked)
    sections = (
        Section("Who and what for", tables=(Table("", head),)),
        Section("Categories of data", () if len(held) else ("No data is stored.",),
                tables=(Table("", held),) if len(held) else ()),
        Section("Where it comes from", () if len(sources(asked)) else ("Nothing has been imported.",),
                tables=(Table("", sources(asked)),) if len(sources(asked)) else ()),
        Section("Automated decisions", (
            "Leads get a score from 0 to 100 and a group (High, Medium, Low) by rules and, where one is in use, a "
            "model that learnt from past leads. They order whom people call first.",)),
        Section("Recipients", (*recipients(asked), _further("Entered by hand", entered.recipients))),
        Section("Transfers to other countries", (_further("Entered by hand", entered.transfers),)),
        Section("How long data is kept", (*retention_rules(asked), _further("Entered by hand", entered.retention))),
        Section("Security measures in force", (*measures(asked), _further("Entered by hand", entered.security))),
    )
    missing = [label for name, label in HEAD.items() if not getattr(entered, name)]
    notes = (f"Not entered yet: {', '.join(missing)}." if missing else "Everything the head asks for is entered.",)
    return Compiled("Record of processing activities", f"Lead scoring, as of {in_words(asked.as_of.date())}",
                    sections, notes)


def _said(entered: Processing, name: str) -> str:
    return str(getattr(entered, name)) or NOT_PROVIDED


def _further(lead: str, words: str) -> str:
    return f"{lead}: {words or NOT_PROVIDED}"

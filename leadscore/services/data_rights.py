"""What a person may ask about themselves: everything stored, a copy to take along, and corrections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest, NotFound
from leadscore.schema import PERSONAL_FIELDS
from leadscore.steps.branding import brand_of
from leadscore.steps.corrections import company_key_of, read_corrections
from leadscore.steps.exporting import csv_bytes
from leadscore.steps.finding_people import Person, Wanted, find_person
from leadscore.steps.listing import person_names
from leadscore.steps.person_document import person_document
from leadscore.steps.person_record import person_record, stored_values
from leadscore.steps.plain import plain_rows
from leadscore.steps.report_files import Format, report_file
from leadscore.store import audit, clients, lead_reading, restriction, subject_keys
from leadscore.store import leads as lead_rows
from leadscore.store.database import read, write
from leadscore.store.tables import Client
from leadscore.workbench import Workbench


@dataclass(frozen=True)
class PersonFile:
    """What a person gets: one file for machines, and the same to read or to import elsewhere."""

    leads: int
    json: bytes
    other: bytes
    name: str


@dataclass(frozen=True)
class Found:
    """A lead of a person somebody looked for."""

    lead_id: int
    name: str
    company: str
    objected: bool


def find_people(workbench: Workbench, actor: Actor, *, client: str, email: str | None = None,
                phone: str | None = None, lead_id: int | None = None) -> list[Found]:
    """List the leads of a person.

    Raises
    ------
    InvalidRequest
        Not exactly one of the three was given.
    NotFound
        The client has no such lead.
    """
    require(actor, Action.VIEW_PERSONAL_DATA, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        person = find_person(session, workbench.vault, client_id, Wanted(email or None, phone or None, lead_id))
        leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=list(person.lead_ids),
                                        fields=["first_name", "last_name", "full_name", "company"], custom=())
        objecting = set(restriction.restricted_ids(session, client_id).tolist())
    names = person_names(leads).fillna("")
    return [Found(int(number), str(names.loc[number]), _text(leads["company"].loc[number]), number in objecting)
            for number in leads.index]


def access_record(workbench: Workbench, actor: Actor, *, client: str, email: str | None = None,
                  phone: str | None = None, lead_id: int | None = None) -> PersonFile:
    """Answer a request for access (GDPR Art. 15): everything stored about a person, as JSON and as a report to read.

    Raises
    ------
    InvalidRequest
        Not exactly one of the three was given.
    NotFound
        Nothing is stored about this person.
    """
    require(actor, Action.VIEW_PERSONAL_DATA, client)
    now = workbench.clock()
    with read(workbench.engine) as session:
        client_id, person = _known(session, workbench, client, Wanted(email or None, phone or None, lead_id))
        record = {"made_at": now, "made_by": actor.name, "client": client,
                  **person_record(session, workbench, client_id, person.lead_ids)}
        brand = brand_of(session.get_one(Client, client_id), client)
    document = person_document(record, brand, made_at=now, made_by=actor.name)
    made = report_file(document, kind=f"person_{person.lead_ids[0]}", client=client, as_a=Format.HTML)
    _note(workbench, actor, client_id, person, everything=True)
    plain = orjson.dumps(record, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    return PersonFile(len(person.lead_ids), plain, made.content, made.filename.removesuffix(".html"))


def portable_data(workbench: Workbench, actor: Actor, *, client: str, email: str | None = None,
                  phone: str | None = None, lead_id: int | None = None) -> PersonFile:
    """Give a person's own values to take along (GDPR Art. 20), as JSON and as a CSV that an import takes as it is.

    Raises
    ------
    InvalidRequest
        Not exactly one of the three was given.
    NotFound
        Nothing is stored about this person.
    """
    require(actor, Action.VIEW_PERSONAL_DATA, client)
    with read(workbench.engine) as session:
        client_id, person = _known(session, workbench, client, Wanted(email or None, phone or None, lead_id))
        leads, labels = stored_values(session, workbench, client_id, person.lead_ids)
    named = leads.rename(columns=labels)
    _note(workbench, actor, client_id, person, everything=False)
    plain = orjson.dumps({"leads": plain_rows(named)}, default=str,
                         option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
    return PersonFile(len(named), plain, csv_bytes(_exact(named)), f"copy_{person.lead_ids[0]}")


def correctable(workbench: Workbench, actor: Actor, *, client: str, lead_id: int) -> pd.DataFrame:
    """List the values of a lead that can be corrected: name, label, value as text, personal."""
    require(actor, Action.VIEW_PERSONAL_DATA, client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        lead_reading.find_lead(session, client_id, lead_id)
        leads, labels = stored_values(session, workbench, client_id, [lead_id])
        custom = lead_reading.custom_fields(session, client_id)
    personal = PERSONAL_FIELDS | {field.name for field in custom if field.personal}
    shown = _exact(leads).iloc[0]
    rows = [(name, labels[name], _text(shown[name]), name in personal) for name in map(str, leads.columns)]
    return pd.DataFrame(rows, columns=["name", "label", "value", "personal"])


def rectify(workbench: Workbench, actor: Actor, *, client: str, lead_id: int,
            changes: Mapping[str, str | None]) -> list[str]:
    """Correct what is stored about a person; before and after are in the audit trail, readable while the lead is there.

    Parameters
    ----------
    changes : mapping of column to text or None
        None or an empty text empties the column.

    Returns
    -------
    list of str
        The columns that are different now.

    Raises
    ------
    InvalidRequest
        A column cannot be corrected, a text is no value for it, or nothing would change.
    NotFound
        The client has no such lead.
    """
    require(actor, Action.VIEW_PERSONAL_DATA, client)
    require(actor, Action.EDIT_LEADS, client)
    now = workbench.clock()
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        lead_reading.find_lead(session, client_id, lead_id)
        custom = lead_reading.custom_fields(session, client_id)
    values = read_corrections(workbench, changes, custom, now=now)
    with write(workbench.engine) as session:
        before, after = lead_rows.correct_lead(session, workbench.vault, client_id, lead_id, values,
                                               custom_fields=custom, company_key=company_key_of(values), now=now)
        if not after:
            raise InvalidRequest("nothing_corrected", "All of this is stored already.", "Change a value first.")
        sealed = subject_keys.sealed(session, workbench.vault, client_id, lead_id, {"before": before, "after": after})
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="person_rectified", object=f"lead:{lead_id}",
                     detail={"fields": sorted(after), "sealed": sealed})
    return sorted(after)


def _known(session: Session, workbench: Workbench, client: str, wanted: Wanted) -> tuple[int, Person]:
    client_id = clients.require(session, client)
    person = find_person(session, workbench.vault, client_id, wanted)
    if not person.lead_ids:
        raise NotFound("unknown_person", "Nothing is stored about this person.",
                       "Check the spelling; people are found by their whole address or number.")
    return client_id, person


def _note(workbench: Workbench, actor: Actor, client_id: int, person: Person, *, everything: bool) -> None:
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=workbench.clock(), client_id=client_id, actor=actor.name,
                     action="person_record_made" if everything else "person_copy_made",
                     object=f"lead:{person.lead_ids[0]}", detail={"leads": list(person.lead_ids)})


def _exact(frame: pd.DataFrame) -> pd.DataFrame:
    """Write moments to the second and beyond, so that reading them back gives the same."""
    moments = {name: frame[name].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ") for name in frame
               if isinstance(frame[name].dtype, pd.DatetimeTZDtype)}
    return frame.assign(**{str(name): values for name, values in moments.items()})


def _text(value: Any) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return {"True": "yes", "False": "no"}.get(str(value), str(value))

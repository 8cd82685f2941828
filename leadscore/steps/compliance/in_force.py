"""What is really in force in this workbench: the data that is held, who gets it, and how it is protected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import pandas as pd

from leadscore.schema import FIELDS, PERSONAL_FIELDS, Group
from leadscore.steps.compliance.asking import Asked
from leadscore.steps.language import SETTING as LANGUAGE
from leadscore.steps.language import LanguageChoice
from leadscore.store import batches, evidence, lead_reading
from leadscore.store.tables import Client
from leadscore.store.tables.leads import LEAD_FIELD_COLUMNS

GROUP_WORDS = {
    Group.DEMOGRAPHIC: "Person and role", Group.FIRMOGRAPHIC: "Company", Group.BEHAVIOURAL: "Use of the website",
    Group.ENGAGEMENT: "Response to e-mail and calls", Group.FIT: "Fit to the offer", Group.FINANCIAL: "Money",
    Group.ORIGIN: "Where the lead came from", Group.CONTACT: "Contact details", Group.CONSENT: "Consent",
    Group.MANAGEMENT: "Handling by the sales team", Group.OUTCOME: "What became of the lead",
}
OWN = "The client's own columns"
EXPORTS = ("leads_exported",)
BACKUP = ("backup_made",)


def data_held(asked: Asked) -> pd.DataFrame:
    """List what is stored of leads, by category.

    Columns count as held when the database holds any value of them; personal ones, which it holds encrypted, when a
    file brought them.

    Returns
    -------
    DataFrame
        Columns ``Category``, ``Data``, ``Personal details``.
    """
    plain = set(evidence.filled_columns(asked.session, asked.client_id, LEAD_FIELD_COLUMNS))
    brought = {name for file in batches.list_all(asked.session, asked.client_id) if file.undone_at is None
               for name in file.fields}
    held = [field for field in FIELDS if field.name in plain or (field.personal and field.name in brought)]
    rows = [(GROUP_WORDS[group], ", ".join(field.label for field in held if field.group is group),
             any(field.name in PERSONAL_FIELDS for field in held if field.group is group))
            for group in Group if any(field.group is group for field in held)]
    own = lead_reading.custom_fields(asked.session, asked.client_id)
    if own:
        rows.append((OWN, ", ".join(field.header for field in own), any(field.personal for field in own)))
    return pd.DataFrame(rows, columns=["Category", "Data", "Personal details"])


def groups_held(asked: Asked) -> set[Group]:
    """Say which families of fields hold anything."""
    words = set(data_held(asked)["Category"])
    return {group for group, name in GROUP_WORDS.items() if name in words}


def sources(asked: Asked) -> pd.DataFrame:
    """List the files leads came from, newest first: columns ``File``, ``Imported``, ``By``, ``Leads``."""
    files = [file for file in batches.list_all(asked.session, asked.client_id)
             if file.undone_at is None and file.created_at <= asked.as_of]
    return pd.DataFrame({"File": [file.filename for file in files],
                         "Imported": [f"{file.created_at:%Y-%m-%d}" for file in files],
                         "By": [file.imported_by for file in files],
                         "Leads": pd.Series([file.rows_stored for file in files], dtype="int64")})


def language_choice(asked: Asked) -> LanguageChoice:
    """Say what a language server may be asked; nothing where there is none."""
    row = asked.session.get_one(Client, asked.client_id)
    choice = LanguageChoice.from_dict(row.settings.get(LANGUAGE) or {})
    return choice if asked.workbench.language is not None else LanguageChoice()


def recipients(asked: Asked, *, named: bool = True) -> list[str]:
    """Say in sentences who gets data out of this workbench.

    Parameters
    ----------
    named : bool
        False leaves out who works here, for those outside.
    """
    said = [*(_insiders(asked) if named else ("The people on our team who work with leads.",)), _exported(asked, named)]
    choice = language_choice(asked)
    if not choice.on:
        return [*said, "No language server is asked; nothing about leads leaves this machine for one."]
    what = "role, industry, company size, country, biographies and notes" if choice.send_personal_data \
        else "role, industry, company size and country, and no names or notes"
    return [*said, f"The language server at {asked.workbench.settings.openai_base_url} is sent {what}."]


def _insiders(asked: Asked) -> list[str]:
    people = [f"{user.name} ({user.role})" for user in evidence.people(asked.session, asked.client_id)
              if not user.disabled]
    accounts = f"Accounts that may see this client: {', '.join(people)}." if people else \
        "No account may see this client yet."
    return [accounts, "Whoever may run commands on the machine of this workbench."]


def _exported(asked: Asked, named: bool) -> str:
    last = evidence.newest(asked.session, asked.client_id, EXPORTS, upto=asked.upto)
    if not named:
        return "Those we hand exported lists to." if last else "No list has been handed to anybody so far."
    return ("Whoever gets an exported list; the audit trail names who took each. "
            + (f"The last one was taken on {str(last['at'])[:10]}." if last else "None has been taken so far."))


def measures(asked: Asked) -> list[str]:
    """Say in sentences how the data is protected, as it is set up now."""
    settings = asked.workbench.settings
    people = [user for user in evidence.people(asked.session, asked.client_id) if not user.disabled]
    roles = pd.Series([user.role for user in people], dtype=object).value_counts().sort_index()
    return [
        "Personal details are encrypted in the database (AES-256-GCM); e-mail addresses and phone numbers are found "
        "again by keyed fingerprints only.",
        f"Roles limit who sees and changes what: {_counted(roles)}. People without the right see personal details "
        "masked.",
        "Passwords are kept as Argon2id hashes. After failed tries sign-in waits longer each time.",
        f"A session ends after {settings.session_idle_minutes} minutes without a click, and after "
        f"{settings.session_hours} hours in any case.",
        "The session cookie is sent over HTTPS only." if settings.secure_cookie else
        "The session cookie is not limited to HTTPS (LEADSCORE_SECURE_COOKIE is off).",
        "Decisions, changes, sign-ins, exports and looks at personal details are written to a log in which no record "
        f"can be changed unnoticed; it held {asked.upto:,} records.",
        _backup(evidence.newest(asked.session, asked.client_id, BACKUP, upto=asked.upto)),
    ]


def _counted(roles: pd.Series) -> str:
    return ", ".join(f"{number} {role}{'s' if number > 1 else ''}" for role, number in roles.items()) or "no accounts"


def _backup(record: Mapping[str, Any] | None) -> str:
    if record is None:
        return "No backup made by the workbench is recorded."
    detail = orjson.loads(str(record["detail"]))
    sealed = ", encrypted" if detail.get("sealed") else ""
    return f"The last backup made by the workbench is of {str(record['at'])[:10]}{sealed}."



"""People are recognised by keyed hashes of what identifies them, and found again by what somebody types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlalchemy import select
from sqlmodel import Session

from leadscore.store.bulk import (
    fetch_columns,
    in_portions,
    members,
    to_list,
)
from leadscore.store.database import is_sqlite
from leadscore.store.lead_reading import LEADS, count, place
from leadscore.store.vault import Vault

FEWEST_PHONE_DIGITS = 6
SHORTEST_NAME = 2
MOST_NAMES_READ = 200_000
NAME_FIELDS = ("first_name", "last_name", "full_name")
NO_MATCH = -1


def email_index(vault: Vault, emails: Iterable[str | None]) -> list[str | None]:
    """Give the blind index of e-mail addresses, whatever their case; None for an empty one."""
    return vault.blind_index([_normal_email(email) for email in emails], "email")


def phone_index(vault: Vault, phones: Iterable[str | None]) -> list[str | None]:
    """Give the blind index of phone numbers, whatever their punctuation; None for fewer than 6 digits."""
    return vault.blind_index([_normal_phone(phone) for phone in phones], "phone")


def frame_indexes(vault: Vault, leads: pd.DataFrame) -> tuple[list[str | None], list[str | None]]:
    """Give the e-mail and the phone index of every row of a leads frame; a missing phone is read from the mobile."""
    nothing: list[str | None] = [None] * len(leads)
    emails = to_list(leads["email"]) if "email" in leads else nothing
    phones = to_list(leads["phone"]) if "phone" in leads else nothing
    mobiles = to_list(leads["mobile"]) if "mobile" in leads else nothing
    numbers = [phone or mobile for phone, mobile in zip(phones, mobiles, strict=True)]
    return email_index(vault, emails), phone_index(vault, numbers)


def _normal_email(email: str | None) -> str | None:
    return (email.strip().casefold() or None) if email else None


def _normal_phone(phone: str | None) -> str | None:
    digits = "".join(filter(str.isdigit, phone)).removeprefix("00") if phone else ""
    return digits if len(digits) >= FEWEST_PHONE_DIGITS else None


def find_by_email(session: Session, vault: Vault, client_id: int, email: str) -> np.ndarray:
    """List the ids of the leads with this e-mail address."""
    return _ids_where(session, client_id, "email_index", email_index(vault, [email])[0])


def find_by_phone(session: Session, vault: Vault, client_id: int, phone: str) -> np.ndarray:
    """List the ids of the leads with this phone number."""
    return _ids_where(session, client_id, "phone_index", phone_index(vault, [phone])[0])


def search_people(session: Session, vault: Vault, client_id: int, search: str) -> np.ndarray:
    """List the ids of the leads whose whole e-mail address or phone number, or part of whose name, was typed.

    Names are encrypted, so they are looked at one by one, in stores of up to 200,000 leads.
    """
    typed = search.strip()
    if "@" in typed:
        return find_by_email(session, vault, client_id, typed)
    by_phone = find_by_phone(session, vault, client_id, typed)
    if len(by_phone) or len(typed) < SHORTEST_NAME or count(session, client_id) > MOST_NAMES_READ:
        return by_phone
    return _find_by_name(session, vault, client_id, typed.casefold())


def _find_by_name(session: Session, vault: Vault, client_id: int, typed: str) -> np.ndarray:
    lead_ids, blobs = fetch_columns(session, "SELECT id, personal FROM leads WHERE client_id = :client AND personal "
                                    "IS NOT NULL ORDER BY id", {"client": client_id})
    opened = vault.decrypt_many(blobs, [place(lead_id) for lead_id in lead_ids])
    found = [lead_id for lead_id, note in zip(lead_ids, opened, strict=True) if typed in _whole_name(note)]
    return np.array(found, dtype=np.int64)


def _whole_name(note: bytes | None) -> str:
    facts = orjson.loads(note or b"{}")
    return " ".join([facts[name] for name in NAME_FIELDS if name in facts]).casefold()


def company_key_of(session: Session, client_id: int, lead_id: int) -> str | None:
    """Give the normalised company of a lead, if it has one."""
    return session.execute(select(LEADS.c.company_key).where(LEADS.c.id == lead_id,
                                                             LEADS.c.client_id == client_id)).scalar()


def colleagues(session: Session, client_id: int, lead_id: int, limit: int = 100) -> np.ndarray:
    """List the ids of the other leads of the same company."""
    (found,) = fetch_columns(session, "SELECT o.id FROM leads o JOIN leads l ON o.client_id = l.client_id AND "
                             "o.company_key = l.company_key WHERE l.id = :lead AND l.client_id = :client "
                             "AND o.id <> l.id ORDER BY o.id LIMIT :limit",
                             {"lead": lead_id, "client": client_id, "limit": limit})
    return np.array(found, dtype=np.int64)


def _ids_where(session: Session, client_id: int, column: str, value: str | None) -> np.ndarray:
    if value is None:
        return np.zeros(0, dtype=np.int64)
    statement = f"SELECT id FROM leads WHERE client_id = :client AND {column} = :value ORDER BY id"
    (found,) = fetch_columns(session, statement, {"client": client_id, "value": value})
    return np.array(found, dtype=np.int64)


def match_existing(session: Session, client_id: int, *, email_indexes: Sequence[str | None],
                   crm_ids: Sequence[str | None], phone_indexes: Sequence[str | None]) -> np.ndarray:
    """Find the stored lead each incoming row means: by e-mail, else CRM id; by phone only without both.

    Returns
    -------
    ndarray of int64, shape (n,)
        Lead ids, -1 where nobody matches; the oldest lead when several do.
    """
    emails, numbers, phones = (_column(values) for values in (email_indexes, crm_ids, phone_indexes))
    matched = _stored_by(session, client_id, "email_index", emails)
    by_number = _stored_by(session, client_id, "crm_id", numbers)
    matched = np.where(matched == NO_MATCH, by_number, matched)
    nameless = emails.isna().to_numpy() & numbers.isna().to_numpy()
    by_phone = _stored_by(session, client_id, "phone_index", phones.where(nameless))
    return np.where(matched == NO_MATCH, by_phone, matched)


def _column(values: Sequence[str | None]) -> pd.Series:
    return pd.Series(to_list(values), dtype=object)


def _stored_by(session: Session, client_id: int, column: str, keys: pd.Series) -> np.ndarray:
    codes, unique = pd.factorize(keys)
    answers = np.full(len(unique) + 1, NO_MATCH, dtype=np.int64)
    for start, portion in _numbered(unique):
        positions, found = fetch_columns(session, _match_statement(session, column),
                                         {"client": client_id, "keys": members(session, portion)})
        answers[np.array(positions, dtype=np.int64) + start] = found
    # rows without a key have the code -1, which is the last answer: nobody
    return answers[codes]


def _numbered(unique: Any) -> Iterable[tuple[int, list[Any]]]:
    start = 0
    for portion in in_portions(list(unique)):
        yield start, portion
        start += len(portion)


def _match_statement(session: Session, column: str) -> str:
    if is_sqlite(session):
        # one index look-up a key; a join lets the planner scan all leads instead
        return (f"SELECT k.key, (SELECT min(id) FROM leads WHERE client_id = :client AND {column} = k.value) AS found "
                f"FROM json_each(:keys) k WHERE found IS NOT NULL")
    return (f"SELECT k.position - 1, min(l.id) FROM unnest(CAST(:keys AS text[])) WITH ORDINALITY "
            f"AS k(value, position) JOIN leads l ON l.client_id = :client AND l.{column} = k.value GROUP BY k.position")

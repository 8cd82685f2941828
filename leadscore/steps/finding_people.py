"""Finds a person among the stored leads, by what they are known by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.store import lead_matching, lead_reading
from leadscore.store.bulk import fetch_for
from leadscore.store.vault import Vault


@dataclass(frozen=True)
class Wanted:
    """What a person is known by: one of an e-mail address, a phone number and the number of a lead."""

    email: str | None = None
    phone: str | None = None
    lead_id: int | None = None

    def __post_init__(self) -> None:
        """Refuse a search for nobody or for two."""
        if sum(part not in (None, "") for part in (self.email, self.phone, self.lead_id)) != 1:
            raise InvalidRequest("nobody_named", "Name one person: an e-mail address, a phone number or a lead.",
                                 "Give exactly one of the three.")

    @property
    def by(self) -> str:
        """Say how the person is known."""
        return "e-mail" if self.email else "phone" if self.phone else "lead"


@dataclass(frozen=True)
class Person:
    """The leads of one person, and the blind indexes of what is theirs alone."""

    lead_ids: tuple[int, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]


def find_person(session: Session, vault: Vault, client_id: int, wanted: Wanted) -> Person:
    """Find every lead of a person.

    Leads that share an address are one person. A number may be a company's: it counts only where it was asked for,
    or where no lead of somebody else has it.

    Raises
    ------
    NotFound
        The client has no lead of this number; an unknown address or number simply has no leads.
    """
    emails, phones = {*lead_matching.email_index(vault, [wanted.email])}, {
        *lead_matching.phone_index(vault, [wanted.phone])}
    lead_ids: set[int] = set()
    if wanted.lead_id is not None:
        row = lead_reading.find_lead(session, client_id, wanted.lead_id)
        lead_ids, emails, phones = {wanted.lead_id}, {row.email_index}, {None}
    lead_ids |= set(_ids(session, client_id, "email_index", emails - {None}))
    lead_ids |= set(_ids(session, client_id, "phone_index", phones - {None}))
    return _known_by(session, client_id, lead_ids, {*emails, *phones} - {None}, phones - {None})


def find_by_digests(session: Session, client_id: int, emails: Sequence[str]) -> Person:
    """Find everybody of a list of blind indexes of addresses; all of the list are theirs, known or not."""
    return _known_by(session, client_id, set(_ids(session, client_id, "email_index", emails)), set(emails), set())


def _known_by(session: Session, client_id: int, lead_ids: set[int], asked: set[str | None],
              numbers: set[str | None]) -> Person:
    ids = np.array(sorted(lead_ids), dtype=np.int64)
    mails, phones = fetch_for(session, "SELECT email_index, phone_index FROM leads WHERE client_id = :client", "id",
                              ids, {"client": client_id})
    theirs = sorted({phone for phone in phones if phone})
    holders, held = fetch_for(session, "SELECT id, phone_index FROM leads WHERE client_id = :client", "phone_index",
                              theirs, {"client": client_id})
    shared = {phone for holder, phone in zip(holders, held, strict=True) if holder not in lead_ids}
    own = (set(theirs) - shared) | numbers
    addresses = {mail for mail in mails if mail} | (asked - numbers)
    return Person(tuple(ids.tolist()), tuple(sorted(str(mail) for mail in addresses)),
                  tuple(sorted(str(phone) for phone in own)))


def _ids(session: Session, client_id: int, column: str, values: set[str | None] | Sequence[str]) -> list[int]:
    (found,) = fetch_for(session, "SELECT id FROM leads WHERE client_id = :client", column,
                         sorted(str(value) for value in values), {"client": client_id})
    return [int(lead_id) for lead_id in found]

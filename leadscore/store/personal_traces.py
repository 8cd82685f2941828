"""What would tell of a person in words that were written for another purpose, and those words without it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from sqlmodel import Session

from leadscore.schema import FIELD_BY_NAME, Kind
from leadscore.store.bulk import fetch_for
from leadscore.store.lead_reading import place
from leadscore.store.vault import Vault

ERASED = "[erased]"
SHORTEST_TEXT, FEWEST_DIGITS, COMPARED_DIGITS = 6, 7, 9
"""Shorter texts and numbers are too common to tell of one person; of a long number the end is compared."""
NAMES = frozenset({"first_name", "last_name"})


@dataclass(frozen=True)
class Traces:
    """What tells of a person: texts and numbers wherever they stand, single names only where they stand alone."""

    texts: frozenset[str] = field(default_factory=frozenset)
    numbers: frozenset[str] = field(default_factory=frozenset)
    names: frozenset[str] = field(default_factory=frozenset)

    def told_in(self, words: str) -> bool:
        """Say whether words tell of the person."""
        plain = words.casefold()
        if plain.strip() in self.names or any(text in plain for text in self.texts):
            return True
        digits = _digits(words)
        return len(digits) >= FEWEST_DIGITS and any(number in digits for number in self.numbers)

    def without(self, value: Any) -> Any:
        """Give a JSON value in which no text tells of the person any more."""
        if isinstance(value, str):
            return ERASED if self.told_in(value) else value
        if isinstance(value, dict):
            return {self.without(name): self.without(part) for name, part in value.items()}
        return [self.without(part) for part in value] if isinstance(value, list) else value

    def needles(self) -> tuple[str, ...]:
        """List the texts and numbers, to look for them in a file."""
        return (*sorted(self.texts), *sorted(self.numbers))


def traces_of(session: Session, vault: Vault, client_id: int, lead_ids: Sequence[int] | np.ndarray, *,
              besides: Iterable[str] = ()) -> Traces:
    """Gather what tells of the persons of these leads.

    Parameters
    ----------
    besides : iterable of str
        Addresses and numbers that are known from elsewhere.
    """
    ids, blobs = fetch_for(session, "SELECT id, personal FROM leads WHERE client_id = :client", "id",
                           np.asarray(lead_ids, dtype=np.int64), {"client": client_id})
    texts, numbers, names = {part.casefold() for part in besides if "@" in part}, {*besides}, set()
    for note in vault.decrypt_many(blobs, [place(lead_id) for lead_id in ids]):
        facts = {name: value for name, value in orjson.loads(note or b"{}").items() if isinstance(value, str)}
        names |= {facts[name].casefold().strip() for name in NAMES & set(facts)}
        texts |= {value.casefold().strip() for name, value in facts.items() if _tells(name)}
        texts.add(f"{facts.get('first_name', '')} {facts.get('last_name', '')}".casefold().strip())
        numbers |= {value for name, value in facts.items() if _is_phone(name)}
    found = {_digits(number)[-COMPARED_DIGITS:] for number in numbers}
    return Traces(frozenset(text for text in texts if len(text) >= SHORTEST_TEXT),
                  frozenset(number for number in found if len(number) >= FEWEST_DIGITS), frozenset(names - {""}))


def _is_phone(name: str) -> bool:
    return name in FIELD_BY_NAME and FIELD_BY_NAME[name].kind is Kind.PHONE


def _tells(name: str) -> bool:
    return name not in NAMES and not _is_phone(name) and (
        name not in FIELD_BY_NAME or FIELD_BY_NAME[name].kind is not Kind.CATEGORY)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)

"""People are found, erased and kept out: the right to be forgotten, of one person or of a whole list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.steps.erasing import (
    TrainedWith,
    erase_rows,
    forget_in_memory,
    note_erasure,
    remove_files,
    trained_with,
    wipe_disk,
)
from leadscore.steps.exporting import csv_bytes
from leadscore.steps.finding_people import Person, Wanted, find_by_digests, find_person
from leadscore.steps.reading import read_file
from leadscore.steps.recipients import Handed, handed_out
from leadscore.store import audit, clients, erasure_list, lead_matching
from leadscore.store.bulk import fetch_for, to_list
from leadscore.store.database import read, write
from leadscore.store.personal_traces import traces_of
from leadscore.workbench import Workbench

MOST_NAMED = 1_000
"""Leads and exports that the audit trail names of one erasure."""
ADDRESS = r"^\s*[^\s@]+@[^\s@]+\.[^\s@]+\s*$"
ERASED_NOW = "erased"
BACKUPS = "Backups keep the person until newer ones replace them; one that is put back is erased again before it opens."


@dataclass(frozen=True)
class Erased:
    """What an erasure did, and what it cannot reach.

    Parameters
    ----------
    leads, records : int
        Leads that were deleted; all rows that were deleted or rewritten, theirs included.
    suppressed : int
        Addresses and numbers that no import stores again.
    files : int
        Waiting uploads and kept exports that were removed.
    models : tuple
        Versions that have learnt from the person, and what follows.
    exports : tuple
        Files that left the house with the person in them: those who took them are to be told.
    disk_clean : bool
        False while the worker still has to clean the disk.
    """

    leads: int
    records: int
    suppressed: int
    files: int
    models: tuple[TrainedWith, ...]
    exports: tuple[Handed, ...]
    disk_clean: bool
    backups: str = BACKUPS

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return asdict(self)


@dataclass(frozen=True)
class ErasedList:
    """What came of a list of people to be erased; ``proof`` is a CSV that says it row by row and names nobody."""

    rows: int
    found: int
    erased: Erased
    proof: bytes


def erase_person(workbench: Workbench, actor: Actor, *, client: str, email: str | None = None,
                 phone: str | None = None, lead_id: int | None = None) -> Erased:
    """Erase one person everywhere, and see to it that nothing brings them back.

    Raises
    ------
    InvalidRequest
        Not exactly one of the three was given.
    NotFound
        The client has no such lead; an unknown address or number is suppressed all the same.
    """
    require(actor, Action.ERASE, client)
    wanted = Wanted(email or None, phone or None, lead_id)

    def find(session: Session, client_id: int) -> Person:
        return find_person(session, workbench.vault, client_id, wanted)

    return _erase(workbench, actor, client, find, [part for part in (email, phone) if part], known_by=wanted.by)


def erase_list(workbench: Workbench, actor: Actor, *, client: str, source: bytes | Path,
               filename: str) -> ErasedList:
    """Erase everybody of a list of e-mail addresses, and keep them out; the proof names rows, never people.

    Raises
    ------
    UnreadableFile
        The file is no table.
    InvalidRequest
        None of its columns holds e-mail addresses.
    """
    require(actor, Action.ERASE, client)
    raw = read_file(workbench.settings, source, filename)
    addresses = to_list(_addresses(raw.frame))
    digests = lead_matching.email_index(workbench.vault, addresses)
    known = sorted({digest for digest in digests if digest})
    with read(workbench.engine) as session:
        stored = _stored_of(session, clients.require(session, client), known)

    def find(session: Session, client_id: int) -> Person:
        return find_by_digests(session, client_id, known)

    erased = _erase(workbench, actor, client, find, [], known_by="list")
    results = [_result(address, digest, stored) for address, digest in zip(addresses, digests, strict=True)]
    rows = pd.DataFrame({"row": raw.row_numbers, "result": results})
    return ErasedList(len(rows), int(rows["result"].eq(ERASED_NOW).sum()), erased, csv_bytes(rows))


def _erase(workbench: Workbench, actor: Actor, client: str, find: Callable[[Session, int], Person],
           besides: Sequence[str], *, known_by: str) -> Erased:
    now = workbench.clock()
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        person = find(session, client_id)
        traces = traces_of(session, workbench.vault, client_id, person.lead_ids, besides=besides)
    files = remove_files(workbench, client, traces)
    with write(workbench.engine) as session:
        person = find(session, client_id)
        models = trained_with(session, workbench, client_id, person.lead_ids, traces)
        exports = handed_out(session, client_id, person.lead_ids)
        records = erase_rows(session, workbench, client_id, person, traces, now=now)
        suppressed = len(person.emails) + len(person.phones)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="person_erased",
                     object=_named(person.lead_ids),
                     detail={"leads": list(person.lead_ids)[:MOST_NAMED], "records": records, "known_by": known_by,
                             "suppressed": suppressed, "files": files,
                             "models": {str(model.version): model.reason for model in models},
                             "exports": [export.seq for export in exports][-MOST_NAMED:]})
        note_erasure(session, workbench, client, person, now=now)
    forget_in_memory(workbench, client_id)
    return Erased(len(person.lead_ids), records, suppressed, files, tuple(models), tuple(exports),
                  wipe_disk(workbench))


def _addresses(frame: pd.DataFrame) -> pd.Series:
    """Find the column of addresses: the one with the most."""
    counts = {str(name): int(frame[name].str.contains(ADDRESS, regex=True, na=False).sum()) for name in frame}
    best = max(counts, key=lambda name: counts[name], default="")
    if not counts.get(best):
        raise InvalidRequest("no_addresses", "No column of this file holds e-mail addresses.",
                             "Give a table with one address in a row, under a heading.")
    return frame[best].where(frame[best].str.contains(ADDRESS, regex=True, na=False))


def _stored_of(session: Session, client_id: int, digests: Sequence[str]) -> set[str]:
    (found,) = fetch_for(session, "SELECT email_index FROM leads WHERE client_id = :client", "email_index", digests,
                         {"client": client_id})
    return set(found)


def _result(address: object, digest: str | None, stored: set[str]) -> str:
    if digest is None or not isinstance(address, str):
        return "no address in this row"
    return ERASED_NOW if digest in stored else "nothing stored; kept out from now on"


def _named(lead_ids: Sequence[int]) -> str:
    return f"lead:{lead_ids[0]}" if len(lead_ids) == 1 else f"{len(lead_ids)} leads"


def finish_erasures(workbench: Workbench) -> bool:
    """Clean the disk where an erasure could not, because somebody was at work; says whether anything was to do."""
    with read(workbench.engine) as session:
        wanted = erasure_list.is_wipe_wanted(session)
    return wanted and wipe_disk(workbench, rebuild=True)

"""People are found, erased and kept out: the right to be forgotten, of one person or of a whole list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.steps.erasing import (
    TrainedWith,
    erase_rows,
    forget_in_memory,
    note_erasure,
    remove_files,
    trained_with,
    wipe_disk,
)
from leadscore.steps.finding_people import Person, Wanted, find_person
from leadscore.steps.recipients import Handed, handed_out
from leadscore.store import audit, clients, erasure_list
from leadscore.store.database import read, write
from leadscore.store.personal_traces import Traces, traces_of
from leadscore.workbench import Workbench

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
    wanted, now = Wanted(email or None, phone or None, lead_id), workbench.clock()
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        person = find_person(session, workbench.vault, client_id, wanted)
        traces = _traces(session, workbench, client_id, person, wanted)
    files = remove_files(workbench, client, traces)
    with write(workbench.engine) as session:
        person = find_person(session, workbench.vault, client_id, wanted)
        models = trained_with(session, workbench, client_id, person.lead_ids, traces)
        exports = handed_out(session, client_id, person.lead_ids)
        records = erase_rows(session, workbench, client_id, person, traces, now=now)
        suppressed = len(person.emails) + len(person.phones)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="person_erased",
                     object=_named(person.lead_ids),
                     detail={"leads": list(person.lead_ids), "records": records, "known_by": wanted.by,
                             "suppressed": suppressed, "files": files,
                             "models": {str(model.version): model.reason for model in models},
                             "exports": [export.seq for export in exports]})
        note_erasure(session, workbench, client, person, now=now)
    forget_in_memory(workbench, client_id)
    return Erased(len(person.lead_ids), records, suppressed, files, tuple(models), tuple(exports),
                  wipe_disk(workbench))


def _traces(session: Session, workbench: Workbench, client_id: int, person: Person, wanted: Wanted) -> Traces:
    besides = [part for part in (wanted.email, wanted.phone) if part]
    return traces_of(session, workbench.vault, client_id, person.lead_ids, besides=besides)


def _named(lead_ids: Sequence[int]) -> str:
    return f"lead:{lead_ids[0]}" if len(lead_ids) == 1 else f"{len(lead_ids)} leads"


def finish_erasures(workbench: Workbench) -> bool:
    """Clean the disk where an erasure could not, because somebody was at work; says whether anything was to do."""
    with read(workbench.engine) as session:
        wanted = erasure_list.is_wipe_wanted(session)
    return wanted and wipe_disk(workbench, rebuild=True)

"""People are erased: from the store, from waiting files, from memory and from the disk, and stay erased."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO

import numpy as np
from sqlmodel import Session

from leadscore.schema import CLOSED_STAGES
from leadscore.steps.comparing import fingerprint_of, is_from_store
from leadscore.steps.finding_people import Person
from leadscore.store import erasure, erasure_list, suppression
from leadscore.store import models as model_rows
from leadscore.store.bulk import fetch_for
from leadscore.store.database import size_in_bytes, wipe, write
from leadscore.store.personal_traces import Traces
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

REBUILT_AT_ONCE = 64 * 1024 * 1024
"""Size of a store up to which it is rebuilt while somebody waits, in bytes; a larger one is at night."""
MOST_UNPACKED = 256 * 1024 * 1024
KEEPS_NOBODY = ("It keeps figures about all leads, none about one: its files were searched for this person and hold "
                "nothing. Training anew leaves the person out altogether.")
HOLDS_SOMEBODY = "Its files hold something of this person: train anew and remove this version."


@dataclass(frozen=True)
class TrainedWith:
    """A model version that has learnt from a person, whether its files hold something of them, and what follows."""

    version: int
    alias: str | None
    holds: bool
    reason: str


def erase_rows(session: Session, workbench: Workbench, client_id: int, person: Person, traces: Traces, *,
               now: datetime) -> int:
    """Erase a person from every table and suppress them; returns the number of rows that went or were rewritten."""
    records = erasure.erase(session, workbench.vault, client_id, person.lead_ids, traces)
    suppression.add(session, client_id, emails=person.emails, phones=person.phones, reason=erasure_list.REASON, now=now)
    erasure_list.want_wipe(session)
    return records


def note_erasure(session: Session, workbench: Workbench, client: str, person: Person, *, now: datetime) -> None:
    """Write an erasure into the list outside the store; the very last thing in its transaction."""
    erasure_list.append(session, workbench.vault, erasure_list.list_file(workbench.settings.data_folder),
                        erasure_list.Erasure(client, person.lead_ids, person.emails, person.phones, now))


# --- models ---------------------------------------------------------------------------------------------------


def trained_with(session: Session, workbench: Workbench, client_id: int, lead_ids: Sequence[int],
                 traces: Traces) -> list[TrainedWith]:
    """List the model versions that have learnt from these leads, and look for them in the files."""
    found = []
    for row in model_rows.list_all(session, client_id):
        if _learnt_from(session, row, lead_ids):
            holds = _holds(workbench, row, traces)
            found.append(TrainedWith(int(row.id or 0), row.alias, holds, HOLDS_SOMEBODY if holds else KEEPS_NOBODY))
    return found


def _learnt_from(session: Session, row: ModelVersion, lead_ids: Sequence[int]) -> bool:
    """Say whether one of the leads was there, with a known end, when a version learnt."""
    ids = np.asarray(lead_ids, dtype=np.int64)
    if is_from_store(row):
        stored, stages = fetch_for(session, "SELECT stored_at, outcome FROM leads WHERE client_id = :client", "id", ids,
                                   {"client": row.client_id})
        closed = {str(stage) for stage in CLOSED_STAGES}
        return any(stage in closed and datetime.fromisoformat(moment) <= row.created_at
                   for moment, stage in zip(stored, stages, strict=True))
    (found,) = fetch_for(session, "SELECT l.id FROM leads l JOIN batches b ON b.client_id = l.client_id AND (b.id = "
                         "l.batch_id OR b.id IN (SELECT c.batch_id FROM lead_changes c WHERE c.client_id = l.client_id "
                         "AND c.lead_id = l.id)) WHERE l.client_id = :client AND b.sha256 = :sha", "l.id", ids,
                         {"client": row.client_id, "sha": fingerprint_of(row)})
    return bool(found)


def _holds(workbench: Workbench, row: ModelVersion, traces: Traces) -> bool:
    # the digits of a figure may happen to be those of a number
    texts = replace(traces, numbers=frozenset())
    return any(tells_of(content, texts) for content in workbench.registry.load(row.folder).values())


# --- files, memory, disk --------------------------------------------------------------------------------------


def remove_files(workbench: Workbench, client: str, traces: Traces) -> int:
    """Remove the waiting uploads and the kept exports that tell of a person; returns how many."""
    told = [name for name in workbench.uploads.of_client(client)
            if tells_of(workbench.uploads.get(name, client)[0], traces)]
    for name in told:
        workbench.uploads.delete(name, client)
    return len(told)


def tells_of(content: bytes, traces: Traces) -> bool:
    """Say whether a file tells of a person; one that cannot be unpacked might, and counts as if it did."""
    if not zipfile.is_zipfile(BytesIO(content)):
        return _told(content, traces)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                return True
            return any(_told(archive.read(part), traces) for part in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        return True


def _told(content: bytes, traces: Traces) -> bool:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp1252"):
        plain = content.decode(encoding, errors="ignore").casefold()
        # numbers are looked for whatever stands between their digits
        joined = re.sub(r"[ ().\-/]", "", plain)
        if any(text in plain for text in traces.texts) or any(number in joined for number in traces.numbers):
            return True
    return False


def forget_in_memory(workbench: Workbench, client_id: int) -> None:
    """Drop what this process remembers of a client's leads; other processes see by the store that it is out of date."""
    workbench.remembered.clear()
    for kept in (workbench.panels, workbench.nearby):
        for key in [key for key in list(kept) if isinstance(key, tuple) and key[0] == client_id]:
            kept.pop(key, None)


def wipe_disk(workbench: Workbench, *, rebuild: bool | None = None) -> bool:
    """Clean the disk of what was deleted; what somebody's work has prevented is done later by the worker.

    Parameters
    ----------
    rebuild : bool, optional
        Whether the whole store is written anew; a small one is, when left out.

    Returns
    -------
    bool
        Whether all is clean.
    """
    small = size_in_bytes(workbench.engine) <= REBUILT_AT_ONCE
    whole = small if rebuild is None else rebuild
    clean = wipe(workbench.engine, rebuild=whole)
    if clean and whole:
        with write(workbench.engine) as session:
            erasure_list.note_wiped(session)
        clean = wipe(workbench.engine, rebuild=False)
    return clean

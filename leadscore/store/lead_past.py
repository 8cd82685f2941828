"""The values leads had when they were scored: later imports and corrections are taken back, in memory alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlmodel import Session

from leadscore.schema import CUSTOM_PREFIX, FIELD_BY_NAME, CustomField, Kind
from leadscore.store import lead_reading, subject_keys
from leadscore.store.bulk import fetch_columns, fetch_for
from leadscore.store.leads import change_place
from leadscore.store.vault import Vault

IMPORTED, UNDONE = "leads_imported", "import_undone"
PARTS = ("values", "personal", "custom")


@dataclass(frozen=True)
class Past:
    """Leads as they were.

    Parameters
    ----------
    leads : DataFrame
        A leads frame.
    custom : tuple of CustomField
        The custom columns as the imports until then described them.
    put_back : dict of int to list of str
        Which values of which lead have changed since and were put back.
    undone : list of int
        Imports taken back since; what they had changed is kept nowhere.
    """

    leads: pd.DataFrame
    custom: tuple[CustomField, ...]
    put_back: dict[int, list[str]]
    undone: list[int]


def record_of_run(session: Session, client_id: int, run_id: int) -> int | None:
    """Find the number of the record that tells of a scoring; None where the log does not."""
    numbers, objects, details = fetch_columns(
        session, "SELECT seq, object, detail FROM audit_events WHERE client_id = :client AND action = 'leads_scored' "
        "ORDER BY seq", {"client": client_id})
    for number, about, detail in zip(numbers, objects, details, strict=True):
        if about == f"run:{run_id}" or any(entry["run"] == run_id for entry in orjson.loads(detail).get("runs", ())):
            return int(number)
    return None


def read_leads_at(session: Session, vault: Vault, client_id: int, lead_ids: Sequence[int] | np.ndarray, *,
                  record: int) -> Past:
    """Read leads with the values they had when a record was written.

    The order of the log decides what came later: it is the order of the transactions, which times are not.

    Raises
    ------
    TamperedData
        Earlier values do not decrypt.
    """
    later = _imports(session, client_id, IMPORTED, record)
    every = _imports(session, client_id, IMPORTED, 0)
    undone_since = _imports(session, client_id, UNDONE, record)
    undone_before = set(_imports(session, client_id, UNDONE, 0)) - set(undone_since)
    then = [batch for batch in every if batch not in later and batch not in undone_before]
    custom = lead_reading.custom_fields(session, client_id, of_batches=then)
    wanted = np.asarray(lead_ids, dtype=np.int64)
    frame = lead_reading.read_leads(session, vault, client_id, lead_ids=wanted, custom=custom, keep_empty=True)
    changes = [*_imported(session, vault, client_id, wanted, later),
               *_corrected(session, vault, client_id, wanted, record)]
    earlier: dict[int, dict[str, Any]] = {}
    for change in sorted(changes, key=lambda change: change.place, reverse=True):
        # the newest first, so that what stood before the first change has the last word
        earlier.setdefault(change.lead_id, {}).update(change.before)
    kinds = {field.name: field.kind for field in FIELD_BY_NAME.values()} | {field.name: field.kind for field in custom}
    return Past(_with_values(frame, earlier, kinds), custom, {lead: sorted(values) for lead, values in earlier.items()},
                [batch for batch in undone_since if batch not in later])


def changes_of(session: Session, vault: Vault, client_id: int, lead_id: int) -> list[dict[str, Any]]:
    """Give what imports changed in a lead, oldest first: ``batch_id``, ``rows``, ``before`` and ``after`` by name."""
    batches, blobs = fetch_columns(session, "SELECT batch_id, before FROM lead_changes WHERE client_id = :client AND "
                                   "lead_id = :lead ORDER BY id", {"client": client_id, "lead": lead_id})
    opened = vault.decrypt_many(blobs, [change_place(lead_id, batch) for batch in batches])
    notes = [orjson.loads(note or b"{}") for note in opened]
    return [{"batch_id": batch, "rows": note.get("rows", []), "before": _flat(note["before"]),
             "after": _flat(note["after"])} for batch, note in zip(batches, notes, strict=True)]


@dataclass(frozen=True)
class _Change:
    """What stood in a lead before a change; ``place`` is where the change stands in the order of the log."""

    place: tuple[int, int]
    lead_id: int
    before: dict[str, Any]


def _imports(session: Session, client_id: int, action: str, after: int) -> dict[int, int]:
    """Map imports to the record that tells of them, in the order of the log."""
    numbers, objects = fetch_columns(session, "SELECT seq, object FROM audit_events WHERE client_id = :client AND "
                                     "action = :action AND seq > :after ORDER BY seq",
                                     {"client": client_id, "action": action, "after": after})
    return {int(about.partition(":")[2]): int(number) for number, about in zip(numbers, objects, strict=True)}


def _imported(session: Session, vault: Vault, client_id: int, lead_ids: np.ndarray,
              records: Mapping[int, int]) -> list[_Change]:
    """Give what stood in leads before imports changed them."""
    if not records:
        return []
    numbers, leads, of_batch, blobs = fetch_for(
        session, "SELECT id, lead_id, batch_id, before FROM lead_changes WHERE client_id = :client", "lead_id",
        lead_ids, {"client": client_id})
    chosen = [place for place, batch in enumerate(of_batch) if batch in records]
    opened = vault.decrypt_many([blobs[place] for place in chosen],
                                [change_place(leads[place], of_batch[place]) for place in chosen])
    return [_Change((records[of_batch[place]], numbers[place]), leads[place],
                    _flat(orjson.loads(note or b"{}")["before"])) for place, note in zip(chosen, opened, strict=True)]


def _corrected(session: Session, vault: Vault, client_id: int, lead_ids: np.ndarray,
               record: int) -> list[_Change]:
    """Give what stood in leads before people corrected them, as the log keeps it sealed."""
    numbers, objects, details = fetch_columns(
        session, "SELECT seq, object, detail FROM audit_events WHERE client_id = :client AND seq > :after AND "
        "object LIKE 'lead:%' AND detail LIKE '%\"sealed\"%' ORDER BY seq",
        {"client": client_id, "after": record})
    found = []
    wanted = set(lead_ids.tolist())
    for number, about, detail in zip(numbers, objects, details, strict=True):
        lead_id = int(about.partition(":")[2])
        words = orjson.loads(detail).get("sealed") if lead_id in wanted else None
        opened = subject_keys.opened(session, vault, client_id, lead_id, words) if isinstance(words, str) else None
        before = (opened or {}).get("before")
        if isinstance(before, dict):
            found.append(_Change((int(number), 0), lead_id, before))
    return found


def _flat(parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Give the values of fields alone: what else a change touches follows from these."""
    return {name: value for part in PARTS for name, value in parts.get(part, {}).items()
            if name in FIELD_BY_NAME or name.startswith(CUSTOM_PREFIX)}


def _with_values(frame: pd.DataFrame, values: dict[int, dict[str, Any]], kinds: dict[str, Kind]) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {}
    for name in sorted({name for own in values.values() for name in own} & set(kinds)):
        leads = [lead for lead in values if name in values[lead] and lead in frame.index]
        put = pd.Series(lead_reading.typed([values[lead][name] for lead in leads], kinds[name]), index=leads)
        current = frame[name] if name in frame else pd.Series(
            lead_reading.typed([None] * len(frame), kinds[name]), index=frame.index)
        columns[name] = current.where(~current.index.isin(leads), put.reindex(current.index))
    return frame.assign(**columns)

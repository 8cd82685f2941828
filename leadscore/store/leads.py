"""The leads of a client go into the store, encrypted where they are personal, and are changed there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
from sqlalchemy import text, update
from sqlmodel import Session

from leadscore.errors import NotFound
from leadscore.schema import CUSTOM_PREFIX, FIELD_BY_NAME, CustomField, OutcomeStage
from leadscore.store.bulk import (
    fetch_columns,
    in_portions,
    insert_rows,
    member_of,
    members,
    next_ids,
    to_list,
    update_rows,
)
from leadscore.store.lead_matching import frame_indexes
from leadscore.store.lead_reading import LEADS, place, quoted
from leadscore.store.tables import (
    LEAD_FIELD_COLUMNS,
    Batch,
    to_text,
)
from leadscore.store.vault import Vault

MIRRORED = ("owner", "source", "country", "industry")
"""Columns of a lead that its score row repeats, so that lists filter without a join."""
ROWS_PER_INSERT = 20_000
LONGEST_KEY = 120


@dataclass(frozen=True)
class Updated:
    """What an import did to stored leads.

    Parameters
    ----------
    changed : ndarray of bool, shape (n_rows,)
        False where every value was already stored: the row is a duplicate.
    lead_ids : ndarray of int
        The stored leads that now differ.
    """

    changed: np.ndarray
    lead_ids: np.ndarray


def write_leads(
    session: Session, vault: Vault, *, client_id: int, batch_id: int, leads: pd.DataFrame,
    row_numbers: Sequence[int] | np.ndarray, custom_fields: Sequence[CustomField] = (), first_id: int | None = None,
    outcome: pd.Series | pd.DataFrame | None = None, company_key: pd.Series | None = None,
    indexes: tuple[Sequence[str | None], Sequence[str | None]] | None = None, now: datetime,
) -> np.ndarray:
    """Store new leads of one batch.

    Parameters
    ----------
    leads : DataFrame of shape (n, columns)
        A leads frame; its index is not used.
    row_numbers : sequence of int, shape (n,)
        Row of each lead in the user's file.
    custom_fields : sequence of CustomField
        Describes the ``custom:`` columns; those marked personal are encrypted.
    first_id : int, optional
        From :func:`bulk.next_ids`; reserved here when left out.
    outcome : Series or DataFrame, optional
        Stage per lead, or a frame with ``stage`` and ``at``; ``new`` by default.
    company_key : Series, optional
        Normalised company, to find the leads of one company together.
    indexes : pair of sequences, optional
        What :func:`frame_indexes` gives for these leads, where the caller has it already.

    Returns
    -------
    ndarray of int64, shape (n,)
        Ids of the leads, in the order of the frame.
    """
    count = len(leads)
    first = next_ids(session, "leads", count) if first_id is None else first_id
    lead_ids = np.arange(first, first + count, dtype=np.int64)
    if not count:
        return lead_ids
    emails, phones = indexes or frame_indexes(vault, leads)
    rows, keys = np.asarray(row_numbers), _short(company_key)
    # a portion at a time: as Python values a row takes ten times the room it takes in a frame
    for start in range(0, count, ROWS_PER_INSERT):
        part = slice(start, start + ROWS_PER_INSERT)
        personal, custom = _blobs(leads.iloc[part], custom_fields)
        stages, moments = _outcome_columns(None if outcome is None else outcome.iloc[part], len(personal))
        places = [place(lead_id) for lead_id in lead_ids[part].tolist()]
        insert_rows(session, "leads", {
            "id": lead_ids[part], "client_id": client_id, "batch_id": batch_id, "source_row": rows[part],
            "email_index": emails[part], "phone_index": phones[part],
            "company_key": None if keys is None else keys[part],
            "personal": vault.encrypt_many(personal, places), "custom": custom, "outcome": stages,
            "outcome_at": moments, "stored_at": now, "changed_at": now,
        } | {name: leads[name].iloc[part] for name in LEAD_FIELD_COLUMNS if name in leads})
    _note_fields(session, client_id, batch_id, leads)
    return lead_ids


def update_leads(
    session: Session, vault: Vault, *, client_id: int, batch_id: int, lead_ids: Sequence[int] | np.ndarray,
    leads: pd.DataFrame, custom_fields: Sequence[CustomField] = (), company_key: pd.Series | None = None,
    gaps_only: bool = False, row_numbers: Sequence[int] | np.ndarray | None = None, now: datetime,
) -> Updated:
    """Let newer values win over stored ones; empty ones never do. The earlier values are kept for undo.

    Parameters
    ----------
    lead_ids : sequence of int, shape (n,)
        The stored lead each row of the frame updates.
    leads : DataFrame of shape (n, columns)
        A leads frame.
    gaps_only : bool
        True keeps every stored value and only fills in what is missing.
    row_numbers : sequence of int, shape (n,), optional
        Row of each lead in the user's file, so that a changed value can be traced to it.
    """
    targets = np.asarray(lead_ids, dtype=np.int64)
    if not len(targets):
        return Updated(np.zeros(0, dtype=bool), targets)
    incoming = _incoming_columns(vault, leads, company_key)
    personal, custom = _value_dicts(leads, custom_fields)
    stored = stored_states(session, vault, client_id, targets, list(incoming))
    changed = np.zeros(len(targets), dtype=bool)
    rows = zip(targets.tolist(), zip(*incoming.values(), strict=True), personal, custom, strict=True)
    for position, (lead_id, values, mine, other) in enumerate(rows):
        state = stored[lead_id]
        fresh = {name: value for name, value in zip(incoming, values, strict=True) if value is not None}
        offered = {"values": fresh, "personal": mine, "custom": other}
        changed[position] = any([state.apply(part, offer, gaps_only=gaps_only) for part, offer in offered.items()])
        if changed[position] and row_numbers is not None:
            state.rows.append(int(row_numbers[position]))
    altered = [stored[lead_id] for lead_id in sorted(stored) if stored[lead_id].before]
    # columns no row changes are left out: setting them would rewrite their indexes
    touched = sorted({name for state in altered for name in state.before.get("values", {})})
    save_states(session, vault, altered, touched, now)
    _save_changes(session, vault, client_id, batch_id, altered)
    _note_fields(session, client_id, batch_id, leads)
    return Updated(changed, np.array([state.lead_id for state in altered], dtype=np.int64))


def correct_lead(
    session: Session, vault: Vault, client_id: int, lead_id: int, values: Mapping[str, Any], *,
    custom_fields: Sequence[CustomField] = (), company_key: str | None = None, now: datetime,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Put other values into a lead because a person says so; what its person is recognised by follows.

    Parameters
    ----------
    values : mapping of column to value
        As a driver stores them, see :func:`bulk.to_list`; None empties the column.
    company_key : str, optional
        Of the company among the values.

    Returns
    -------
    tuple of dict
        What stood in these columns before and what stands there now, without columns that stay the same.

    Raises
    ------
    NotFound
        The client has no such lead.
    """
    hidden = {field.name for field in custom_fields if field.personal}
    columns = [name for name in values if name in LEAD_FIELD_COLUMNS]
    names = [*columns, "email_index", "phone_index", *(["company_key"] if "company" in values else [])]
    state = stored_states(session, vault, client_id, np.array([lead_id]), names)[lead_id]
    before, after = {}, {}
    for name, value in values.items():
        part = "values" if name in columns else "custom" if name.startswith(CUSTOM_PREFIX) and name not in hidden \
            else "personal"
        if state.parts[part].get(name) != value:
            before[name], after[name] = state.parts[part].get(name), value
            state.parts[part][name] = value
    person = pd.DataFrame({name: pd.array([state.parts["personal"].get(name)], dtype="str")
                           for name in ("email", "phone", "mobile")})
    emails, phones = frame_indexes(vault, person)
    state.parts["values"] |= {"email_index": emails[0], "phone_index": phones[0]}
    if "company" in values:
        state.parts["values"]["company_key"] = company_key[:LONGEST_KEY] if company_key else None
    save_states(session, vault, [state], names, now)
    row = session.execute(text("SELECT batch_id FROM leads WHERE id = :lead"), {"lead": lead_id}).scalar_one()
    _note_fields(session, client_id, int(row), pd.DataFrame(columns=list(after)))
    return before, after


def assign_owner(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray, owner: str | None, *,
                 now: datetime) -> int:
    """Hand leads to a person; returns how many of this client there were."""
    found = 0
    for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)):
        parameters = {"owner": owner, "now": to_text(now), "client": client_id, "ids": members(session, portion)}
        session.execute(text(f"UPDATE scores SET owner = :owner WHERE client_id = :client "
                             f"AND {member_of(session, 'lead_id', 'ids')}"),
                        {name: parameters[name] for name in ("owner", "client", "ids")})
        found += rowcount(session, f"UPDATE leads SET owner = :owner, changed_at = :now WHERE client_id = :client "
                                    f"AND {member_of(session, 'id', 'ids')}", parameters)
    return found


def set_override(session: Session, client_id: int, lead_id: int, *, score: float | None, tier: str | None,
                 reason: str | None, by: str | None, now: datetime) -> None:
    """Keep a person's own judgement of a lead, or forget it when score and tier are None.

    Raises
    ------
    NotFound
        The client has no such lead.
    """
    given = score is not None or tier is not None
    values = {"override_score": score, "override_tier": tier, "override_reason": reason if given else None,
              "override_by": by if given else None, "override_at": now if given else None}
    changed = session.execute(update(LEADS).where(LEADS.c.id == lead_id, LEADS.c.client_id == client_id).values(values))
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise NotFound("unknown_lead", f"There is no lead {lead_id}.", "It may have been erased.")


def set_consent(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray, *, given: bool, source: str,
                at: datetime, now: datetime) -> int:
    """Let what a person said about being contacted stand in their leads; returns how many of this client there were."""
    return sum(rowcount(session, "UPDATE leads SET consent = :given, consent_source = :source, consent_at = :at, "
                                 "changed_at = :now WHERE client_id = :client AND "
                                 f"{member_of(session, 'id', 'ids')}",
                        {"given": given, "source": source, "at": to_text(at), "now": to_text(now),
                         "client": client_id, "ids": members(session, portion)})
               for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)))


def mark_exported(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray, *, now: datetime) -> int:
    """Note that these leads left the house."""
    found = 0
    for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)):
        parameters = {"client": client_id, "ids": members(session, portion)}
        session.execute(text(f"UPDATE scores SET exported = true WHERE client_id = :client "
                             f"AND {member_of(session, 'lead_id', 'ids')}"), parameters)
        found += rowcount(session, f"UPDATE leads SET exported_at = :now WHERE client_id = :client "
                                    f"AND {member_of(session, 'id', 'ids')}", parameters | {"now": to_text(now)})
    return found


def rowcount(session: Session, statement: str, parameters: Mapping[str, Any]) -> int:
    """Run a statement and say how many rows it touched."""
    return int(session.execute(text(statement), parameters).rowcount)  # type: ignore[attr-defined]


def _short(keys: pd.Series | None) -> list[str | None] | None:
    return None if keys is None else [key[:LONGEST_KEY] if key else None for key in to_list(keys)]


def _outcome_columns(outcome: pd.Series | pd.DataFrame | None, count: int) -> tuple[list[str], Any]:
    if outcome is None:
        return [str(OutcomeStage.NEW)] * count, None
    stages = outcome["stage"] if isinstance(outcome, pd.DataFrame) else outcome
    moments = outcome["at"] if isinstance(outcome, pd.DataFrame) and "at" in outcome else None
    return [str(stage or OutcomeStage.NEW) for stage in to_list(stages)], moments


def _personal_names(leads: pd.DataFrame, custom_fields: Sequence[CustomField]) -> tuple[list[str], list[str]]:
    """Split the columns that have no table column of their own into personal and other ones."""
    hidden = {field.name for field in custom_fields if field.personal}
    names = [str(name) for name in leads.columns]
    personal = [name for name in names if name in hidden or (name in FIELD_BY_NAME and FIELD_BY_NAME[name].personal)]
    other = [name for name in names if name.startswith(CUSTOM_PREFIX) and name not in hidden]
    return personal, other


def _value_dicts(leads: pd.DataFrame,
                 custom_fields: Sequence[CustomField]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    personal, other = _personal_names(leads, custom_fields)
    return _records(leads, personal), _records(leads, other)


def _records(leads: pd.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    if not names:
        return [{} for _ in range(len(leads))]
    lists = [to_list(leads[name]) for name in names]
    return [{name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in zip(*lists, strict=True)]


def _blobs(leads: pd.DataFrame, custom_fields: Sequence[CustomField]) -> tuple[list[bytes | None], list[str | None]]:
    personal, custom = _value_dicts(leads, custom_fields)
    dumps = orjson.dumps
    return ([dumps(values) if values else None for values in personal],
            [dumps(values).decode() if values else None for values in custom])


def _note_fields(session: Session, client_id: int, batch_id: int, leads: pd.DataFrame) -> None:
    """Remember which columns a batch has filled, so that reading skips the dozens nobody uses."""
    batch = session.get(Batch, batch_id)
    if batch is None or batch.client_id != client_id:
        raise NotFound("unknown_batch", f"There is no import {batch_id}.", "Create it before its leads.")
    batch.fields = sorted({*batch.fields, *map(str, leads.columns)})
    session.add(batch)
    session.flush()


class _State:
    """The values of one stored lead, and what an import replaces in them."""

    def __init__(self, lead_id: int, values: dict[str, Any], personal: dict[str, Any], custom: dict[str, Any]) -> None:
        self.lead_id = lead_id
        self.parts = {"values": values, "personal": personal, "custom": custom}
        self.rows: list[int] = []
        self.before: dict[str, dict[str, Any]] = {}
        self.after: dict[str, dict[str, Any]] = {}

    def apply(self, part: str, fresh: Mapping[str, Any], *, gaps_only: bool = False) -> bool:
        """Take over the values that differ, or only those that are missing; say whether there were any."""
        current, changed = self.parts[part], False
        for name, value in fresh.items():
            known = current.get(name)
            if known != value and not (gaps_only and known is not None):
                self.before.setdefault(part, {}).setdefault(name, current.get(name))
                self.after.setdefault(part, {})[name] = value
                current[name] = value
                changed = True
        return changed

    def revert(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Put back earlier values where nobody has changed the lead since."""
        for part, earlier in before.items():
            current = self.parts[part]
            for name, value in earlier.items():
                if current.get(name) == after[part][name]:
                    current[name] = value


def _incoming_columns(vault: Vault, leads: pd.DataFrame, company_key: pd.Series | None) -> dict[str, list[Any]]:
    emails, phones = frame_indexes(vault, leads)
    columns: dict[str, list[Any]] = {"email_index": emails, "phone_index": phones}
    if company_key is not None:
        columns["company_key"] = _short(company_key) or []
    return columns | {name: to_list(leads[name]) for name in LEAD_FIELD_COLUMNS if name in leads}


def stored_states(session: Session, vault: Vault, client_id: int, lead_ids: np.ndarray,
                  names: list[str]) -> dict[int, _State]:
    """Open leads for a change: the named columns, and all personal and custom values."""
    states: dict[int, _State] = {}
    for portion in in_portions(np.unique(lead_ids)):
        ids, blobs, customs, *columns = fetch_columns(
            session, f"SELECT id, personal, custom{''.join(f', {quoted(name)}' for name in names)} FROM leads "
                     f"WHERE client_id = :client AND {member_of(session, 'id', 'ids')}",
            {"client": client_id, "ids": members(session, portion)})
        opened = vault.decrypt_many(blobs, [place(lead_id) for lead_id in ids])
        rows = zip(*columns, strict=True) if columns else ((),) * len(ids)
        for lead_id, values, personal, custom in zip(ids, rows, opened, customs, strict=True):
            states[lead_id] = _State(lead_id, dict(zip(names, values, strict=True)),
                                     orjson.loads(personal) if personal else {}, orjson.loads(custom) if custom else {})
    missing = set(np.unique(lead_ids).tolist()) - set(states)
    if missing:
        raise NotFound("unknown_lead", f"There is no lead {min(missing)}.", "It may have been erased.")
    return states


def save_states(session: Session, vault: Vault, states: Sequence[_State], names: list[str], now: datetime) -> None:
    """Write leads back as they stand now."""
    personal = [_dump(state.parts["personal"]) for state in states]
    custom = [_dump(state.parts["custom"]) for state in states]
    columns: dict[str, Any] = {
        "id": [state.lead_id for state in states], "changed_at": [to_text(now)] * len(states),
        "personal": vault.encrypt_many(personal, [place(state.lead_id) for state in states]),
        "custom": [value.decode() if value else None for value in custom],
    }
    columns |= {name: [state.parts["values"].get(name) for state in states] for name in names}
    update_rows(session, "leads", columns)
    _mirror(session, states, names)


def _mirror(session: Session, states: Sequence[_State], names: list[str]) -> None:
    repeated = [name for name in MIRRORED if name in names]
    if repeated:
        columns = {name: [state.parts["values"].get(name) for state in states] for name in repeated}
        update_rows(session, "scores", columns | {"lead_id": [state.lead_id for state in states]}, key="lead_id")


def _save_changes(session: Session, vault: Vault, client_id: int, batch_id: int, states: Sequence[_State]) -> None:
    lead_ids = [state.lead_id for state in states]
    notes: list[bytes | None] = [orjson.dumps({"before": state.before, "after": state.after, "rows": state.rows})
                                 for state in states]
    sealed = vault.encrypt_many(notes, [change_place(lead_id, batch_id) for lead_id in lead_ids])
    insert_rows(session, "lead_changes", {"client_id": client_id, "batch_id": batch_id, "lead_id": lead_ids,
                                          "before": sealed})


def change_place(lead_id: int, batch_id: int) -> str:
    """Name the place the earlier values of a lead are encrypted for."""
    return f"lead_changes:{lead_id}:{batch_id}"


def _dump(values: Mapping[str, Any]) -> bytes | None:
    kept = {name: value for name, value in values.items() if value is not None}
    return orjson.dumps(kept) if kept else None

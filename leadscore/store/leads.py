"""The leads of a client: frames go in, encrypted where they are personal, and the same frames come out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import delete, select, text, update
from sqlmodel import Session, col

from leadscore.errors import InvalidRequest, NotFound
from leadscore.schema import CUSTOM_PREFIX, FIELD_BY_NAME, FIELDS, NUMERIC_KINDS, CustomField, Kind, OutcomeStage
from leadscore.store.bulk import (
    fetch_columns,
    fetch_for,
    in_portions,
    insert_rows,
    member_of,
    members,
    next_ids,
    to_list,
    update_rows,
)
from leadscore.store.database import is_sqlite
from leadscore.store.tables import (
    LEAD_FIELD_COLUMNS,
    Activity,
    Batch,
    Lead,
    LeadChange,
    Outcome,
    to_text,
)
from leadscore.store.vault import Vault

LEADS = Lead.__table__  # type: ignore[attr-defined]
EDITED_BY_PEOPLE = ("owner",)
"""Columns that can be filled without any import."""

MIRRORED = ("owner", "source", "country", "industry")
"""Columns of a lead that its score row repeats, so that lists filter without a join."""

FEWEST_PHONE_DIGITS = 6
SHORTEST_NAME = 2
MOST_NAMES_READ = 200_000
NAME_FIELDS = ("first_name", "last_name", "full_name")
ROWS_PER_INSERT = 20_000
LONGEST_KEY = 120
NO_MATCH = -1


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


@dataclass(frozen=True)
class Undone:
    """What undoing an import did; ``restored_ids`` are the leads that have their earlier values again."""

    deleted: int
    restored: int
    outcomes: int
    activities: int
    restored_ids: np.ndarray


# --- keys people are recognised by ---------------------------------------------------------------------------


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


# --- writing -------------------------------------------------------------------------------------------------


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
        places = [_place(lead_id) for lead_id in lead_ids[part].tolist()]
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
    gaps_only: bool = False, now: datetime,
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
    """
    targets = np.asarray(lead_ids, dtype=np.int64)
    if not len(targets):
        return Updated(np.zeros(0, dtype=bool), targets)
    incoming = _incoming_columns(vault, leads, company_key)
    personal, custom = _value_dicts(leads, custom_fields)
    stored = _stored_states(session, vault, client_id, targets, list(incoming))
    changed = np.zeros(len(targets), dtype=bool)
    rows = zip(targets.tolist(), zip(*incoming.values(), strict=True), personal, custom, strict=True)
    for position, (lead_id, values, mine, other) in enumerate(rows):
        state = stored[lead_id]
        fresh = {name: value for name, value in zip(incoming, values, strict=True) if value is not None}
        offered = {"values": fresh, "personal": mine, "custom": other}
        changed[position] = any([state.apply(part, offer, gaps_only=gaps_only) for part, offer in offered.items()])
    altered = [stored[lead_id] for lead_id in sorted(stored) if stored[lead_id].before]
    # columns no row changes are left out: setting them would rewrite their indexes
    touched = sorted({name for state in altered for name in state.before.get("values", {})})
    _save_states(session, vault, altered, touched, now)
    _save_changes(session, vault, client_id, batch_id, altered)
    _note_fields(session, client_id, batch_id, leads)
    return Updated(changed, np.array([state.lead_id for state in altered], dtype=np.int64))


def assign_owner(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray, owner: str | None, *,
                 now: datetime) -> int:
    """Hand leads to a person; returns how many of this client there were."""
    found = 0
    for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)):
        parameters = {"owner": owner, "now": to_text(now), "client": client_id, "ids": members(session, portion)}
        session.execute(text(f"UPDATE scores SET owner = :owner WHERE client_id = :client "
                             f"AND {member_of(session, 'lead_id', 'ids')}"),
                        {name: parameters[name] for name in ("owner", "client", "ids")})
        found += _rowcount(session, f"UPDATE leads SET owner = :owner, changed_at = :now WHERE client_id = :client "
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


def mark_exported(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray, *, now: datetime) -> int:
    """Note that these leads left the house."""
    found = 0
    for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)):
        parameters = {"client": client_id, "ids": members(session, portion)}
        session.execute(text(f"UPDATE scores SET exported = true WHERE client_id = :client "
                             f"AND {member_of(session, 'lead_id', 'ids')}"), parameters)
        found += _rowcount(session, f"UPDATE leads SET exported_at = :now WHERE client_id = :client "
                                    f"AND {member_of(session, 'id', 'ids')}", parameters | {"now": to_text(now)})
    return found


def _rowcount(session: Session, statement: str, parameters: Mapping[str, Any]) -> int:
    return int(session.execute(text(statement), parameters).rowcount)  # type: ignore[attr-defined]


def _place(lead_id: int) -> str:
    return f"leads:{lead_id}"


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


# --- a stored lead while an import or an undo changes it ---------------------------------------------------------


class _State:
    """The values of one stored lead, and what an import replaces in them."""

    def __init__(self, lead_id: int, values: dict[str, Any], personal: dict[str, Any], custom: dict[str, Any]) -> None:
        self.lead_id = lead_id
        self.parts = {"values": values, "personal": personal, "custom": custom}
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


def _stored_states(session: Session, vault: Vault, client_id: int, lead_ids: np.ndarray,
                   names: list[str]) -> dict[int, _State]:
    states: dict[int, _State] = {}
    for portion in in_portions(np.unique(lead_ids)):
        ids, blobs, customs, *columns = fetch_columns(
            session, f"SELECT id, personal, custom{''.join(f', {_quoted(name)}' for name in names)} FROM leads "
                     f"WHERE client_id = :client AND {member_of(session, 'id', 'ids')}",
            {"client": client_id, "ids": members(session, portion)})
        opened = vault.decrypt_many(blobs, [_place(lead_id) for lead_id in ids])
        rows = zip(*columns, strict=True) if columns else ((),) * len(ids)
        for lead_id, values, personal, custom in zip(ids, rows, opened, customs, strict=True):
            states[lead_id] = _State(lead_id, dict(zip(names, values, strict=True)),
                                     orjson.loads(personal) if personal else {}, orjson.loads(custom) if custom else {})
    missing = set(np.unique(lead_ids).tolist()) - set(states)
    if missing:
        raise NotFound("unknown_lead", f"There is no lead {min(missing)}.", "It may have been erased.")
    return states


def _save_states(session: Session, vault: Vault, states: Sequence[_State], names: list[str], now: datetime) -> None:
    personal = [_dump(state.parts["personal"]) for state in states]
    custom = [_dump(state.parts["custom"]) for state in states]
    columns: dict[str, Any] = {
        "id": [state.lead_id for state in states], "changed_at": [to_text(now)] * len(states),
        "personal": vault.encrypt_many(personal, [_place(state.lead_id) for state in states]),
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
    notes: list[bytes | None] = [orjson.dumps({"before": state.before, "after": state.after}) for state in states]
    sealed = vault.encrypt_many(notes, [_change_place(lead_id, batch_id) for lead_id in lead_ids])
    insert_rows(session, "lead_changes", {"client_id": client_id, "batch_id": batch_id, "lead_id": lead_ids,
                                          "before": sealed})


def _change_place(lead_id: int, batch_id: int) -> str:
    return f"lead_changes:{lead_id}:{batch_id}"


def _dump(values: Mapping[str, Any]) -> bytes | None:
    kept = {name: value for name, value in values.items() if value is not None}
    return orjson.dumps(kept) if kept else None


def _quoted(name: str) -> str:
    return f'"{name}"'


# --- reading -------------------------------------------------------------------------------------------------


def ids(session: Session, client_id: int, *, batch_id: int | None = None) -> np.ndarray:
    """List the ids of a client's leads, or of those an import stored or changed, in ascending order."""
    statement = "SELECT id FROM leads WHERE client_id = :client"
    parameters: dict[str, Any] = {"client": client_id}
    if batch_id is not None:
        statement += (" AND batch_id = :batch UNION SELECT lead_id FROM lead_changes"
                      " WHERE client_id = :client AND batch_id = :batch")
        parameters["batch"] = batch_id
    (found,) = fetch_columns(session, f"{statement} ORDER BY 1", parameters)
    return np.array(found, dtype=np.int64)


def count(session: Session, client_id: int) -> int:
    """Count the leads of a client."""
    return int(session.execute(text("SELECT count(*) FROM leads WHERE client_id = :client"),
                               {"client": client_id}).scalar_one())


def custom_fields(session: Session, client_id: int) -> tuple[CustomField, ...]:
    """Gather the custom columns of all imports of a client.

    A column that was of two kinds is read as text; one that was personal once stays personal.
    """
    found: dict[str, CustomField] = {}
    statement = select(col(Batch.custom_fields)).where(col(Batch.client_id) == client_id,
                                                       col(Batch.undone_at).is_(None)).order_by(col(Batch.id))
    for described in session.execute(statement).scalars():
        for entry in described:
            field = CustomField(entry["header"], Kind(entry["kind"]), bool(entry["personal"]))
            found[field.header] = _merged(found.get(field.header), field)
    return tuple(found.values())


def read_leads(
    session: Session, vault: Vault, client_id: int, *, lead_ids: Sequence[int] | np.ndarray | None = None,
    batch_id: int | None = None, fields: Sequence[str] | None = None, personal: bool = True,
    custom: Sequence[CustomField] | None = None, keep_empty: bool = False,
) -> pd.DataFrame:
    """Read stored leads as a leads frame.

    Parameters
    ----------
    lead_ids : sequence of int, optional
        Only these, in this order; unknown ones are left out. All leads of the client, by id, when left out.
    batch_id : int, optional
        Only the leads this import stored.
    fields : sequence of str, optional
        Only these columns, present even when empty; otherwise all that hold a value.
    personal : bool
        False leaves personal columns out and decrypts nothing.
    custom : sequence of CustomField, optional
        How to type the ``custom:`` columns; as the client's imports described them when left out.
    keep_empty : bool
        Give every column any lead of the client has a value for, even when none of these leads has one.

    Returns
    -------
    DataFrame
        Index ``lead_id``.

    Raises
    ------
    TamperedData
        Stored personal data do not decrypt.
    """
    described = custom_fields(session, client_id) if custom is None else tuple(custom)
    plan = _plan(session, client_id, fields, personal, described)
    plan = replace(plan, keep_empty=plan.keep_empty or keep_empty)
    if lead_ids is None:
        return _frame(vault, plan, _fetch(session, client_id, plan, batch_id=batch_id))
    wanted = np.asarray(lead_ids, dtype=np.int64)
    frame = _frame(vault, plan, _fetch(session, client_id, plan, batch_id=batch_id, lead_ids=wanted))
    order = frame.index.get_indexer(pd.Index(wanted))
    return frame.iloc[order[order >= 0]] if not np.array_equal(frame.index, wanted) else frame


def find_lead(session: Session, client_id: int, lead_id: int) -> Any:
    """Give the stored row of a lead, without its personal data.

    Raises
    ------
    NotFound
        The client has no such lead.
    """
    row = session.execute(select(LEADS).where(LEADS.c.id == lead_id, LEADS.c.client_id == client_id)).one_or_none()
    if row is None:
        raise NotFound("unknown_lead", f"There is no lead {lead_id}.", "It may have been erased.")
    return row


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
    opened = vault.decrypt_many(blobs, [_place(lead_id) for lead_id in lead_ids])
    found = [lead_id for lead_id, note in zip(lead_ids, opened, strict=True) if typed in _whole_name(note)]
    return np.array(found, dtype=np.int64)


def _whole_name(note: bytes | None) -> str:
    facts = orjson.loads(note or b"{}")
    return " ".join([facts[name] for name in NAME_FIELDS if name in facts]).casefold()


def company_key_of(session: Session, client_id: int, lead_id: int) -> str | None:
    """Give the normalised company of a lead, if it has one."""
    return session.execute(select(LEADS.c.company_key).where(LEADS.c.id == lead_id,
                                                             LEADS.c.client_id == client_id)).scalar()


def outcomes(session: Session, client_id: int) -> pd.Series:
    """Give the present outcome of every lead: index ``lead_id``, a stage each."""
    found, stages = fetch_columns(session, "SELECT id, outcome FROM leads WHERE client_id = :client ORDER BY id",
                                  {"client": client_id})
    return pd.Series(_texts(stages), index=pd.Index(np.array(found, dtype=np.int64), name="lead_id"), name="outcome")


def colleagues(session: Session, client_id: int, lead_id: int, limit: int = 100) -> np.ndarray:
    """List the ids of the other leads of the same company."""
    (found,) = fetch_columns(session, "SELECT o.id FROM leads o JOIN leads l ON o.client_id = l.client_id AND "
                             "o.company_key = l.company_key WHERE l.id = :lead AND l.client_id = :client "
                             "AND o.id <> l.id ORDER BY o.id LIMIT :limit",
                             {"lead": lead_id, "client": client_id, "limit": limit})
    return np.array(found, dtype=np.int64)


def overrides(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray | None = None) -> pd.DataFrame:
    """Give people's own judgements: index ``lead_id``, columns ``score`` and ``tier``, either may be missing."""
    found, scores, tiers = fetch_columns(
        session, "SELECT id, override_score, override_tier FROM leads WHERE client_id = :client AND "
                 "(override_score IS NOT NULL OR override_tier IS NOT NULL) ORDER BY id", {"client": client_id})
    frame = pd.DataFrame({"score": np.array(scores, dtype=float), "tier": pd.array(tiers, dtype="str")},
                         index=pd.Index(np.array(found, dtype=np.int64), name="lead_id"))
    return frame if lead_ids is None else frame[frame.index.isin(np.asarray(lead_ids))]


def latest_dates(session: Session, client_id: int) -> pd.DataFrame:
    """Give the day-by-day latest of each date column, enough to find the newest date not after a moment.

    Returns
    -------
    DataFrame
        One column per date field that holds values; distinct days, each with its latest time.
    """
    columns = {}
    for field in FIELDS:
        if field.kind is Kind.DATE and not field.personal:
            (found,) = fetch_columns(session, f"SELECT max({field.name}) FROM leads WHERE client_id = :client AND "
                                     f"{field.name} IS NOT NULL GROUP BY substr({field.name}, 1, 10)",
                                     {"client": client_id})
            if found:
                columns[field.name] = pd.Series(_times(found))
    return pd.DataFrame(columns)


def _merged(known: CustomField | None, new: CustomField) -> CustomField:
    if known is None:
        return new
    kind = new.kind if known.kind == new.kind else Kind.TEXT
    return CustomField(new.header, kind, known.personal or new.personal)


def _ids_where(session: Session, client_id: int, column: str, value: str | None) -> np.ndarray:
    if value is None:
        return np.zeros(0, dtype=np.int64)
    statement = f"SELECT id FROM leads WHERE client_id = :client AND {column} = :value ORDER BY id"
    (found,) = fetch_columns(session, statement, {"client": client_id, "value": value})
    return np.array(found, dtype=np.int64)


@dataclass(frozen=True)
class _Plan:
    """Which columns a reading needs: of the table, of the blobs, and how to type them."""

    table: tuple[str, ...]
    kinds: dict[str, Kind]
    hidden: tuple[str, ...]
    other: tuple[str, ...]
    keep_empty: bool
    order: tuple[str, ...]

    @property
    def selected(self) -> tuple[str, ...]:
        blobs = (("personal",) if self.hidden else ()) + (("custom",) if self.other or self.hidden else ())
        return ("id", *self.table, *blobs)


def _plan(session: Session, client_id: int, fields: Sequence[str] | None, personal: bool,
          described: Sequence[CustomField]) -> _Plan:
    kinds = {field.name: field.kind for field in FIELDS} | {field.name: field.kind for field in described}
    secret = {field.name for field in FIELDS if field.personal} | {field.name for field in described if field.personal}
    names = tuple(kinds) if fields is None else tuple(dict.fromkeys(fields))
    unknown = [name for name in names if name not in kinds]
    if unknown:
        raise InvalidRequest("unknown_field", f"There is no column '{unknown[0]}'.",
                             "Choose one of the listed columns.")
    filled = _filled(session, client_id) | set(EDITED_BY_PEOPLE)
    allowed = [name for name in names if (personal or name not in secret) and (fields is not None or name in filled)]
    return _Plan(table=tuple(name for name in allowed if name in LEAD_FIELD_COLUMNS), kinds=kinds,
                 hidden=tuple(name for name in allowed if name in secret),
                 other=tuple(name for name in allowed if name.startswith(CUSTOM_PREFIX) and name not in secret),
                 keep_empty=fields is not None, order=tuple(allowed))


def _filled(session: Session, client_id: int) -> set[str]:
    statement = select(col(Batch.fields)).where(col(Batch.client_id) == client_id)
    return {name for names in session.execute(statement).scalars() for name in names}


def _fetch(session: Session, client_id: int, plan: _Plan, *, batch_id: int | None = None,
           lead_ids: np.ndarray | None = None) -> list[list[Any]]:
    parameters: dict[str, Any] = {"client": client_id}
    statement = f"SELECT {', '.join(map(_quoted, plan.selected))} FROM leads WHERE client_id = :client"
    if batch_id is not None:
        statement, parameters["batch"] = f"{statement} AND batch_id = :batch", batch_id
    if lead_ids is not None:
        return fetch_for(session, statement, "id", lead_ids, parameters)
    return fetch_columns(session, f"{statement} ORDER BY id", parameters)


def _frame(vault: Vault, plan: _Plan, columns: list[list[Any]]) -> pd.DataFrame:
    raw = dict(zip(plan.selected, columns, strict=True))
    lead_ids = raw["id"]
    values = {name: raw[name] for name in plan.table}
    if plan.hidden:
        opened = vault.decrypt_many(raw["personal"], [_place(lead_id) for lead_id in lead_ids])
        values |= _unpack(opened, plan.hidden)
        # a custom column may have been found personal only by a later import
        values |= _filled_up(values, _unpack(raw["custom"], [n for n in plan.hidden if n.startswith(CUSTOM_PREFIX)]))
    if plan.other:
        values |= _unpack(raw["custom"], plan.other)
    present = [name for name in plan.order if plan.keep_empty or _any(values[name])]
    index = pd.Index(np.array(lead_ids, dtype=np.int64), name="lead_id")
    return pd.DataFrame({name: _typed(values[name], plan.kinds[name]) for name in present}, index=index)


def _any(values: list[Any]) -> bool:
    return any(value is not None for value in values)


def _unpack(blobs: Sequence[Any], names: Sequence[str]) -> dict[str, list[Any]]:
    """Turn one JSON object a lead into one list a column."""
    if not names:
        return {}
    loads, empty = orjson.loads, {}  # type: ignore[var-annotated]
    objects = [loads(blob) if blob else empty for blob in blobs]
    return {name: [values.get(name) for values in objects] for name in names}


def _filled_up(values: Mapping[str, list[Any]], further: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: [mine if mine is not None else other for mine, other in zip(values[name], extra, strict=True)]
            for name, extra in further.items() if _any(extra)}


def _typed(values: list[Any], kind: Kind) -> Any:
    if kind in NUMERIC_KINDS:
        return _numbers(values)
    if kind is Kind.BOOLEAN:
        return _booleans(values)
    if kind is Kind.DATE:
        return _times(values)
    return _texts(values)


def _numbers(values: list[Any]) -> np.ndarray:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        return np.asarray(pd.to_numeric(pd.Series(values, dtype=object), errors="coerce"), dtype=np.float64)


def _booleans(values: list[Any]) -> Any:
    known = np.array([value is not None and not isinstance(value, str) for value in values], dtype=bool)
    answers = np.array([bool(value) for value in values], dtype=bool)
    return pd.arrays.BooleanArray(answers, ~known)


def _times(values: list[Any]) -> Any:
    # the store keeps milliseconds; microseconds are the unit of every frame
    try:
        moments = pc.cast(pa.array(values, pa.string()), pa.timestamp("us", "UTC"))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pd.to_datetime(pd.Series(values, dtype=object), errors="coerce", utc=True).dt.as_unit("us").array
    return pd.Series(moments.to_numpy(zero_copy_only=False).astype("datetime64[us]")).dt.tz_localize("UTC").array


def _texts(values: list[Any]) -> Any:
    try:
        arrow = pa.array(values, pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        arrow = pa.array([None if value is None else str(value) for value in values], pa.large_string())
    return pd.array(arrow, dtype="str")


# --- recognising stored leads ---------------------------------------------------------------------------------


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


# --- taking leads away ----------------------------------------------------------------------------------------


def undo_batch(session: Session, vault: Vault, *, client_id: int, batch_id: int, now: datetime) -> Undone:
    """Take back a whole import: its leads go, leads it changed have their earlier values again.

    A value that a person has changed since stays as the person left it.

    Raises
    ------
    NotFound
        The client has no such import.
    InvalidRequest
        It is undone already, or a later import changed the same leads.
    """
    batch = session.get(Batch, batch_id)
    if batch is None or batch.client_id != client_id:
        raise NotFound("unknown_batch", f"There is no import {batch_id}.", "The list of imports shows their numbers.")
    if batch.undone_at is not None:
        raise InvalidRequest("already_undone", f"Import {batch_id} has already been undone.", "Nothing is left to do.")
    _refuse_if_built_upon(session, client_id, batch_id)
    restored = _restore(session, vault, client_id, batch_id, now)
    own = _ids_of_batch(session, client_id, batch_id)
    told = _leads_told_of(session, client_id, batch_id)
    outcomes = _delete_of_batch(session, Outcome, client_id, batch_id)
    activities = _delete_of_batch(session, Activity, client_id, batch_id)
    _delete_of_batch(session, LeadChange, client_id, batch_id)
    erase(session, client_id, own)
    settle_outcomes(session, client_id, told)
    batch.state, batch.undone_at = "undone", now
    session.add(batch)
    session.flush()
    return Undone(len(own), len(restored), outcomes, activities, restored)


def erase(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray) -> int:
    """Remove leads with everything that tells of them; returns the number of rows removed."""
    removed = 0
    tables = (("outcomes", "lead_id"), ("activities", "lead_id"), ("score_history", "lead_id"), ("scores", "lead_id"),
              ("lead_changes", "lead_id"), ("leads", "id"))
    for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)):
        parameters = {"client": client_id, "ids": members(session, portion)}
        removed += sum(_rowcount(session, f"DELETE FROM {table} WHERE client_id = :client AND "
                                          f"{member_of(session, key, 'ids')}", parameters) for table, key in tables)
    return removed


def settle_outcomes(session: Session, client_id: int, lead_ids: Sequence[int] | np.ndarray) -> None:
    """Set each lead's outcome, in its row and in its score, to the latest recorded one; ``new`` without any.

    Only leads whose outcome differs are written. Latest means by date, then by order of recording.
    """
    latest = ("(SELECT o.{column} FROM outcomes o WHERE o.client_id = l.client_id AND o.lead_id = l.id "
              "ORDER BY coalesce(o.at, '') DESC, o.id DESC LIMIT 1)")
    statement = (f"SELECT id, stage, moment FROM (SELECT l.id, l.outcome, l.outcome_at, "
                 f"coalesce({latest.format(column='stage')}, :new) AS stage, {latest.format(column='at')} AS moment "
                 f"FROM leads l WHERE l.client_id = :client AND {member_of(session, 'l.id', 'ids')}) settled "
                 f"WHERE outcome <> stage OR coalesce(outcome_at, '') <> coalesce(moment, '')")
    for portion in in_portions(np.asarray(lead_ids, dtype=np.int64)):
        found, stages, moments = fetch_columns(
            session, statement, {"client": client_id, "new": str(OutcomeStage.NEW), "ids": members(session, portion)})
        update_rows(session, "leads", {"id": found, "outcome": stages, "outcome_at": moments})
        update_rows(session, "scores", {"lead_id": found, "outcome": stages}, key="lead_id")


def _ids_of_batch(session: Session, client_id: int, batch_id: int) -> np.ndarray:
    (found,) = fetch_columns(session, "SELECT id FROM leads WHERE client_id = :client AND batch_id = :batch",
                             {"client": client_id, "batch": batch_id})
    return np.array(found, dtype=np.int64)


def _leads_told_of(session: Session, client_id: int, batch_id: int) -> np.ndarray:
    (found,) = fetch_columns(session, "SELECT DISTINCT lead_id FROM outcomes WHERE client_id = :client AND "
                             "batch_id = :batch", {"client": client_id, "batch": batch_id})
    return np.array(found, dtype=np.int64)


def _delete_of_batch(session: Session, table: type[Outcome] | type[Activity] | type[LeadChange], client_id: int,
                     batch_id: int) -> int:
    removed = session.execute(delete(table).where(col(table.client_id) == client_id, col(table.batch_id) == batch_id))
    return int(removed.rowcount)  # type: ignore[attr-defined]


def _refuse_if_built_upon(session: Session, client_id: int, batch_id: int) -> None:
    later = session.execute(text(
        "SELECT min(batch_id) FROM lead_changes WHERE client_id = :client AND batch_id > :batch AND (lead_id IN "
        "(SELECT id FROM leads WHERE client_id = :client AND batch_id = :batch) OR lead_id IN (SELECT lead_id FROM "
        "lead_changes WHERE client_id = :client AND batch_id = :batch))"),
        {"client": client_id, "batch": batch_id}).scalar()
    if later is not None:
        raise InvalidRequest("changed_since", f"Import {later} has since changed leads of import {batch_id}.",
                             f"Undo import {later} first.")


def _restore(session: Session, vault: Vault, client_id: int, batch_id: int, now: datetime) -> np.ndarray:
    lead_ids, blobs = fetch_columns(session, "SELECT lead_id, before FROM lead_changes WHERE client_id = :client AND "
                                    "batch_id = :batch ORDER BY id DESC", {"client": client_id, "batch": batch_id})
    if not lead_ids:
        return np.zeros(0, dtype=np.int64)
    opened = vault.decrypt_many(blobs, [_change_place(lead_id, batch_id) for lead_id in lead_ids])
    notes = [orjson.loads(note or b"{}") for note in opened]
    names = sorted({name for note in notes for name in note["before"].get("values", {})})
    touched = np.array(lead_ids, dtype=np.int64)
    states = _stored_states(session, vault, client_id, touched, names)
    for lead_id, note in zip(lead_ids, notes, strict=True):
        states[lead_id].revert(note["before"], note["after"])
    _save_states(session, vault, list(states.values()), names, now)
    return np.unique(touched)



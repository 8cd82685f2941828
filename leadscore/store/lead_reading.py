"""The stored leads of a client come out as the frames that went in, decrypted where they are personal."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import select, text
from sqlmodel import Session, col

from leadscore.errors import InvalidRequest, NotFound
from leadscore.schema import CUSTOM_PREFIX, FIELDS, NUMERIC_KINDS, CustomField, Kind
from leadscore.store.bulk import (
    fetch_columns,
    fetch_for,
)
from leadscore.store.restriction import STANDING, restricted_ids
from leadscore.store.tables import (
    LEAD_FIELD_COLUMNS,
    Batch,
    Lead,
    to_text,
)
from leadscore.store.vault import Vault

LEADS = Lead.__table__  # type: ignore[attr-defined]
EDITED_BY_PEOPLE = ("owner",)
"""Columns that can be filled without any import."""
LARGEST_ID = 2**63 - 1


def place(lead_id: int) -> str:
    """Name the place the personal data of a lead is encrypted for."""
    return f"leads:{lead_id}"


def ids(session: Session, client_id: int, *, batch_id: int | None = None) -> np.ndarray:
    """List the ids of a client's leads, or of those an import stored or changed, in ascending order.

    Leads whose person has objected are left out here and wherever leads are read without being named.
    """
    statement = "SELECT id FROM leads WHERE client_id = :client"
    parameters: dict[str, Any] = {"client": client_id}
    if batch_id is not None:
        statement += (" AND batch_id = :batch UNION SELECT lead_id FROM lead_changes"
                      " WHERE client_id = :client AND batch_id = :batch")
        parameters["batch"] = batch_id
    (found,) = fetch_columns(session, f"{statement} ORDER BY 1", parameters)
    listed, objecting = np.array(found, dtype=np.int64), restricted_ids(session, client_id)
    return np.setdiff1d(listed, objecting, assume_unique=True) if len(objecting) else listed


def count(session: Session, client_id: int) -> int:
    """Count the leads of a client."""
    return int(session.execute(text("SELECT count(*) FROM leads WHERE client_id = :client"),
                               {"client": client_id}).scalar_one())


def state(session: Session, client_id: int) -> tuple[Any, ...]:
    """Give what changes whenever a client's leads, their outcomes or what is told of them do, from counts alone."""
    counted = {"leads": "max(id)", "outcomes": "max(id)", "batches": "max(id), count(undone_at)",
               "language_answers": "max(at)"}
    parts = [fetch_columns(session, f"SELECT count(*), {last} FROM {table} WHERE client_id = :client",
                           {"client": client_id}) for table, last in counted.items()]
    return (*(column[0] for part in parts for column in part), *restricted_ids(session, client_id).tolist())


def stored_since(session: Session, client_id: int, moment: datetime) -> np.ndarray:
    """List the ids of the leads that were first stored after a moment, in ascending order."""
    (found,) = fetch_columns(session, "SELECT id FROM leads WHERE client_id = :client AND stored_at > :moment "
                                      f"AND {STANDING} ORDER BY id", {"client": client_id, "moment": to_text(moment)})
    return np.array(found, dtype=np.int64)


def custom_fields(session: Session, client_id: int, *,
                  of_batches: Collection[int] | None = None) -> tuple[CustomField, ...]:
    """Gather the custom columns of all imports of a client, or of some of them.

    A column that was of two kinds is read as text; one that was personal once stays personal.
    """
    found: dict[str, CustomField] = {}
    chosen = col(Batch.undone_at).is_(None) if of_batches is None else col(Batch.id).in_(of_batches)
    statement = select(col(Batch.custom_fields)).where(col(Batch.client_id) == client_id,
                                                       chosen).order_by(col(Batch.id))
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
        Only these, in this order; unknown ones are left out. When left out all leads of the client, by id, but for
        those whose person has objected.
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
    query = select(LEADS).where(LEADS.c.id == lead_id, LEADS.c.client_id == client_id)
    # a longer number is none a database can be asked for
    row = session.execute(query).one_or_none() if 0 < lead_id <= LARGEST_ID else None
    if row is None:
        raise NotFound("unknown_lead", f"There is no lead {lead_id}.", "It may have been erased.")
    return row


def outcomes(session: Session, client_id: int) -> pd.Series:
    """Give the present outcome of every lead: index ``lead_id``, a stage each."""
    found, stages = fetch_columns(session, "SELECT id, outcome FROM leads WHERE client_id = :client AND "
                                           f"{STANDING} ORDER BY id", {"client": client_id})
    return pd.Series(_texts(stages), index=pd.Index(np.array(found, dtype=np.int64), name="lead_id"), name="outcome")


def with_outcome(session: Session, client_id: int, stage: str) -> np.ndarray:
    """List the leads whose present outcome is this stage, in ascending order."""
    (found,) = fetch_columns(session, "SELECT id FROM leads WHERE client_id = :client AND outcome = :stage AND "
                                      f"{STANDING} ORDER BY id", {"client": client_id, "stage": stage})
    return np.array(found, dtype=np.int64)


def outcome_moments(session: Session, client_id: int) -> pd.Series:
    """Give the moment of every lead's present outcome: index ``lead_id``, UTC times, missing where none is known."""
    found, moments = fetch_columns(session, "SELECT id, outcome_at FROM leads WHERE client_id = :client AND "
                                            f"{STANDING} ORDER BY id", {"client": client_id})
    index = pd.Index(np.array(found, dtype=np.int64), name="lead_id")
    return pd.Series(_times(moments), index=index, name="outcome_at")


def outcome_counts(session: Session, client_id: int) -> dict[str, int]:
    """Count the leads of a client by their present outcome."""
    stages, leads = fetch_columns(session, "SELECT outcome, count(*) FROM leads WHERE client_id = :client "
                                           f"AND {STANDING} GROUP BY outcome", {"client": client_id})
    return {str(stage): int(number) for stage, number in zip(stages, leads, strict=True)}


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


def typed(values: list[Any], kind: Kind) -> Any:
    """Turn stored values into a column of a leads frame."""
    return _typed(values, kind)


def _merged(known: CustomField | None, new: CustomField) -> CustomField:
    if known is None:
        return new
    kind = new.kind if known.kind == new.kind else Kind.TEXT
    return CustomField(new.header, kind, known.personal or new.personal)


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
    known = filled(session, client_id) | set(EDITED_BY_PEOPLE)
    allowed = [name for name in names if (personal or name not in secret) and (fields is not None or name in known)]
    return _Plan(table=tuple(name for name in allowed if name in LEAD_FIELD_COLUMNS), kinds=kinds,
                 hidden=tuple(name for name in allowed if name in secret),
                 other=tuple(name for name in allowed if name.startswith(CUSTOM_PREFIX) and name not in secret),
                 keep_empty=fields is not None, order=tuple(allowed))


def filled(session: Session, client_id: int) -> set[str]:
    """Name the columns that any import of a client has brought a value for."""
    statement = select(col(Batch.fields)).where(col(Batch.client_id) == client_id)
    return {name for names in session.execute(statement).scalars() for name in names}


def _fetch(session: Session, client_id: int, plan: _Plan, *, batch_id: int | None = None,
           lead_ids: np.ndarray | None = None) -> list[list[Any]]:
    parameters: dict[str, Any] = {"client": client_id}
    # a plus keeps SQLite from walking through all leads of the client when a few are named
    client = "client_id" if lead_ids is None else "+client_id"
    statement = f"SELECT {', '.join(map(quoted, plan.selected))} FROM leads WHERE {client} = :client"
    if batch_id is not None:
        statement, parameters["batch"] = f"{statement} AND batch_id = :batch", batch_id
    if lead_ids is not None:
        # the sign keeps the planner from an index by client, which would go through every lead for each portion
        by_key = statement.replace("WHERE client_id", "WHERE +client_id")
        return fetch_for(session, by_key, "id", lead_ids, parameters)
    return fetch_columns(session, f"{statement} AND {STANDING} ORDER BY id", parameters)


def _frame(vault: Vault, plan: _Plan, columns: list[list[Any]]) -> pd.DataFrame:
    raw = dict(zip(plan.selected, columns, strict=True))
    lead_ids = raw["id"]
    values = {name: raw[name] for name in plan.table}
    if plan.hidden:
        opened = vault.decrypt_many(raw["personal"], [place(lead_id) for lead_id in lead_ids])
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


def quoted(name: str) -> str:
    """Quote the name of one of our own columns."""
    return f'"{name}"'

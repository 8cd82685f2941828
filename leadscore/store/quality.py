"""Counts the stored leads by how good their values are; the database does it, and no value leaves it but outliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session, col, select

from leadscore.schema import FIELD_BY_NAME, NUMERIC_KINDS
from leadscore.store.bulk import fetch_columns
from leadscore.store.database import is_sqlite
from leadscore.store.lead_reading import quoted
from leadscore.store.tables import LEAD_FIELD_COLUMNS, Batch, to_text

SIGNS_OF_LIFE = ("last_activity_at", "modified_at", "created_at")
ORDER_OF_DATES = (("created_at", "last_activity_at"), ("created_at", "first_response_at"),
                  ("created_at", "converted_at"), ("created_at", "modified_at"))
ORDER_OF_COUNTS = (("email_clicks", "email_opens"), ("email_opens", "emails_sent"), ("email_replies", "emails_sent"))
PAST_DATES = ("created_at", "modified_at", "last_activity_at", "first_response_at", "consent_at")
OLDEST = "1990"
INDEXED = {"email": "email_index", "phone": "phone_index"}
"""Personal fields of which it is known without decrypting whether they are filled."""
FILLED, WRONG = "filled:", "wrong:"
MONTH = "substr(coalesce(l.created_at, l.stored_at), 1, 7)"


def used_fields(session: Session, client_id: int) -> list[str]:
    """Name the stored fields, those told by an index among them, that any import of a client has brought."""
    statement = select(Batch.fields).where(Batch.client_id == client_id, col(Batch.undone_at).is_(None))
    from_imports = {name for names in session.exec(statement) for name in names}
    return [name for name in FIELD_BY_NAME if name in from_imports and (name in LEAD_FIELD_COLUMNS or name in INDEXED)]


def by_source(session: Session, client_id: int, fields: Sequence[str], *, now: datetime,
              stale_before: datetime) -> pd.DataFrame:
    """Count the leads of every source.

    Returns
    -------
    DataFrame
        Columns ``source`` (missing where none is named), ``leads``, for each field ``filled:<field>`` and for numbers
        ``wrong:<field>`` (outside the plausible range), and as of :func:`by_month` ``dated``, ``stale`` and
        ``contradicting``.
    """
    parts = {FILLED + name: f"count(l.{INDEXED.get(name, quoted(name))})" for name in fields}
    parts |= {WRONG + name: f"sum({test})" for name, test in _outside(fields).items()}
    return _grouped(session, client_id, "l.source", "source", parts, now=now, stale_before=stale_before)


def by_month(session: Session, client_id: int, fields: Sequence[str], *, now: datetime,
             stale_before: datetime) -> pd.DataFrame:
    """Count the leads by the month they came in.

    Returns
    -------
    DataFrame
        Columns ``month`` (as 2026-01), ``leads``, ``filled`` (cells of the fields), ``numbers`` (cells that hold one),
        ``wrong`` (numbers outside the plausible range), ``dated`` (leads with a date of creation, change or
        activity), ``stale`` (of these, with none of late) and ``contradicting`` (leads whose values cannot all be
        true).
    """
    outside = _outside(fields)
    parts = {"filled": " + ".join(f"count(l.{INDEXED.get(name, quoted(name))})" for name in fields) or "0",
             "numbers": " + ".join(f"count(l.{quoted(name)})" for name in outside) or "0",
             "wrong": " + ".join(f"sum({test})" for test in outside.values()) or "0"}
    return _grouped(session, client_id, MONTH, "month", parts, now=now, stale_before=stale_before)


def repeated(session: Session, client_id: int) -> pd.DataFrame:
    """Count the leads that share an e-mail address or a CRM id with another one: columns ``source`` and ``leads``."""
    same = " OR ".join(f"l.{name} IN (SELECT d.{name} FROM leads d WHERE d.client_id = :client AND d.{name} IS NOT "
                       f"NULL GROUP BY d.{name} HAVING count(*) > 1)" for name in ("email_index", "crm_id"))
    sources, leads = fetch_columns(session, f"SELECT l.source, count(*) FROM leads l WHERE l.client_id = :client AND "
                                   f"({same}) GROUP BY 1", {"client": client_id})
    return pd.DataFrame({"source": pd.array(sources, dtype="str"), "leads": np.array(leads, dtype=np.int64)})


def beyond(session: Session, client_id: int, field: str, *, low: float, high: float, most: int) -> tuple[
        int, pd.DataFrame]:
    """Find the numbers of a field outside two bounds.

    Returns
    -------
    tuple of int and DataFrame
        How many there are, and the lowest and highest ``most`` of them: columns ``lead_id``, ``source``, ``value``.
    """
    if field not in LEAD_FIELD_COLUMNS or FIELD_BY_NAME[field].kind not in NUMERIC_KINDS:
        return 0, pd.DataFrame({"lead_id": [], "source": [], "value": []})
    column = f"l.{quoted(field)}"
    ends = {":low": (f"{column} < :low", "ASC"), ":high": (f"{column} > :high", "DESC")}
    bounds = {":low": low, ":high": high}
    found, total = [], 0
    for end, (condition, order) in ends.items():
        if not np.isfinite(bounds[end]):
            continue
        parameters = {"client": client_id, end[1:]: bounds[end]}
        ((count,),) = fetch_columns(session, "SELECT count(*) FROM leads l WHERE l.client_id = :client AND "
                                    f"{condition}", parameters)
        total += int(count)
        ids, sources, values = fetch_columns(
            session, f"SELECT l.id, l.source, {column} FROM leads l WHERE l.client_id = :client AND {condition} "
            f"ORDER BY {column} {order}, l.id LIMIT {int(most)}", parameters)
        found.append(pd.DataFrame({"lead_id": np.array(ids, dtype=np.int64), "source": pd.array(sources, dtype="str"),
                                   "value": np.array(values, dtype=float)}))
    return total, pd.concat(found, ignore_index=True) if found else pd.DataFrame(
        {"lead_id": [], "source": [], "value": []})


def _grouped(session: Session, client_id: int, key: str, name: str, parts: Mapping[str, str], *, now: datetime,
             stale_before: datetime) -> pd.DataFrame:
    known = " OR ".join(f"l.{column} IS NOT NULL" for column in SIGNS_OF_LIFE)
    silent = " AND ".join(f"(l.{column} IS NULL OR l.{column} < :stale)" for column in SIGNS_OF_LIFE)
    sums = {"leads": "count(*)", **parts, "dated": _count_if(known), "stale": _count_if(f"({known}) AND {silent}"),
            "contradicting": _count_if(" OR ".join(_contradictions(session)))}
    found = fetch_columns(
        session, f"SELECT {key}, {', '.join(sums.values())} FROM leads l WHERE l.client_id = :client GROUP BY 1",
        {"client": client_id, "stale": to_text(stale_before), "now": to_text(now)})
    columns: dict[str, Any] = {name: pd.array(found[0], dtype="str")}
    return pd.DataFrame(columns | {each: np.array([value or 0 for value in values], dtype=np.int64)
                                   for each, values in zip(sums, found[1:], strict=True)})


def _outside(fields: Sequence[str]) -> dict[str, str]:
    """Write for each number the test that it is outside its plausible range."""
    tests = {}
    for name in fields:
        field = FIELD_BY_NAME[name]
        if field.kind in NUMERIC_KINDS and name in LEAD_FIELD_COLUMNS:
            ends = [f"l.{quoted(name)} {sign} {float(end)!r}" for sign, end in (("<", field.low), (">", field.high))
                    if end is not None]
            tests[name] = f"CASE WHEN {' OR '.join(ends) or '1 = 0'} THEN 1 ELSE 0 END"
    return tests


def _contradictions(session: Session) -> list[str]:
    """Write what cannot be true of one lead; a day of difference is put down to clocks and time zones."""
    sqlite = is_sqlite(session)

    def much_before(then: str, first: str) -> str:
        # compared as texts first: few are out of order, and only these have to be read as dates
        ordered = f"{then} < {first} AND "
        if sqlite:
            return f"({ordered}julianday({then}) < julianday({first}) - 1)"
        return f"({ordered}CAST({then} AS timestamptz) < CAST({first} AS timestamptz) - interval '1 day')"

    tests = [much_before(f"l.{then}", f"l.{first}") for first, then in ORDER_OF_DATES]
    tests += [much_before(":now", f"l.{date}") for date in PAST_DATES]
    tests += [f"l.{date} < '{OLDEST}'" for date in (*PAST_DATES, "converted_at")]
    tests += [f"l.{part} > l.{whole}" for part, whole in ORDER_OF_COUNTS]
    return [*tests, "(l.consent = true AND (l.do_not_email = true OR l.do_not_contact = true))"]


def _count_if(condition: str) -> str:
    return f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END)"

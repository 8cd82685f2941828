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
FILLED, WRONG, FAR = "filled:", "wrong:", "far:"
MONTH = "substr(coalesce(l.created_at, l.stored_at), 1, 7)"


def used_fields(session: Session, client_id: int) -> list[str]:
    """Name the stored fields, those told by an index among them, that any import of a client has brought."""
    statement = select(Batch.fields).where(Batch.client_id == client_id, col(Batch.undone_at).is_(None))
    from_imports = {name for names in session.exec(statement) for name in names}
    return [name for name in FIELD_BY_NAME if name in from_imports and (name in LEAD_FIELD_COLUMNS or name in INDEXED)]


def counted(session: Session, client_id: int, fields: Sequence[str], *, bounds: Mapping[str, tuple[float, float]],
            now: datetime, stale_before: datetime) -> pd.DataFrame:
    """Count the leads of every source and month with one look at all of them.

    Parameters
    ----------
    bounds : mapping of str to (low, high)
        Where most numbers of a field lie.

    Returns
    -------
    DataFrame
        Columns ``source`` (missing where none is named), ``month`` the lead came in (as 2026-01), ``leads``; for each
        field ``filled:<field>``, for numbers ``wrong:<field>`` (outside the plausible range) and ``far:<field>``
        (outside the bounds); ``dated`` (leads with a date of creation, change or activity), ``stale`` (of these, with
        none of late) and ``contradicting`` (leads whose values cannot all be true).
    """
    known = " OR ".join(f"l.{column} IS NOT NULL" for column in SIGNS_OF_LIFE)
    silent = " AND ".join(f"(l.{column} IS NULL OR l.{column} < :stale)" for column in SIGNS_OF_LIFE)
    sums = {"leads": "count(*)"}
    sums |= {FILLED + name: f"count(l.{INDEXED.get(name, quoted(name))})" for name in fields}
    sums |= {WRONG + name: _count_if(test) for name, test in _plausible(fields).items()}
    sums |= {FAR + name: _count_if(test) for name, test in _outside(bounds).items()}
    sums |= {"dated": _count_if(known), "stale": _count_if(f"({known}) AND {silent}"),
             "contradicting": _count_if(" OR ".join(_contradictions(session)))}
    found = fetch_columns(
        session, f"SELECT l.source, {MONTH}, {', '.join(sums.values())} FROM leads l WHERE l.client_id = :client "
        "GROUP BY 1, 2", {"client": client_id, "stale": to_text(stale_before), "now": to_text(now)})
    columns: dict[str, Any] = {name: pd.array(values, dtype="str") for name, values in
                               zip(("source", "month"), found, strict=False)}
    return pd.DataFrame(columns | {each: np.array([value or 0 for value in values], dtype=np.int64)
                                   for each, values in zip(sums, found[2:], strict=True)})


def repeated(session: Session, client_id: int) -> pd.DataFrame:
    """Count the leads that share an e-mail address or a CRM id with another one: columns ``source`` and ``leads``."""
    same = " OR ".join(f"l.{name} IN (SELECT d.{name} FROM leads d WHERE d.client_id = :client AND d.{name} IS NOT "
                       f"NULL GROUP BY d.{name} HAVING count(*) > 1)" for name in ("email_index", "crm_id"))
    sources, leads = fetch_columns(session, f"SELECT l.source, count(*) FROM leads l WHERE l.client_id = :client AND "
                                   f"({same}) GROUP BY 1", {"client": client_id})
    return pd.DataFrame({"source": pd.array(sources, dtype="str"), "leads": np.array(leads, dtype=np.int64)})


def beyond(session: Session, client_id: int, bounds: Mapping[str, tuple[float, float]], *, most: int) -> pd.DataFrame:
    """Find numbers outside bounds, with one look at all leads.

    Returns
    -------
    DataFrame
        Columns ``field``, ``lead_id``, ``source`` and ``value``: of each field the ``most`` lowest and highest.
    """
    tests = _outside(bounds)
    nothing = pd.DataFrame({"field": [], "lead_id": [], "source": [], "value": []})
    if not tests:
        return nothing
    names = ", ".join(f"l.{quoted(name)}" for name in tests)
    ids, sources, *values = fetch_columns(
        session, f"SELECT l.id, l.source, {names} FROM leads l WHERE l.client_id = :client AND "
        f"({' OR '.join(tests.values())}) ORDER BY l.id", {"client": client_id})
    parts = []
    for name, column in zip(tests, values, strict=True):
        frame = pd.DataFrame({"field": name, "lead_id": np.array(ids, dtype=np.int64),
                              "source": pd.array(sources, dtype="str"), "value": np.array(column, dtype=float)})
        low, high = bounds[name]
        lowest = frame[frame["value"] < low].nsmallest(most, "value")
        highest = frame[frame["value"] > high].nlargest(most, "value")
        parts += [end for end in (lowest, highest) if len(end)]
    return pd.concat(parts, ignore_index=True) if parts else nothing


def _plausible(fields: Sequence[str]) -> dict[str, str]:
    """Write for each number the test that it is outside its plausible range."""
    ends = {name: (FIELD_BY_NAME[name].low, FIELD_BY_NAME[name].high) for name in fields}
    return _outside({name: (-np.inf if low is None else low, np.inf if high is None else high)
                     for name, (low, high) in ends.items()})


def _outside(bounds: Mapping[str, tuple[float, float]]) -> dict[str, str]:
    """Write for each number the test that it is outside two bounds."""
    tests = {}
    for name, (low, high) in bounds.items():
        if name in LEAD_FIELD_COLUMNS and FIELD_BY_NAME[name].kind in NUMERIC_KINDS:
            ends = [f"l.{quoted(name)} {sign} {float(end)!r}" for sign, end in (("<", low), (">", high))
                    if np.isfinite(end)]
            tests[name] = " OR ".join(ends) or "1 = 0"
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

"""What compliance reports are made from: records of the log up to a number, who may see a client, and what is stored.

A report names the number of the last record it has seen, so that it can be made again later from the same records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import text
from sqlmodel import Session, col, or_, select

from leadscore.store.bulk import fetch_columns
from leadscore.store.tables import Consent, DriftCheck, Membership, Suppression, User

MOST_RECORDS = 200_000
RECORD_COLUMNS = ("seq", "at", "client_id", "actor", "action", "object", "detail")
ADMIN = "admin"


def last_record(session: Session) -> int:
    """Give the number of the newest record of the log; 0 without one."""
    return int(session.execute(text("SELECT coalesce(max(seq), 0) FROM audit_events")).scalar_one())


def records(session: Session, client_id: int, *, upto: int, first: str, after: str,
            most: int = MOST_RECORDS) -> pd.DataFrame:
    """List the records of a period about a client, and those about the workbench as a whole, the oldest first.

    Parameters
    ----------
    upto : int
        Number of the last record to look at.
    first, after : str
        The first day, and the day after the last, as ``2026-01-31``.
    most : int
        Records at most; the newest of them where there are more.

    Returns
    -------
    DataFrame
        Columns ``seq``, ``at``, ``client_id``, ``actor``, ``action``, ``object``, ``detail``.
    """
    columns = fetch_columns(
        session, f"SELECT {', '.join(RECORD_COLUMNS)} FROM audit_events WHERE (client_id = :client OR client_id IS "
        "NULL) AND seq <= :upto AND at >= :first AND at < :after ORDER BY seq DESC LIMIT :most",
        {"client": client_id, "upto": upto, "first": first, "after": after, "most": most})
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in
                          zip(RECORD_COLUMNS, columns, strict=True)})
    return frame.iloc[::-1].reset_index(drop=True)


def first_read(session: Session, client_id: int, *, upto: int, first: str, after: str,
               most: int = MOST_RECORDS) -> int | None:
    """Give the number of the oldest record that :func:`records` gives; None where it leaves none out."""
    (found,) = fetch_columns(session, "SELECT seq FROM audit_events WHERE (client_id = :client OR client_id IS NULL) "
                             "AND seq <= :upto AND at >= :first AND at < :after ORDER BY seq DESC LIMIT 2 OFFSET :skip",
                             {"client": client_id, "upto": upto, "first": first, "after": after, "skip": most - 1})
    return int(found[0]) if len(found) > 1 else None


def counts_since(session: Session, client_id: int, seq: int, *, besides: Sequence[str]) -> dict[str, int]:
    """Count by action the records that are newer than a number, about a client or the workbench as a whole."""
    actions, counted = fetch_columns(
        session, "SELECT action, count(*) FROM audit_events WHERE seq > :seq AND (client_id = :client OR client_id IS "
        "NULL) GROUP BY action ORDER BY action", {"seq": seq, "client": client_id})
    return {action: int(number) for action, number in zip(actions, counted, strict=True) if action not in besides}


def newest(session: Session, client_id: int, actions: Sequence[str], *, upto: int) -> Mapping[str, Any] | None:
    """Give the newest record of some actions, about a client or the workbench as a whole; None without one."""
    names = {f"a{place}": action for place, action in enumerate(actions)}
    row = session.execute(
        text(f"SELECT {', '.join(RECORD_COLUMNS)} FROM audit_events WHERE (client_id = :client OR client_id IS NULL) "
             f"AND seq <= :upto AND action IN ({', '.join(f':{name}' for name in names)}) ORDER BY seq DESC LIMIT 1"),
        {"client": client_id, "upto": upto} | names).mappings().one_or_none()
    return dict(row) if row else None


def people(session: Session, client_id: int) -> list[User]:
    """List the accounts that may see a client: its members, and the administrators, who see all."""
    members = select(Membership.user_id).where(Membership.client_id == client_id)
    return list(session.exec(select(User).where(or_(User.role == ADMIN, col(User.id).in_(members)))
                             .order_by(col(User.name))))


def drift_checks(session: Session, client_id: int, *, first: str, after: str) -> list[DriftCheck]:
    """List the comparisons of a period of late leads with those a model learnt from, the oldest first."""
    rows = session.exec(select(DriftCheck).where(DriftCheck.client_id == client_id).order_by(col(DriftCheck.id)))
    return [row for row in rows if first <= f"{row.at:%Y-%m-%d}" < after]


def latest_consents(session: Session, client_id: int, purpose: str) -> list[Consent]:
    """Give what each lead said last about one purpose, by the number of the lead."""
    rows = session.exec(select(Consent).where(Consent.client_id == client_id, Consent.purpose == purpose)
                        .order_by(col(Consent.id)))
    by_lead = {row.lead_id: row for row in rows}
    return [by_lead[lead] for lead in sorted(by_lead)]


def suppressions(session: Session, client_id: int) -> list[Suppression]:
    """List the people who must not be stored again, known by blind indexes only."""
    return list(session.exec(select(Suppression).where(Suppression.client_id == client_id)
                             .order_by(col(Suppression.at), col(Suppression.kind), col(Suppression.digest))))


def filled_columns(session: Session, client_id: int, names: Sequence[str]) -> list[str]:
    """Say which of the plain columns of leads hold anything."""
    seen = ", ".join(f"max(CASE WHEN {name} IS NOT NULL THEN 1 ELSE 0 END)" for name in names)
    row = session.execute(text(f"SELECT {seen} FROM leads WHERE client_id = :client"), {"client": client_id}).one()
    return [name for name, found in zip(names, row, strict=True) if found]


def imports_that_changed(session: Session, client_id: int, lead_id: int) -> list[int]:
    """Name the imports that changed values of a lead after the one that brought it."""
    (found,) = fetch_columns(session, "SELECT DISTINCT batch_id FROM lead_changes WHERE client_id = :client AND "
                             "lead_id = :lead ORDER BY batch_id", {"client": client_id, "lead": lead_id})
    return [int(number) for number in found]


def oldest_lead(session: Session, client_id: int) -> str | None:
    """Give the day the oldest stored lead was stored."""
    day = session.execute(text("SELECT min(stored_at) FROM leads WHERE client_id = :client"),
                          {"client": client_id}).scalar_one()
    return str(day)[:10] if day else None

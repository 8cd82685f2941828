"""Who works with the leads of a client, counted by the database from the log and from the scores in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlmodel import Session

from leadscore.store.bulk import fetch_columns
from leadscore.store.database import is_sqlite
from leadscore.store.opinions import LAST_MOMENT

MOST_RECORDS = 50_000
"""Records of the log that are looked at, the newest of the period: some 100 ms of work, however long the log is."""
OPENED, RECORDED, EXPORTED = "lead_viewed", "outcome_recorded", "leads_exported"
WORK = (OPENED, RECORDED, EXPORTED, "outcome_taken_back", "owner_assigned", "override_set", "override_cleared")
"""What people do who work a list; looking at pages and changing settings is not among it."""
DEEDS = ("person", "days", "outcomes", "exports", "opened", "last_seen")


@dataclass(frozen=True)
class Deeds:
    """What people did.

    Parameters
    ----------
    frame : DataFrame
        One row for each person with an account of whom the log tells in the period: ``person``, ``days`` (on which
        they worked), ``outcomes`` (leads whose outcome they recorded), ``exports``, ``opened`` (leads looked at) and
        ``last_seen`` (moment as text).
    since : str
        First day that was looked at: later than the one asked for where the log holds too much.
    """

    frame: pd.DataFrame
    since: str


def deeds(session: Session, client_id: int, *, first: str, last: str, most: int = MOST_RECORDS) -> Deeds:
    """Count what each person did with the leads of a client in a period of whole days.

    The log is written in the order of time, so the period is found in it by halving; of what lies in between only the
    newest records are looked at. What jobs and the command line do is nobody's with an account and does not count.
    """
    end = f"{last}{LAST_MOMENT}"
    low, high = _first_at(session, first), _first_at(session, end) - 1
    floor = _nth_newest(session, client_id, low, high, most)
    found = fetch_columns(
        session, f"SELECT a.actor, count(DISTINCT CASE WHEN a.action IN ({_quoted(WORK)}) THEN substr(a.at, 1, 10) END)"
        f", sum(CASE WHEN a.action = '{RECORDED}' THEN {_leads_told(session)} ELSE 0 END), {_times(EXPORTED)}, "
        f"{_times(OPENED)}, max(a.at) FROM audit_events a WHERE a.client_id = :client AND a.seq BETWEEN :low AND :high "
        "AND a.at BETWEEN :first AND :last AND a.actor IN (SELECT name FROM users) GROUP BY a.actor ORDER BY a.actor",
        {"client": client_id, "first": first, "last": end, "low": max(low, floor or 0), "high": high})
    since = first if floor is None else str(_at(session, floor) or first)[:10]
    return Deeds(_deeds_frame(found), since)


def members(session: Session, client_id: int) -> list[str]:
    """Name the people who may sign in and see this client."""
    (names,) = fetch_columns(
        session, "SELECT u.name FROM users u WHERE u.disabled = false AND (u.role = 'admin' OR EXISTS (SELECT 1 FROM "
        "memberships m WHERE m.user_id = u.id AND m.client_id = :client)) ORDER BY u.name", {"client": client_id})
    return [str(name) for name in names]


def _first_at(session: Session, moment: str) -> int:
    """Give the number of the first record of the log that is not before a moment; one past the end if there is none."""
    low, high = 1, int(session.execute(text("SELECT coalesce(max(seq), 0) FROM audit_events")).scalar_one()) + 1
    while low < high:
        middle = (low + high) // 2
        at = _at(session, middle)
        low, high = (middle + 1, high) if at is not None and at < moment else (low, middle)
    return low


def _at(session: Session, seq: int) -> str | None:
    found = session.execute(text("SELECT at FROM audit_events WHERE seq >= :seq ORDER BY seq LIMIT 1"), {"seq": seq})
    at: str | None = found.scalar_one_or_none()
    return at


def _nth_newest(session: Session, client_id: int, low: int, high: int, most: int) -> int | None:
    """Give the number of the oldest record to look at; None where all of them can be."""
    found = session.execute(
        text("SELECT seq FROM audit_events WHERE client_id = :client AND seq BETWEEN :low AND :high ORDER BY seq DESC "
             "LIMIT 2 OFFSET :newer"), {"client": client_id, "low": low, "high": high, "newer": most - 1})
    last_two = found.scalars().all()
    return int(last_two[0]) if len(last_two) == 2 else None


def _leads_told(session: Session) -> str:
    told = "json_extract(a.detail, '$.leads')" if is_sqlite(session) else "CAST(a.detail AS json) ->> 'leads'"
    return f"coalesce(CAST({told} AS INTEGER), 0)"


def _times(action: str) -> str:
    return f"sum(CASE WHEN a.action = '{action}' THEN 1 ELSE 0 END)"


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _deeds_frame(found: list[list[Any]]) -> pd.DataFrame:
    raw: dict[str, Any] = dict(zip(DEEDS, found, strict=True))
    numbers = {name: np.array(raw[name], dtype=np.int64) for name in DEEDS[1:-1]}
    return pd.DataFrame({"person": pd.array(raw["person"], dtype="str"), **numbers,
                         "last_seen": pd.array(raw["last_seen"], dtype="str")})

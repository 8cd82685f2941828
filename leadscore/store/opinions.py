"""What people say of the scores: one answer of a person a day, the latest of a period counts."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from leadscore.store.bulk import fetch_columns
from leadscore.store.tables import Opinion, to_text

LAST_MOMENT = "T99"
"""Put behind a day, it is later than any moment of that day as the store writes it."""


def give(session: Session, client_id: int, user_name: str, *, helpful: bool, place: str, now: datetime) -> None:
    """Keep an answer; one of the same day is replaced, so that clicking again changes one's mind and no more."""
    row = _of_day(session, client_id, user_name, now) or Opinion(
        client_id=client_id, user_name=user_name[:80], helpful=helpful, place=place, at=now)
    row.helpful, row.place, row.at = helpful, place, now
    session.add(row)
    session.flush()


def today(session: Session, client_id: int, user_name: str, now: datetime) -> bool | None:
    """Give what a person has said today; None where that is nothing."""
    row = _of_day(session, client_id, user_name, now)
    return row.helpful if row else None


def counts(session: Session, client_id: int, *, first: str, last: str) -> tuple[int, int]:
    """Count, of the latest answer of each person in a period of whole days, all and those that are helpful."""
    people, helpful = fetch_columns(
        session, "SELECT count(*), sum(CASE WHEN o.helpful THEN 1 ELSE 0 END) FROM opinions o WHERE o.id IN (SELECT "
        "max(id) FROM opinions WHERE client_id = :client AND at BETWEEN :first AND :last GROUP BY user_name)",
        {"client": client_id, "first": first, "last": f"{last}{LAST_MOMENT}"})
    return int(people[0]), int(helpful[0] or 0)


def _of_day(session: Session, client_id: int, user_name: str, now: datetime) -> Opinion | None:
    midnight = datetime.fromisoformat(f"{to_text(now)[:10]}T00:00:00+00:00")
    return session.exec(select(Opinion).where(
        Opinion.client_id == client_id, Opinion.user_name == user_name[:80], Opinion.at >= midnight)
        .order_by(col(Opinion.id).desc())).first()

"""What the store knows about itself, by name: settings of the whole workbench, signs of life."""

from __future__ import annotations

from sqlmodel import Session, col, delete

from leadscore.store.tables import Fact


def value_of(session: Session, name: str) -> str | None:
    """Give a fact; None where it is not known."""
    row = session.get(Fact, name)
    return row.value if row else None


def note(session: Session, name: str, value: str) -> None:
    """Keep a fact in the place of what was known before."""
    row = session.get(Fact, name) or Fact(name=name, value=value)
    row.value = value
    session.add(row)
    session.flush()


def forget(session: Session, name: str) -> bool:
    """Remove a fact; True where there was one."""
    return int(session.exec(delete(Fact).where(col(Fact.name) == name)).rowcount) > 0

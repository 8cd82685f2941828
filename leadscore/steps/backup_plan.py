"""When backups are made by themselves and how many are kept; one choice for the whole workbench."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import orjson
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.store import facts

FACT, TRIED = "backup_plan", "backup_tried"
MOST_HOURS, MOST_KEPT = 24 * 31, 1_000
AGAIN_AFTER = timedelta(hours=1)
"""How long after a backup that failed the next one is tried."""


@dataclass(frozen=True)
class BackupPlan:
    """Every so many hours, keeping so many; off until an administrator switches it on."""

    on: bool = False
    every_hours: int = 24
    keep: int = 7

    def due(self, last: datetime | None, tried: datetime | None, now: datetime) -> bool:
        """Say whether it is time for one."""
        if not self.on or (tried is not None and now - tried < AGAIN_AFTER):
            return False
        return last is None or now - last >= timedelta(hours=self.every_hours)


def checked(plan: BackupPlan) -> BackupPlan:
    """Give a plan that can be followed or refuse.

    Raises
    ------
    InvalidRequest
        A number is out of range.
    """
    if not 1 <= plan.every_hours <= MOST_HOURS or not 1 <= plan.keep <= MOST_KEPT:
        raise InvalidRequest("wrong_backup_plan", f"Backups are made every 1 to {MOST_HOURS} hours, and 1 to "
                             f"{MOST_KEPT:,} are kept.", "Choose other numbers.")
    return plan


def plan_of(session: Session) -> BackupPlan:
    """Read the plan."""
    said = facts.value_of(session, FACT)
    return BackupPlan(**orjson.loads(said)) if said else BackupPlan()


def keep_plan(session: Session, plan: BackupPlan) -> None:
    """Write the plan down, in the caller's transaction."""
    facts.note(session, FACT, orjson.dumps(asdict(plan)).decode())


def tried_at(session: Session) -> datetime | None:
    """Give when a backup by itself was last begun."""
    said = facts.value_of(session, TRIED)
    return datetime.fromisoformat(said) if said else None


def note_try(session: Session, now: datetime) -> None:
    """Write down that one is begun."""
    facts.note(session, TRIED, now.isoformat())

"""Whether the workbench can do its work: one check for each thing that it needs, each with a sentence."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import text
from sqlmodel import Session, func, select

from leadscore.connectors.language.openai_compatible import LanguageServer
from leadscore.errors import LeadScoreError
from leadscore.steps import backup_plan, backups, life
from leadscore.steps.faults import kind_of
from leadscore.store import audit, checkpoints, facts, jobs
from leadscore.store.database import check_integrity, newest_version, read, write
from leadscore.store.tables import LanguageAnswer
from leadscore.store.vault import KEY_CHECK
from leadscore.workbench import Workbench

GIGABYTE = 1024 ** 3
LITTLE_SPACE, NO_SPACE = 2 * GIGABYTE, GIGABYTE // 4
OLD_BACKUP = timedelta(days=7)
LATE_BACKUP = 2
"""Times its interval after which a planned backup is overdue."""
UNSIGNED_RECORDS = 5_000
PULSE = "health_pulse"


class State(StrEnum):
    """What a check says, from good to bad."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    label: str
    state: State
    sentence: str


@dataclass(frozen=True)
class Health:
    """Everything that was looked at."""

    checks: tuple[Check, ...]
    at: datetime

    @property
    def state(self) -> State:
        """The worst of all."""
        return max((check.state for check in self.checks), key=list(State).index, default=State.OK)


Said = tuple[State, str]


def check_all(workbench: Workbench, *, thorough: bool = False) -> Health:
    """Look at everything.

    Parameters
    ----------
    thorough : bool
        Also read the whole store for damage, and try to write; takes seconds for large ones.
    """
    looks: list[tuple[str, str, Callable[[Workbench], Said]]] = [
        ("store", "Store", _writable if thorough else _reachable),
        ("migrations", "Version of the store", _migrated),
        ("secret", "Secret key", _secret),
        ("disk", "Free disk space", _disk),
        ("worker", "Worker", _worker),
        ("checkpoints", "Signatures of the log", _checkpoints),
        ("backup", "Backups", _backup),
        ("language", "Language server", _language),
    ]
    if thorough:
        looks.insert(1, ("integrity", "Soundness of the store", _sound))
    return Health(tuple(_look(workbench, *look) for look in looks), workbench.clock())


def is_ready(workbench: Workbench) -> bool:
    """Say whether the store answers and has the tables this program needs."""
    return all(_look(workbench, "", "", look).state is State.OK for look in (_reachable, _migrated))


def _look(workbench: Workbench, name: str, label: str, look: Callable[[Workbench], Said]) -> Check:
    try:
        state, sentence = look(workbench)
    except LeadScoreError as refusal:
        state, sentence = State.FAIL, str(refusal)
    except Exception as fault:
        # whatever a check trips over is what it was made to find
        state, sentence = State.FAIL, f"This could not be looked at ({kind_of(fault)})."
    return Check(name, label, state, sentence)


def _reachable(workbench: Workbench) -> Said:
    with read(workbench.engine) as session:
        session.execute(text("SELECT 1")).scalar_one()
    return State.OK, "The store answers."


def _writable(workbench: Workbench) -> Said:
    with write(workbench.engine) as session:
        facts.note(session, PULSE, workbench.clock().isoformat())
    return State.OK, "The store answers and can be written to."


def _sound(workbench: Workbench) -> Said:
    with read(workbench.engine) as session:
        found = check_integrity(session)
    return (State.FAIL, f"The database says that its file is damaged: {found[0][:120]}. Restore a backup.") if found \
        else (State.OK, "The database finds nothing wrong with its file.")


def _migrated(workbench: Workbench) -> Said:
    with read(workbench.engine) as session:
        stored, newest = session.execute(text("SELECT version_num FROM alembic_version")).scalar(), newest_version()
    return (State.OK, f"Its tables are those of this program ({newest}).") if stored == newest else \
        (State.FAIL, f"Its tables are of version {stored}, this program needs {newest}. Start the program again.")


def _secret(workbench: Workbench) -> Said:
    with read(workbench.engine) as session:
        stored = facts.value_of(session, KEY_CHECK)
    fits = stored == sha256(workbench.vault.key("check")).hexdigest()
    return (State.OK, "The secret key fits the store.") if fits else \
        (State.FAIL, "The secret key does not fit the store; personal data cannot be read.")


def _disk(workbench: Workbench) -> Said:
    free = shutil.disk_usage(workbench.settings.data_folder).free
    said = f"{free / GIGABYTE:,.1f} GB are free."
    if free < NO_SPACE:
        return State.FAIL, f"{said} Make room now: nothing can be saved soon."
    return (State.WARN, f"{said} Make room soon.") if free < LITTLE_SPACE else (State.OK, said)


def _worker(workbench: Workbench) -> Said:
    now = workbench.clock()
    with read(workbench.engine) as session:
        sign, waiting = life.last_sign(session), jobs.is_waiting(session)
    if sign is not None and now - sign < life.MISSED:
        return State.OK, "It was heard of within the last minute."
    since = f"It was last heard of {_ago(now - sign)} ago." if sign else "None is at work."
    return (State.FAIL, f"{since} Work is waiting for it: start the server again.") if waiting else \
        (State.WARN, f"{since} Imports and trainings will wait until the server runs.")


def _checkpoints(workbench: Workbench) -> Said:
    mark = checkpoints.newest(checkpoints.checkpoint_file(workbench.settings.data_folder), workbench.vault)
    with read(workbench.engine) as session:
        newest = audit.newest(session)
    signed = mark.seq if mark else 0
    if newest - signed > UNSIGNED_RECORDS:
        return State.WARN, f"The newest {newest - signed:,} records are not signed yet; the worker does that."
    return State.OK, f"The log is signed up to record {signed:,} of {newest:,}."


def _backup(workbench: Workbench) -> Said:
    now = workbench.clock()
    with read(workbench.engine) as session:
        plan = backup_plan.plan_of(session)
        anything = session.execute(text("SELECT 1 FROM leads LIMIT 1")).first() is not None
    made = backups.list_archives(workbench.settings.backups)
    if not made:
        return (State.WARN, "There is no backup yet. Make one, and plan them.") if anything else \
            (State.OK, "There is nothing to back up yet.")
    age = now - made[0].made_at
    said = f"The newest is {_ago(age)} old."
    if plan.on and age > timedelta(hours=LATE_BACKUP * plan.every_hours):
        return State.FAIL, f"{said} One every {plan.every_hours} hours is planned."
    return (State.WARN, f"{said} Make one, and plan them.") if age > OLD_BACKUP and not plan.on else (State.OK, said)


def _language(workbench: Workbench) -> Said:
    server = workbench.language
    if server is None or not _can_be_asked(server):
        return State.OK, "None is set up; everything is judged on this machine."
    with read(workbench.engine) as session:
        latest = _latest_answer(session)
    return State.OK, f"Set up ({server.host}); " + (
        f"it last answered {_ago(workbench.clock() - latest)} ago." if latest else "it has not been asked yet.")


def _can_be_asked(server: LanguageServer) -> bool:
    try:
        server.check()
    except LeadScoreError:
        return False
    return True


def _latest_answer(session: Session) -> datetime | None:
    return session.exec(select(func.max(LanguageAnswer.at))).one()


def _ago(time: timedelta) -> str:
    hours = time.total_seconds() / 3_600
    if hours < 1:
        return f"{max(round(60 * hours), 1)} min"
    return f"{hours:,.0f} hours" if hours < 48 else f"{hours / 24:,.0f} days"

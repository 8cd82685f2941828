"""How long things are kept: each client's rules, what they would remove, and the daily run that does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.steps.alerting import WORKBENCH
from leadscore.steps.compliance.retention import SETTING, days_of
from leadscore.steps.erasing import forget_in_memory, wipe_disk
from leadscore.store import audit, clients, erasure_list, retention
from leadscore.store.database import read, write
from leadscore.store.retention import CLIENT_RULES, HOUSE_RULES, Rule
from leadscore.store.tables import Client, Fact
from leadscore.workbench import Workbench

LAST_RUN = "retention_run_at"
EVERY = timedelta(days=1)
MOST_DAYS = 36_500


@dataclass(frozen=True)
class Kept:
    """A rule, how long it lets something be kept (None: for good), and how much is older than that now."""

    name: str
    label: str
    days: int | None
    older_than: datetime | None
    rows: int
    least: int = 1


@dataclass(frozen=True)
class Run:
    """What a run of the rules has removed, or would remove."""

    dry_run: bool
    rules: tuple[Kept, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return {"dry_run": self.dry_run, "removed": 0 if self.dry_run else sum(rule.rows for rule in self.rules),
                "rules": [asdict(rule) for rule in self.rules]}


def run_retention(workbench: Workbench, actor: Actor, *, client: str, dry_run: bool = True) -> Run:
    """Remove what is older than a client's rules let it be, or only say what that would be."""
    require(actor, Action.ERASE, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
    client_id = row.id if row and row.id else clients.NOBODY
    found = _run(workbench, client_id, days_of(row), CLIENT_RULES, by=actor.name, dry_run=dry_run)
    return Run(dry_run, tuple(found))


def retention_rules(workbench: Workbench, actor: Actor, *, client: str) -> Run:
    """Say how long everything is kept, a client's own and what holds for all, and what is older now."""
    require(actor, Action.VIEW_AUDIT, client)
    now = workbench.clock()
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        own = [_looked_at(session, rule, row.id if row else clients.NOBODY, days_of(row)[rule.name], now)
               for rule in CLIENT_RULES]
        return Run(True, (*own, *(_looked_at(session, rule, None, rule.days, now) for rule in HOUSE_RULES)))


def save_retention(workbench: Workbench, actor: Actor, *, client: str, days: Mapping[str, int | None]) -> None:
    """Change how long a client's things are kept; what is not named stays as it is.

    Raises
    ------
    InvalidRequest
        No such rule, or a number of days that cannot be.
    """
    require(actor, Action.ERASE, client)
    wanted = {rule.name: rule for rule in CLIENT_RULES}
    for name, number in days.items():
        if name not in wanted:
            raise InvalidRequest("unknown_rule", f"There is no rule '{name}'.", f"Use {', '.join(wanted)}.")
        if number is not None and not wanted[name].least <= number <= MOST_DAYS:
            raise InvalidRequest("wrong_days", f"{wanted[name].label}: {number} days cannot be chosen.",
                                 f"Choose {wanted[name].least} to {MOST_DAYS:,} days, or nothing to keep them.")
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        row = session.get_one(Client, client_id)
        before = days_of(row)
        after = before | dict(days)
        clients.save_settings(session, client_id, {**row.settings, SETTING: after})
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="retention_saved", object="retention",
                     detail={"before": {name: before[name] for name in days}, "after": dict(days)})


def apply_retention(workbench: Workbench) -> int:
    """Do the run of the day for every client and for the workbench itself; returns how many rows went."""
    now = workbench.clock()
    with read(workbench.engine) as session:
        noted = session.get(Fact, LAST_RUN)
        if noted is not None and now - datetime.fromisoformat(noted.value) < EVERY:
            return 0
        known = clients.list_all(session)
    found = [kept for row in known
             for kept in _run(workbench, row.id or 0, days_of(row), CLIENT_RULES, by=WORKBENCH, dry_run=False)]
    found += _run(workbench, None, {rule.name: rule.days for rule in HOUSE_RULES}, HOUSE_RULES, by=WORKBENCH,
                  dry_run=False)
    with write(workbench.engine) as session:
        session.merge(Fact(name=LAST_RUN, value=now.isoformat()))
    return sum(kept.rows for kept in found)


def _run(workbench: Workbench, client_id: int | None, days: Mapping[str, int | None], rules: Iterable[Rule], *,
         by: str, dry_run: bool) -> list[Kept]:
    now = workbench.clock()
    if dry_run:
        with read(workbench.engine) as session:
            return [_looked_at(session, rule, client_id, days[rule.name], now) for rule in rules]
    with write(workbench.engine) as session:
        done = [_removed(session, workbench, rule, client_id, days[rule.name], now) for rule in rules]
        removed = {kept.name: kept.rows for kept in done if kept.rows}
        if removed:
            erasure_list.want_wipe(session)
            told = {"removed": removed, "days": {name: days[name] for name in removed}}
            audit.append(session, workbench.vault, at=now, client_id=client_id, actor=by, action="retention_applied",
                         object="retention", detail=told)
    if removed:
        forget_in_memory(workbench, client_id or 0)
        wipe_disk(workbench)
    return done


def _looked_at(session: Session, rule: Rule, client_id: int | None, days: int | None, now: datetime) -> Kept:
    before = None if days is None else now - timedelta(days=days)
    rows = 0 if before is None else retention.count(session, rule, client_id=client_id, before=before)
    return Kept(rule.name, rule.label, days, before, rows, rule.least)


def _removed(session: Session, workbench: Workbench, rule: Rule, client_id: int | None, days: int | None,
             now: datetime) -> Kept:
    before = None if days is None else now - timedelta(days=days)
    rows = 0 if before is None else retention.remove(session, workbench.vault, rule, client_id=client_id,
                                                     before=before)
    return Kept(rule.name, rule.label, days, before, rows, rule.least)

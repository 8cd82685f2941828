"""Saved versions of a policy: compared with each other, put back in force, and measured on past periods."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.scoring.differences import Difference, differences
from leadscore.scoring.measures import too_few
from leadscore.scoring.policy import Policy
from leadscore.steps.backtest_report import RIVAL, TESTED, BacktestReport, measured, without_figures
from leadscore.steps.backtest_report import BacktestRequest as BacktestRequest
from leadscore.steps.backtesting import CREATED, ENDED, Backtest, Period, Runner
from leadscore.steps.effects import HeldOutEffect, LeadsEffect, effect_on_held_out, effect_on_leads, told_effect
from leadscore.steps.models import CHAMPION, find_version
from leadscore.steps.panels import prepare_both
from leadscore.steps.policies import PolicyInForce, policy_in_force, with_suggested_blend
from leadscore.steps.progress import Progress, silent
from leadscore.store import audit, clients
from leadscore.store import policies as policy_rows
from leadscore.store.database import read, write
from leadscore.workbench import Workbench


@dataclass(frozen=True)
class PolicyComparison:
    """Two versions side by side: what the second says otherwise, and what that does to leads."""

    first: int
    second: int
    differences: tuple[Difference, ...]
    leads: int
    on_leads: LeadsEffect | None
    held_out: HeldOutEffect | None

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line; what is for a chart or names leads stays out of it."""
        told: dict[str, Any] = {"first": self.first, "second": self.second, "leads": self.leads,
                                "differences": [difference.text for difference in self.differences]}
        if self.on_leads is not None:
            told |= {name: getattr(self.on_leads, name) for name in ("tiers_before", "tiers_after", "entering",
                                                                     "leaving")}
        if self.held_out is not None:
            told |= {"sentence": self.held_out.sentence, "about": self.held_out.about,
                     "figures": {name: asdict(pair) for name, pair in self.held_out.figures.items()}}
        return told


def show_policy(workbench: Workbench, actor: Actor, *, client: str, version: str) -> PolicyInForce:
    """Give a version with everything it says.

    Raises
    ------
    InvalidRequest, NotFound
        The text is no version, or the client has no such version.
    """
    require(actor, Action.VIEW_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        return policy_in_force(session, clients.ensure(session, client, now), version, now=now)


def compare_policies(workbench: Workbench, actor: Actor, *, client: str, first: str, second: str,
                     progress: Progress | None = None) -> PolicyComparison:
    """Say in what two versions differ, in words and in what they do to the stored leads and to known outcomes.

    Raises
    ------
    InvalidRequest, NotFound
        A text is no version, or the client has no such version.
    """
    require(actor, Action.VIEW_LEADS, client)
    tell = progress or silent
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, workbench.clock())
        pair = [policy_in_force(session, client_id, version, now=workbench.clock()) for version in (first, second)]
        champion = find_version(session, client_id, CHAMPION)
    old, new = (with_suggested_blend(found, champion).policy for found in pair)
    before, after = prepare_both(workbench, client_id, champion, (old, new), tell=tell)
    known = len(after.panel)
    return PolicyComparison(
        pair[0].version, pair[1].version, differences(pair[0].policy, pair[1].policy), known,
        effect_on_leads(before.panel, old, after.panel, new) if known else None,
        effect_on_held_out(before, old, after, new) if known else None)


def restore_policy(workbench: Workbench, actor: Actor, *, client: str, version: str, comment: str = "") -> int:
    """Save what a version says as a new version in force and give its number; nothing in between is lost.

    Raises
    ------
    InvalidRequest
        ``already_in_force``: it says what is in force; or its content cannot be used any more.
    NotFound
        The client has no such version.
    """
    require(actor, Action.EDIT_POLICY, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        in_force = policy_in_force(session, client_id, None, now=now)
        wanted = policy_in_force(session, client_id, version, now=now)
        if _says_the_same(in_force.policy, wanted.policy):
            raise InvalidRequest("already_in_force", f"Version {wanted.version} says what is in force.",
                                 "Choose another version.")
        champion = find_version(session, client_id, CHAMPION)
        told = f"Version {wanted.version} restored" + (f": {comment.strip()}" if comment.strip() else "")
        saved = policy_rows.save(session, client_id, body=wanted.policy.to_dict(), comment=told,
                                 created_by=actor.name, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="policy_restored", object=f"policy:{saved.version}",
                     detail={"comment": told, "before": in_force.version, "restored": wanted.version,
                             "after": saved.version}
                     | told_effect(session, workbench, client_id, champion, *(
                         with_suggested_blend(found, champion).policy for found in (in_force, wanted))))
        return saved.version


def backtest_policy(workbench: Workbench, actor: Actor, *, client: str, request: BacktestRequest,
                    progress: Progress | None = None) -> BacktestReport:
    """Measure what a version would have found among the leads of a past period.

    Raises
    ------
    InvalidRequest
        ``wrong_period``: it ends before it begins; or too little was known before it to learn from.
    NotFound
        The client has no such version.
    """
    require(actor, Action.TRAIN_MODEL, client)
    tell = progress or silent
    period = _period(request)
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, workbench.clock())
        tested = policy_in_force(session, client_id, str(request.version), now=workbench.clock())
        rival = _rival(session, client_id, tested, period.start, now=workbench.clock())
        champion = find_version(session, client_id, CHAMPION)
    wish = Backtest({TESTED: tested, RIVAL: rival}, champion, period, request.learn_anew)
    with read(workbench.engine) as session:
        tell(0.02, "Looking for leads of the period whose end is known")
        runner = Runner(session, workbench, client_id, wish)
        if too_few(runner.inside["converted"].to_numpy()):
            return without_figures(request, rival.version, runner.inside)
        ranked = runner.run(tell)
    tell(0.96, "Measuring")
    return measured(request, rival.version, ranked)


# --- what is behind -----------------------------------------------------------------------------------------


def _says_the_same(first: Policy, second: Policy) -> bool:
    return not differences(first, second) and first.to_dict() | {"alpha": 0} == second.to_dict() | {"alpha": 0}


def _period(request: BacktestRequest) -> Period:
    if request.by not in (ENDED, CREATED):
        raise InvalidRequest("wrong_backtest", f"A period cannot be told by '{request.by}'.",
                             f"Choose {ENDED} or {CREATED}.")
    if request.end < request.start:
        raise InvalidRequest("wrong_period", f"The period ends on {request.end:%d %b %Y}, before it begins.",
                             "Choose a later last day.")
    start, end = (datetime.combine(day, time(), UTC) for day in (request.start, request.end + timedelta(days=1)))
    return Period(start, end, request.by)


def _rival(session: Session, client_id: int, tested: PolicyInForce, start: datetime, *,
           now: datetime) -> PolicyInForce:
    """Find what was in force when the period began; the present one where that is the version itself or nothing."""
    rows = policy_rows.list_all(session, client_id)
    then = next((row.version for row in rows if row.created_at <= start), None)
    chosen = None if then in (None, tested.version) else str(then)
    return policy_in_force(session, client_id, chosen, now=now)

"""Saved versions of a policy: compared with each other, put back in force, and measured on past periods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.monitoring.rates import wilson
from leadscore.scoring.differences import Difference, differences
from leadscore.scoring.measures import Samples, compared, draw, figures, rank, sentence, too_few
from leadscore.scoring.policy import Policy
from leadscore.steps.backtesting import CREATED, ENDED, Backtest, Period, Ranked, Runner
from leadscore.steps.effects import BEST, HeldOutEffect, LeadsEffect, effect_on_held_out, effect_on_leads
from leadscore.steps.models import CHAMPION, find_version
from leadscore.steps.panels import prepare
from leadscore.steps.policies import PolicyInForce, policy_in_force, with_suggested_blend
from leadscore.steps.progress import Progress, silent
from leadscore.store import audit, clients
from leadscore.store import policies as policy_rows
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

TESTED, RIVAL, ARRIVAL = "tested", "rival", "arrival"
POINTS = 20
BINS = 10
SHOWN = ("capture", "lift", "precision", "average_precision", "calibration_error")


@dataclass(frozen=True)
class PolicyComparison:
    """Two versions side by side: what the second says otherwise, and what that does to leads."""

    first: int
    second: int
    differences: tuple[Difference, ...]
    leads: int
    on_leads: LeadsEffect | None
    held_out: HeldOutEffect | None


@dataclass(frozen=True)
class BacktestRequest:
    """What to measure.

    Parameters
    ----------
    version : int
    start, end : date
        First and last day of the period.
    by : {"ended", "created"}
        Whether leads whose outcome was known in the period count, or those that came in then.
    learn_anew : bool
        Whether the model learns once more from what was known before the period.
    """

    version: int
    start: date
    end: date
    by: str = ENDED
    learn_anew: bool = False

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BacktestRequest:
        """Read plain values, days as ISO texts.

        Raises
        ------
        InvalidRequest
            A value is missing or of the wrong kind.
        """
        try:
            return cls(int(values["version"]), date.fromisoformat(values["start"]), date.fromisoformat(values["end"]),
                       str(values.get("by", ENDED)), bool(values.get("learn_anew")))
        except (KeyError, TypeError, ValueError) as problem:
            raise InvalidRequest("wrong_backtest", "A backtest needs a version, a first and a last day.",
                                 "Write days as 2026-01-31.") from problem

    def as_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self) | {"start": self.start.isoformat(), "end": self.end.isoformat()}


@dataclass(frozen=True)
class BacktestReport:
    """What a version would have found in a period.

    Parameters
    ----------
    request : BacktestRequest
    rival : int
        The version it is held against: in force when the period began, else the first one.
    inside, leads, converted : int
        Leads of the period whose end is known; of them those that could be measured on; and that converted.
    learnt_from : int
        Leads a model learnt from anew; 0 otherwise.
    about, sentence : str
        Where the model's part comes from, and what was found.
    figures : dict
        ``{measure: {"tested", "rival", "difference", "arrival": {value, low, high}}}``, of the best 20 %; empty where
        too few leads ended either way.
    gains : list of dict
        ``share``, and the share of conversions found by ``tested``, ``rival`` and ``arrival``.
    reliability : list of dict
        Ten bins of equal size: ``score`` (mean, as a fraction), ``rate`` with ``low`` and ``high``, ``leads``.
    """

    request: BacktestRequest
    rival: int
    inside: int
    leads: int
    converted: int
    learnt_from: int
    about: str
    sentence: str
    figures: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    gains: list[dict[str, float]] = field(default_factory=list)
    reliability: list[dict[str, float]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self) | {"request": self.request.as_dict()}


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
    before, after = (prepare(workbench, client_id, champion, policy, tell=tell) for policy in (old, new))
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
        told = f"Version {wanted.version} restored" + (f": {comment.strip()}" if comment.strip() else "")
        saved = policy_rows.save(session, client_id, body=wanted.policy.to_dict(), comment=told,
                                 created_by=actor.name, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="policy_restored", object=f"policy:{saved.version}",
                     detail={"comment": told, "before": in_force.version, "restored": wanted.version,
                             "after": saved.version})
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
            return _without_figures(request, rival.version, runner.inside)
        ranked = runner.run(tell)
    tell(0.96, "Measuring")
    return _measured(request, rival.version, ranked)


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


def _without_figures(request: BacktestRequest, rival: int, known: pd.DataFrame, inside: int | None = None,
                     about: str = "") -> BacktestReport:
    converted = int(known["converted"].sum())
    told = (f"Only {converted:,} conversions and {len(known) - converted:,} lost leads are there to measure on: too "
            "few to say what a version would have found.")
    return BacktestReport(request, rival, len(known) if inside is None else inside, len(known), converted, 0, about,
                          told)


def _measured(request: BacktestRequest, rival: int, ranked: Ranked) -> BacktestReport:
    scores = ranked.scores
    y = scores["converted"].to_numpy(dtype=float)
    if too_few(y):
        return _without_figures(request, rival, scores, ranked.inside, ranked.about)
    samples = draw(y)
    # who came first stands first: the order of the file
    rankings = {TESTED: scores[TESTED].to_numpy(), RIVAL: scores[RIVAL].to_numpy(),
                ARRIVAL: np.linspace(100.0, 0.0, len(scores))}
    told = {name: _by_measure(score, samples) for name, score in rankings.items()}
    against = compared(told[RIVAL], told[TESTED])
    alone = compared(told[ARRIVAL], told[ARRIVAL])
    named = {name: {TESTED: asdict(pair.after), RIVAL: asdict(pair.before), "difference": asdict(pair.difference)}
             | ({ARRIVAL: asdict(alone[name].after)} if name != "calibration_error" else {})
             for name, pair in against.items()}
    capture, whole = against["capture"], against["average_precision"]
    converted = int(y.sum())
    return BacktestReport(
        request, rival, ranked.inside, len(y), converted, ranked.learnt_from, ranked.about,
        _sentence(request.version, rival, capture, whole, converted), {name: named[name] for name in SHOWN},
        _gains(rankings, y), _reliability(rankings[TESTED] / 100, y))


def _by_measure(score: np.ndarray, samples: Samples) -> dict[str, np.ndarray]:
    return {name.removesuffix("_0"): values for name, values in figures(rank(score, samples)).items()}


def _sentence(version: int, rival: int, capture: Any, whole: Any, converted: int) -> str:
    if version == rival:
        found = round(capture.after.value * converted)
        return (f"Would have found {found:,} of {converted:,} conversions {BEST}, "
                f"{capture.after.value / 0.2:.1f} times as many as chance.")
    return f"Against version {rival}: {sentence(capture, whole, converted, BEST)}"


def _gains(rankings: Mapping[str, np.ndarray], y: np.ndarray) -> list[dict[str, float]]:
    shares = np.linspace(0, 1, POINTS + 1)
    places = np.round(shares * len(y)).astype(int)
    found = {name: np.concatenate([[0.0], np.cumsum(y[np.argsort(-score, kind="stable")])])[places] / y.sum()
             for name, score in rankings.items()}
    return [{"share": float(share)} | {name: float(part[place]) for name, part in found.items()}
            for place, share in enumerate(shares)]


def _reliability(said: np.ndarray, y: np.ndarray) -> list[dict[str, float]]:
    parts = [part for part in np.array_split(np.argsort(said, kind="stable"), BINS) if len(part)]
    counts = np.array([[y[part].sum(), len(part)] for part in parts])
    rate, low, high = wilson(counts[:, 0], counts[:, 1])
    return [{"score": float(said[part].mean()), "rate": float(rate[place]), "low": float(low[place]),
             "high": float(high[place]), "leads": len(part)} for place, part in enumerate(parts)]

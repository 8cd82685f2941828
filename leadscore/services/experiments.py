"""Champion against challenger on live leads: plan, start, look as often as you like, stop."""

from __future__ import annotations

import math
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest, NotFound
from leadscore.modeling.tiers.model import THREE_TIERS
from leadscore.monitoring import experiments as statistics
from leadscore.monitoring.experiments import Aim, Finding, Lift, Mode, Sizes
from leadscore.monitoring.rankings import Compared, compare_rankings
from leadscore.monitoring.rates import wilson
from leadscore.steps.approving import refuse_unapproved
from leadscore.steps.models import CHAMPION, crown, find_version
from leadscore.store import audit, clients
from leadscore.store import experiments as experiment_rows
from leadscore.store import models as model_rows
from leadscore.store.database import read, write
from leadscore.store.tables import Experiment, ModelVersion
from leadscore.workbench import Workbench

KEEP, DEPLOY = "keep_champion", "deploy_challenger"
INFLOW_DAYS = 90
USUAL_RATE = 0.1
"""Where a client has no conversions yet, so that the calculator shows something."""
HIGHEST_GUESS = 0.9
CURVE = np.concatenate([np.arange(0.05, 0.3, 0.01), np.arange(0.3, 1.01, 0.05)])
TOP = statistics.TOP


@dataclass(frozen=True)
class Plan:
    """How large an experiment must be; ``sizes`` and ``sizes_one_look`` count leads on top, ``leads`` all scored ones.

    ``days`` is None when no leads come in; ``smallest_in_90_days`` is the smallest effect that the leads of the next
    90 days would show, None when they would show none.
    """

    aim: Aim
    mode: Mode
    base_rate_known: bool
    sizes: Sizes
    sizes_one_look: Sizes
    leads: int
    waiting: int
    per_day: float
    days: float | None
    smallest_in_90_days: float | None
    curve: pd.DataFrame

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        return {**asdict(self.aim), "mode": str(self.mode), "base_rate_known": self.base_rate_known,
                "leads": self.leads, "leads_on_top": asdict(self.sizes),
                "leads_on_top_with_one_look": asdict(self.sizes_one_look), "waiting": self.waiting,
                "leads_per_day": self.per_day, "days": self.days, "smallest_in_90_days": self.smallest_in_90_days}


@dataclass(frozen=True)
class PlanRequest:
    """What an experiment is planned for; rates and shares in [0, 1].

    Parameters
    ----------
    mode : str
        ``live`` or ``shadow``.
    base_rate : float or None
        Conversion rate of the leads the champion puts on top; from the client's own conversions when left out.
    effect : float or None
        Smallest difference worth having, as a share of the base rate; a fifth when left out, less where so much
        would be more than all leads.
    difference : float or None
        The same in conversions per lead; it wins over ``effect``.
    share : float
        Share of the leads the challenger gets.
    alpha, power : float
        Largest chance of a false conclusion, smallest chance of finding the difference.
    """

    mode: str = Mode.LIVE
    base_rate: float | None = None
    effect: float | None = None
    difference: float | None = None
    share: float = 0.5
    alpha: float = 0.05
    power: float = 0.8


@dataclass(frozen=True)
class ArmResult:
    """What became of the leads of one model: those it put on top, and all of its arm, with 95 % intervals."""

    version: int
    leads: int
    converted: int
    on_top: int
    on_top_converted: int
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    arm_rate: float | None


@dataclass(frozen=True)
class Result:
    """What an experiment says today.

    ``difference``, ``low`` and ``high`` are conversions per lead on top. ``path`` has a row a day with the same three
    as shares of the rate of both arms together: so they narrow as outcomes come in, on the scale of ``aim.effect``.
    """

    finding: Finding
    sentence: str
    champion: ArmResult
    challenger: ArmResult
    lift: Lift
    difference: float
    low: float | None
    high: float | None
    leads_missing: int
    conversions_missing: int
    path: pd.DataFrame
    rankings: list[Compared] = field(default_factory=list)


@dataclass(frozen=True)
class ExperimentView:
    """An experiment; ``result`` only where it was asked for."""

    id: int
    name: str
    mode: Mode
    status: str
    champion_version: int
    challenger_version: int
    aim: Aim
    sizes: Sizes
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    ended_by: str | None
    decision: str | None
    verdict: str | None
    result: Result | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        answer = {"experiment": self.id, "name": self.name, "mode": str(self.mode), "status": self.status,
                  "champion": self.champion_version, "challenger": self.challenger_version, **asdict(self.aim),
                  "planned_on_top": asdict(self.sizes), "started_at": self.started_at, "started_by": self.started_by,
                  "ended_at": self.ended_at, "ended_by": self.ended_by, "decision": self.decision,
                  "verdict": self.verdict}
        if self.result:
            shown = asdict(self.result)
            del shown["path"]
            answer["result"] = shown
        return answer


def plan_experiment(workbench: Workbench, actor: Actor, *, client: str, plan: PlanRequest | None = None) -> Plan:
    """Say how many leads an experiment takes and how long it lasts.

    Raises
    ------
    InvalidRequest
        A figure is out of its range.
    """
    require(actor, Action.VIEW_LEADS, client)
    now = workbench.clock()
    with read(workbench.engine) as session:
        return _plan(session, clients.id_of(session, client), now, plan or PlanRequest())


def start_experiment(workbench: Workbench, actor: Actor, *, client: str, challenger: str, name: str = "",
                     plan: PlanRequest | None = None) -> ExperimentView:
    """Begin an experiment; leads are put into their arms when they are scored next.

    Parameters
    ----------
    challenger : str
        A version, as in ``models list``.
    name : str
        For people; made from the version when empty.
    plan : PlanRequest, optional

    Raises
    ------
    InvalidRequest
        Another one is running, a figure is out of its range, or champion and challenger are the same.
    NotFound
        There is no champion, or no such challenger.
    """
    require(actor, Action.DEPLOY_MODEL, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        champion, rival = _models(session, client_id, challenger)
        made = _plan(session, client_id, now, plan or PlanRequest())
        _check_alike(champion, rival, made.mode)
        if made.mode == Mode.LIVE:
            # sales would work by its scores
            refuse_unapproved(session, rival)
        # a file that has been tampered with shall be found now, not when leads are waiting for their scores
        workbench.registry.load(rival.folder)
        aim, sizes = made.aim, made.sizes
        row = experiment_rows.start(session, client_id, experiment_rows.NewExperiment(
            name=_name(name, rival), mode=made.mode, champion_version=champion.id or 0,
            challenger_version=rival.id or 0, share=aim.share, base_rate=aim.base_rate, effect=aim.effect,
            alpha=aim.alpha, power=aim.power, planned_champion=sizes.champion, planned_challenger=sizes.challenger,
            salt=secrets.token_hex(16)), started_by=actor.name, now=now)
        if rival.alias is None:
            model_rows.challenge(session, client_id, rival.id or 0)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="experiment_started", object=f"experiment:{row.id}",
                     detail={"champion": champion.id, "challenger": rival.id, "mode": made.mode, **asdict(aim),
                             "planned_on_top": sizes.both})
    return _view(row)


def experiment_status(workbench: Workbench, actor: Actor, *, client: str,
                      experiment_id: int | None = None) -> ExperimentView | None:
    """Say how an experiment stands: the one running, else the latest; None when there has been none.

    Raises
    ------
    NotFound
        The client has no experiment of this number.
    """
    require(actor, Action.VIEW_LEADS, client)
    now = workbench.clock()
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        if row is None or row.id is None:
            return None
        found = experiment_rows.find(session, row.id, experiment_id) if experiment_id is not None else _latest(
            session, row.id)
        return _view(found, _result(session, found, now)) if found else None


def list_experiments(workbench: Workbench, actor: Actor, *, client: str) -> list[ExperimentView]:
    """List the experiments of a client, newest first, without their results."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        return [_view(one) for one in experiment_rows.list_all(session, row.id)] if row and row.id else []


def stop_experiment(workbench: Workbench, actor: Actor, *, client: str, deploy: bool = False) -> ExperimentView:
    """End the running experiment and decide: keep the champion, or make the challenger the champion.

    Leads keep the scores they have until they are scored again.

    Raises
    ------
    NotFound
        No experiment is running.
    """
    require(actor, Action.DEPLOY_MODEL, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        row = experiment_rows.running(session, client_id)
        if row is None:
            raise NotFound("no_experiment", "No experiment is running.", "Start one first.")
        result = _result(session, row, now)
        decision = DEPLOY if deploy else KEEP
        experiment_rows.end(session, row, decision=decision, verdict=result.sentence, ended_by=actor.name, now=now)
        if deploy:
            workbench.registry.load(_known(session, client_id, row.challenger_version).folder)
            crown(session, workbench, client_id=client_id, version=row.challenger_version, actor_name=actor.name,
                  now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="experiment_ended", object=f"experiment:{row.id}",
                     detail={"decision": decision, "finding": str(result.finding), "difference": result.difference,
                             "low": result.low, "high": result.high, "leads": result.champion.on_top +
                             result.challenger.on_top})
    return _view(row, result)


# --- planning -------------------------------------------------------------------------------------------------


def _plan(session: Session, client_id: int, now: datetime, request: PlanRequest) -> Plan:
    since = (now - timedelta(days=INFLOW_DAYS)).date().isoformat()
    inflow = experiment_rows.inflow(session, client_id, since=since)
    own_rate, mode = _rate_on_top(inflow, model_rows.champion(session, client_id)), _mode(request.mode)
    base_rate = request.base_rate if request.base_rate is not None else own_rate or USUAL_RATE
    effect = statistics.usual_effect(base_rate) if request.effect is None else request.effect
    if request.difference is not None:
        effect = statistics.relative_effect(base_rate, request.difference)
    aim = Aim(base_rate, effect, request.share, request.alpha, request.power)
    statistics.check_aim(aim)
    sizes, per_day = statistics.sample_sizes(aim), inflow.recent / INFLOW_DAYS
    leads = statistics.leads_to_score(sizes, mode)
    in_reach = (inflow.open + INFLOW_DAYS * per_day) * TOP * (1 if mode == Mode.SHADOW else 1 - aim.share)
    return Plan(
        aim=aim, mode=mode, base_rate_known=own_rate is not None, sizes=sizes,
        sizes_one_look=statistics.sample_sizes(aim, peeking=False), leads=leads, waiting=inflow.open, per_day=per_day,
        days=statistics.days_needed(leads, waiting=inflow.open, per_day=per_day),
        smallest_in_90_days=statistics.smallest_effect(aim, in_reach),
        curve=statistics.size_curve(aim, mode, CURVE))


def _rate_on_top(inflow: experiment_rows.Inflow, champion: ModelVersion | None) -> float | None:
    """Guess how often the champion's best 20 % convert: the client's rate times the lift measured on held-out leads."""
    if not inflow.converted:
        return None
    measured = (champion.metrics.get("lift_at_20") or {}).get("value") if champion else None
    lift = float(measured) if measured is not None and math.isfinite(measured) else 1.0
    return min(max(inflow.converted / inflow.leads * lift, 0.001), HIGHEST_GUESS)


def _mode(text: str) -> Mode:
    if text not in set(Mode):
        raise InvalidRequest("unknown_mode", f"'{text}' is not a way to run an experiment.", "Use live or shadow.")
    return Mode(text)


def _models(session: Session, client_id: int, challenger: str) -> tuple[ModelVersion, ModelVersion]:
    champion = model_rows.champion(session, client_id)
    if champion is None:
        raise NotFound("no_champion", "There is no champion to compare with.", "Deploy a model first.")
    row = find_version(session, client_id, challenger)
    if row is None:
        raise NotFound("unknown_model", f"There is no model version '{challenger}'.", "'models list' shows them.")
    if row.id == champion.id:
        raise InvalidRequest("is_champion", f"Model {row.id} is the {CHAMPION}.", "Choose another challenger.")
    return champion, row


def _check_alike(champion: ModelVersion, rival: ModelVersion, mode: Mode) -> None:
    """Refuse to mix tiers that a model has learnt with tiers by rank in one list."""
    if mode == Mode.LIVE and (champion.algorithm == THREE_TIERS) != (rival.algorithm == THREE_TIERS):
        raise InvalidRequest("models_differ", "One of the two models gives tiers of its own, the other does not.",
                             "Compare them in the shadow, where leads keep the champion's tiers.")


def _known(session: Session, client_id: int, version: int) -> ModelVersion:
    row = model_rows.find(session, client_id, version)
    if row is None:
        raise NotFound("unknown_model", f"There is no model version {version}.", "Keep the champion instead.")
    return row


def _name(text: str, challenger: ModelVersion) -> str:
    name = " ".join(text.split()) or f"Model {challenger.id} against the champion"
    if len(name) > experiment_rows.LONGEST_NAME or not name.isprintable():
        raise InvalidRequest("wrong_name", "This cannot be the name of an experiment.",
                             f"Use at most {experiment_rows.LONGEST_NAME} printable characters.")
    return name


# --- what it says ---------------------------------------------------------------------------------------------


def _latest(session: Session, client_id: int) -> Experiment | None:
    running = experiment_rows.running(session, client_id)
    return running or next(iter(experiment_rows.list_all(session, client_id)), None)


def _result(session: Session, row: Experiment, now: datetime) -> Result:
    """Read the counts until today, or until the experiment ended, and conclude."""
    experiment_id, aim, sizes = row.id or 0, _aim(row), _sizes(row)
    last = (row.ended_at or now).date().isoformat()
    groups = experiment_rows.day_counts(session, row.client_id, experiment_id)
    counts = statistics.daily_counts(groups, first=row.started_at.date().isoformat(), last=last)
    planned = statistics.planned_information(aim, sizes)
    shadow = row.mode == Mode.SHADOW
    estimates = statistics.within_leads(counts) if shadow else statistics.between_arms(counts)
    path = statistics.confidence_sequence(estimates, alpha=row.alpha, planned=planned)
    today, totals = path.iloc[-1], counts.iloc[-1]
    reached = bool(statistics.information_reached(counts)[-1] >= planned)
    finding = statistics.conclude(float(today["low"]), float(today["high"]), aim=aim, reached=reached)
    width = float(statistics.widths(np.array(today["information"]), alpha=row.alpha, planned=planned))
    lift = statistics.lift(totals, width=width, shared=float(totals["shared_converted"]) if shadow else None)
    arms = {name: _arm(totals, name, version) for name, version in (("champion", row.champion_version),
                                                                    ("challenger", row.challenger_version))}
    missing = _missing(totals, aim, sizes, Mode(row.mode))
    return Result(
        finding=finding, sentence=_sentence(finding, arms["champion"], arms["challenger"], lift, missing),
        champion=arms["champion"], challenger=arms["challenger"], lift=lift, difference=float(today["difference"]),
        low=_known_number(today["low"]), high=_known_number(today["high"]), leads_missing=missing[0],
        conversions_missing=missing[1], path=_relative(path, counts),
        rankings=_rankings(session, row, last) if shadow else [])


def _relative(path: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    converted = counts["champion_converted"] + counts["challenger_converted"]
    rate = converted / (counts["champion_leads"] + counts["challenger_leads"]).clip(lower=1)
    return path[["difference", "low", "high"]].div(rate.where(rate > 0), axis=0)


def _arm(totals: pd.Series, name: str, version: int) -> ArmResult:
    leads, converted = int(totals[f"{name}_all"]), int(totals[f"{name}_all_converted"])
    on_top, on_top_converted = int(totals[f"{name}_leads"]), int(totals[f"{name}_converted"])
    rate, low, high = (float(value[0]) for value in wilson(np.array([float(on_top_converted)]),
                                                           np.array([float(on_top)])))
    return ArmResult(version, leads, converted, on_top, on_top_converted, _known_number(rate), _known_number(low),
                     _known_number(high), converted / leads if leads else None)


def _missing(totals: pd.Series, aim: Aim, sizes: Sizes, mode: Mode) -> tuple[int, int]:
    """Say how many leads must still be scored and how many conversions come in until the planned end."""
    lacking = [max(sizes.champion - totals["champion_leads"], 0), max(sizes.challenger - totals["challenger_leads"], 0)]
    on_top = max(lacking) if mode == Mode.SHADOW else sum(lacking)
    expected = aim.base_rate * sizes.champion + aim.expected_rate * sizes.challenger
    converted = totals["champion_converted"] + totals["challenger_converted"]
    return math.ceil(round(on_top / TOP, 6)), max(math.ceil(expected - converted), 0)


def _rankings(session: Session, row: Experiment, last: str) -> list[Compared]:
    said = experiment_rows.probabilities(session, row.client_id, row.id or 0)
    in_time = said["converted"] & (said["converted_day"] <= last).fillna(False).astype(bool)
    return compare_rankings(in_time.to_numpy(dtype=bool), said["champion"].to_numpy(), said["challenger"].to_numpy(),
                            random_state=row.id or 0)


def _sentence(finding: Finding, champion: ArmResult, challenger: ArmResult, lift: Lift,
              missing: tuple[int, int]) -> str:
    """Say it in words."""
    rates = (f"of the challenger's top leads {_percent(challenger.rate)} converted, of the champion's "
             f"{_percent(champion.rate)}")
    if finding is Finding.TOO_EARLY:
        leads, conversions = missing
        if leads:
            return f"Too early to tell: about {leads:,} more leads."
        return f"Too early to tell: the leads are there, about {max(conversions, 1):,} more of them have to convert."
    if finding is Finding.NO_DIFFERENCE:
        return f"No difference worth having: {rates}."
    between = "" if lift.low is None or lift.high is None else \
        f" Likely between {100 * lift.low:+,.0f} % and {100 * lift.high:+,.0f} % more conversions."
    head = "The challenger finds more" if finding is Finding.CHALLENGER else "The champion stays"
    return f"{head}: {rates}.{between}"


def _percent(rate: float | None) -> str:
    return "none" if rate is None else f"{100 * rate:.1f} %"


def _known_number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _aim(row: Experiment) -> Aim:
    return Aim(row.base_rate, row.effect, row.share, row.alpha, row.power)


def _sizes(row: Experiment) -> Sizes:
    return Sizes(row.planned_champion, row.planned_challenger)


def _view(row: Experiment, result: Result | None = None) -> ExperimentView:
    return ExperimentView(
        id=row.id or 0, name=row.name, mode=Mode(row.mode), status=row.status, champion_version=row.champion_version,
        challenger_version=row.challenger_version, aim=_aim(row), sizes=_sizes(row), started_at=row.started_at,
        started_by=row.started_by, ended_at=row.ended_at, ended_by=row.ended_by, decision=row.decision,
        verdict=row.verdict, result=result)

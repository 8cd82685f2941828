"""A scorecard as people edit it: what each criterion asks, whom it hits, how these ended, what the data would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.monitoring.rates import wilson
from leadscore.schema import PERSONAL_FIELDS
from leadscore.scoring.criteria import Criterion
from leadscore.scoring.differences import Difference, differences
from leadscore.scoring.policy import Policy
from leadscore.scoring.presets import PRESETS, find_preset
from leadscore.scoring.scorecard import full_marks, hits
from leadscore.scoring.suggestions import Suggestions, suggest, taken
from leadscore.scoring.wording import rule_of
from leadscore.steps.criterion_fields import FieldChoice, field_choices
from leadscore.steps.known_outcomes import KnownLeads, known_leads, to_learn_from
from leadscore.steps.policies import policy_in_force
from leadscore.steps.policy_files import with_settings
from leadscore.store import clients
from leadscore.store.database import read, write
from leadscore.workbench import Workbench


@dataclass(frozen=True)
class CriterionEvidence:
    """What is known of one criterion.

    Parameters
    ----------
    rule : str
        What it asks, in words.
    known_field : bool
        Whether the leads have its column at all.
    hits, share : int and float
        Leads it holds for, of those looked at.
    rate, low, high : float or None
        Share of these that converted with its 95 % interval; None where none has ended.
    others : float or None
        Share of the other leads that converted.
    odds, odds_low, odds_high : float or None
        How many times the odds of the others, with the 95 % interval, from the leads learnt from.
    points, points_low, points_high : float or None
        The most points, signed, the data would give, beside all other criteria; None with too few outcomes.
    """

    id: str
    rule: str
    known_field: bool
    hits: int
    share: float
    rate: float | None
    low: float | None
    high: float | None
    others: float | None
    odds: float | None
    odds_low: float | None
    odds_high: float | None
    points: float | None
    points_low: float | None
    points_high: float | None


@dataclass(frozen=True)
class GroupState:
    """A group of a scorecard: its weight in per cent, the points that are full marks, those its criteria can give."""

    group: str
    weight: float
    marks: float
    own_marks: bool
    reachable: float


@dataclass(frozen=True)
class ScorecardEvidence:
    """What is known of a scorecard.

    Parameters
    ----------
    leads : int
        Leads looked at: those with a known outcome, or all where none has one.
    ended, converted : int
    learnt_from : int
        Leads the suggestions come from: not those that changes are measured on.
    doubling : float or None
        Points of the rule score that double the odds, by the data.
    weights : dict of str to float
        Weights of the groups that go with taking all suggestions.
    """

    leads: int
    ended: int
    converted: int
    learnt_from: int
    doubling: float | None
    weights: dict[str, float]
    groups: tuple[GroupState, ...]
    criteria: dict[str, CriterionEvidence]


@dataclass(frozen=True)
class StartingPoint:
    """A scorecard to start from; ``algorithm`` is the model to train with it, where one belongs to it."""

    key: str
    name: str
    sentence: str
    algorithm: str


def scorecard_evidence(workbench: Workbench, actor: Actor, *, client: str,
                       changes: Mapping[str, Any] | None = None) -> ScorecardEvidence:
    """Hold every criterion of the scorecard in force, or of one with changes, against the known outcomes.

    Parameters
    ----------
    changes : mapping or None
        Settings as plain values, as a policy is saved with.

    Raises
    ------
    InvalidRequest
        The changes contradict themselves.
    """
    require(actor, Action.VIEW_LEADS, client)
    policy, known = _looked_at(workbench, client, changes)
    ended = np.isfinite(known.converted)
    found, learnt = _suggested(known, policy)
    criteria = {criterion.id: _evidence(criterion, known, ended, found) for criterion in policy.criteria}
    return ScorecardEvidence(len(known.converted), int(ended.sum()), int(np.nansum(known.converted)), learnt,
                             found.doubling, found.weights, _groups(policy), criteria)


def take_suggestions(workbench: Workbench, actor: Actor, *, client: str, changes: Mapping[str, Any],
                     wanted: Sequence[str] | None = None) -> dict[str, Any]:
    """Give changes with the suggested points of some criteria in place, or of all, which then brings their weights.

    Raises
    ------
    InvalidRequest
        ``too_few_outcomes``: nothing is suggested for them.
    """
    require(actor, Action.VIEW_LEADS, client)
    policy, known = _looked_at(workbench, client, changes)
    found, _ = _suggested(known, policy)
    points = found.criteria["most"].dropna().to_dict()
    chosen = points.keys() if wanted is None else points.keys() & set(wanted)
    if not chosen:
        raise InvalidRequest("too_few_outcomes", "Too few leads with a known outcome to suggest points from.",
                             "Record or import outcomes first.")
    criteria = [asdict(taken(criterion, points[criterion.id]) if criterion.id in chosen else criterion)
                for criterion in policy.criteria]
    weights = {"group_weights": dict(found.weights)} if wanted is None else {}
    return dict(changes) | {"criteria": criteria} | weights


def scorecard_fields(workbench: Workbench, actor: Actor, *, client: str) -> tuple[FieldChoice, ...]:
    """List the columns the client's leads have that a criterion may look at, by group and label."""
    require(actor, Action.VIEW_LEADS, client)
    policy, known = _looked_at(workbench, client, None)
    shown = actor.may(Action.VIEW_PERSONAL_DATA)
    return field_choices(known.features, policy, hidden=() if shown else PERSONAL_FIELDS)


def describe_changes(workbench: Workbench, actor: Actor, *, client: str,
                     changes: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Say in words in what a policy with these changes would differ from the one in force.

    Raises
    ------
    InvalidRequest
        The changes contradict themselves.
    """
    require(actor, Action.VIEW_LEADS, client)
    in_force = _in_force(workbench, client)
    return differences(in_force, with_settings(in_force, changes))


def starting_points(workbench: Workbench, actor: Actor, *, client: str) -> tuple[StartingPoint, ...]:  # noqa: ARG001
    """List the scorecards to start from."""
    require(actor, Action.VIEW_LEADS, client)
    return tuple(StartingPoint(preset.key, preset.name, preset.sentence, preset.algorithm) for preset in PRESETS)


def start_from(workbench: Workbench, actor: Actor, *, client: str, preset: str,
               changes: Mapping[str, Any]) -> dict[str, Any]:
    """Give changes with those of a preset on top.

    Raises
    ------
    NotFound
        There is no such preset.
    InvalidRequest
        ``too_few_outcomes``: the preset is made from outcomes, and there are too few.
    """
    require(actor, Action.VIEW_LEADS, client)
    chosen = find_preset(preset)
    policy, known = _looked_at(workbench, client, changes)
    found = _suggested(known, policy)[0] if chosen.needs_outcomes else None
    wished = dict(changes) | chosen.build(policy, found)
    with_settings(policy, wished)
    return wished


# --- what is behind -----------------------------------------------------------------------------------------


def _in_force(workbench: Workbench, client: str) -> Policy:
    now = workbench.clock()
    with write(workbench.engine) as session:
        return policy_in_force(session, clients.ensure(session, client, now), None, now=now).policy


def _looked_at(workbench: Workbench, client: str, changes: Mapping[str, Any] | None) -> tuple[Policy, KnownLeads]:
    policy = with_settings(_in_force(workbench, client), changes or {})
    with read(workbench.engine) as session:
        return policy, _known(session, workbench, client, policy)


def _known(session: Session, workbench: Workbench, client: str, policy: Policy) -> KnownLeads:
    return known_leads(session, workbench, clients.require(session, client), policy)


def _suggested(known: KnownLeads, policy: Policy) -> tuple[Suggestions, int]:
    rows = to_learn_from(known)
    return suggest(known.features.frame[rows], known.converted[rows], policy), int(rows.sum())


def _evidence(criterion: Criterion, known: KnownLeads, ended: np.ndarray, found: Suggestions) -> CriterionEvidence:
    features = known.features
    hit = np.asarray(hits(features.frame, criterion), dtype=bool)
    won = known.converted == 1
    counts = np.array([(part & ended).sum() for part in (hit, ~hit)], dtype=float)
    rates, low, high = wilson(np.array([(part & won).sum() for part in (hit, ~hit)], dtype=float), counts)
    row = found.criteria.loc[criterion.id]
    odds = np.exp(row[["log_odds", "log_odds_low", "log_odds_high"]].to_numpy(dtype=float)) if row["enough"] \
        else np.full(3, np.nan)
    return CriterionEvidence(
        criterion.id, rule_of(criterion, features.labels), criterion.field in features.frame, int(hit.sum()),
        float(hit.mean()) if len(hit) else 0.0, _known_number(rates[0]), _known_number(low[0]), _known_number(high[0]),
        _known_number(rates[1]), *map(_known_number, odds),
        *(_known_number(row[name]) for name in ("most", "low", "high")))


def _known_number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _groups(policy: Policy) -> tuple[GroupState, ...]:
    return tuple(GroupState(group, weight, full_marks(policy, group), group in policy.group_marks,
                            sum(criterion.most for criterion in policy.criteria if criterion.group == group))
                 for group, weight in policy.group_weights.items())

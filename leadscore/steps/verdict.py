"""One stored lead in, its score out with everything that explains it: reasons, curves, and what would move it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.modeling.explanation import BOOLEAN, NO, TEXT, YES, Curve
from leadscore.monitoring.rates import wilson
from leadscore.schema import FIELD_BY_NAME, PERSONAL_FIELDS, CustomField, Tier
from leadscore.scoring.policy import Policy, TierMode
from leadscore.scoring.reasons import Reason, reasons_for_lead
from leadscore.scoring.scorecard import criteria_table
from leadscore.scoring.tiers import next_action, tier_sizes
from leadscore.steps.judge import Judged
from leadscore.steps.listing import judge_again
from leadscore.steps.models import NO_MODEL, find_version, load_model
from leadscore.steps.offers import with_offer
from leadscore.steps.plain import is_missing
from leadscore.steps.whatif import Case, Goal, WhatIf, what_if, why_not_higher
from leadscore.store import scores as score_rows
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

QUALIFIED = "Qualified"
NUMBERS = ("score", "blended", "rule_score", "probability", "fit", "engagement")


@dataclass(frozen=True)
class FactorCurve:
    """What the values of one factor do, and where this lead stands on the curve.

    Parameters
    ----------
    points : list of dict
        ``value``, ``effect``, ``low``, ``high`` (log-odds) and ``leads``.
    mark : float, str or None
        The lead's own value as the points name values; None when it is missing.
    marked : bool
        False when the lead's place cannot be told, or not to everybody.
    """

    field: str
    label: str
    kind: str
    points: list[dict[str, Any]]
    mark: float | str | None
    marked: bool


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A lead's score and why; everything empty when it has not been scored.

    Parameters
    ----------
    tier_chances : dict of str to float, or None
        How probable a model of three tiers holds each of them; None for a model of two outcomes.
    curves : tuple of FactorCurve
        The factors of the model, the one that speaks loudest for or against this lead first.
    """

    score: float | None = None
    blended: float | None = None
    rule_score: float | None = None
    probability: float | None = None
    probability_low: float | None = None
    probability_high: float | None = None
    tier: str | None = None
    tier_chances: dict[str, float] | None = None
    qualified: bool | None = None
    fit: float | None = None
    engagement: float | None = None
    base: float | None = None
    reasons: list[Reason] = field(default_factory=list)
    waterfall: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"label": [], "effect": []}))
    criteria: pd.DataFrame = field(default_factory=pd.DataFrame)
    next_action: str = "Score the leads first"
    due: datetime | None = None
    what_if: WhatIf | None = None
    why_not_higher: str = ""
    curves: tuple[FactorCurve, ...] = ()


def verdict_on(session: Session, workbench: Workbench, client_id: int, leads: pd.DataFrame, current: pd.DataFrame,
               custom: Sequence[CustomField], headers: Mapping[str, str], *, personal: bool) -> Verdict:
    """Say what a lead's score in force is and why, judged as its own run did.

    Parameters
    ----------
    leads : DataFrame of one row
        With every column the client's leads have.
    current : DataFrame of one row, or of none when the lead has not been scored
    personal : bool
        False when the reader may not see personal values.
    """
    if current.empty:
        return Verdict()
    in_force = current.iloc[0]
    run = score_rows.run(session, client_id, int(in_force["run_id"]))
    judged = judge_again(session, workbench, client_id, run, leads, custom, headers)
    row = find_version(session, client_id, str(run.model_version) if run.model_version else NO_MODEL)
    curves = _curves_of(row)
    lead_id = int(leads.index[0])
    hidden = () if personal else PERSONAL_FIELDS
    reasons = reasons_for_lead(judged.blend, judged.features, lead_id, judged.policy, hidden=hidden)
    action = next_action(current["tier"], run.created_at, judged.policy).iloc[0]
    numbers = {name: _number(in_force[name]) for name in NUMBERS}
    low, high = _likely(row, numbers["probability"])
    fitting = with_offer(workbench, session, client_id, leads, judged.policy, known_at=run.created_at)
    found = what_if(Case(fitting, custom, headers, judged.features, judged.policy, load_model(workbench, row).model,
                         curves), _goals(session, client_id, float(judged.blend.blended.iloc[0]), judged.policy))
    return Verdict(
        **numbers, probability_low=low, probability_high=high, tier=str(in_force["tier"]),
        tier_chances=_tier_chances(judged), qualified=bool(in_force["qualified"]), base=float(judged.blend.base),
        reasons=reasons, waterfall=pd.DataFrame({"label": [reason.text for reason in reasons],
                                                 "effect": [reason.effect for reason in reasons]}),
        criteria=criteria_table(judged.rules, judged.features, judged.policy, lead_id, hidden=hidden),
        next_action=action["action"], due=action["due"], what_if=found,
        why_not_higher=why_not_higher(reasons, found.improvements), curves=_placed(curves, judged, personal))


def _curves_of(row: ModelVersion | None) -> dict[str, Curve]:
    stored = row.report.get("effect_curves") or {} if row else {}
    return {column: Curve.from_dict(state) for column, state in stored.items()}


def _likely(row: ModelVersion | None, probability: float | None) -> tuple[float | None, float | None]:
    """Say between which rates leads of about this probability converted among those the model had not seen."""
    bins = row.report.get("reliability", []) if row else []
    if probability is None or not bins:
        return None, None
    alike = min(bins, key=lambda group: abs(group["probability"] - probability))
    rows = np.array([float(alike["rows"])])
    _, low, high = wilson(alike["rate"] * rows, rows)
    return min(float(low[0]), probability), max(float(high[0]), probability)


def _tier_chances(judged: Judged) -> dict[str, float] | None:
    tiers = getattr(judged.prediction, "tiers", None)
    return None if tiers is None else {str(name): float(tiers[name].iloc[0]) for name in tiers}


def _goals(session: Session, client_id: int, blended: float, policy: Policy) -> list[Goal]:
    """Name the scores worth reaching: qualified, and the tier after the one this score deserves."""
    starts = [goal for goal in _tier_starts(session, client_id, policy) if goal.score > blended]
    goals = [Goal(QUALIFIED, policy.thresholds.qualified), *sorted(starts, key=lambda goal: goal.score)[:1]]
    return sorted((goal for goal in goals if goal.score > blended), key=lambda goal: goal.score)


def _tier_starts(session: Session, client_id: int, policy: Policy) -> list[Goal]:
    """Say where High and Medium begin; by rank that is the score of the last lead in them today."""
    if policy.tier_mode == TierMode.THRESHOLD:
        return [Goal(Tier.HIGH, policy.thresholds.high), Goal(Tier.MEDIUM, policy.thresholds.low)]
    high, medium = tier_sizes(score_rows.count(session, client_id), policy)
    lasts = [(Tier.HIGH, score_rows.page(session, client_id, offset=high - 1, limit=1)),
             (Tier.MEDIUM, score_rows.page(session, client_id, offset=high + medium - 1, limit=1))]
    return [Goal(tier, float(last["score"].iloc[0])) for tier, last in lasts if len(last)]


def _placed(curves: Mapping[str, Curve], judged: Judged, personal: bool) -> tuple[FactorCurve, ...]:
    shares = judged.prediction.contributions if judged.prediction else None
    if shares is None:
        return ()
    sizes = shares.iloc[0].abs()
    order = sorted(curves, key=lambda column: -float(sizes.get(column, 0.0)))
    return tuple(_place(column, curves[column], judged.features.frame, personal) for column in order)


def _place(column: str, curve: Curve, frame: pd.DataFrame, personal: bool) -> FactorCurve:
    known = FIELD_BY_NAME.get(column)
    value = frame[column].iloc[0] if column in frame else None
    hidden = known is not None and known.personal and not personal
    points: list[dict[str, Any]] = curve.to_dict()["points"]
    # a text stands at several words at once
    marked = column in frame and not hidden and (curve.kind != TEXT or is_missing(value))
    return FactorCurve(column, curve.label, curve.kind, points, _mark(value, curve) if marked else None, marked)


def _mark(value: Any, curve: Curve) -> float | str | None:
    if is_missing(value):
        return None
    if curve.kind == BOOLEAN:
        return YES if value else NO
    if isinstance(value, (int, float, np.number)):
        return float(value) if curve.kind == "number" else f"{float(value):.15g}"
    return str(value)


def _number(value: Any) -> float | None:
    return None if is_missing(value) else float(value)

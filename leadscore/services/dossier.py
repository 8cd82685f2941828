"""One lead in full, and what people write back: outcomes, owners, their own judgement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.monitoring.rates import wilson
from leadscore.schema import FIELDS, CustomField, Field, OutcomeStage, Tier, label_of
from leadscore.scoring.policy import Policy, TierMode
from leadscore.scoring.reasons import Reason, reasons_for_lead
from leadscore.scoring.scorecard import criteria_table
from leadscore.scoring.tiers import next_action, tier_at
from leadscore.steps.listing import (
    MASK,
    judge_again,
    person_names,
)
from leadscore.steps.listing import ListView as ListView
from leadscore.steps.plain import is_missing, plain_rows
from leadscore.steps.policies import policy_in_force
from leadscore.steps.selection import UNREACHABLE_REASONS, unreachable_reason
from leadscore.store import activities as activity_rows
from leadscore.store import audit, batches, clients, lead_matching, lead_reading
from leadscore.store import leads as lead_rows
from leadscore.store import models as model_rows
from leadscore.store import outcomes as outcome_rows
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

CLOCK_SLACK = timedelta(days=1)
MOST_REVENUE = 1e12
TIMELINE_DATES = {"created_at": "Created", "consent_at": "Gave consent", "modified_at": "Last change in the CRM"}


@dataclass(frozen=True)
class LeadDetail:
    """Everything about one lead."""

    lead_id: int
    title: str
    values: list[tuple[str, str, str]]
    score: float | None
    blended: float | None
    rule_score: float | None
    probability: float | None
    probability_low: float | None
    probability_high: float | None
    tier: str | None
    qualified: bool | None
    fit: float | None
    engagement: float | None
    override: dict[str, Any] | None
    reasons: list[Reason]
    base: float | None
    waterfall: pd.DataFrame
    criteria: pd.DataFrame
    history: pd.DataFrame
    outcomes: pd.DataFrame
    activities: pd.DataFrame
    colleagues: pd.DataFrame
    next_action: str
    due: datetime | None
    batch: dict[str, Any]
    source_row: int
    reachable: bool
    unreachable_reason: str | None
    company_key: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        plain = {"lead_id": self.lead_id, "title": self.title, "score": self.score, "tier": self.tier,
                 "probability": self.probability, "rule_score": self.rule_score, "fit": self.fit,
                 "engagement": self.engagement, "qualified": self.qualified, "override": self.override,
                 "next_action": self.next_action, "due": self.due, "reachable": self.reachable,
                 "reasons": [asdict(reason) for reason in self.reasons], "base": self.base,
                 "values": {label: value for _, label, value in self.values}}
        return plain | {"history": plain_rows(self.history), "outcomes": plain_rows(self.outcomes)}




def lead_detail(workbench: Workbench, actor: Actor, *, client: str, lead_id: int, note: bool = True) -> LeadDetail:
    """Give everything about one lead; personal values are masked when the role may not see them.

    Parameters
    ----------
    note : bool
        False when this look at the lead is in the audit trail already, as for a page that only draws itself anew.

    Raises
    ------
    NotFound
        The client has no such lead.
    """
    require(actor, Action.VIEW_LEADS, client)
    personal = actor.may(Action.VIEW_PERSONAL_DATA)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        row = lead_reading.find_lead(session, client_id, lead_id)
        leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=[lead_id], keep_empty=True)
        custom = lead_reading.custom_fields(session, client_id)
        headers = batches.headers(session, client_id)
        current = score_rows.of_leads(session, client_id, [lead_id])
        verdict = _verdict(session, workbench, client_id, leads, current, custom, headers)
        colleagues = _colleagues(session, workbench, client_id, lead_id, personal)
        told = outcome_rows.of_leads(session, client_id, [lead_id])
        history = score_rows.history(session, client_id, lead_id)
        done = activity_rows.of_lead(session, client_id, lead_id)
        batch = batches.get(session, client_id, int(row.batch_id))
    why = unreachable_reason(leads).iloc[0]
    name = person_names(leads).iloc[0] if personal else None
    company = leads["company"].iloc[0] if "company" in leads else None
    titles = [str(part) for part in (name, company) if isinstance(part, str) and part]
    if personal and note:
        _note_view(workbench, actor, client_id, lead_id)
    return LeadDetail(
        lead_id=lead_id, title=titles[0] if titles else f"Lead {lead_id}",
        values=_values(leads, custom, headers, personal), override=_override(row), history=history, outcomes=told,
        activities=_timeline(leads, row, told, done), colleagues=colleagues,
        batch={"id": batch.id, "filename": batch.filename, "created_at": batch.created_at,
               "imported_by": batch.imported_by, "sha256": batch.sha256},
        source_row=int(row.source_row), reachable=not isinstance(why, str),
        unreachable_reason=UNREACHABLE_REASONS[why] if isinstance(why, str) else None,
        company_key=row.company_key, **verdict)


def record_outcome(workbench: Workbench, actor: Actor, *, client: str, lead_ids: Sequence[int], stage: str,
                   at: datetime | None = None, revenue: float | None = None, currency: str | None = None) -> int:
    """Record what became of leads and return how many of them are this client's.

    Raises
    ------
    InvalidRequest
        An unknown stage, a date in the future, or revenue that is no amount.
    """
    require(actor, Action.EDIT_LEADS, client)
    now = workbench.clock()
    _check_outcome(stage, at, revenue, now)
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        count = outcome_rows.record(session, client_id, list(lead_ids), stage=stage, at=at, revenue=revenue,
                                    currency=currency, recorded_by=actor.name, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="outcome_recorded", object=_named_leads(lead_ids), detail={"stage": stage, "leads": count})
    return count


def assign_owner(workbench: Workbench, actor: Actor, *, client: str, lead_ids: Sequence[int],
                 owner: str | None) -> int:
    """Give leads an owner (or none) and return how many of them are this client's."""
    require(actor, Action.EDIT_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        count = lead_rows.assign_owner(session, client_id, list(lead_ids), (owner or "").strip() or None, now=now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="owner_assigned",
                     object=_named_leads(lead_ids), detail={"owner": owner, "leads": count})
    return count


def override(workbench: Workbench, actor: Actor, *, client: str, lead_id: int, reason: str, tier: str | None = None,
             score: float | None = None) -> None:
    """Set tier or score of a lead by hand; re-scoring keeps it and keeps what the model says beside it.

    Raises
    ------
    InvalidRequest
        No reason, neither tier nor score, an unknown tier, or a score outside 0-100.
    """
    require(actor, Action.EDIT_LEADS, client)
    _check_override(tier, score, reason)
    _set_override(workbench, actor, client, lead_id, score=score, tier=tier, reason=reason.strip())


def clear_override(workbench: Workbench, actor: Actor, *, client: str, lead_id: int) -> None:
    """Let rules and model speak again."""
    require(actor, Action.EDIT_LEADS, client)
    _set_override(workbench, actor, client, lead_id, score=None, tier=None, reason=None)


def _set_override(workbench: Workbench, actor: Actor, client: str, lead_id: int, *, score: float | None,
                  tier: str | None, reason: str | None) -> None:
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        before = _override(lead_reading.find_lead(session, client_id, lead_id))
        lead_rows.set_override(session, client_id, lead_id, score=score, tier=tier, reason=reason,
                               by=actor.name if reason else None, now=now)
        _put_in_force(session, client_id, lead_id, score, tier, now)
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="override_set" if reason else "override_cleared", object=f"lead:{lead_id}",
                     detail={"before": before and {"score": before["score"], "tier": before["tier"]},
                             "after": {"score": score, "tier": tier}})


def _put_in_force(session: Session, client_id: int, lead_id: int, score: float | None, tier: str | None,
                  now: datetime) -> None:
    """Let lists show a judgement at once; what a person did not set is what rules and model say."""
    current = score_rows.of_leads(session, client_id, [lead_id])
    if current.empty:
        return
    said = float(current["blended"].iloc[0]) if score is None else score
    rank, leads = score_rows.rank_of(session, client_id, lead_id, said)
    policy = _policy_of_tiers(session, client_id, int(current["run_id"].iloc[0]), now)
    score_rows.set_final(session, client_id, lead_id, score=said, tier=tier or tier_at(said, rank, leads, policy))


def _policy_of_tiers(session: Session, client_id: int, run_id: int, now: datetime) -> Policy:
    """Find the policy a lead's tier was cut by: ranks are cut anew for all leads by every run, thresholds are not."""
    latest = score_rows.latest_run(session, client_id) or score_rows.run(session, client_id, run_id)
    policy = policy_in_force(session, client_id, str(latest.policy_version), now=now).policy
    if policy.tier_mode != TierMode.THRESHOLD:
        return policy
    own = score_rows.run(session, client_id, run_id)
    return policy_in_force(session, client_id, str(own.policy_version), now=now).policy


def _check_override(tier: str | None, score: float | None, reason: str) -> None:
    if not reason.strip():
        raise InvalidRequest("no_reason", "An override needs a reason.", "Say why, for those who come after you.")
    if tier is None and score is None:
        raise InvalidRequest("empty_override", "Neither a tier nor a score was given.", "Choose at least one.")
    if tier is not None and tier not in {str(name) for name in Tier}:
        raise InvalidRequest("unknown_tier", f"'{tier}' is no tier.", "Choose High, Medium or Low.")
    if score is not None and not 0 <= score <= 100:
        raise InvalidRequest("wrong_score", f"{score:g} is not between 0 and 100.", "Scores run from 0 to 100.")


def _check_outcome(stage: str, at: datetime | None, revenue: float | None, now: datetime) -> None:
    if stage not in {str(name) for name in OutcomeStage}:
        raise InvalidRequest("unknown_stage", f"'{stage}' is no outcome.",
                             f"Choose one of {', '.join(OutcomeStage)}.")
    if at is not None and at > now + CLOCK_SLACK:
        raise InvalidRequest("future_outcome", "An outcome cannot lie in the future.", "Check the date.")
    if revenue is not None and not 0 <= revenue < MOST_REVENUE:
        raise InvalidRequest("wrong_revenue", f"{revenue:g} is no revenue.", "Give an amount of 0 or more.")


def _named_leads(lead_ids: Sequence[int]) -> str:
    return f"lead:{lead_ids[0]}" if len(lead_ids) == 1 else f"{len(lead_ids)} leads"


def _note_view(workbench: Workbench, actor: Actor, client_id: int, lead_id: int) -> None:
    now = workbench.clock()
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="lead_viewed",
                     object=f"lead:{lead_id}", detail={})


def _verdict(session: Session, workbench: Workbench, client_id: int, leads: pd.DataFrame,
             current: pd.DataFrame, custom: Sequence[CustomField], headers: Mapping[str, str]) -> dict[str, Any]:
    """Say what the lead's score is and why; nothing when it has not been scored."""
    if current.empty:
        return dict.fromkeys(("score", "blended", "rule_score", "probability", "probability_low", "probability_high",
                              "tier", "qualified", "fit", "engagement", "base", "due")) | {
            "reasons": [], "waterfall": pd.DataFrame({"label": [], "effect": []}), "criteria": pd.DataFrame(),
            "next_action": "Score the leads first"}
    now_in_force = current.iloc[0]
    run = score_rows.run(session, client_id, int(now_in_force["run_id"]))
    judged = judge_again(session, workbench, client_id, run, leads, custom, headers)
    lead_id = int(leads.index[0])
    reasons = reasons_for_lead(judged.blend, judged.features, lead_id, judged.policy)
    action = next_action(current["tier"], run.created_at, judged.policy).iloc[0]
    numbers = {name: _number(now_in_force[name]) for name in
               ("score", "blended", "rule_score", "probability", "fit", "engagement")}
    return numbers | {
        **_likely(session, client_id, run.model_version, numbers["probability"]), "tier": str(now_in_force["tier"]),
        "qualified": bool(now_in_force["qualified"]), "reasons": reasons, "base": float(judged.blend.base),
        "waterfall": pd.DataFrame({"label": [reason.text for reason in reasons],
                                   "effect": [reason.effect for reason in reasons]}),
        "criteria": criteria_table(judged.rules, judged.features, judged.policy, lead_id),
        "next_action": action["action"], "due": action["due"]}


def _likely(session: Session, client_id: int, model_version: int | None,
            probability: float | None) -> dict[str, float | None]:
    """Say between which rates leads of about this probability converted among those the model had not seen."""
    row = model_rows.find(session, client_id, model_version) if model_version else None
    bins = row.report.get("reliability", []) if row else []
    if probability is None or not bins:
        return {"probability_low": None, "probability_high": None}
    alike = min(bins, key=lambda group: abs(group["probability"] - probability))
    rows = np.array([float(alike["rows"])])
    _, low, high = wilson(alike["rate"] * rows, rows)
    return {"probability_low": min(float(low[0]), probability), "probability_high": max(float(high[0]), probability)}


def _timeline(leads: pd.DataFrame, row: Any, told: pd.DataFrame, done: pd.DataFrame) -> pd.DataFrame:
    """Put what is known of a lead's history in order of time: columns at, kind, text."""
    lead = leads.iloc[0]
    events = [(lead.get(name), "activity", label) for name, label in TIMELINE_DATES.items()]
    events += [(activity["at"], "activity", str(activity["kind"]).capitalize()) for activity in done.to_dict("records")]
    events += [(row.stored_at, "import", "Imported here"), (row.exported_at, "export", "Exported")]
    events += [(outcome["at"], "outcome", str(outcome["stage"]).capitalize()) for outcome in told.to_dict("records")]
    known = [event for event in events if not is_missing(event[0])]
    frame = pd.DataFrame(known, columns=["at", "kind", "text"])
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    return frame.sort_values("at", kind="stable", ignore_index=True)


def _number(value: Any) -> float | None:
    return None if is_missing(value) else float(value)


def _colleagues(session: Session, workbench: Workbench, client_id: int, lead_id: int, personal: bool) -> pd.DataFrame:
    ids = lead_matching.colleagues(session, client_id, lead_id)
    leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=ids)
    scores = score_rows.of_leads(session, client_id, ids)
    frame = pd.DataFrame({"name": person_names(leads) if personal else MASK, "job_title": leads.get("job_title")},
                         index=leads.index)
    return frame.join(scores[["score", "tier"]]).reset_index(names="lead_id")


def _override(row: Any) -> dict[str, Any] | None:
    if row.override_by is None:
        return None
    return {"score": row.override_score, "tier": row.override_tier, "reason": row.override_reason,
            "by": row.override_by, "at": row.override_at}


def _values(leads: pd.DataFrame, custom: Sequence[CustomField], headers: Mapping[str, str],
            personal: bool) -> list[tuple[str, str, str]]:
    """List group, name and text of every value the lead has."""
    lead, shown = leads.iloc[0], []
    columns: list[Field | CustomField] = [*FIELDS, *custom]
    for field_ in columns:
        value = lead.get(field_.name)
        if is_missing(value) or value == "":
            continue
        group = str(field_.group) if isinstance(field_, Field) else "your own columns"
        shown.append((group, label_of(field_.name, dict(headers)), MASK if field_.personal and not personal
                      else _as_text(value)))
    return shown


def _as_text(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%d %b %Y %H:%M}".removesuffix(" 00:00")
    return f"{value:,.10g}" if isinstance(value, (float, np.floating)) else str(value)

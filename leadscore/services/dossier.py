"""One lead in full, and what people write back: outcomes, owners, their own judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.errors import InvalidRequest
from leadscore.schema import OutcomeStage, Tier
from leadscore.scoring.policy import Policy, TierMode
from leadscore.scoring.tiers import tier_at
from leadscore.steps.lead_values import values_of
from leadscore.steps.listing import MASK, person_names
from leadscore.steps.listing import ListView as ListView
from leadscore.steps.plain import is_missing, plain_rows
from leadscore.steps.policies import policy_in_force
from leadscore.steps.run_records import reasons_digest
from leadscore.steps.selection import UNREACHABLE_REASONS, unreachable_reason
from leadscore.steps.verdict import FactorCurve as FactorCurve
from leadscore.steps.verdict import Verdict, verdict_on
from leadscore.steps.whatif import WhatIf as WhatIf
from leadscore.store import activities as activity_rows
from leadscore.store import audit, batches, clients, consents, lead_matching, lead_reading
from leadscore.store import leads as lead_rows
from leadscore.store import outcomes as outcome_rows
from leadscore.store import scores as score_rows
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

CLOCK_SLACK = timedelta(days=1)
MOST_REVENUE = 1e12
MOST_TAKEN_BACK_NAMED = 100
"""Leads whose outcome the audit trail writes out when many are taken back at once."""
TIMELINE_DATES = {"created_at": "Created", "consent_at": "Gave consent", "modified_at": "Last change in the CRM"}


@dataclass(frozen=True, kw_only=True)
class LeadDetail(Verdict):
    """Everything about one lead."""

    lead_id: int
    title: str
    values: list[tuple[str, str, str]]
    override: dict[str, Any] | None
    history: pd.DataFrame
    outcomes: pd.DataFrame
    activities: pd.DataFrame
    colleagues: pd.DataFrame
    batch: dict[str, Any]
    source_row: int
    reachable: bool
    unreachable_reason: str | None
    objected_at: datetime | None = None
    company_key: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the answer of the command line."""
        plain = {"lead_id": self.lead_id, "title": self.title, "score": self.score, "tier": self.tier,
                 "probability": self.probability, "rule_score": self.rule_score, "fit": self.fit,
                 "engagement": self.engagement, "qualified": self.qualified, "override": self.override,
                 "next_action": self.next_action, "due": self.due, "reachable": self.reachable,
                 "reasons": [asdict(reason) for reason in self.reasons], "base": self.base,
                 "tier_chances": self.tier_chances, "values": {label: value for _, label, value in self.values}}
        return plain | _advice(self) | {"history": plain_rows(self.history), "outcomes": plain_rows(self.outcomes)}


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
        verdict = verdict_on(session, workbench, client_id, leads, current, custom, headers, personal=personal)
        colleagues = _colleagues(session, workbench, client_id, lead_id, personal)
        told = outcome_rows.of_leads(session, client_id, [lead_id])
        history = score_rows.history(session, client_id, lead_id)
        done = activity_rows.of_lead(session, client_id, lead_id)
        batch = batches.get(session, client_id, int(row.batch_id))
        not_for_sale = consents.opted_out(session, client_id, consents.Purpose.SALE)
        given = _given(session, client_id, current, verdict)
    why = unreachable_reason(leads, not_for_sale).iloc[0]
    name = person_names(leads).iloc[0] if personal else None
    company = leads["company"].iloc[0] if "company" in leads else None
    titles = [str(part) for part in (name, company) if isinstance(part, str) and part]
    if personal and note:
        _note_view(workbench, actor, client_id, lead_id, given)
    return LeadDetail(
        lead_id=lead_id, title=titles[0] if titles else f"Lead {lead_id}",
        values=values_of(leads, custom, headers, personal=personal), override=_override(row), history=history,
        outcomes=told,
        activities=_timeline(leads, row, told, done), colleagues=colleagues,
        batch={"id": batch.id, "filename": batch.filename, "created_at": batch.created_at,
               "imported_by": batch.imported_by, "sha256": batch.sha256},
        source_row=int(row.source_row), reachable=not isinstance(why, str),
        unreachable_reason=UNREACHABLE_REASONS[why] if isinstance(why, str) else None,
        objected_at=row.restricted_at, company_key=row.company_key, **vars(verdict))


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
                     action="outcome_recorded", object=_named_leads(lead_ids),
                     detail={"stage": stage, "leads": count} | _details(at, revenue, currency))
    return count


def take_back_outcome(workbench: Workbench, actor: Actor, *, client: str, lead_ids: Sequence[int]) -> int:
    """Take back the latest outcome of leads, so that the one before it stands again; what it said stays in the audit.

    Returns
    -------
    int
        How many of the leads had one.

    Raises
    ------
    InvalidRequest
        ``nothing_recorded``: none of them had any.
    """
    require(actor, Action.EDIT_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.require(session, client)
        removed = outcome_rows.take_back(session, client_id, list(lead_ids))
        if removed.empty:
            raise InvalidRequest("nothing_recorded", "Nothing is recorded of what became of these leads.",
                                 "There is nothing to take back.")
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name,
                     action="outcome_taken_back", object=_named_leads(lead_ids),
                     detail={"leads": len(removed), "taken_back": _taken_back(removed)})
    return len(removed)


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


def _details(at: datetime | None, revenue: float | None, currency: str | None) -> dict[str, Any]:
    """Give what was said beside the stage, without what was left out."""
    said = {"on": f"{at:%Y-%m-%d}" if at else None, "revenue": revenue, "currency": currency}
    return {name: value for name, value in said.items() if value is not None}


def _taken_back(removed: pd.DataFrame) -> list[dict[str, Any]]:
    """Say in plain values what each of these leads had, the first of very many."""
    rows = removed.head(MOST_TAKEN_BACK_NAMED)
    return [{"lead": int(lead), "stage": stage} | _details(
        None if is_missing(at) else at, None if is_missing(revenue) else float(revenue),
        None if is_missing(currency) else str(currency))
        for lead, stage, at, revenue, currency in zip(rows["lead_id"], rows["stage"], rows["at"], rows["revenue"],
                                                      rows["currency"], strict=True)]


def _advice(detail: LeadDetail) -> dict[str, Any]:
    """Give what would move a lead up, in plain values."""
    found = detail.what_if
    if found is None:
        return {"improvements": [], "together": None, "to_find_out": [], "goals": [], "why_not_higher": ""}
    return {"improvements": [asdict(improvement) for improvement in found.improvements],
            "together": asdict(found.together) if found.together else None,
            "to_find_out": [asdict(unknown) for unknown in found.to_find_out],
            "goals": [{"name": way.goal.name, "score": way.goal.score, "reached": way.reached,
                       "sentence": way.sentence} for way in found.ways],
            "why_not_higher": detail.why_not_higher}


def _note_view(workbench: Workbench, actor: Actor, client_id: int, lead_id: int, given: dict[str, Any]) -> None:
    now = workbench.clock()
    with write(workbench.engine) as session:
        audit.append(session, workbench.vault, at=now, client_id=client_id, actor=actor.name, action="lead_viewed",
                     object=f"lead:{lead_id}", detail=given)


def _given(session: Session, client_id: int, current: pd.DataFrame, verdict: Verdict) -> dict[str, Any]:
    """Say which decision a person is shown, with a digest of its reasons; a replay gives the same."""
    if current.empty:
        return {}
    run = score_rows.run(session, client_id, int(current["run_id"].iloc[0]))
    return {"run": run.id, "policy_version": run.policy_version, "model_version": run.model_version,
            "as_of": run.as_of.isoformat(), "reasons": reasons_digest(verdict.reasons)}


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

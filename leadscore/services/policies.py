"""The policy in force is looked at, tried out, and saved as a new version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from leadscore.access import Action, Actor, require
from leadscore.schema import Tier
from leadscore.scoring.policy import Policy
from leadscore.scoring.tiers import assign_tiers
from leadscore.steps.dates import reference_date
from leadscore.steps.judge import judge
from leadscore.steps.models import CHAMPION, find_version, load_model
from leadscore.steps.offers import with_offer
from leadscore.steps.policies import PolicyInForce, policy_in_force, with_suggested_blend
from leadscore.steps.policy_saving import CHANGEABLE as CHANGEABLE
from leadscore.steps.policy_saving import changed, save_changed, settled
from leadscore.steps.selection import count_of_top
from leadscore.store import clients, lead_reading
from leadscore.store import policies as policy_rows
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

PREVIEW_LEADS = 20_000
"""Leads a preview looks at: enough for two steady digits, few enough to answer while a slider is let go."""


@dataclass(frozen=True)
class PolicyPreview:
    """What a change would do to the stored leads (or a sample of them)."""

    leads: int
    tiers_before: dict[str, int]
    tiers_after: dict[str, int]
    entering: int
    leaving: int
    histogram: pd.DataFrame


@dataclass(frozen=True)
class PolicySummary:
    """One saved version."""

    version: int
    comment: str
    created_by: str
    created_at: Any
    active: bool


def current_policy(workbench: Workbench, actor: Actor, *, client: str) -> PolicyInForce:
    """Give the policy in force with its version, comment, author and date.

    Its blend is the one scorings use: what the champion's held-out leads suggest, unless a person has chosen one.
    """
    require(actor, Action.VIEW_LEADS, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        in_force = policy_in_force(session, client_id, None, now=now)
        return with_suggested_blend(in_force, find_version(session, client_id, CHAMPION))


def list_policies(workbench: Workbench, actor: Actor, *, client: str) -> list[PolicySummary]:
    """List the versions, newest first."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        versions = policy_rows.list_all(session, row.id) if row and row.id else []
        return [PolicySummary(v.version, v.comment, v.created_by, v.created_at, v.active) for v in versions]


def preview_policy(workbench: Workbench, actor: Actor, *, client: str, changes: Mapping[str, Any]) -> PolicyPreview:
    """Show tiers, entries and exits of the top 20 % and the distribution under changed settings; nothing is saved.

    Raises
    ------
    InvalidRequest
        The changes contradict themselves (weights that do not total 100, thresholds out of order).
    """
    require(actor, Action.VIEW_LEADS, client)
    in_force = current_policy(workbench, actor, client=client)
    now = workbench.clock()
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        wished = replace(in_force, policy=settled(session, client_id, in_force.policy,
                                                  changed(in_force.policy, changes)))
        lead_ids = lead_reading.ids(session, client_id)
        custom = lead_reading.custom_fields(session, client_id)
        as_of = reference_date(lead_reading.latest_dates(session, client_id), now)
        sample = np.sort(np.random.default_rng(0).permutation(lead_ids)[:PREVIEW_LEADS])
        leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=sample)
        champion = find_version(session, client_id, CHAMPION)
        chosen = load_model(workbench, champion)
        # as scoring does, so that what is previewed is what will be stored
        before, after = (with_suggested_blend(version, champion).policy for version in (in_force, wished))
        fitting = [with_offer(workbench, session, client_id, leads, policy) for policy in (before, after)]
    scores = [judge(part, custom_fields=custom, headers={}, policy=policy, model=chosen.model, as_of=as_of,
                    contributions=False).blend.blended
              for part, policy in zip(fitting, (before, after), strict=True)]
    top = [set(score.nlargest(count_of_top("20%", len(score))).index) for score in scores]
    return PolicyPreview(
        leads=len(leads), tiers_before=_tiers(scores[0], before), tiers_after=_tiers(scores[1], after),
        entering=len(top[1] - top[0]), leaving=len(top[0] - top[1]), histogram=_histogram(scores[0], scores[1]))


def save_policy(workbench: Workbench, actor: Actor, *, client: str, changes: Mapping[str, Any], comment: str) -> int:
    """Save changed settings as a new version in force and return its number; scores change at the next rescoring.

    Raises
    ------
    InvalidRequest
        The changes contradict themselves; the old version stays in force.
    """
    require(actor, Action.EDIT_POLICY, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        return save_changed(session, workbench, client_id, changes, comment=comment, actor_name=actor.name)


def _tiers(scores: pd.Series, policy: Policy) -> dict[str, int]:
    counts = assign_tiers(scores, policy).value_counts()
    return {str(tier): int(counts.get(tier, 0)) for tier in Tier}


def _histogram(before: pd.Series, after: pd.Series, bins: int = 20) -> pd.DataFrame:
    edges = np.linspace(0, 100, bins + 1)
    return pd.DataFrame({
        "low": edges[:-1], "high": edges[1:],
        "before": np.histogram(before, edges)[0], "after": np.histogram(after, edges)[0]})

"""The policy in force is looked at, tried out, and saved as a new version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.features.derived import DERIVED
from leadscore.schema import FIELD_BY_NAME, label_of
from leadscore.steps.effects import HeldOutEffect as HeldOutEffect
from leadscore.steps.effects import effect_on_held_out, effect_on_leads
from leadscore.steps.listing import masked, person_names
from leadscore.steps.models import CHAMPION, find_version
from leadscore.steps.panels import prepare_both
from leadscore.steps.policies import PolicyInForce, policy_in_force, with_suggested_blend
from leadscore.steps.policy_saving import CHANGEABLE as CHANGEABLE
from leadscore.steps.policy_saving import changed, save_changed, settled
from leadscore.steps.progress import Progress, silent
from leadscore.store import clients, lead_reading
from leadscore.store import policies as policy_rows
from leadscore.store.database import read, write
from leadscore.workbench import Workbench

OWN_COLUMNS = "your own columns"
CALLED_BY = ("full_name", "first_name", "last_name", "company", "job_title")


@dataclass(frozen=True)
class PolicyPreview:
    """What a change would do, before it is saved.

    Parameters
    ----------
    leads : int
        Leads looked at; of a million or fewer all of them.
    stored, open_leads : int
        Leads of the client, and those of them that have not ended.
    tiers_before, tiers_after : dict of str to int
    entering, leaving : int
        Leads that come into the best 20 %, and that drop out.
    histogram : DataFrame
        Columns ``low``, ``high`` (edges of scores), ``before``, ``after`` (leads).
    grid : DataFrame
        Leads by ``fit`` (A best) and ``engagement`` (1 best), after the change.
    moved : DataFrame
        Columns ``lead_id``, ``part`` (``best``: the ten best after the change; ``entering``, ``leaving``), ``name``,
        ``company``, ``job_title``, ``score_before``, ``score_after``, ``rank_before``, ``rank_after``. Names are masked
        for those who may not see them.
    held_out : HeldOutEffect
    """

    leads: int
    stored: int
    open_leads: int
    tiers_before: dict[str, int]
    tiers_after: dict[str, int]
    entering: int
    leaving: int
    histogram: pd.DataFrame
    grid: pd.DataFrame
    moved: pd.DataFrame
    held_out: HeldOutEffect


@dataclass(frozen=True)
class Factor:
    """A column the champion looks at.

    Parameters
    ----------
    name, label : str
        Column, and what people call it.
    group : str
        Family it counts to; ``"your own columns"`` for those of the client's files.
    importance : float
        Mean size of its contribution, in log-odds.
    """

    name: str
    label: str
    group: str
    importance: float


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


def preview_policy(workbench: Workbench, actor: Actor, *, client: str, changes: Mapping[str, Any],
                   progress: Progress | None = None) -> PolicyPreview:
    """Show what changed settings would do to the leads and to the conversions found; nothing is saved.

    The first time after something about the leads has changed they are read anew, which takes seconds for many; after
    that an answer takes a part of one.

    Parameters
    ----------
    changes : mapping
        Settings as plain values.
    progress : Progress, optional
        Told while leads are being read.

    Raises
    ------
    InvalidRequest
        The changes contradict themselves (weights that do not total 100, thresholds out of order).
    """
    require(actor, Action.VIEW_LEADS, client)
    in_force = current_policy(workbench, actor, client=client)
    with read(workbench.engine) as session:
        client_id = clients.require(session, client)
        wished = replace(in_force, policy=settled(session, client_id, in_force.policy,
                                                  changed(in_force.policy, changes)))
        champion = find_version(session, client_id, CHAMPION)
    # as scoring does, so that what is previewed is what will be stored
    before, after = (with_suggested_blend(version, champion).policy for version in (in_force, wished))
    now, then = prepare_both(workbench, client_id, champion, (before, after), tell=progress or silent)
    effect = effect_on_leads(now.panel, before, then.panel, after)
    with read(workbench.engine) as session:
        moved = _called(session, workbench, client_id, effect.moved,
                        personal=actor.may(Action.VIEW_PERSONAL_DATA))
    return PolicyPreview(
        leads=len(then.panel), stored=then.stored, open_leads=then.open_leads,
        tiers_before=effect.tiers_before, tiers_after=effect.tiers_after, entering=effect.entering,
        leaving=effect.leaving, histogram=effect.histogram, grid=effect.grid, moved=moved,
        held_out=effect_on_held_out(now, before, then, after))


def model_factors(workbench: Workbench, actor: Actor, *, client: str) -> list[Factor]:
    """List the columns the champion looks at, the most important first; none without a champion."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        champion = find_version(session, row.id, CHAMPION) if row and row.id else None
        report: Mapping[str, Any] = champion.report if champion else {}
    curves, sizes = report.get("effect_curves") or {}, report.get("importance") or {}
    found = [Factor(name, str((curves.get(name) or {}).get("label") or label_of(name)), _family(name), float(size))
             for name, size in sizes.items()]
    return sorted(found, key=lambda factor: -factor.importance)


def save_policy(workbench: Workbench, actor: Actor, *, client: str, changes: Mapping[str, Any], comment: str,
                based_on: int | None = None) -> int:
    """Save changed settings as a new version in force and return its number; scores change at the next rescoring.

    Parameters
    ----------
    based_on : int or None
        The version a person had before their eyes; None goes on top of whatever is in force.

    Raises
    ------
    InvalidRequest
        The changes contradict themselves, or somebody else has saved a version since; what is in force stays so.
    """
    require(actor, Action.EDIT_POLICY, client)
    now = workbench.clock()
    with write(workbench.engine) as session:
        client_id = clients.ensure(session, client, now)
        return save_changed(session, workbench, client_id, changes, comment=comment, actor_name=actor.name,
                            based_on=based_on)


def _family(name: str) -> str:
    known = FIELD_BY_NAME.get(name)
    derived = next((feature.group for feature in DERIVED if feature.name == name), OWN_COLUMNS)
    return str(known.group if known else derived)


def _called(session: Session, workbench: Workbench, client_id: int, moved: pd.DataFrame, *,
            personal: bool) -> pd.DataFrame:
    """Put beside leads what people call them."""
    known = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=moved.index.unique().to_numpy(),
                                    fields=CALLED_BY)
    named = known[["company", "job_title"]].assign(name=person_names(known))
    if not personal:
        named = masked(named, ())
    return moved.join(named).reset_index(names="lead_id")

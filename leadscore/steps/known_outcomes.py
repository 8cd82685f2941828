"""The leads whose end is known, as features with their outcome: what a scorecard is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlmodel import Session

from leadscore.features.build import Features, build_features
from leadscore.schema import CLOSED_STAGES, OutcomeStage
from leadscore.scoring.policy import Policy
from leadscore.steps.dates import reference_date
from leadscore.steps.held_out import set_aside
from leadscore.steps.models import CHAMPION, find_version
from leadscore.steps.offers import with_offer
from leadscore.steps.remembering import remembered
from leadscore.store import batches, lead_reading
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

MOST_LEADS = 20_000
"""Leads held in memory: enough for two steady digits of every rate."""
REMEMBERED = 2


@dataclass(frozen=True)
class KnownLeads:
    """Leads with a known outcome; all leads where none has one.

    Parameters
    ----------
    features : Features
    converted : ndarray of shape (n_leads,)
        1 converted, 0 lost, NaN open.
    stored : int
        Leads of the client in all.
    set_aside : ndarray of bool, shape (n_leads,)
        Those that changes are measured on.
    """

    features: Features
    converted: np.ndarray[Any, np.dtype[np.float64]]
    stored: int
    set_aside: np.ndarray[Any, np.dtype[np.bool_]]


def known_leads(session: Session, workbench: Workbench, client_id: int, policy: Policy) -> KnownLeads:
    """Read these leads, or take them from memory when neither they nor the policy's own features have changed.

    At most 20,000 are taken, at random but always the same.
    """
    now = workbench.clock()
    champion = find_version(session, client_id, CHAMPION)
    key = (client_id, policy.made, policy.offer, f"{now:%Y-%m-%d}", champion and champion.id,
           lead_reading.state(session, client_id))
    return remembered(workbench, "known leads", key,
                      lambda: _read(session, workbench, client_id, policy, champion), most=REMEMBERED)


def to_learn_from(known: KnownLeads) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Mark the closed leads to learn from: all but those that changes are measured on."""
    return np.asarray(np.isfinite(known.converted) & ~known.set_aside)


def _read(session: Session, workbench: Workbench, client_id: int, policy: Policy,
          champion: ModelVersion | None) -> KnownLeads:
    stages = lead_reading.outcomes(session, client_id)
    closed = stages.isin([str(stage) for stage in CLOSED_STAGES])
    wanted = stages[closed] if closed.any() else stages
    if len(wanted) > MOST_LEADS:
        wanted = wanted.iloc[np.sort(np.random.default_rng(0).permutation(len(wanted))[:MOST_LEADS])]
    leads = lead_reading.read_leads(session, workbench.vault, client_id, lead_ids=wanted.index.to_numpy())
    as_of = reference_date(lead_reading.latest_dates(session, client_id), workbench.clock())
    fitting = with_offer(workbench, session, client_id, leads, policy)
    features = build_features(fitting, lead_reading.custom_fields(session, client_id), as_of=as_of,
                              headers=batches.headers(session, client_id), made=policy.made)
    converted = np.where(wanted == str(OutcomeStage.CONVERTED), 1.0, 0.0) if closed.any() \
        else np.full(len(wanted), np.nan)
    aside = leads.index.isin(set_aside(session, workbench, client_id, champion))
    return KnownLeads(features, np.asarray(converted, dtype=float), len(stages), aside)

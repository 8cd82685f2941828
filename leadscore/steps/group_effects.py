"""What gives a lead's group away among the columns that scores use, and what choosing groups alike would cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.features.build import Features, build_features
from leadscore.modeling.model import Model
from leadscore.modeling.proxies import Proxies, find_proxies
from leadscore.modeling.reweighing import learnt_both_ways
from leadscore.monitoring.mitigation import Costs, EndedLeads, costs_of, group_numbers
from leadscore.scoring.policy import Policy
from leadscore.steps.fairness import TOP, group_of_leads
from leadscore.steps.held_out import Measured, Origin, Reading, find_measured
from leadscore.steps.judge import made_for
from leadscore.steps.models import CHAMPION, find_version, load_model, number_of
from leadscore.steps.policies import policy_in_force, with_suggested_blend
from leadscore.steps.records import LOOKS
from leadscore.steps.remembering import remembered
from leadscore.steps.sensitive import SensitiveField, left_out
from leadscore.store import audit, batches, lead_reading
from leadscore.store import held_out as held_out_rows
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

SAMPLE = 5_000
REMEMBERED = 8
STRONGEST = 3
TELLS = 0.005
"""Share of what there is to know about a group from which leaving a column out is tried."""
FEWEST_CONVERTED = 40
RELEARNT = "trained again, reweighed"


@dataclass(frozen=True)
class FoundProxies:
    """Proxies, and the columns that were left aside because they are the field itself or made of it."""

    proxies: Proxies
    used_itself: tuple[str, ...]


def proxies_for(session: Session, workbench: Workbench, client_id: int, field: SensitiveField) -> FoundProxies:
    """Look for proxies among at most 5,000 leads, always the same while nothing changes.

    Raises
    ------
    InvalidRequest
        ``too_few_in_groups``, ``no_usable_column``.
    """
    return remembered(workbench, "proxies", _key(session, client_id, field),
                      lambda: _proxies(session, workbench, client_id, field), most=REMEMBERED)


def costs_for(session: Session, workbench: Workbench, client_id: int, field: SensitiveField) -> Costs:
    """Work out the costs on leads the model in use had not learnt from.

    Raises
    ------
    InvalidRequest
        ``too_few_outcomes``, ``too_few_in_groups``, ``not_stored``.
    """
    return remembered(workbench, "costs of change", _key(session, client_id, field),
                      lambda: _costs(session, workbench, client_id, field), most=REMEMBERED)


def _key(session: Session, client_id: int, field: SensitiveField) -> tuple[object, ...]:
    return (client_id, field.name, audit.latest(session, client_id, besides=LOOKS),
            lead_reading.state(session, client_id))


@dataclass(frozen=True)
class _InUse:
    """What scores leads now."""

    champion: ModelVersion | None
    model: Model | None
    policy: Policy

    def columns(self, frame: pd.DataFrame) -> list[str]:
        """Name the columns of a frame that the model or a criterion looks at."""
        off = self.policy.switched_off
        asked = {criterion.field for criterion in self.policy.criteria if criterion.field not in off}
        learnt = {name for name in (self.model.kinds if self.model else ()) if self.policy.weight_of(name)}
        return [str(name) for name in frame.columns if name in asked | learnt]


def _in_use(session: Session, workbench: Workbench, client_id: int) -> _InUse:
    champion = find_version(session, client_id, CHAMPION)
    in_force = policy_in_force(session, client_id, None, now=workbench.clock())
    return _InUse(champion, load_model(workbench, champion).model, with_suggested_blend(in_force, champion).policy)


def _proxies(session: Session, workbench: Workbench, client_id: int, field: SensitiveField) -> FoundProxies:
    in_use = _in_use(session, workbench, client_id)
    reading = Reading(session, workbench, client_id, in_use.policy)
    ids = lead_reading.ids(session, client_id)
    ids = np.sort(np.random.default_rng(0).permutation(ids)[:SAMPLE])
    features = _features(reading, in_use, reading.leads(ids))
    itself = left_out(features.specs, [field.name])
    used = in_use.columns(features.frame)
    groups = group_of_leads(session, workbench, client_id, features.frame.index.to_numpy(), field)
    proxies = find_proxies(features.frame[[name for name in used if name not in itself]], features.kinds, groups,
                           features.labels)
    return FoundProxies(proxies, tuple(itself[name] for name in used if name in itself))


def _features(reading: Reading, in_use: _InUse, leads: pd.DataFrame) -> Features:
    return build_features(leads, reading.custom_fields, as_of=reading.as_of,
                          headers=batches.headers(reading.session, reading.client_id),
                          made=made_for(in_use.policy, in_use.model))


def _costs(session: Session, workbench: Workbench, client_id: int, field: SensitiveField) -> Costs:
    in_use = _in_use(session, workbench, client_id)
    reading = Reading(session, workbench, client_id, in_use.policy)
    measured = _measured(reading, in_use.champion)
    ids = measured.panel.frame.index.to_numpy()
    groups = group_of_leads(session, workbench, client_id, ids, field)
    ended = EndedLeads(measured.samples.y.astype(float), group_numbers(groups), measured.samples.counts, TOP)
    if len(np.unique(ended.groups[ended.groups >= 0])) < 2:
        raise InvalidRequest("too_few_in_groups", "Fewer than two groups have 30 leads whose end is known.",
                             "Record what became of more leads.")
    score = measured.panel.standing(in_use.policy).blended
    proxies = proxies_for(session, workbench, client_id, field).proxies
    others = {name: (score, measured.panel.standing(policy).blended)
              for name, policy in _without(in_use.policy, proxies).items()}
    features = _features(reading, in_use, reading.leads(ids))
    used = [name for name in in_use.columns(features.frame) if name not in left_out(features.specs, [field.name])]
    relearnt = learnt_both_ways(features.frame.loc[ids, used], features.kinds, ended.y, groups) if used else None
    return costs_of(ended, score, others | ({RELEARNT: relearnt} if relearnt else {}))


def _without(policy: Policy, proxies: Proxies) -> Mapping[str, Policy]:
    """Give the policy without the strongest proxy and without the three strongest, in words."""
    strong = proxies.columns[proxies.columns["told"] >= TELLS].head(STRONGEST)
    names, labels = list(strong["name"]), list(strong["label"])
    some = {1: f"without {labels[0]}", len(names): f"without the {len(names)} strongest"} if names else {}
    return {words: _less(policy, names[:count]) for count, words in some.items()}


def _less(policy: Policy, names: Sequence[str]) -> Policy:
    return replace(policy, switched_off=tuple(dict.fromkeys([*policy.switched_off, *names])))


def _measured(reading: Reading, champion: ModelVersion | None) -> Measured:
    """Find leads the model has not learnt from, enough of them, of which the group can be told."""
    measured = find_measured(reading, champion)
    if measured is None or min(measured.samples.y.sum(), (1 - measured.samples.y).sum()) < FEWEST_CONVERTED:
        raise InvalidRequest("too_few_outcomes", f"Fewer than {FEWEST_CONVERTED} leads that the model has not learnt "
                             "from have converted, or as few were lost.", "Record what became of more leads.")
    _refuse_strangers(reading, champion, measured)
    return measured


def _refuse_strangers(reading: Reading, champion: ModelVersion | None, measured: Measured) -> None:
    """Refuse where the leads to measure on are rows of a file, of which nobody knows which stored leads they are."""
    if measured.origin != Origin.KEPT or champion is None:
        return
    kept = held_out_rows.find(reading.session, reading.workbench.vault, reading.client_id, number_of(champion))
    if kept is not None and not kept.about["stored"]:
        raise InvalidRequest("not_stored", "The model in use has learnt from a file, and which stored leads it has "
                             "seen is not known.", "Train a model on the stored leads.")

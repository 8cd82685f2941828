"""Leads whose end is known and that nobody has learnt from: kept at a training, found again to measure a change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.features.build import Features, build_features
from leadscore.modeling.model import Model, Prediction
from leadscore.schema import (
    CLOSED_STAGES,
    FIELD_BY_NAME,
    PERSONAL_FIELDS,
    CustomField,
    Group,
    Kind,
    OutcomeStage,
)
from leadscore.scoring.measures import Samples, draw
from leadscore.scoring.policy import Policy
from leadscore.scoring.simulation import Panel, model_side, narrow
from leadscore.steps.comparing import fingerprint_of, learnt_by_neither
from leadscore.steps.dates import reference_date
from leadscore.steps.judge import made_for
from leadscore.steps.material import Material
from leadscore.steps.models import load_model, number_of
from leadscore.steps.offers import FEATURE_COLUMNS, with_offer
from leadscore.store import batches, lead_reading
from leadscore.store import held_out as held_out_rows
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

MOST_LEADS = 20_000
NEWEST_SHARE = 0.5
"""Where no model has learnt: suggestions for the rules learn from the older leads, the newer are to measure on."""
ENDED, SAID = "y", "probability"
CONTRIBUTION, CARRIED = "phi:", "feature:"
NOT_KEPT_GROUPS = frozenset({Group.CONTACT, Group.CONSENT, Group.OUTCOME})
FROM_STORE = "store:"
NOT_KEPT = frozenset({"owner", "rating"})
CONTACT_KINDS = frozenset({Kind.EMAIL, Kind.PHONE, Kind.URL, Kind.IDENTIFIER})
NOBODY = pd.DataFrame({"score": pd.Series(dtype=float), "tier": pd.Series(dtype="str")})


class Origin(StrEnum):
    """Where leads to measure on come from."""

    KEPT = "kept"
    LATER = "later"
    NEWEST = "newest"


@dataclass(frozen=True)
class Measured:
    """Leads to measure every policy on.

    Parameters
    ----------
    panel : Panel
    samples : Samples
        How they ended, and the bootstrap samples of them.
    origin : Origin
        Kept at the champion's training; decided after it; or, where no model has learnt, those that ended last, from
        which no suggestion is made.
    left_out : tuple of str
        Features that are personal and were not kept: nothing is known of them here.
    """

    panel: Panel
    samples: Samples
    origin: Origin
    left_out: tuple[str, ...] = ()


# --- at a training --------------------------------------------------------------------------------------------


def kept_frame(material: Material, features: Features, model: Model) -> tuple[pd.DataFrame, dict[str, Any]] | None:
    """Choose what is kept of the leads a model had not seen; None where the training set none aside.

    Kept are the columns that are neither personal nor an outcome, the features made of personal columns (that there
    is an e-mail address, never which), what the model said before it learnt from these leads too, and how they ended.

    Returns
    -------
    tuple of DataFrame and dict
        Indexed by lead, and plain values about it.
    """
    said = model.unseen
    shares = None if said is None else said.contributions
    if model.held_out is None or said is None or shares is None:
        return None
    index = shares.index
    leads = material.leads.loc[index, _kept_columns(material)]
    carried = {CARRIED + spec.name: features.frame.loc[index, spec.name] for spec in features.specs
               if not set(spec.sources) <= set(leads.columns) and spec.name not in _personal(material)}
    parts = {CONTRIBUTION + str(name): shares[name].astype(np.float32) for name in shares}
    frame = pd.concat([leads, pd.DataFrame(carried | parts, index=index)], axis=1)
    frame = frame.assign(**{ENDED: model.held_out.loc[index, "y"].astype(np.float32), SAID: said.probability})
    left_out = [spec.label for spec in features.specs if spec.name in _personal(material)]
    stored = material.fingerprint.startswith(FROM_STORE)
    return frame, {"base": said.base, "left_out": left_out, "stored": stored, "custom_fields": [
        {"header": field.header, "kind": str(field.kind)} for field in material.custom_fields if field.name in leads]}


def _kept_columns(material: Material) -> list[str]:
    customs = {field.name: field for field in material.custom_fields}
    return [str(name) for name in material.leads.columns
            if name != material.target_column and _may_be_kept(str(name), customs.get(str(name)))]


def _may_be_kept(name: str, custom: CustomField | None) -> bool:
    known = FIELD_BY_NAME.get(name)
    if known is not None:
        return not known.personal and known.group not in NOT_KEPT_GROUPS and name not in NOT_KEPT
    return custom is not None and not custom.personal and custom.kind not in CONTACT_KINDS


def _personal(material: Material) -> set[str]:
    return {*PERSONAL_FIELDS, *(field.name for field in material.custom_fields if field.personal)}


# --- to measure a change ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """One look into the store at a client's leads as a policy needs them."""

    session: Session
    workbench: Workbench
    client_id: int
    policy: Policy

    @cached_property
    def custom_fields(self) -> tuple[CustomField, ...]:
        """The client's own columns."""
        return lead_reading.custom_fields(self.session, self.client_id)

    @cached_property
    def as_of(self) -> pd.Timestamp:
        """The day ages are counted to."""
        return reference_date(lead_reading.latest_dates(self.session, self.client_id), self.workbench.clock())

    def leads(self, lead_ids: np.ndarray) -> pd.DataFrame:
        """Read leads, with how they fit the offer."""
        leads = lead_reading.read_leads(self.session, self.workbench.vault, self.client_id, lead_ids=lead_ids,
                                        custom=self.custom_fields, keep_empty=True)
        return self.with_offer(leads)

    def with_offer(self, leads: pd.DataFrame) -> pd.DataFrame:
        """Add to leads how they fit the offer."""
        return with_offer(self.workbench, self.session, self.client_id, leads, self.policy)

    def features(self, lead_ids: np.ndarray, model: Model | None) -> pd.DataFrame:
        """Read leads and make their features, as a scoring does."""
        return build_features(self.leads(lead_ids), self.custom_fields, as_of=self.as_of, headers={},
                              made=made_for(self.policy, model)).frame


def find_measured(reading: Reading, champion: ModelVersion | None) -> Measured | None:
    """Find the leads a policy can be measured on; None where none has ended.

    With a champion these are the leads kept at its training, or those decided afterwards where none were kept; without
    one the newer half of those that have ended. Suggestions for the scorecard do not learn from any of these.
    """
    session, client_id = reading.session, reading.client_id
    if champion is not None:
        kept = held_out_rows.find(session, reading.workbench.vault, client_id, number_of(champion))
        if kept is not None:
            return _of_kept(reading, kept, load_model(reading.workbench, champion).model)
    ended = _ended_last(reading) if champion is None else learnt_by_neither(session, [champion])
    return _of_stored(reading, champion, ended) if len(ended) else None


def set_aside(session: Session, workbench: Workbench, client_id: int, champion: ModelVersion | None) -> pd.Index:
    """Name the stored leads that changes are measured on, which no suggestion may learn from.

    Of a champion that learnt from a file these are also the leads the store has from that file: who of them was kept
    is not known.
    """
    if champion is None:
        return _ended_last(Reading(session, workbench, client_id, Policy())).index
    kept = held_out_rows.find(session, workbench.vault, client_id, number_of(champion))
    later = learnt_by_neither(session, [champion]).index
    if kept is None:
        return later
    if kept.about["stored"]:
        return kept.frame.index
    known = batches.find_by_sha256(session, client_id, fingerprint_of(champion))
    return lead_reading.outcomes(session, client_id).index.difference(later) if known else later[:0]


def said_of_kept(reading: Reading, champion: ModelVersion, *, only: np.ndarray | None = None) -> pd.DataFrame | None:
    """Score the leads kept at a training with what the model said before it learnt from them, too.

    Parameters
    ----------
    only : ndarray or None
        Lead ids to keep to.

    Returns
    -------
    DataFrame or None
        Index ``lead_id``; columns ``score`` in [0, 100] and ``probability``. None where none of these leads was kept,
        or the model learnt from a file, whose rows are not the stored leads.
    """
    kept = held_out_rows.find(reading.session, reading.workbench.vault, reading.client_id, number_of(champion))
    if kept is None or not kept.about["stored"]:
        return None
    if only is not None:
        kept = replace(kept, frame=kept.frame[np.isin(kept.frame.index.to_numpy(), only)])
    if kept.frame.empty:
        return None
    measured = _of_kept(reading, kept, load_model(reading.workbench, champion).model)
    return pd.DataFrame({"score": measured.panel.standing(reading.policy).blended,
                         "probability": kept.frame[SAID].to_numpy(dtype=float)}, index=kept.frame.index)


def _ended_last(reading: Reading) -> pd.Series:
    """Find the newer half of the leads that have ended: by the date of the outcome, else by when they came in."""
    stages = lead_reading.outcomes(reading.session, reading.client_id)
    closed = stages[stages.isin([str(stage) for stage in CLOSED_STAGES])]
    created = lead_reading.read_leads(reading.session, reading.workbench.vault, reading.client_id,
                                      fields=["created_at"], lead_ids=closed.index.to_numpy(),
                                      personal=False)["created_at"]
    moments = lead_reading.outcome_moments(reading.session, reading.client_id).reindex(closed.index).fillna(created)
    # those without any date are taken for the newest, by id
    order = moments.to_frame("moment").assign(id=closed.index).sort_values(["moment", "id"]).index
    newest = order[round((1 - NEWEST_SHARE) * len(order)):].sort_values()
    return (closed.loc[newest] == str(OutcomeStage.CONVERTED)).astype(float)


def _of_kept(reading: Reading, kept: held_out_rows.KeptLeads, model: Model | None) -> Measured:
    frame = kept.frame
    names = [str(name) for name in frame.columns]
    ours = (CONTRIBUTION, CARRIED)
    leads = frame[[name for name in names if not name.startswith(ours) and name not in (ENDED, SAID)]]
    customs = [CustomField(entry["header"], Kind(entry["kind"]), False) for entry in kept.about["custom_fields"]]
    built = build_features(_fitted(reading, kept, leads), customs, as_of=pd.Timestamp(kept.as_of), headers={},
                           made=made_for(reading.policy, model)).frame
    # what was made of columns that were not kept stands as it was found then
    carried = {name.removeprefix(CARRIED): frame[name] for name in names if name.startswith(CARRIED)}
    features = built.drop(columns=[name for name in carried if name in built]).assign(**carried)
    shares = frame[[name for name in names if name.startswith(CONTRIBUTION)]].rename(
        columns=lambda name: str(name).removeprefix(CONTRIBUTION))
    said = Prediction(frame[SAID].to_numpy(dtype=float), shares, float(kept.about["base"]))
    return _measured(features, said, frame[ENDED], Origin.KEPT, tuple(kept.about["left_out"]))


def _fitted(reading: Reading, kept: held_out_rows.KeptLeads, leads: pd.DataFrame) -> pd.DataFrame:
    """Add how kept leads fit the offer: from their words, where they are in the store, else from what was kept."""
    if reading.policy.offer is None:
        return leads
    if not kept.about["stored"]:
        return reading.with_offer(leads)
    fitting = reading.leads(leads.index.to_numpy())
    return leads.join(fitting[[name for name in FEATURE_COLUMNS if name in fitting]])


def _of_stored(reading: Reading, champion: ModelVersion | None, ended: pd.Series) -> Measured:
    chosen = np.sort(np.random.default_rng(0).permutation(ended.index.to_numpy())[:MOST_LEADS])
    model = load_model(reading.workbench, champion).model
    features = reading.features(chosen, model)
    said = None if model is None else model.predict(features)
    return _measured(features, said, ended.loc[features.index], Origin.NEWEST if model is None else Origin.LATER, ())


def _measured(features: pd.DataFrame, said: Prediction | None, ended: pd.Series, origin: Origin,
              left_out: tuple[str, ...]) -> Measured:
    side = None if said is None else model_side(said, None)
    panel = Panel(np.arange(len(features)), narrow(features), side, NOBODY)
    return Measured(panel, draw(ended.to_numpy(dtype=float)), origin, left_out)

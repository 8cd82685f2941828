"""What the leads were like that a model learnt among: kept with the model, so that erasing leads does not change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadscore.features.build import Features, FeatureSpec
from leadscore.modeling.model import Model
from leadscore.monitoring.profiles import Profile, profile_of
from leadscore.schema import MADE_PREFIX, PERSONAL_FIELDS
from leadscore.steps.feature_views import counts_days
from leadscore.store.tables import ModelVersion

MOST_LEADS = 100_000
"""Leads a profile is made of; the shares of more would be the same."""
KEY = "reference"
CHANCE = "probability"


@dataclass(frozen=True)
class Reference:
    """The leads known at a training, as profiles.

    Parameters
    ----------
    columns : mapping of str to Profile
        By feature; features that count days are left out, since newer leads differ in these by themselves.
    chance : Profile or None
        What the model said of leads it had not seen.
    leads : int
        How many there were.
    """

    columns: Mapping[str, Profile]
    chance: Profile | None
    leads: int

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return {"columns": {name: profile.to_dict() for name, profile in self.columns.items()},
                "chance": self.chance.to_dict() if self.chance else None, "leads": self.leads}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Reference:
        """Build from :meth:`to_dict`."""
        return cls({name: Profile.from_dict(part) for name, part in state["columns"].items()},
                   Profile.from_dict(state["chance"]) if state.get("chance") else None, int(state["leads"]))


def reference_of(features: Features, model: Model) -> dict[str, Any]:
    """Describe the leads known at a training; no value of a single person is in it."""
    said = None if model.held_out is None else model.held_out[CHANCE].astype(float)
    return profiled(features, None if said is None else profile_of(said)).to_dict()


def profiled(features: Features, chance: Profile | None) -> Reference:
    """Describe leads by their features."""
    frame = features.frame
    if len(frame) > MOST_LEADS:
        frame = frame.iloc[np.sort(np.random.default_rng(0).permutation(len(frame))[:MOST_LEADS])]
    columns = {spec.name: profile_of(frame[spec.name], rough=_describes_persons(spec)) for spec in features.specs
               if not counts_days(spec, features)}
    return Reference(columns, chance, len(features.frame))


def kept_reference(row: ModelVersion) -> Reference | None:
    """Give what was kept of a version's training; None of one that was trained before such things were kept."""
    state = row.report.get(KEY)
    return Reference.from_dict(state) if state else None


def chance_of(said: pd.Series) -> Profile:
    """Describe what a model said of leads."""
    return profile_of(said.astype(float))


def _describes_persons(spec: FeatureSpec) -> bool:
    made = spec.name.startswith(MADE_PREFIX) and bool(PERSONAL_FIELDS & set(spec.sources))
    return spec.name in PERSONAL_FIELDS or made

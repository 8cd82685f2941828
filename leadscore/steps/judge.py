"""Leads become scored leads: features, rules, model, blend and tiers, in that order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.features.build import Features, build_features
from leadscore.features.made import united
from leadscore.modeling.model import Model, Prediction
from leadscore.schema import CustomField, MadeFeature
from leadscore.scoring.blend import Blend, blend, has_weights
from leadscore.scoring.policy import Policy
from leadscore.scoring.scorecard import RuleScores, score_rules
from leadscore.scoring.tiers import assign_tiers, is_qualified


@dataclass(frozen=True)
class Judged:
    """Everything that was decided about some leads, stage by stage; all frames share the leads' index."""

    policy: Policy
    features: Features
    rules: RuleScores
    prediction: Prediction | None
    blend: Blend
    tiers: pd.Series
    qualified: pd.Series

    @property
    def probability(self) -> pd.Series:
        """The model's own probability in [0, 1]; NaN throughout when there is no model."""
        index = self.features.frame.index
        values = np.full(len(index), np.nan) if self.prediction is None else self.prediction.probability
        return pd.Series(values, index=index, name="probability")

    @property
    def confidence(self) -> pd.Series | None:
        """The chance of each lead's tier in [0, 1], where a model of three tiers gave it; else None."""
        return None if self.prediction is None else self.prediction.confidence


def judge(
    leads: pd.DataFrame,
    *,
    custom_fields: Sequence[CustomField],
    headers: Mapping[str, str],
    policy: Policy,
    model: Model | None,
    as_of: pd.Timestamp,
    contributions: bool = True,
) -> Judged:
    """Score leads.

    The result for a lead depends only on its own values, the policy, the model and the date, never on the
    other leads; tiers by rank or capacity are the one exception, since rank is about the others. A model of three
    tiers gives each lead its own, whatever the policy says of tiers.

    Parameters
    ----------
    leads : DataFrame of shape (n_leads, n_columns)
        A leads frame.
    custom_fields : sequence of CustomField
        The user's own columns among them.
    headers : mapping of str to str
        Column name to the name its reader knows.
    policy : Policy
    model : Model or None
        None scores by rules alone.
    as_of : Timestamp
        The day recency is measured on.
    contributions : bool
        False is quicker and leaves out the reasons.
    """
    features = build_features(leads, custom_fields, as_of=as_of, headers=dict(headers), made=made_for(policy, model))
    return judge_features(features, policy=policy, model=model, contributions=contributions)


def made_for(policy: Policy, *models: Model | None) -> tuple[MadeFeature, ...]:
    """Give the made features a judgement needs: those of the models as they learnt them, and those of the policy."""
    return united(*(model.made for model in models if model is not None), policy.made)


def judge_features(features: Features, *, policy: Policy, model: Model | None,
                   contributions: bool = True) -> Judged:
    """Score leads from their features, which may be those of a lead as it is or as it could be.

    Parameters
    ----------
    features : Features
    policy : Policy
    model : Model or None
        None scores by rules alone.
    contributions : bool
        False is quicker and leaves out the reasons.
    """
    rules = score_rules(features, policy)
    prediction = None if model is None else model.predict(
        features.frame, contributions=contributions or has_weights(policy))
    blended = blend(rules, prediction, policy)
    own = None if prediction is None else prediction.tier
    return Judged(
        policy=policy,
        features=features,
        rules=rules,
        prediction=prediction,
        blend=blended,
        tiers=assign_tiers(blended.blended, policy) if own is None else own,
        qualified=is_qualified(blended.blended, policy),
    )

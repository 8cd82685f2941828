"""Saved policies rank the leads of a past period whose end is known by now, each judged by what had not seen them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.errors import InvalidRequest
from leadscore.modeling.model import Model, TrainedModel
from leadscore.modeling.targets import binary_target
from leadscore.modeling.training import TrainingOptions, train
from leadscore.modeling.verdicts import MIN_OUTCOMES
from leadscore.schema import CLOSED_STAGES, OutcomeStage
from leadscore.scoring.blend import suggest_alpha
from leadscore.scoring.policy import Policy
from leadscore.scoring.scorecard import score_rules
from leadscore.steps.comparing import learnt_by_neither
from leadscore.steps.dates import reference_date
from leadscore.steps.held_out import Origin, Reading, find_measured
from leadscore.steps.judge import judge
from leadscore.steps.material import (
    columns_named,
    dates_of,
    features_of,
    from_store,
    groups_of,
    moments_of,
    times_of,
)
from leadscore.steps.models import load_model, number_of
from leadscore.steps.offers import with_offer
from leadscore.steps.policies import PolicyInForce, with_suggested_blend
from leadscore.steps.progress import Progress
from leadscore.steps.sensitive import left_out, marked_by
from leadscore.store import batches, lead_reading
from leadscore.store import held_out as held_out_rows
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

ENDED, CREATED = "ended", "created"
TRAINING_SECONDS = 60.0


@dataclass(frozen=True)
class Period:
    """A stretch of time, its end left out, and which of a lead's dates must lie in it: ``ended`` or ``created``."""

    start: datetime
    end: datetime
    by: str = ENDED

    def holds(self, endings: pd.DataFrame) -> pd.Series:
        """Say which leads belong to it; one without that date belongs to none."""
        dates = endings[self.by]
        return (dates >= pd.Timestamp(self.start)) & (dates < pd.Timestamp(self.end))


@dataclass(frozen=True)
class Backtest:
    """What is to be measured: policies by name, on a period.

    Parameters
    ----------
    learn_anew : bool
        Whether the champion's algorithm learns once more, from what was known before the period; else the champion
        judges the leads it had not learnt from.
    """

    policies: Mapping[str, PolicyInForce]
    champion: ModelVersion | None
    period: Period
    learn_anew: bool


@dataclass(frozen=True)
class Ranked:
    """The leads that could be measured on.

    Parameters
    ----------
    scores : DataFrame
        Index ``lead_id``, rising; ``converted`` (1 or 0), and a column of scores in [0, 100] for each policy.
    inside : int
        Leads of the period whose end is known.
    learnt_from : int
        Leads learnt from anew; 0 otherwise.
    about : str
        How the model's part came about, in a sentence.
    """

    scores: pd.DataFrame
    inside: int
    learnt_from: int
    about: str


@dataclass(frozen=True)
class Runner:
    """One backtest over one look into the store."""

    session: Session
    workbench: Workbench
    client_id: int
    wish: Backtest

    @cached_property
    def endings(self) -> pd.DataFrame:
        """Leads whose end is known: index ``lead_id``; ``converted``, and the moments ``ended`` and ``created``."""
        stages = lead_reading.outcomes(self.session, self.client_id)
        closed = stages[stages.isin([str(stage) for stage in CLOSED_STAGES])]
        created = lead_reading.read_leads(self.session, self.workbench.vault, self.client_id, fields=["created_at"],
                                          lead_ids=closed.index.to_numpy(), personal=False)["created_at"]
        moments = lead_reading.outcome_moments(self.session, self.client_id)
        return pd.DataFrame({"converted": (closed == str(OutcomeStage.CONVERTED)).astype(float),
                             ENDED: moments.reindex(closed.index), CREATED: created.reindex(closed.index)})

    @cached_property
    def inside(self) -> pd.DataFrame:
        """Those of the period."""
        return self.endings[self.wish.period.holds(self.endings)]

    @property
    def as_of(self) -> pd.Timestamp:
        """The day ages are counted to: the last of the period, or the present."""
        return reference_date(lead_reading.latest_dates(self.session, self.client_id),
                              min(self.wish.period.end, self.workbench.clock()))

    def run(self, tell: Progress) -> Ranked:
        """Rank the leads.

        Raises
        ------
        InvalidRequest
            ``too_few_outcomes``: too little was known before the period to learn from.
        """
        if self.wish.learn_anew and self.wish.champion is not None:
            return self._anew(tell)
        champion = self.wish.champion
        settled = {name: with_suggested_blend(found, champion).policy for name, found in self.wish.policies.items()}
        if champion is None or all(policy.alpha >= 1 for policy in settled.values()):
            return self._ranked(settled, self.inside.index, None, tell,
                                about="Rules alone, which learn from nobody, unless suggested points were taken.")
        return self._as_it_is(settled, champion, tell)

    def _as_it_is(self, policies: Mapping[str, Policy], champion: ModelVersion, tell: Progress) -> Ranked:
        """Judge leads the champion had not learnt from: set aside at its training, or decided afterwards."""
        kept = self._kept_ids(champion)
        later = learnt_by_neither(self.session, [champion]).index.difference(kept)
        model = load_model(self.workbench, champion).model
        newer = self._ranked(policies, self.inside.index.intersection(later), model, tell, about="")
        older = pd.DataFrame({name: self._of_kept(policy, champion) for name, policy in policies.items()}) \
            if len(kept) else newer.scores.drop(columns="converted").iloc[:0]
        older = older.loc[older.index.isin(self.inside.index)]
        both = pd.concat([older, newer.scores.drop(columns="converted")]).sort_index()
        about = (f"The model's part comes from model {number_of(champion)} and only from leads it had not learnt from: "
                 f"{len(older):,} set aside at its training and {len(newer.scores):,} decided since.")
        return Ranked(both.assign(converted=self.inside["converted"].reindex(both.index)), len(self.inside), 0, about)

    def _kept_ids(self, champion: ModelVersion) -> pd.Index:
        kept = held_out_rows.find(self.session, self.workbench.vault, self.client_id, number_of(champion))
        return kept.frame.index if kept is not None and kept.about["stored"] else pd.Index([], dtype=np.int64)

    def _of_kept(self, policy: Policy, champion: ModelVersion) -> pd.Series:
        measured = find_measured(Reading(self.session, self.workbench, self.client_id, policy), champion)
        if measured is None or measured.origin != Origin.KEPT:
            return pd.Series(dtype=float)
        return pd.Series(measured.panel.standing(policy).blended, index=measured.panel.frame.index)

    def _anew(self, tell: Progress) -> Ranked:
        """Learn as the champion did from what was known before the period, and judge the period by that."""
        before = self.endings[self.endings[ENDED] < pd.Timestamp(self.wish.period.start)]
        before = before.drop(index=self.inside.index, errors="ignore")
        model, policies = self._learnt(before, tell)
        ranked = self._ranked(policies, self.inside.index, model, lambda part, said: tell(0.7 + 0.25 * part, said),
                              about=f"A model learnt anew from the {len(before):,} leads whose end was known before "
                                    "the period.")
        return replace(ranked, learnt_from=len(before))

    def _learnt(self, before: pd.DataFrame, tell: Progress) -> tuple[Model, dict[str, Policy]]:
        champion = self.wish.champion
        if champion is None or len(champion.report.get("classes") or ()) > 0:
            raise InvalidRequest("cannot_learn_anew", "A model of three tiers cannot be learnt anew for a backtest.",
                                 "Let the present model judge instead.")
        _refuse_too_few(before)
        first = next(iter(self.wish.policies.values())).policy
        tell(0.05, "Reading what was known before the period")
        leads = lead_reading.read_leads(self.session, self.workbench.vault, self.client_id,
                                        lead_ids=before.index.to_numpy(), keep_empty=True)
        stages = pd.Series(np.where(before["converted"] == 1, str(OutcomeStage.CONVERTED), str(OutcomeStage.LOST)),
                           index=before.index)
        material = from_store(leads, stages, lead_reading.custom_fields(self.session, self.client_id),
                              headers=batches.headers(self.session, self.client_id), target=None, positive=None,
                              moments=before[ENDED])
        features = features_of(material, self.wish.period.start, first.made)
        wishes = champion.report.get("request") or {}
        sensitive = left_out(features.specs, marked_by(self.session, self.client_id))
        learnt = features.frame.drop(columns=[name for name in features.frame
                                              if name in sensitive or name in first.switched_off])
        model = train(
            learnt, {spec.name: spec.kind for spec in features.specs},
            binary_target(material.outcome, material.positive).y, times=times_of(material, None),
            groups=groups_of(material, None), labels=features.labels, moments=moments_of(material),
            sources={spec.name: spec.sources for spec in features.specs}, dates=dates_of(material, features),
            options=TrainingOptions(
                algorithm=champion.algorithm, balance=champion.balance, seconds=TRAINING_SECONDS,
                keep=columns_named(wishes.get("keep") or (), material),
                drop=columns_named(wishes.get("drop") or (), material)),
            progress=lambda part, said: tell(0.1 + 0.6 * part, said))
        model = replace(model, made=tuple(feature for feature in first.made if feature.column in model.columns))
        unseen = replace(features, frame=features.frame.loc[model.held_out.index]) \
            if model.held_out is not None else features
        return model, {name: _blended_for(found.policy, model, score_rules(unseen, found.policy).rule_score)
                       for name, found in self.wish.policies.items()}

    def _ranked(self, policies: Mapping[str, Policy], lead_ids: pd.Index, model: Model | None, tell: Progress, *,
                about: str) -> Ranked:
        leads = lead_reading.read_leads(self.session, self.workbench.vault, self.client_id,
                                        lead_ids=lead_ids.to_numpy(), keep_empty=True)
        custom = lead_reading.custom_fields(self.session, self.client_id)
        columns: dict[str, pd.Series] = {}
        for place, (name, policy) in enumerate(policies.items()):
            tell(place / len(policies), f"Scoring {len(leads):,} leads of the period")
            fitting = with_offer(self.workbench, self.session, self.client_id, leads, policy)
            columns[name] = judge(fitting, custom_fields=custom, headers={}, policy=policy, model=model,
                                  as_of=self.as_of, contributions=False).blend.blended
        scores = pd.DataFrame(columns, index=leads.index)
        return Ranked(scores.assign(converted=self.inside["converted"].reindex(leads.index)), len(self.inside), 0,
                      about)


def _refuse_too_few(before: pd.DataFrame) -> None:
    converted = int(before["converted"].sum())
    if min(converted, len(before) - converted) < MIN_OUTCOMES:
        raise InvalidRequest(
            "too_few_outcomes", f"Before the period only {converted:,} conversions and {len(before) - converted:,} "
            f"lost leads were known; a model needs {MIN_OUTCOMES} of each.",
            "Let the period begin later, or let the present model judge.")


def _blended_for(policy: Policy, model: TrainedModel, rule_score: pd.Series) -> Policy:
    """Give a policy the blend that ranked the held-out leads of this model best, unless a person has chosen one."""
    if not policy.alpha_is_suggested or model.held_out is None:
        return policy
    held_out = model.held_out
    return replace(policy, alpha=float(suggest_alpha(rule_score, held_out["probability"], held_out["y"]).alpha))

"""A newly trained model is held against the champion on leads neither has learnt from, before it may take its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from leadscore.features.build import Features
from leadscore.modeling.comparing import MIN_LEADS_EACH, WORST_LOSS, PairedFigure, compare_rankings
from leadscore.modeling.model import Model
from leadscore.modeling.report import Verdict
from leadscore.steps.comparing import learnt_by_neither
from leadscore.steps.models import load_model, number_of
from leadscore.store import experiments as experiment_rows
from leadscore.store import models as model_rows
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

JUDGED_BY = "average_precision"
TIERED = "three_tiers"


@dataclass(frozen=True)
class Promotion:
    """Whether a newly trained model takes the champion's place, and why.

    Parameters
    ----------
    publish : bool
    reason : str
        A sentence.
    against : int or None
        The champion's version.
    leads : int
        Leads both were judged on.
    figure : PairedFigure or None
        Average precision of the champion and of the new model on them.
    """

    publish: bool
    reason: str
    against: int | None = None
    leads: int = 0
    figure: PairedFigure | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give the plain JSON form."""
        return {"publish": self.publish, "reason": self.reason, "against": self.against, "leads": self.leads,
                JUDGED_BY: self.figure.to_dict() if self.figure else None}


def judge_candidate(session: Session, workbench: Workbench, client_id: int, model: Model,
                    features_for: Callable[[Model], Features]) -> Promotion:
    """Decide whether a new model may replace the champion.

    They are compared on the leads that were held out of the new model's fits and decided after the champion was
    trained. The new one is published when it is not worse: see :attr:`PairedFigure.not_worse`.

    Parameters
    ----------
    model : Model
        Fresh from training, with its held-out leads.
    features_for : callable(Model) -> Features
        Those of the leads it was trained on, with what people made for a model.
    """
    champion = model_rows.champion(session, client_id)
    if model.report.verdict == Verdict.CHANCE:
        return Promotion(False, "It ranks no better than chance.", champion.id if champion else None)
    if champion is None:
        return Promotion(True, "No model was in use.")
    if experiment_rows.running(session, client_id) is not None:
        return Promotion(False, "An experiment is running, which a new champion would end without a result.",
                         champion.id)
    if TIERED in (str(model.algorithm), champion.algorithm):
        return Promotion(False, "Models of three tiers are compared by a person.", champion.id)
    return _judge(session, workbench, champion, model, features_for)


def _judge(session: Session, workbench: Workbench, champion: ModelVersion, model: Model,
           features_for: Callable[[Model], Features]) -> Promotion:
    against, held_out = number_of(champion), model.held_out
    incumbent = load_model(workbench, champion).model
    if held_out is None or incumbent is None:
        return Promotion(False, "Nothing was held out of its training to judge it on.", against)
    fair = held_out.index.intersection(learnt_by_neither(session, [champion]).index)
    converted = int(held_out.loc[fair, "y"].sum())
    if min(converted, len(fair) - converted) < MIN_LEADS_EACH:
        return Promotion(False, f"Only {converted} converted and {len(fair) - converted} lost leads held out of its "
                         f"training were decided after version {against} was trained; {MIN_LEADS_EACH} of each are "
                         "needed to hold the two against each other.", against, len(fair))
    before = incumbent.predict(features_for(incumbent).frame.loc[fair], contributions=False).probability
    figure = compare_rankings(held_out.loc[fair, "y"].to_numpy(), before, held_out.loc[fair, "probability"].to_numpy(),
                              random_state=0)[JUDGED_BY]
    return Promotion(figure.not_worse, _reason(figure, against, len(fair)), against, len(fair), figure)


def _reason(figure: PairedFigure, against: int, leads: int) -> str:
    difference = figure.difference
    where = (f"on {leads:,} leads neither had learnt from (average precision {figure.second:.3f} against "
             f"{figure.first:.3f}; difference {difference.low:+.3f} to {difference.high:+.3f})")
    if figure.not_worse:
        return f"It is not worse than version {against} {where}."
    how = "significantly worse than" if difference.high < 0 else f"more than {WORST_LOSS:g} behind"
    return f"It is {how} version {against} {where}."

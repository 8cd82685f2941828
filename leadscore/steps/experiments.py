"""The running experiment of a client: which model scores which lead, and what is kept of a lead put into its arm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.monitoring.experiments import Arm, Mode, challenged, on_top
from leadscore.schema import CLOSED_STAGES
from leadscore.scoring.policy import Policy
from leadscore.steps.judge import Judged
from leadscore.steps.models import ChosenModel, load_model
from leadscore.steps.policies import PolicyInForce, with_suggested_blend
from leadscore.store import experiments as experiment_rows
from leadscore.store import lead_reading
from leadscore.store import models as model_rows
from leadscore.store.tables import Experiment
from leadscore.workbench import Workbench

Judge = Callable[[pd.DataFrame, Policy, ChosenModel], Judged]

CHALLENGER_SAYS = "challenger_probability"


@dataclass(frozen=True)
class Trial:
    """A challenger ready to score beside the champion, with the policy its blend asks for."""

    experiment: Experiment
    challenger: ChosenModel
    policy: Policy

    @property
    def id(self) -> int:
        """Number of the experiment."""
        return self.experiment.id or 0

    @property
    def live(self) -> bool:
        """Whether the challenger's scores are put in force."""
        return self.experiment.mode == Mode.LIVE

    def draws_challenger(self, lead_ids: np.ndarray) -> np.ndarray:
        """Say which leads chance gives to the challenger."""
        return challenged(lead_ids, salt=self.experiment.salt, share=self.experiment.share)


@dataclass(frozen=True)
class Parts:
    """Who takes part: leads put into an arm before, and open ones to be put there now; sorted ids."""

    before: np.ndarray
    new: np.ndarray


NOBODY = Parts(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


def running_trial(session: Session, workbench: Workbench, client_id: int, *, champion: int | None,
                  in_force: PolicyInForce) -> Trial | None:
    """Make the running experiment ready; None when there is none, or one of its models is no longer what it was.

    Parameters
    ----------
    champion : int or None
        The version about to score; an experiment about another champion has lost its meaning.
    in_force : PolicyInForce
        Its blend follows the challenger's suggestion unless a person has chosen one.
    """
    row = experiment_rows.running(session, client_id)
    if row is None or row.champion_version != champion:
        return None
    challenger = model_rows.find(session, client_id, row.challenger_version)
    if challenger is None:
        return None
    return Trial(row, load_model(workbench, challenger), with_suggested_blend(in_force, challenger).policy)


def who_takes_part(session: Session, client_id: int, trial: Trial) -> Parts:
    """Say who has an arm and who gets one now: every lead without a closed outcome that has none."""
    before = experiment_rows.assigned(session, client_id, trial.id).index.to_numpy()
    outcomes = lead_reading.outcomes(session, client_id)
    open_leads = outcomes.index[~outcomes.isin([str(stage) for stage in CLOSED_STAGES])].to_numpy()
    return Parts(before, np.setdiff1d(open_leads, before))


def challengers_leads(trial: Trial | None, parts: Parts, lead_ids: np.ndarray) -> np.ndarray:
    """Say which of these leads the challenger scores in force; none in the shadow."""
    if trial is None or not trial.live:
        return np.zeros(len(lead_ids), dtype=bool)
    taking_part = np.isin(lead_ids, parts.before) | np.isin(lead_ids, parts.new)
    return np.asarray(taking_part & trial.draws_challenger(lead_ids))


def said_in_the_shadow(trial: Trial | None, parts: Parts, leads: pd.DataFrame, judge: Judge) -> pd.Series:
    """Ask the challenger about the new leads of a shadow experiment; missing for all others."""
    said = pd.Series(np.nan, index=leads.index, name=CHALLENGER_SAYS)
    if trial is None or trial.live:
        return said
    new = leads[np.isin(leads.index.to_numpy(), parts.new)]
    if len(new):
        said.loc[new.index] = judge(new, trial.policy, trial.challenger).probability
    return said


def put_into_arms(session: Session, client_id: int, trial: Trial, scored: pd.DataFrame, *, champion: int | None,
                  now: datetime) -> int:
    """Write down who is in which arm with what was said of them, unless the experiment has ended meanwhile.

    Parameters
    ----------
    scored : DataFrame
        Index ``lead_id``; columns ``new_in_arm``, ``by_challenger``, ``probability``, ``challenger_probability`` and
        ``blended``.

    Returns
    -------
    int
        Number of leads put into an arm.
    """
    row = experiment_rows.running(session, client_id)
    if row is None or row.id != trial.id or row.champion_version != champion:
        return 0
    earlier = experiment_rows.assigned(session, client_id, trial.id)
    new = scored[scored["new_in_arm"] & ~scored.index.isin(earlier.index)].sort_index()
    if new.empty:
        return 0
    made = _live_arms(new, earlier) if trial.live else _shadow_arms(new, earlier)
    return experiment_rows.assign(session, client_id, trial.id, made, now=now)


def _live_arms(new: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Rank each arm by the score sales sees."""
    theirs = new["by_challenger"].to_numpy(dtype=bool)
    frame = pd.DataFrame({
        "arm": np.where(theirs, str(Arm.CHALLENGER), str(Arm.CHAMPION)),
        "champion_probability": new["probability"].where(~theirs),
        "challenger_probability": new["probability"].where(theirs),
        "score": new["blended"]}, index=new.index)
    for arm, mine in ((Arm.CHAMPION, ~theirs), (Arm.CHALLENGER, theirs)):
        best = np.full(len(new), None, dtype=object)
        best[mine] = on_top(new["blended"].to_numpy()[mine], earlier.loc[earlier["arm"] == arm, "score"].to_numpy())
        frame[f"{arm}_top"] = best
    return frame


def _shadow_arms(new: pd.DataFrame, earlier: pd.DataFrame) -> pd.DataFrame:
    """Rank the same leads twice, by each model's probability."""
    said = {Arm.CHAMPION: new["probability"], Arm.CHALLENGER: new[CHALLENGER_SAYS]}
    frame = pd.DataFrame({"arm": str(Arm.BOTH), "score": new["blended"]}, index=new.index)
    for arm, values in said.items():
        frame[f"{arm}_probability"] = values
        frame[f"{arm}_top"] = on_top(values.to_numpy(), earlier[f"{arm}_probability"].to_numpy())
    return frame

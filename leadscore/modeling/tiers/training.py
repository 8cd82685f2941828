"""Trains a model of three tiers: split, screen, try with and without SMOTE, fit, calibrate, measure once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.modeling import choosing, evaluation, explanation, splits
from leadscore.modeling.algorithms.fitting import Plan
from leadscore.modeling.balancing import Balance
from leadscore.modeling.choosing import Budget, Folds, Progress, silent
from leadscore.modeling.divided import DividedLeads, divide
from leadscore.modeling.encoding import Floats, Rows, fit_encoder
from leadscore.modeling.evaluation import Interval
from leadscore.modeling.leakage import Cause, Screen
from leadscore.modeling.report import TrainingReport, installed_libraries
from leadscore.modeling.screening import screen_as_wished
from leadscore.modeling.tiers.calibration import fit_tier_calibration
from leadscore.modeling.tiers.evaluation import TIERS, TierFigures, measure_tiers
from leadscore.modeling.tiers.model import (
    BOOSTING,
    ROUNDS,
    THREE_TIERS,
    Preference,
    ThreeTierModel,
    TierScorer,
    fit_tier_trees,
)
from leadscore.modeling.tiers.target import TierTarget
from leadscore.modeling.training import KEPT_ROWS, TrainingOptions, chosen_rows, data_summary
from leadscore.modeling.verdicts import moved_share, suspicion, verdict_of
from leadscore.schema import Kind

BOOTSTRAP_DRAWS = 200
EXPLAINED_ROWS = 2_000
KEPT_ACCURACY = 0.99
"""To overlook fewer leads of a rare tier may cost this much of the accuracy, not more."""
LEANS = tuple(float(lean) for lean in np.linspace(0, 1, 11))
FEW_OF_A_TIER = 100
COMPUTED_AUC = 0.999


@dataclass(frozen=True)
class _Trial:
    """A balance, judged on the folds, with the margins of leads the trees were not fitted on."""

    balance: Balance
    margins: Floats
    y: Floats
    accuracy: float
    recalls: tuple[float, ...]
    average_precision: Interval
    roc_auc: float

    @property
    def area_errors(self) -> float:
        return (self.roc_auc - 0.5) / evaluation.auc_error_by_chance(_is_best(self.y))

    @property
    def macro_recall(self) -> float:
        return float(np.mean(self.recalls))

    def to_dict(self, *, chosen: bool) -> dict[str, Any]:
        return {
            "algorithm": THREE_TIERS, "balance": str(self.balance), "settings": {}, "roc_auc": self.roc_auc,
            "average_precision": self.average_precision.to_dict(), "accuracy": self.accuracy,
            "macro_recall": self.macro_recall, "high_recall": self.recalls[0], "chosen": chosen, "skipped": False,
        }  # fmt: skip


@dataclass(frozen=True)
class _Told:
    """Kinds of the columns, and what people call these and the tiers."""

    kinds: Mapping[str, Kind]
    columns: Mapping[str, str]
    tiers: tuple[str, ...]


@dataclass(frozen=True)
class _Tested:
    """What the test leads said, once."""

    margins: Floats
    chances: Floats
    figures: TierFigures
    metrics: dict[str, Interval]
    threshold: float


def train_tiers(
    features: pd.DataFrame,
    kinds: Mapping[str, Kind],
    target: TierTarget,
    *,
    times: pd.Series | None = None,
    groups: pd.Series | None = None,
    labels: Mapping[str, str] | None = None,
    sources: Mapping[str, tuple[str, ...]] | None = None,
    moments: pd.Series | None = None,
    dates: pd.DataFrame | None = None,
    options: TrainingOptions | None = None,
    progress: Progress | None = None,
    elapsed: Callable[[], float] | None = None,
) -> ThreeTierModel:
    """Train a model of three tiers and measure it once on leads it has not seen.

    The figures of the report belong to a model fitted without the test leads. The model given back is fitted once
    more, the same way, on all leads.

    Parameters
    ----------
    features : DataFrame of shape (n_leads, n_columns)
    kinds : mapping of column to Kind
    target : TierTarget
        In the order of ``features``.
    times, groups, labels, sources, moments, dates, progress, elapsed
        As in :func:`leadscore.modeling.training.train`.
    options : TrainingOptions
        ``algorithm`` is ``auto`` or ``xgboost``; ``balance`` ``auto`` compares none with SMOTE.

    Returns
    -------
    ThreeTierModel

    Raises
    ------
    InvalidRequest
        ``no_usable_column``, ``unknown_column``, ``unknown_option``, ``not_available``.
    """
    options, progress, labels = options or TrainingOptions(), progress or silent, labels or {}
    balances = _balances(options)
    budget = Budget(options.seconds, elapsed) if elapsed else Budget()

    progress(0.02, "Setting test leads aside")
    leads = divide(features, target.y, times=times, groups=groups, moments=moments, dates=dates,
                   random_state=options.random_state)

    progress(0.05, "Looking for columns that know the tier")
    found = _screen(leads, kinds, labels, sources, options)
    used = [name for name in leads.features.columns if name not in found.columns_set_aside]

    encoder = fit_encoder(leads.learnt[used], kinds)
    codes = encoder.encode(leads.learnt).codes
    folds = choosing.make_folds(codes, leads.y_learnt, leads.split.kind, leads.keys_learnt,
                                random_state=options.random_state, alone=len(balances) == 1)
    trials = _try_all(balances, folds, options, budget, progress)
    best = _choose(trials)

    progress(0.70, f"Fitting three tiers ({best.balance})")
    plan = Plan(best.balance, random_state=options.random_state)
    calibration = fit_tier_calibration(best.margins, best.y)
    preference = _prefer(calibration.chances(best.margins), best.y)
    measured = TierScorer(encoder, fit_tier_trees(codes, leads.y_learnt, plan), calibration, preference)
    tested = _test(measured, leads, best, options)

    progress(0.85, "Fitting once more on all leads")
    final = _fit_again(leads, used, kinds, plan, best, tested)
    progress(0.95, "Explaining")
    own_kinds = {name: kinds[name] for name in final.encoder.sources}
    told = _Told(own_kinds, labels, target.labels)
    model = ThreeTierModel(
        scorer=final,
        kinds=own_kinds,
        labels=target.labels,
        report=_report(final, told, leads, found, trials, best, tested, options),
        held_out=pd.DataFrame({"y": _is_best(leads.y_tested), "probability": tested.chances[:, 0]},
                              index=leads.tested.index),
        unseen=measured.predict(leads.tested.iloc[chosen_rows(len(leads.tested), KEPT_ROWS, options.random_state)]),
    )  # fmt: skip
    progress(1.0, "Done")
    return model


def _is_best(y: Floats) -> Floats:
    return np.asarray(y == 0, dtype=float)


def _balances(options: TrainingOptions) -> list[Balance]:
    if options.algorithm not in ("auto", "xgboost", THREE_TIERS):
        raise InvalidRequest(
            "not_available", f"Three tiers are learnt by boosted trees, not by {options.algorithm}.",
            "Use auto, or learn two classes by naming the better one with --positive VALUE.",
        )  # fmt: skip
    if options.balance == "auto":
        return [Balance.NONE, Balance.SMOTE]
    if options.balance not in [*Balance]:
        raise InvalidRequest(
            "unknown_option", f"There is no balance “{options.balance}”.", f"Choose one of {', '.join(Balance)}."
        )
    return [Balance(options.balance)]


def _screen(
    leads: DividedLeads,
    kinds: Mapping[str, Kind],
    labels: Mapping[str, str],
    sources: Mapping[str, tuple[str, ...]] | None,
    options: TrainingOptions,
) -> Screen:
    """Screen the columns twice: one may know who is High, another who is Low.

    A tier is somebody's judgement of these very columns. One that goes well with it is nothing to suspect, and one
    that goes very well with it is kept with a warning; a copy of it, or one filled in afterwards, is set aside.
    """
    best, last = (
        screen_as_wished(
            leads.learnt, kinds, (leads.y_learnt == tier).astype(float), labels, sources, keep=options.keep,
            drop=options.drop, random_state=options.random_state, moments=leads.moments, dates=leads.dates,
        )  # fmt: skip
        for tier in (0, len(TIERS) - 1)
    )
    strong = {finding.column: finding for finding in (*last.set_aside, *best.set_aside)}
    aside = {name: finding for name, finding in strong.items() if finding.code != Cause.TOO_GOOD}
    hinted = {finding.column: finding for finding in (*last.suspects, *best.suspects)
              if finding.code != Cause.TOO_GOOD}  # fmt: skip
    suspects = [finding for name, finding in (strong | hinted).items() if name not in aside]
    return Screen(tuple(aside.values()), tuple(suspects))


def _try_all(
    balances: Sequence[Balance], folds: Folds, options: TrainingOptions, budget: Budget, progress: Progress
) -> list[_Trial]:
    """Try each balance on the same folds; the first in any case, the other while the budget lasts."""
    # repeated folds bring little to a choice between two
    folds = replace(folds, parts=folds.parts[-splits.FOLDS:])
    trials: list[_Trial] = []
    for number, balance in enumerate(balances):
        if trials and not budget.left():
            break
        progress(0.10 + 0.60 * number / len(balances), f"Trying three tiers ({balance})")
        trials.append(_try_one(balance, folds, options))
    return trials


def _try_one(balance: Balance, folds: Folds, options: TrainingOptions) -> _Trial:
    plan = Plan(balance, random_state=options.random_state)
    margins = [fit_tier_trees(folds.codes.rows(fitting), folds.y[fitting], plan).margins(folds.codes.rows(judging))
               for fitting, judging in folds.parts]  # fmt: skip
    outcomes = [folds.y[judging] for _, judging in folds.parts]
    lead = [part[:, 0] - np.logaddexp(part[:, 1], part[:, 2]) for part in margins]
    precisions = np.array([evaluation.average_precision(_is_best(y), part)
                           for y, part in zip(outcomes, lead, strict=True)])  # fmt: skip
    raw, y = np.concatenate(margins), np.concatenate(outcomes)
    given = raw.argmax(axis=1)
    return _Trial(balance, raw, y, float((given == y).mean()), _recalls(given, y), choosing.mean_interval(precisions),
                  evaluation.roc_auc(_is_best(y), np.concatenate(lead)))  # fmt: skip


def _recalls(given: Rows, y: Floats) -> tuple[float, ...]:
    return tuple(float((given[y == tier] == tier).mean()) for tier in range(len(TIERS)))


def _choose(trials: Sequence[_Trial]) -> _Trial:
    """Take what overlooks the fewest leads of any tier, as far as the accuracy allows."""
    enough = KEPT_ACCURACY * max(trial.accuracy for trial in trials)
    return max((trial for trial in trials if trial.accuracy >= enough), key=lambda trial: trial.macro_recall)


def _prefer(chances: Floats, y: Floats) -> Preference:
    """Lean towards rare tiers as far as the accuracy on leads not fitted on allows."""
    shares = tuple(float((y == tier).mean()) for tier in range(len(TIERS)))
    choices = [Preference(lean, shares) for lean in LEANS]
    given = [choice.give(chances) for choice in choices]
    accuracies = [float((tiers == y).mean()) for tiers in given]
    recalls = [float(np.mean(_recalls(tiers, y))) for tiers in given]
    allowed = [place for place in range(len(LEANS)) if accuracies[place] >= KEPT_ACCURACY * max(accuracies)]
    return choices[max(allowed, key=lambda place: recalls[place])]


def _test(measured: TierScorer, leads: DividedLeads, best: _Trial, options: TrainingOptions) -> _Tested:
    """Look at the test leads; everything else was decided without them."""
    y = leads.y_tested
    margins = measured.trees.margins(measured.encoder.encode(leads.tested).codes)
    calibration = measured.calibration
    chances = calibration.chances(margins)
    given = measured.preference.give(chances)
    figures = measure_tiers(y.astype(int), chances, given, random_state=options.random_state, n_boot=BOOTSTRAP_DRAWS)
    threshold = evaluation.best_threshold(_is_best(best.y), calibration.chances(best.margins)[:, 0])
    of_best = evaluation.measure(_is_best(y), chances[:, 0], random_state=options.random_state,
                                 n_boot=BOOTSTRAP_DRAWS, threshold=threshold)  # fmt: skip
    return _Tested(margins, chances, figures, of_best | figures.metrics, threshold)


def _fit_again(
    leads: DividedLeads, used: list[str], kinds: Mapping[str, Kind], plan: Plan, best: _Trial, tested: _Tested
) -> TierScorer:
    """Fit the same way on all leads: the latest ones are the most like those to come."""
    encoder = fit_encoder(leads.features[used], kinds)
    margins = np.concatenate([best.margins, tested.margins])
    seen = np.concatenate([best.y, leads.y_tested])
    calibration = fit_tier_calibration(margins, seen)
    trees = fit_tier_trees(encoder.encode(leads.features.iloc[leads.order]).codes, leads.y[leads.order], plan)
    return TierScorer(encoder, trees, calibration, _prefer(calibration.chances(margins), seen))


def _report(
    final: TierScorer, told: _Told, leads: DividedLeads, found: Screen, trials: Sequence[_Trial], best: _Trial,
    tested: _Tested, options: TrainingOptions,
) -> TrainingReport:  # fmt: skip
    y = _is_best(leads.y_tested)
    warnings = _warnings(tested, leads, found)
    sample = leads.features.iloc[np.linspace(0, len(leads.y) - 1, min(len(leads.y), EXPLAINED_ROWS)).astype(np.intp)]
    contributions = final.explain(sample)
    curves = explanation.effect_curves(sample, contributions, told.kinds, told.columns)
    return TrainingReport(
        algorithm=THREE_TIERS,
        balance=str(best.balance),
        split=leads.split.to_dict(),
        set_aside=tuple({**finding.to_dict(), "effect": None} for finding in found.set_aside),
        suspects=tuple({**finding.to_dict(), "effect": None} for finding in found.suspects),
        metrics=tested.metrics,
        candidates=tuple(trial.to_dict(chosen=trial is best) for trial in trials),
        verdict=str(verdict_of(best.area_errors, tested.metrics["roc_auc"], y, warnings)),
        warnings=warnings,
        importance=explanation.importance(contributions),
        effect_curves={name: curve.to_dict() for name, curve in curves.items()},
        reliability=tuple(evaluation.reliability(y, tested.chances[:, 0])),
        gains=tuple(evaluation.gains(y, tested.chances[:, 0])),
        threshold=tested.threshold,
        confusion=evaluation.confusion(y, tested.chances[:, 0], tested.threshold).to_dict(),
        parameters=BOOSTING | {"rounds": ROUNDS, "random_state": options.random_state, "lean": final.preference.lean,
                               "calibration": "one slope and an offset for each tier, on leads not fitted on"},
        libraries=installed_libraries(),
        data=data_summary(leads.features[list(final.encoder.sources)], _is_best(leads.y)),
        classes=tuple({**of_tier, "label": label}
                      for of_tier, label in zip(tested.figures.classes, told.tiers, strict=True)),
        tier_confusion=tested.figures.confusion,
    )  # fmt: skip


def _warnings(tested: _Tested, leads: DividedLeads, found: Screen) -> tuple[str, ...]:
    said = []
    for number, tier in enumerate(TIERS):
        if moved := moved_share(leads.y_learnt == number, leads.y_tested == number, tier):
            said.append(f"{moved}: trust the ranking more than the confidence.")
    if tested.metrics["roc_auc"].value > COMPUTED_AUC:
        said.append("High leads are told apart without a mistake: the tiers were probably computed from these columns.")
    said += suspicion(found, "tier")
    rarest = min(int((leads.y == number).sum()) for number in range(len(TIERS)))
    if rarest < FEW_OF_A_TIER:
        said.append(f"Only {rarest} leads of the rarest tier: its figures are rough.")
    return tuple(said)

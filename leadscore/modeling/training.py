"""Trains a model from features and outcomes: split, screen, choose, fit, calibrate, measure once, say it plainly."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from leadscore.modeling import algorithms, choosing, evaluation, explanation, learning_curve, splits
from leadscore.modeling.algorithms import Algorithm, Estimator
from leadscore.modeling.algorithms.network import Network
from leadscore.modeling.balancing import Balance
from leadscore.modeling.calibration import Calibration, fit_calibration
from leadscore.modeling.choosing import Budget, Candidate, Choosing, Folds, Progress, silent
from leadscore.modeling.column_effects import ColumnEffect, column_effects
from leadscore.modeling.divided import DividedLeads, divide
from leadscore.modeling.encoding import MODELLED_KINDS, Codes, Encoder, Floats, Rows, fit_encoder
from leadscore.modeling.leakage import Cause, Finding, Screen
from leadscore.modeling.learning_curve import LearningCurve
from leadscore.modeling.model import Prediction, TrainedModel, predict_with
from leadscore.modeling.report import TrainingReport, installed_libraries
from leadscore.modeling.screening import screen_as_wished
from leadscore.modeling.verdicts import refuse_too_few, verdict_of, warnings_about
from leadscore.schema import Kind

BOOTSTRAP_DRAWS = 200
EXPLAINED_ROWS = 2_000
"""Importance and effect curves are averages over at most this many leads."""
EXPLAINED_ROWS_SLOW = 400
KEPT_ROWS = 20_000
"""Test leads kept with what was said of them, for measuring later changes of weights."""
KEPT_ROWS_SLOW = 2_000
BUDGET_SECONDS = 120.0
QUICK_ROUNDS = 60
MANY_ROWS = 50_000
"""Above this a tenth of the leads is not missed in a fit, and a model of a fold is no likeness of one of all."""
POINTLESS_TO_TRY = frozenset({Cause.IDENTIFIER, Cause.CONSTANT, Cause.NOT_MODELLED})


@dataclass(frozen=True)
class TrainingOptions:
    """What a person may decide about a training.

    Parameters
    ----------
    algorithm : str
        ``auto`` or a name of :class:`Algorithm`.
    balance : str
        ``auto`` or a name of :class:`Balance`.
    keep : tuple of str
        Columns (name or label) used although the screen speaks against them.
    drop : tuple of str
        Columns (name or label) never used.
    seconds : float or None
        How long candidates may be tried; what does not fit in is skipped and reported. None is no limit. It takes
        effect only when :func:`train` is given a clock.
    random_state : int
    """

    algorithm: str = "auto"
    balance: str = "auto"
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    seconds: float | None = BUDGET_SECONDS
    random_state: int = 0


@dataclass(frozen=True)
class _Fitted:
    encoder: Encoder
    estimator: Estimator
    calibration: Calibration

    def margin(self, features: pd.DataFrame) -> Floats:
        return self.estimator.margin(self.encoder.encode(features).codes)


@dataclass(frozen=True)
class _Unseen:
    """Margins of leads by models that were not fitted on them, and how these leads ended."""

    margins: Floats
    y: Floats


@dataclass(frozen=True)
class _Aside:
    """What is told beside the figures: what more leads, and other columns, would do."""

    curve: LearningCurve
    effects: dict[str, ColumnEffect]


@dataclass(frozen=True)
class _Tested:
    """What the test leads said, once."""

    margins: Floats
    probability: Floats
    threshold: float


def train(
    features: pd.DataFrame,
    kinds: Mapping[str, Kind],
    y: pd.Series,
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
) -> TrainedModel:
    """Train a model and measure it once on leads it has not seen.

    The figures of the report belong to a model fitted without the test leads. The model given back is fitted once
    more, the same way, on all leads: the latest ones are the most like those to come.

    Parameters
    ----------
    features : DataFrame of shape (n_leads, n_columns)
    kinds : mapping of column to Kind
    y : Series of shape (n_leads,), 1 converted, 0 lost, NaN left out; in the order of ``features``
    times, groups : Series of shape (n_leads,) or None
        When each lead came, and which leads belong together.
    labels : mapping of column to what people call it
    sources : mapping of column to the columns it is computed from
    moments : Series of shape (n_leads,), UTC, or None
        When each outcome was known, as far as it is written down.
    dates : DataFrame of shape (n_leads, any), UTC, or None
        The dates behind the columns that count days, under the names of these columns.
    options : TrainingOptions
    progress : callable(fraction in [0, 1], message)
        Called between steps; what it raises ends the training.
    elapsed : callable() -> float or None
        Seconds since the training began, for the time budget of the options; None is no limit.

    Returns
    -------
    TrainedModel

    Raises
    ------
    InvalidRequest
        ``too_few_outcomes``, ``no_usable_column``, ``unknown_column``, ``unknown_option``.
    """
    options, progress, labels = options or TrainingOptions(), progress or silent, labels or {}
    budget = Budget(options.seconds, elapsed) if elapsed else Budget()
    known = y.dropna().to_numpy(dtype=float)
    refuse_too_few(known)
    wanted = choosing.candidates_of(options.algorithm, options.balance, known)

    progress(0.02, "Setting test leads aside")
    leads = divide(features, y, times=times, groups=groups, moments=moments, dates=dates,
                   random_state=options.random_state)

    progress(0.05, "Looking for columns that know the outcome")
    found = screen_as_wished(
        leads.learnt, kinds, leads.y_learnt, labels, sources, keep=options.keep, drop=options.drop,
        moments=leads.moments, dates=leads.dates, random_state=options.random_state)
    used = [name for name in leads.features.columns if name not in found.columns_set_aside]

    progress(0.10, "Preparing the columns")
    encoder = fit_encoder(leads.learnt[used], kinds)
    codes = encoder.encode(leads.learnt).codes
    folds = choosing.make_folds(codes, leads.y_learnt, leads.split.kind, leads.keys_learnt,
                                random_state=options.random_state, alone=len(wanted) == 1)
    choice = choosing.choose(wanted, folds, random_state=options.random_state, budget=budget,
                             progress=_part(progress, 0.12, 0.70))

    progress(0.70, f"Fitting {choice.best.candidate.algorithm}")
    estimator, unseen = _fit_learnt(choice, codes, leads, options)
    measured = _Fitted(encoder, estimator, fit_calibration(unseen.margins, unseen.y))
    tested = _test(measured, leads, unseen)

    progress(0.80, "Asking what more leads and other columns would do")
    aside = _look_aside(leads, folds, choice, found, kinds, used, options, budget)

    progress(0.90, "Fitting once more on all leads")
    final = _fit_again(measured, tested, unseen, leads, choice, used, kinds, options)
    report = _report(leads, found, choice, final, tested, aside, used, kinds, labels, options)
    progress(1.0, "Done")
    return TrainedModel(
        algorithm=choice.best.candidate.algorithm,
        encoder=final.encoder,
        kinds={name: kinds[name] for name in final.encoder.sources},
        estimator=final.estimator,
        calibration=final.calibration,
        report=report,
        held_out=pd.DataFrame({"y": leads.y_tested, "probability": tested.probability}, index=leads.tested.index),
        unseen=_said_unseen(measured, leads.tested, options),
    )


def _part(progress: Progress, start: float, end: float) -> Progress:
    return lambda fraction, message: progress(start + (end - start) * fraction, message)


def _fit_learnt(choice: Choosing, codes: Codes, leads: DividedLeads,
                options: TrainingOptions) -> tuple[Estimator, _Unseen]:
    """Fit on the leads learnt from, and find margins of leads a model did not see.

    Where there are many leads the folds saw only a part of them, and their models are less sure than one of all: some
    are kept aside for this fit then. Forward in time the folds must do: the latest leads are the ones to learn from.
    """
    y, best = leads.y_learnt, choice.best
    if len(y) <= MANY_ROWS or leads.split.kind == "forward":
        estimator = choosing.fit(best.candidate, codes, y, random_state=options.random_state)
        return estimator, _Unseen(best.margins, best.y)
    fitting, aside = splits.keep_aside(y, leads.split.kind, leads.keys_learnt, random_state=options.random_state)
    estimator = choosing.fit(best.candidate, codes.rows(fitting), y[fitting], random_state=options.random_state)
    return estimator, _Unseen(estimator.margin(codes.rows(aside)), y[aside])


def _test(measured: _Fitted, leads: DividedLeads, unseen: _Unseen) -> _Tested:
    """Look at the test leads; the threshold comes from leads the model had not seen, but not from these."""
    margins = measured.margin(leads.tested)
    threshold = evaluation.best_threshold(unseen.y, measured.calibration.probability(unseen.margins))
    return _Tested(margins, measured.calibration.probability(margins), threshold)


def _said_unseen(measured: _Fitted, tested: pd.DataFrame, options: TrainingOptions) -> Prediction:
    """Explain test leads by the model that has not learnt from them; at most so many, chosen by chance."""
    most = KEPT_ROWS_SLOW if isinstance(measured.estimator, Network) else KEPT_ROWS
    sample = tested.iloc[chosen_rows(len(tested), most, options.random_state)]
    return predict_with(measured.encoder, measured.estimator, measured.calibration, sample, contributions=True)


def chosen_rows(rows: int, most: int, random_state: int) -> Rows:
    """Choose at most so many rows by chance, in their order."""
    return np.sort(np.random.default_rng(random_state).permutation(rows)[:most])


def _look_aside(leads: DividedLeads, folds: Folds, choice: Choosing, found: Screen, kinds: Mapping[str, Kind],
                used: list[str], options: TrainingOptions, budget: Budget) -> _Aside:
    best = choice.best
    curve = learning_curve.learning_curve(
        lambda codes, y: choosing.fit(best.candidate, codes, y, random_state=options.random_state),
        folds.codes, folds.y, folds.parts[-len(best.precisions):], best.precisions, rows=len(leads.y),
        random_state=options.random_state)
    quick = _quick(best.candidate)
    tried = [finding.column for finding in found.set_aside
             if finding.code not in POINTLESS_TO_TRY and kinds[finding.column] in MODELLED_KINDS]
    encoder = fit_encoder(leads.learnt[[*used, *tried]], kinds)
    effects = column_effects(
        lambda codes, y: choosing.fit(quick, codes, y, random_state=options.random_state, rounds=QUICK_ROUNDS),
        encoder, encoder.encode(leads.learnt.iloc[folds.rows]).codes, folds.y, folds.parts[-1], set_aside=tried,
        suspects=[finding.column for finding in found.suspects], go_on=budget.left)
    return _Aside(curve, effects)


def _quick(candidate: Candidate) -> Candidate:
    """Choose what to compare columns with: the model itself, or boosted trees where it takes long to fit."""
    if candidate.algorithm in (Algorithm.LOGISTIC, Algorithm.ADDITIVE, Algorithm.XGBOOST):
        return replace(candidate, balance=Balance.NONE)
    return Candidate(Algorithm.XGBOOST, Balance.NONE, algorithms.settings_of(Algorithm.XGBOOST)[0])


def _fit_again(measured: _Fitted, tested: _Tested, unseen: _Unseen, leads: DividedLeads, choice: Choosing,
               used: list[str], kinds: Mapping[str, Kind], options: TrainingOptions) -> _Fitted:
    """Fit the same way on all leads: the latest ones are the most like those to come."""
    encoder = fit_encoder(leads.features[used], kinds)
    codes = encoder.encode(leads.features.iloc[leads.order]).codes
    estimator = choosing.fit(choice.best.candidate, codes, leads.y[leads.order], random_state=options.random_state,
                             rounds=measured.estimator.rounds)
    margins = np.concatenate([unseen.margins, tested.margins])
    return _Fitted(encoder, estimator, fit_calibration(margins, np.concatenate([unseen.y, leads.y_tested])))


def _report(leads: DividedLeads, found: Screen, choice: Choosing, final: _Fitted, tested: _Tested, aside: _Aside,
            used: list[str], kinds: Mapping[str, Kind], labels: Mapping[str, str],
            options: TrainingOptions) -> TrainingReport:
    best = choice.best.candidate
    metrics = evaluation.measure(leads.y_tested, tested.probability, random_state=options.random_state,
                                 n_boot=BOOTSTRAP_DRAWS, threshold=tested.threshold)
    warnings = warnings_about(metrics, leads, found)
    sample, contributions = _explained(final, leads.features[used])
    curves = explanation.effect_curves(sample, contributions, kinds, labels)
    return TrainingReport(
        algorithm=str(best.algorithm),
        balance=str(best.balance),
        split=leads.split.to_dict(),
        set_aside=tuple(_with_effect(finding, aside.effects) for finding in found.set_aside),
        suspects=tuple(_with_effect(finding, aside.effects) for finding in found.suspects),
        metrics=metrics,
        candidates=tuple(candidate.to_dict() for candidate in choice.candidates),
        verdict=str(verdict_of(choice.best.area_errors, metrics["roc_auc"], leads.y_tested, warnings)),
        warnings=warnings,
        importance=explanation.importance(contributions),
        effect_curves={name: curve.to_dict() for name, curve in curves.items()},
        reliability=tuple(evaluation.reliability(leads.y_tested, tested.probability)),
        gains=tuple(evaluation.gains(leads.y_tested, tested.probability)),
        threshold=tested.threshold,
        confusion=evaluation.confusion(leads.y_tested, tested.probability, tested.threshold).to_dict(),
        learning_curve=tuple(point.to_dict() for point in aside.curve.points),
        expectation=aside.curve.expectation.to_dict() if aside.curve.expectation else None,
        parameters=algorithms.parameters(best.algorithm, final.estimator)
        | {"random_state": options.random_state, "calibration": "Platt, on leads not fitted on"},
        libraries=installed_libraries(),
        data=data_summary(leads.features[used], leads.y),
    )


def _with_effect(finding: Finding, effects: Mapping[str, ColumnEffect]) -> dict[str, Any]:
    effect = effects.get(finding.column)
    return finding.to_dict() | {"effect": effect.to_dict() if effect else None}


def _explained(final: _Fitted, features: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Explain some leads, evenly spread: their features and contributions."""
    most = EXPLAINED_ROWS_SLOW if isinstance(final.estimator, Network) else EXPLAINED_ROWS
    places = np.unique(np.linspace(0, len(features) - 1, min(len(features), most)).astype(np.intp))
    sample = features.iloc[places]
    raw = final.estimator.contributions(final.encoder.encode(sample).codes)
    shares = explanation.to_sources(raw, final.encoder.owners, final.calibration.slope)
    return sample, pd.DataFrame(shares, index=sample.index, columns=list(final.encoder.sources))


def data_summary(leads: pd.DataFrame, y: Floats) -> dict[str, Any]:
    """Describe the training data so that a repeat can be recognised, without keeping any of it."""
    digest = hashlib.sha256(pd.util.hash_pandas_object(leads.reset_index(drop=True), index=False).to_numpy().tobytes())
    digest.update(y.tobytes())
    digest.update("\x00".join(map(str, leads.columns)).encode())
    return {
        "rows": len(leads),
        "positives": int(y.sum()),
        "columns": [str(name) for name in leads.columns],
        "fingerprint": digest.hexdigest(),
    }

"""Trains a model from features and outcomes: split, screen, choose, fit, calibrate, measure once, say it plainly."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.modeling import algorithms, choosing, evaluation, explanation, leakage, splits
from leadscore.modeling.algorithms import Estimator
from leadscore.modeling.calibration import Calibration, fit_calibration
from leadscore.modeling.choosing import MIN_FOR_TREES, Progress, Trial
from leadscore.modeling.encoding import MODELLED_KINDS, Codes, Encoder, Floats, fit_encoder
from leadscore.modeling.evaluation import Interval
from leadscore.modeling.leakage import Finding, Screen
from leadscore.modeling.model import TrainedModel
from leadscore.modeling.report import TrainingReport, Verdict, installed_libraries
from leadscore.schema import Kind

MIN_OUTCOMES = 40
BOOTSTRAP_DRAWS = 200
IMPORTANCE_ROWS = 2_000
SUSPICIOUS_AUC = 0.95
CHANCE_ERRORS = 3.0
"""How many standard errors an area must lie above one half to count as knowledge."""
BASE_RATE_ERRORS = 4.0
BASE_RATE_MOVE = 0.25


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
    random_state : int
    """

    algorithm: str = "auto"
    balance: str = "auto"
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    random_state: int = 0


@dataclass(frozen=True)
class _Unseen:
    """Margins of leads by models that were not fitted on them, and how these leads ended."""

    margins: Floats
    y: Floats


@dataclass(frozen=True)
class _Fitted:
    encoder: Encoder
    estimator: Estimator
    calibration: Calibration


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

    Returns
    -------
    TrainedModel

    Raises
    ------
    InvalidRequest
        ``too_few_outcomes``, ``no_usable_column``, ``unknown_column``, ``unknown_option``, ``not_available``.
    """
    options, progress, labels = options or TrainingOptions(), progress or _silent, labels or {}
    decided = np.flatnonzero(y.notna().to_numpy())
    outcome = y.to_numpy(dtype=float, na_value=np.nan)[decided]
    _refuse_too_few(outcome)
    pairs = choosing.candidate_pairs(options.algorithm, options.balance, outcome)
    leads = features.iloc[decided]
    times, groups, moments = (None if part is None else part.iloc[decided] for part in (times, groups, moments))
    dates = None if dates is None else dates.iloc[decided]

    progress(0.02, "Setting test leads aside")
    split = splits.split_test(outcome, times, groups, random_state=options.random_state)
    learnt, tested = leads.iloc[split.train], leads.iloc[split.test]
    y_train, y_test = outcome[split.train], outcome[split.test]

    progress(0.05, "Looking for columns that know the outcome")
    found = _screen(learnt, kinds, y_train, labels, sources, options,
                    moments=None if moments is None else moments.iloc[split.train],
                    dates=None if dates is None else dates.iloc[split.train])
    used = [name for name in leads.columns if name not in found.columns_set_aside]
    encoder = fit_encoder(learnt[used], kinds)
    codes = encoder.encode(learnt).codes

    keys = splits.group_keys(groups)
    train_keys = None if keys is None else keys[split.train]
    trials = choosing.try_all(pairs, codes, y_train, split.kind, train_keys, options.random_state, progress)
    best = choosing.choose(trials, forward=split.kind == "forward")

    progress(0.75, f"Fitting {best.candidate.algorithm}")
    measured = _fit(best, encoder, codes, y_train, _Unseen(best.margins, best.y), options)
    margins = measured.estimator.margin(encoder.encode(tested).codes)
    probability = measured.calibration.probability(margins)
    metrics = evaluation.measure(y_test, probability, random_state=options.random_state, n_boot=BOOTSTRAP_DRAWS)

    progress(0.90, "Fitting once more on all leads")
    everything = leads.iloc[np.concatenate([split.train, split.test])]
    y_all = np.concatenate([y_train, y_test])
    encoder = fit_encoder(everything[used], kinds)
    unseen = _Unseen(np.concatenate([best.margins, margins]), np.concatenate([best.y, y_test]))
    codes = encoder.encode(everything).codes
    final = _fit(best, encoder, codes, y_all, unseen, options)
    warnings = _warnings(metrics, y_train, y_test, found, outcome)
    report = TrainingReport(
        algorithm=str(best.candidate.algorithm),
        balance=str(best.candidate.balance),
        split=split.to_dict(),
        set_aside=tuple(finding.to_dict() for finding in found.set_aside),
        suspects=tuple(finding.to_dict() for finding in found.suspects),
        metrics=metrics,
        candidates=tuple(choosing.marked(trial.candidate, best.candidate).to_dict() for trial in trials),
        verdict=str(_verdict(best, metrics, y_test, warnings)),
        warnings=warnings,
        importance=_importance(final, codes),
        reliability=tuple(evaluation.reliability(y_test, probability)),
        gains=tuple(evaluation.gains(y_test, probability)),
        parameters=algorithms.parameters(best.candidate.algorithm, final.estimator)
        | {"random_state": options.random_state, "calibration": "Platt, on leads not fitted on"},
        libraries=installed_libraries(),
        data=_data_summary(everything[used], y_all),
    )
    held_out = pd.DataFrame({"y": y_test, "probability": probability}, index=tested.index)
    progress(1.0, "Done")
    return TrainedModel(
        algorithm=best.candidate.algorithm,
        encoder=encoder,
        kinds={name: kinds[name] for name in encoder.sources},
        estimator=final.estimator,
        calibration=final.calibration,
        report=report,
        held_out=held_out,
    )


def _silent(fraction: float, message: str) -> None:
    """Report nothing."""


def _refuse_too_few(y: Floats) -> None:
    positives, negatives = int(y.sum()), int((1 - y).sum())
    if min(positives, negatives) < MIN_OUTCOMES:
        raise InvalidRequest(
            "too_few_outcomes",
            f"There are {positives} converted and {negatives} lost leads; a model needs {MIN_OUTCOMES} of each.",
            "Score by rules until more outcomes are known.",
        )


def _screen(
    leads: pd.DataFrame,
    kinds: Mapping[str, Kind],
    y: Floats,
    labels: Mapping[str, str],
    sources: Mapping[str, tuple[str, ...]] | None,
    options: TrainingOptions,
    *,
    moments: pd.Series | None,
    dates: pd.DataFrame | None,
) -> Screen:
    """Screen the columns, then let the person's own decisions win."""
    keep = _resolve(options.keep, leads.columns, labels, sources)
    # days since a date go by the header of the date, too
    keep |= {name for name in leads.columns if (origins := set((sources or {}).get(name, ()))) and origins <= keep}
    drop = _resolve(options.drop, leads.columns, labels, sources)
    dropped = tuple(
        Finding(name, labels.get(name, name), leakage.Cause.DROPPED, "Left out on request.")
        for name in leads.columns
        if name in drop or (set((sources or {}).get(name, ())) & drop and name not in keep)
    )
    left = leads.drop(columns=[finding.column for finding in dropped])
    found = leakage.screen(left, kinds, y, labels=labels, sources=sources, moments=moments, dates=dates,
                           random_state=options.random_state)
    kept = tuple(
        finding for finding in found.set_aside if finding.column in keep and kinds[finding.column] in MODELLED_KINDS
    )
    aside = tuple(finding for finding in found.set_aside if finding not in kept)
    return Screen((*dropped, *aside), (*kept, *found.suspects))


def _resolve(
    wanted: Sequence[str],
    columns: pd.Index,
    labels: Mapping[str, str],
    sources: Mapping[str, tuple[str, ...]] | None,
) -> set[str]:
    """Find the columns a person means by name or label, case and ``custom:`` aside."""
    known = {name: name for name in (*(s for group in (sources or {}).values() for s in group), *columns)}
    spellings = {name.casefold(): name for name in known} | {
        name.removeprefix("custom:").casefold(): name for name in known
    }
    spellings |= {label.casefold(): name for name, label in labels.items()}
    unknown = [name for name in wanted if name.strip().casefold() not in spellings]
    if unknown:
        raise InvalidRequest(
            "unknown_column", f"There is no column “{unknown[0]}” to keep or drop.", "Use a header of the file."
        )
    return {spellings[name.strip().casefold()] for name in wanted}


def _fit(best: Trial, encoder: Encoder, codes: Codes, y: Floats, unseen: _Unseen, options: TrainingOptions) -> _Fitted:
    candidate = best.candidate
    estimator = algorithms.fit(candidate.algorithm, codes, y, candidate.balance, random_state=options.random_state)
    return _Fitted(encoder, estimator, fit_calibration(unseen.margins, unseen.y))


def _importance(fitted: _Fitted, codes: Codes) -> dict[str, float]:
    sample = codes.rows(np.linspace(0, len(codes) - 1, min(len(codes), IMPORTANCE_ROWS)).astype(np.intp))
    raw = fitted.estimator.contributions(sample)
    shares = explanation.to_sources(raw, fitted.encoder.owners, fitted.calibration.slope)
    return explanation.importance(pd.DataFrame(shares, columns=list(fitted.encoder.sources)))


def _warnings(
    metrics: Mapping[str, Interval], y_train: Floats, y_test: Floats, found: Screen, y: Floats
) -> tuple[str, ...]:
    said = []
    before, after = float(y_train.mean()), float(y_test.mean())
    error = np.sqrt(before * (1 - before) * (1 / len(y_train) + 1 / len(y_test)))
    if abs(after - before) > max(BASE_RATE_ERRORS * error, BASE_RATE_MOVE * before):
        said.append(
            f"The share of converted leads moved from {before:.1%} in training to {after:.1%} in the test: "
            "trust the ranking more than the probabilities."
        )
    if metrics["roc_auc"].value > SUSPICIOUS_AUC:
        said.append(
            f"An AUC of {metrics['roc_auc'].value:.3f} is too good for real leads: a column probably knows the outcome."
        )
    if found.suspects:
        names = ", ".join(f"“{finding.label}”" for finding in found.suspects[:8])
        said.append(f"Kept, but check that they are known before the outcome: {names}.")
    if min(y.sum(), (1 - y).sum()) < MIN_FOR_TREES:
        said.append(
            f"Only {int(min(y.sum(), (1 - y).sum()))} outcomes of the rarer kind: "
            "a simple model with wide intervals is all they can carry."
        )
    return tuple(said)


def _verdict(best: Trial, metrics: Mapping[str, Interval], y_test: Floats, warnings: Sequence[str]) -> Verdict:
    """Judge by folds and test together: noise must not pass because one of them was lucky."""
    area = metrics["roc_auc"].value
    tested = (area - 0.5) / evaluation.auc_error_by_chance(y_test)
    tried = (best.area - 0.5) / best.area_error
    if area <= 0.5 or max(tried, tested - 1) <= CHANCE_ERRORS:
        return Verdict.CHANCE
    sure = min(tried, tested) > 2 and metrics["roc_auc"].low > 0.5
    return Verdict.READY if sure and not warnings else Verdict.CARE


def _data_summary(leads: pd.DataFrame, y: Floats) -> dict[str, Any]:
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

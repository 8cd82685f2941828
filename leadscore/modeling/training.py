"""Trains a model from features and outcomes: split, screen, choose, fit, calibrate, measure once, say it plainly."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.modeling import algorithms, evaluation, explanation, leakage, splits
from leadscore.modeling.algorithms import Algorithm, Estimator
from leadscore.modeling.balancing import Balance
from leadscore.modeling.calibration import Calibration, fit_calibration
from leadscore.modeling.encoding import MODELLED_KINDS, Codes, Encoder, Floats, Rows, fit_encoder
from leadscore.modeling.evaluation import Interval
from leadscore.modeling.leakage import Finding, Screen
from leadscore.schema import Kind

MIN_OUTCOMES = 40
MIN_FOR_TREES = 200
CHOOSING_ROWS = 20_000
"""Candidates are compared on at most this many leads; the one chosen is fitted on all."""
REPEAT_BELOW_ROWS = 2_000
REPEATS = 3
BOOTSTRAP_DRAWS = 200
IMPORTANCE_ROWS = 2_000
SUSPICIOUS_AUC = 0.95
CHANCE_ERRORS = 3.0
"""How many standard errors an area must lie above one half to count as knowledge."""
SHUFFLED_ERRORS = 1.0
FORWARD_ERRORS = 2.13
"""A candidate must lead by this many standard errors of the folds to displace a simpler one. Forward it is the 95 %
point of Student's t over five folds: the time to come may differ from each of them."""
BASE_RATE_ERRORS = 4.0
BASE_RATE_MOVE = 0.25
LIBRARIES = ("numpy", "pandas", "scikit-learn", "xgboost", "xgboost-cpu")

AUTO_CANDIDATES = (
    (Algorithm.LOGISTIC, Balance.NONE),
    (Algorithm.XGBOOST, Balance.NONE),
    (Algorithm.XGBOOST, Balance.SMOTE),
    (Algorithm.FOREST, Balance.NONE),
)

Choice = TypeVar("Choice", bound=StrEnum)
Progress = Callable[[float, str], None]


class Verdict(StrEnum):
    """What the figures allow to say about a model."""

    READY = "ready"
    CARE = "use with care"
    CHANCE = "not better than chance"


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
class Candidate:
    """One algorithm and balance, judged on the folds."""

    algorithm: Algorithm
    balance: Balance
    average_precision: Interval
    roc_auc: float
    chosen: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Give the plain JSON form."""
        return {
            "algorithm": str(self.algorithm),
            "balance": str(self.balance),
            "roc_auc": self.roc_auc,
            "average_precision": self.average_precision.to_dict(),
            "chosen": self.chosen,
        }


@dataclass(frozen=True)
class TrainingReport:
    """Everything a person needs to trust a model or not; plain values only, no lead's data."""

    algorithm: str
    balance: str
    split: dict[str, Any]
    set_aside: tuple[dict[str, str], ...]
    suspects: tuple[dict[str, str], ...]
    metrics: dict[str, Interval]
    candidates: tuple[dict[str, Any], ...]
    verdict: str
    warnings: tuple[str, ...]
    importance: dict[str, float]
    reliability: tuple[dict[str, float], ...]
    gains: tuple[dict[str, float], ...]
    parameters: dict[str, Any]
    libraries: dict[str, str]
    data: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Give the plain JSON form."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lists = {name: list(value) for name, value in plain.items() if isinstance(value, tuple)}
        return plain | lists | {"metrics": {name: figure.to_dict() for name, figure in self.metrics.items()}}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> TrainingReport:
        """Build from :meth:`to_dict`."""
        values = {name: state[name] for name in cls.__dataclass_fields__}
        values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        values["metrics"] = {name: Interval.from_dict(figure) for name, figure in state["metrics"].items()}
        return cls(**values)


@dataclass(frozen=True)
class Prediction:
    """What a model says of leads.

    Parameters
    ----------
    probability : ndarray of shape (n_leads,), in (0, 1)
    contributions : DataFrame of shape (n_leads, n_source_columns) or None
        Log-odds; base + row sum = logit(probability).
    base : float
        Log-odds before any column speaks.
    unknown : dict of str to int
        Leads per category column whose value the model has not learnt.
    missing_columns : tuple of str
        Trained columns this frame does not have.
    """

    probability: Floats
    contributions: pd.DataFrame | None
    base: float
    unknown: dict[str, int] = field(default_factory=dict)
    missing_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainedModel:
    """A calibrated model with the report of its training.

    Parameters
    ----------
    held_out : DataFrame with columns ``y`` and ``probability``, indexed by lead, or None
        The test leads, there after training only; not part of the artefact.
    """

    algorithm: Algorithm
    encoder: Encoder
    kinds: dict[str, Kind]
    estimator: Estimator
    calibration: Calibration
    report: TrainingReport
    held_out: pd.DataFrame | None = field(default=None, compare=False, repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the source columns the model reads."""
        return self.encoder.sources

    @property
    def base(self) -> float:
        """Calibrated log-odds before any column speaks."""
        return float(self.calibration.logit(np.array(self.estimator.base)))

    def predict(self, features: pd.DataFrame, contributions: bool = True) -> Prediction:
        """Score leads; columns that are missing count as missing values and are reported.

        Parameters
        ----------
        features : DataFrame of shape (n_leads, any)
        contributions : bool
            False is quicker.

        Returns
        -------
        Prediction
        """
        encoded = self.encoder.encode(features)
        probability = self.calibration.probability(self.estimator.margin(encoded.codes))
        shares = self._contributions(encoded.codes, features.index) if contributions else None
        return Prediction(probability, shares, self.base, encoded.unknown, encoded.missing_columns)

    def _contributions(self, codes: Codes, index: pd.Index) -> pd.DataFrame:
        raw = self.estimator.contributions(codes)
        summed = explanation.to_sources(raw, self.encoder.owners, self.calibration.slope)
        return pd.DataFrame(summed, index=index, columns=list(self.columns))


@dataclass(frozen=True)
class _Trial:
    """A candidate's scores on the folds, and the margins of leads it was not fitted on."""

    candidate: Candidate
    precisions: Floats
    margins: Floats
    y: Floats
    area: float
    area_error: float


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
    pairs = _candidate_pairs(options, outcome)
    leads = features.iloc[decided]
    times, groups = (None if part is None else part.iloc[decided] for part in (times, groups))

    progress(0.02, "Setting test leads aside")
    split = splits.split_test(outcome, times, groups, random_state=options.random_state)
    learnt, tested = leads.iloc[split.train], leads.iloc[split.test]
    y_train, y_test = outcome[split.train], outcome[split.test]

    progress(0.05, "Looking for columns that know the outcome")
    found = _screen(learnt, kinds, y_train, labels, sources, options)
    used = [name for name in leads.columns if name not in found.columns_set_aside]
    encoder = fit_encoder(learnt[used], kinds)
    codes = encoder.encode(learnt).codes

    keys = splits.group_keys(groups)
    trials = _try_all(pairs, codes, y_train, split.kind, None if keys is None else keys[split.train], options, progress)
    best = _choose(trials, forward=split.kind == "forward")

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
        candidates=tuple(_marked(trial.candidate, best.candidate).to_dict() for trial in trials),
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


def installed_libraries() -> dict[str, str]:
    """Give the versions of the libraries a model depends on."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


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


def _candidate_pairs(options: TrainingOptions, y: Floats) -> list[tuple[Algorithm, Balance]]:
    """List what to try: everything for ``auto``, logistic regression alone where outcomes are few."""
    algorithm = _option(Algorithm, options.algorithm, "algorithm")
    balance = _option(Balance, options.balance, "balance")
    if algorithm is None and min(y.sum(), (1 - y).sum()) < MIN_FOR_TREES:
        algorithm = Algorithm.LOGISTIC
    pairs = [pair for pair in AUTO_CANDIDATES if algorithm in (None, pair[0])]
    if algorithm is not None and not pairs:
        pairs = [(algorithm, Balance.NONE)]
    if balance is not None:
        pairs = list(dict.fromkeys((name, balance) for name, _ in pairs))
    return pairs


def _option(choices: type[Choice], name: str, what: str) -> Choice | None:
    if name == "auto":
        return None
    try:
        return choices(name)
    except ValueError:
        known = ", ".join(["auto", *choices])
        raise InvalidRequest("unknown_option", f"There is no {what} “{name}”.", f"Choose one of {known}.") from None


def _screen(
    leads: pd.DataFrame,
    kinds: Mapping[str, Kind],
    y: Floats,
    labels: Mapping[str, str],
    sources: Mapping[str, tuple[str, ...]] | None,
    options: TrainingOptions,
) -> Screen:
    """Screen the columns, then let the person's own decisions win."""
    keep = _resolve(options.keep, leads.columns, labels, sources)
    drop = _resolve(options.drop, leads.columns, labels, sources)
    dropped = tuple(
        Finding(name, labels.get(name, name), leakage.Cause.DROPPED, "Left out on request.")
        for name in leads.columns
        if name in drop or (set((sources or {}).get(name, ())) & drop and name not in keep)
    )
    left = leads.drop(columns=[finding.column for finding in dropped])
    found = leakage.screen(left, kinds, y, labels=labels, sources=sources, random_state=options.random_state)
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


def _try_all(
    pairs: Sequence[tuple[Algorithm, Balance]],
    codes: Codes,
    y: Floats,
    kind: str,
    keys: Rows | None,
    options: TrainingOptions,
    progress: Progress,
) -> list[_Trial]:
    rows = _choosing_rows(len(y), options.random_state)
    codes, y, keys = codes.rows(rows), y[rows], None if keys is None else keys[rows]
    repeats = REPEATS if len(y) < REPEAT_BELOW_ROWS else 1
    parts = splits.folds(y, kind, keys, random_state=options.random_state, repeats=repeats)
    trials = []
    for number, (algorithm, balance) in enumerate(pairs):
        progress(0.10 + 0.70 * number / len(pairs), f"Trying {algorithm} ({balance})")
        trials.append(_try_one(algorithm, balance, codes, y, parts, options.random_state))
    return trials


def _choosing_rows(rows: int, random_state: int) -> Rows:
    if rows <= CHOOSING_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(random_state).choice(rows, CHOOSING_ROWS, replace=False))


def _try_one(
    algorithm: Algorithm, balance: Balance, codes: Codes, y: Floats, parts: Sequence[tuple[Rows, Rows]], seed: int
) -> _Trial:
    margins = []
    for fitting, judging in parts:
        estimator = algorithms.fit(algorithm, codes.rows(fitting), y[fitting], balance, random_state=seed)
        margins.append(estimator.margin(codes.rows(judging)))
    outcomes = [y[judging] for _, judging in parts]
    precisions = np.array([evaluation.average_precision(o, m) for o, m in zip(outcomes, margins, strict=True)])
    areas = np.array([evaluation.roc_auc(o, m) for o, m in zip(outcomes, margins, strict=True)])
    certainty = np.array([evaluation.auc_error_by_chance(o) ** -2 for o in outcomes])
    area = float((areas * certainty).sum() / certainty.sum())
    spread = float(1.96 * precisions.std(ddof=1) / np.sqrt(len(parts))) if len(parts) > 1 else 0.0
    mean = float(precisions.mean())
    candidate = Candidate(algorithm, balance, Interval(mean, max(0.0, mean - spread), min(1.0, mean + spread)), area)
    # repeated folds judge the same leads again, which adds no certainty
    judged = len({int(row) for _, judging in parts for row in judging}) / sum(map(len, outcomes))
    error = float((certainty.sum() * judged) ** -0.5)
    return _Trial(candidate, precisions, np.concatenate(margins), np.concatenate(outcomes), area, error)


def _choose(trials: Sequence[_Trial], *, forward: bool) -> _Trial:
    """Take the best average precision, or the simplest whose distance to it may be chance."""
    best = max(trials, key=lambda trial: trial.candidate.average_precision.value)
    simplicity = [*Algorithm, *Balance]
    tied = [
        trial.candidate
        for trial in trials
        if _within_chance(best, trial, FORWARD_ERRORS if forward else SHUFFLED_ERRORS)
    ]
    chosen = min(tied, key=lambda c: (simplicity.index(c.algorithm), simplicity.index(c.balance)))
    return next(trial for trial in trials if trial.candidate is chosen)


def _within_chance(best: _Trial, other: _Trial, errors: float) -> bool:
    gap = best.precisions - other.precisions
    if len(gap) < 2:
        return best is other
    return bool(gap.mean() <= errors * gap.std(ddof=1) / np.sqrt(len(gap)))


def _fit(best: _Trial, encoder: Encoder, codes: Codes, y: Floats, unseen: _Unseen, options: TrainingOptions) -> _Fitted:
    candidate = best.candidate
    estimator = algorithms.fit(candidate.algorithm, codes, y, candidate.balance, random_state=options.random_state)
    return _Fitted(encoder, estimator, fit_calibration(unseen.margins, unseen.y))


def _importance(fitted: _Fitted, codes: Codes) -> dict[str, float]:
    sample = codes.rows(np.linspace(0, len(codes) - 1, min(len(codes), IMPORTANCE_ROWS)).astype(np.intp))
    raw = fitted.estimator.contributions(sample)
    shares = explanation.to_sources(raw, fitted.encoder.owners, fitted.calibration.slope)
    return explanation.importance(pd.DataFrame(shares, columns=list(fitted.encoder.sources)))


def _marked(candidate: Candidate, chosen: Candidate) -> Candidate:
    return Candidate(
        candidate.algorithm, candidate.balance, candidate.average_precision, candidate.roc_auc, candidate is chosen
    )


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


def _verdict(best: _Trial, metrics: Mapping[str, Interval], y_test: Floats, warnings: Sequence[str]) -> Verdict:
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


__all__ = [
    "Candidate", "Prediction", "TrainedModel", "TrainingOptions", "TrainingReport", "Verdict", "installed_libraries",
    "train",
]  # fmt: skip

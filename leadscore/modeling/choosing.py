"""Candidates are tried on folds of the training leads; the best one is chosen, a tie goes to the simpler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np

from leadscore.errors import InvalidRequest
from leadscore.modeling import algorithms, evaluation, splits
from leadscore.modeling.algorithms import Algorithm
from leadscore.modeling.balancing import Balance
from leadscore.modeling.encoding import Codes, Floats, Rows
from leadscore.modeling.evaluation import Interval

MIN_FOR_TREES = 200
CHOOSING_ROWS = 20_000
"""Candidates are compared on at most this many leads; the one chosen is fitted on all."""
REPEAT_BELOW_ROWS = 2_000
REPEATS = 3
SHUFFLED_ERRORS = 1.0
FORWARD_ERRORS = 2.13
"""A candidate must lead by this many standard errors of the folds to displace a simpler one. Forward it is the 95 %
point of Student's t over five folds: the time to come may differ from each of them."""

AUTO_CANDIDATES = (
    (Algorithm.LOGISTIC, Balance.NONE),
    (Algorithm.XGBOOST, Balance.NONE),
    (Algorithm.XGBOOST, Balance.SMOTE),
    (Algorithm.FOREST, Balance.NONE),
)

Choice = TypeVar("Choice", bound=StrEnum)
Progress = Callable[[float, str], None]


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
class Trial:
    """A candidate's scores on the folds, and the margins of leads it was not fitted on."""

    candidate: Candidate
    precisions: Floats
    margins: Floats
    y: Floats
    area: float
    area_error: float


def candidate_pairs(algorithm_name: str, balance_name: str, y: Floats) -> list[tuple[Algorithm, Balance]]:
    """List what to try: everything for ``auto``, logistic regression alone where outcomes are few."""
    algorithm = _option(Algorithm, algorithm_name, "algorithm")
    balance = _option(Balance, balance_name, "balance")
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


def try_all(
    pairs: Sequence[tuple[Algorithm, Balance]],
    codes: Codes,
    y: Floats,
    kind: str,
    keys: Rows | None,
    random_state: int,
    progress: Progress,
) -> list[Trial]:
    """Judge every candidate on the same folds of the training leads."""
    rows = _choosing_rows(len(y), random_state)
    codes, y, keys = codes.rows(rows), y[rows], None if keys is None else keys[rows]
    repeats = REPEATS if len(y) < REPEAT_BELOW_ROWS else 1
    parts = splits.folds(y, kind, keys, random_state=random_state, repeats=repeats)
    trials = []
    for number, (algorithm, balance) in enumerate(pairs):
        progress(0.10 + 0.70 * number / len(pairs), f"Trying {algorithm} ({balance})")
        trials.append(_try_one(algorithm, balance, codes, y, parts, random_state))
    return trials


def _choosing_rows(rows: int, random_state: int) -> Rows:
    if rows <= CHOOSING_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(random_state).choice(rows, CHOOSING_ROWS, replace=False))


def _try_one(
    algorithm: Algorithm, balance: Balance, codes: Codes, y: Floats, parts: Sequence[tuple[Rows, Rows]], seed: int
) -> Trial:
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
    return Trial(candidate, precisions, np.concatenate(margins), np.concatenate(outcomes), area, error)


def choose(trials: Sequence[Trial], *, forward: bool) -> Trial:
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


def _within_chance(best: Trial, other: Trial, errors: float) -> bool:
    gap = best.precisions - other.precisions
    if len(gap) < 2:
        return best is other
    return bool(gap.mean() <= errors * gap.std(ddof=1) / np.sqrt(len(gap)))


def marked(candidate: Candidate, chosen: Candidate) -> Candidate:
    """Say of a candidate whether it is the chosen one."""
    return Candidate(
        candidate.algorithm, candidate.balance, candidate.average_precision, candidate.roc_auc, candidate is chosen
    )

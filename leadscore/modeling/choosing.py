"""Candidates are tried on folds of the training leads; the best one is chosen, a tie goes to the simpler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np

from leadscore.errors import InvalidRequest
from leadscore.modeling import algorithms, evaluation, splits
from leadscore.modeling.algorithms import Algorithm, Estimator
from leadscore.modeling.algorithms.fitting import Settings
from leadscore.modeling.balancing import Balance
from leadscore.modeling.encoding import Codes, Floats, Rows
from leadscore.modeling.evaluation import Interval

MIN_FOR_TREES = 200
MIN_FOR_NETWORK = 2_500
CHOOSING_ROWS = 20_000
"""Candidates are compared on at most this many leads; the one chosen is fitted on all."""
REPEAT_BELOW_ROWS = 2_000
REPEATS = 3
FOLDS_OF_A_LONE_CANDIDATE = 3
ROWS_OF_A_LONE_CANDIDATE = 10_000
"""Nothing hangs on the folds of a candidate without rivals but its calibration."""
EVEN_SHARE = 0.3
"""Above this share of the rarer outcome there is nothing to balance."""
SHUFFLED_ERRORS = 1.0
FORWARD_ERRORS = 2.13
"""A candidate must lead by this many standard errors of the folds to displace a simpler one. Forward it is the 95 %
point of Student's t over five folds: the time to come may differ from each of them."""

AUTO_CANDIDATES = (
    (Algorithm.LOGISTIC, Balance.NONE),
    (Algorithm.ADDITIVE, Balance.NONE),
    (Algorithm.XGBOOST, Balance.NONE),
    (Algorithm.XGBOOST, Balance.WEIGHTS),
    (Algorithm.XGBOOST, Balance.SMOTE),
    (Algorithm.FOREST, Balance.NONE),
    (Algorithm.AVERAGE, Balance.NONE),
    (Algorithm.NEURAL, Balance.NONE),
)

Choice = TypeVar("Choice", bound=StrEnum)
Progress = Callable[[float, str], None]


def silent(fraction: float, message: str) -> None:
    """Report no progress."""


@dataclass(frozen=True)
class Budget:
    """How long candidates may be tried.

    Parameters
    ----------
    seconds : float or None
        None is as long as it takes.
    elapsed : callable() -> float
        Seconds since the training began; the caller owns the clock.
    """

    seconds: float | None = None
    elapsed: Callable[[], float] = lambda: 0.0

    def left(self) -> bool:
        """Say whether there is time for one more."""
        return self.seconds is None or self.elapsed() < self.seconds


@dataclass(frozen=True)
class Candidate:
    """One algorithm and balance, judged on the folds, or skipped when time was up."""

    algorithm: Algorithm
    balance: Balance
    settings: Settings
    average_precision: Interval | None = None
    roc_auc: float | None = None
    chosen: bool = False

    @property
    def simplicity(self) -> tuple[int, int, int]:
        """Order among candidates: the smaller is the simpler."""
        settings = algorithms.settings_of(self.algorithm)
        return [*Algorithm].index(self.algorithm), [*Balance].index(self.balance), settings.index(self.settings)

    def to_dict(self) -> dict[str, Any]:
        """Give the plain JSON form."""
        return {
            "algorithm": str(self.algorithm),
            "balance": str(self.balance),
            "settings": dict(self.settings),
            "roc_auc": self.roc_auc,
            "average_precision": self.average_precision.to_dict() if self.average_precision else None,
            "chosen": self.chosen,
            "skipped": self.average_precision is None,
        }


@dataclass(frozen=True)
class Folds:
    """Training leads, at most so many as choosing needs, and how they are divided to judge candidates.

    Parameters
    ----------
    rows : ndarray of int
        Their positions among all training leads.
    codes : Codes of n_leads
    y : ndarray of shape (n_leads,)
    parts : tuple of (fitting positions, judging positions)
    forward : bool
        Whether each part is judged on leads that came later.
    """

    rows: Rows
    codes: Codes
    y: Floats
    parts: tuple[tuple[Rows, Rows], ...]
    forward: bool


@dataclass(frozen=True)
class Trial:
    """A candidate's scores on the folds, and the margins of leads it was not fitted on."""

    candidate: Candidate
    precisions: Floats
    margins: Floats
    y: Floats
    area: float
    area_error: float

    @property
    def area_errors(self) -> float:
        """How many standard errors the area lies above one half."""
        return (self.area - 0.5) / self.area_error


@dataclass(frozen=True)
class Choosing:
    """What was chosen, and every candidate with what it reached."""

    best: Trial
    candidates: tuple[Candidate, ...]


def candidates_of(algorithm_name: str, balance_name: str, y: Floats) -> list[Candidate]:
    """List what to try: everything for ``auto``, logistic regression alone where outcomes are few.

    Raises
    ------
    InvalidRequest
        ``unknown_option``.
    """
    algorithm = _option(Algorithm, algorithm_name, "algorithm")
    balance = _option(Balance, balance_name, "balance")
    if algorithm is None and min(y.sum(), (1 - y).sum()) < MIN_FOR_TREES:
        algorithm = Algorithm.LOGISTIC
    uneven = min(y.mean(), 1 - y.mean()) < EVEN_SHARE
    pairs = [pair for pair in AUTO_CANDIDATES if algorithm in (None, pair[0]) and (uneven or pair[1] is Balance.NONE)]
    if algorithm is None and len(y) < MIN_FOR_NETWORK:
        pairs = [pair for pair in pairs if pair[0] is not Algorithm.NEURAL]
    if balance is not None:
        pairs = list(dict.fromkeys((name, balance) for name, _ in pairs))
    return [Candidate(name, how, algorithms.settings_of(name)[0]) for name, how in pairs]


def _option(choices: type[Choice], name: str, what: str) -> Choice | None:
    if name == "auto":
        return None
    try:
        return choices(name)
    except ValueError:
        known = ", ".join(["auto", *choices])
        raise InvalidRequest("unknown_option", f"There is no {what} “{name}”.", f"Choose one of {known}.") from None


def make_folds(codes: Codes, y: Floats, kind: str, keys: Rows | None, *, random_state: int,
               alone: bool = False) -> Folds:
    """Divide training leads the way the test leads were divided from them.

    Parameters
    ----------
    codes : Codes of n_leads
    y : ndarray of shape (n_leads,), 0 or 1
        In the order of time for ``kind="forward"``.
    kind : str
        As in :class:`leadscore.modeling.splits.Split`.
    keys : ndarray of shape (n_leads,) or None
        Leads with one key stay together.
    random_state : int
    alone : bool
        Whether one candidate only is to be judged, for which fewer leads and folds do.
    """
    rows = _choosing_rows(len(y), ROWS_OF_A_LONE_CANDIDATE if alone else CHOOSING_ROWS, random_state)
    codes, y, keys = codes.rows(rows), y[rows], None if keys is None else keys[rows]
    repeats = REPEATS if len(y) < REPEAT_BELOW_ROWS else 1
    parts = splits.folds(y, kind, keys, random_state=random_state, repeats=repeats)
    parts = parts[-FOLDS_OF_A_LONE_CANDIDATE:] if alone else parts
    return Folds(rows, codes, y, tuple(parts), kind == "forward")


def choose(wanted: Sequence[Candidate], folds: Folds, *, random_state: int, budget: Budget,
           progress: Progress) -> Choosing:
    """Try candidates, then other settings of the best one, and take the best, or a simpler one as good.

    Parameters
    ----------
    wanted : sequence of Candidate, at least one
        The first is tried in any case, the others while the budget lasts.
    folds : Folds
    progress : callable(fraction in [0, 1], message)
    """
    trials, skipped = _try_all(wanted, folds, random_state, budget, progress)
    best = _best_of(trials, forward=folds.forward)
    if len(wanted) > 1:
        first = best.candidate
        others = [replace(first, settings=other, average_precision=None, roc_auc=None)
                  for other in algorithms.settings_of(first.algorithm)[1:]]
        tuned, late = _try_all(others, folds, random_state, budget, lambda part, text: progress(0.85 + part / 7, text))
        skipped += late
        best = _best_of([best, *tuned], forward=folds.forward)
        trials += tuned
    judged = [replace(trial.candidate, chosen=trial is best) for trial in trials]
    return Choosing(best, (*judged, *skipped))


def _try_all(wanted: Sequence[Candidate], folds: Folds, random_state: int, budget: Budget,
             progress: Progress) -> tuple[list[Trial], list[Candidate]]:
    trials: list[Trial] = []
    skipped: list[Candidate] = []
    for number, candidate in enumerate(wanted):
        if not budget.left() and (trials or candidate.settings != algorithms.settings_of(candidate.algorithm)[0]):
            skipped.append(candidate)
            continue
        progress(0.85 * number / len(wanted), f"Trying {_in_words(candidate)}")
        trials.append(_try_one(candidate, folds, random_state))
    return trials, skipped


def _in_words(candidate: Candidate) -> str:
    how = "" if candidate.balance is Balance.NONE else f" with {candidate.balance}"
    return f"{candidate.algorithm}{how}"


def _choosing_rows(rows: int, most: int, random_state: int) -> Rows:
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(random_state).choice(rows, most, replace=False))


def fit(candidate: Candidate, codes: Codes, y: Floats, *, random_state: int, rounds: int | None = None) -> Estimator:
    """Fit a candidate, the same way wherever it is fitted."""
    return algorithms.fit(candidate.algorithm, codes, y, candidate.balance, random_state=random_state,
                          settings=candidate.settings, rounds=rounds)


def _try_one(candidate: Candidate, folds: Folds, random_state: int) -> Trial:
    margins, outcomes = [], []
    rounds = None
    for fitting, judging in folds.parts:
        # the first, in time the earliest, finds the rounds for all: looking again costs as much as fitting
        estimator = fit(candidate, folds.codes.rows(fitting), folds.y[fitting], random_state=random_state,
                        rounds=rounds)
        rounds = estimator.rounds
        margins.append(estimator.margin(folds.codes.rows(judging)))
        outcomes.append(folds.y[judging])
    precisions = np.array([evaluation.average_precision(o, m) for o, m in zip(outcomes, margins, strict=True)])
    areas = np.array([evaluation.roc_auc(o, m) for o, m in zip(outcomes, margins, strict=True)])
    certainty = np.array([evaluation.auc_error_by_chance(o) ** -2 for o in outcomes])
    area = float((areas * certainty).sum() / certainty.sum())
    # repeated folds judge the same leads again, which adds no certainty
    judged = len({int(row) for _, judging in folds.parts for row in judging}) / sum(map(len, outcomes))
    error = float((certainty.sum() * judged) ** -0.5)
    reached = replace(candidate, average_precision=mean_interval(precisions), roc_auc=area)
    return Trial(reached, precisions, np.concatenate(margins), np.concatenate(outcomes), area, error)


def mean_interval(values: Floats) -> Interval:
    """Give the mean over folds and its 95 % interval, for figures in [0, 1]."""
    mean = float(values.mean())
    spread = float(1.96 * values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
    return Interval(mean, max(0.0, mean - spread), min(1.0, mean + spread))


def _best_of(trials: Sequence[Trial], *, forward: bool) -> Trial:
    """Take the best average precision, or the simplest whose distance to it may be chance."""
    best = max(trials, key=lambda trial: float(trial.precisions.mean()))
    errors = FORWARD_ERRORS if forward else SHUFFLED_ERRORS
    tied = [trial for trial in trials if _within_chance(best, trial, errors)]
    return min(tied, key=lambda trial: trial.candidate.simplicity)


def _within_chance(best: Trial, other: Trial, errors: float) -> bool:
    gap = best.precisions - other.precisions
    if len(gap) < 2:
        return best is other
    return bool(gap.mean() <= errors * gap.std(ddof=1) / np.sqrt(len(gap)))

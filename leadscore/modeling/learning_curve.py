"""How good a model gets with more leads: fitted on growing parts of the training leads, and what more would bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from leadscore.modeling import evaluation
from leadscore.modeling.algorithms import Estimator
from leadscore.modeling.encoding import Codes, Floats, Rows

SHARES = (0.2, 0.5)
MOST_FOLDS = 3
MORE_OUTCOMES = 500
FEWEST_OF_EACH = 10
WORTH_WAITING_FOR = 0.01
"""A gain in average precision below this changes no list that people would notice."""
LEAST_SAID = 0.001
NORMAL_95 = 1.96

Fit = Callable[[Codes, Floats], Estimator]


@dataclass(frozen=True)
class LearningPoint:
    """What fits on so many leads reached, averaged over folds.

    Parameters
    ----------
    rows : int
        Leads fitted on.
    outcomes : int
        Those of the rarer outcome among them.
    average_precision, low, high : float
        Mean over the folds and its 95 % interval.
    """

    rows: int
    outcomes: int
    average_precision: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Give the plain JSON form."""
        return asdict(self)


@dataclass(frozen=True)
class Expectation:
    """What a training with more decided leads is expected to reach, told in a sentence too."""

    more_outcomes: int
    average_precision: float
    low: float
    high: float
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Give the plain JSON form."""
        return asdict(self)


@dataclass(frozen=True)
class LearningCurve:
    """Points by growing number of leads, and what more leads are expected to bring; None where that cannot be told."""

    points: tuple[LearningPoint, ...]
    expectation: Expectation | None


def learning_curve(
    fit: Fit,
    codes: Codes,
    y: Floats,
    parts: Sequence[tuple[Rows, Rows]],
    precisions: Floats,
    *,
    rows: int,
    random_state: int,
) -> LearningCurve:
    """Fit on growing parts of the same folds and judge on the same leads.

    Parameters
    ----------
    fit : callable(codes, y) -> Estimator
    codes : Codes of n_leads
    y : ndarray of shape (n_leads,), 0 or 1
    parts : sequence of (fitting positions, judging positions)
        The folds, forward ones in the order of time; the last few are used.
    precisions : ndarray of shape (n_folds,)
        What fits on the whole fitting positions reached.
    rows : int
        Decided leads the finished model learns from, where the expectation starts.
    random_state : int

    Returns
    -------
    LearningCurve
    """
    parts, whole = parts[-MOST_FOLDS:], precisions[-MOST_FOLDS:]
    rng = np.random.default_rng(random_state)
    orders = [rng.permutation(fitting) for fitting, _ in parts]
    sizes: list[Floats] = []
    reached: list[Floats] = []
    for share in SHARES:
        subsets = [order[: round(share * len(order))] for order in orders]
        if all(_enough(y[subset]) for subset in subsets):
            fits = zip(subsets, parts, strict=True)
            scored = [_precision(fit, codes, y, subset, judging) for subset, (_, judging) in fits]
            sizes.append(np.array([len(subset) for subset in subsets]))
            reached.append(np.array(scored))
    sizes.append(np.array([len(fitting) for fitting, _ in parts]))
    reached.append(np.asarray(whole))
    rare = min(y.mean(), 1 - y.mean())
    points = tuple(_point(size, values, rare) for size, values in zip(sizes, reached, strict=True))
    return LearningCurve(points, _expectation(np.array(sizes, dtype=float), np.array(reached), rows))


def _enough(y: Floats) -> bool:
    return bool(min(y.sum(), (1 - y).sum()) >= FEWEST_OF_EACH)


def _precision(fit: Fit, codes: Codes, y: Floats, subset: Rows, judging: Rows) -> float:
    estimator = fit(codes.rows(subset), y[subset])
    return evaluation.average_precision(y[judging], estimator.margin(codes.rows(judging)))


def _point(sizes: Floats, precisions: Floats, rare: float) -> LearningPoint:
    rows, mean = round(float(sizes.mean())), float(precisions.mean())
    half = _half_width(precisions)
    return LearningPoint(rows, round(rows * rare), mean, max(0.0, mean - half), min(1.0, mean + half))


def _half_width(values: Floats) -> float:
    return float(NORMAL_95 * values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def _expectation(sizes: Floats, reached: Floats, rows: int) -> Expectation | None:
    """Extend each fold's line of precision against one over the root of the number of leads.

    References
    ----------
    Cortes et al. (1993), Learning Curves: Asymptotic Values and Rate of Convergence, with the exponent held at one
    half: four points carry no third parameter.
    """
    if len(sizes) < 3:
        return None
    slopes = np.array([np.polyfit(size**-0.5, values, 1)[0] for size, values in zip(sizes.T, reached.T, strict=True)])
    # more leads of the same kind do no harm, so a curve that falls is taken as flat
    gains = np.maximum(0.0, -slopes) * (rows**-0.5 - (rows + MORE_OUTCOMES) ** -0.5)
    so_far = np.maximum(0.0, -slopes) * (sizes[-1] ** -0.5 - rows**-0.5)
    then = reached[-1] + so_far + gains
    mean, half, gain = float(then.mean()), _half_width(then), float(gains.mean())
    return Expectation(
        MORE_OUTCOMES, min(1.0, mean), max(0.0, mean - half), min(1.0, mean + half), _sentence(mean, gain, half))


def _sentence(mean: float, gain: float, half: float) -> str:
    if gain < WORTH_WAITING_FOR:
        added = f"about {gain:.3f}" if gain >= LEAST_SAID else f"less than {LEAST_SAID}"
        return (f"{MORE_OUTCOMES} more decided leads would hardly help (they add {added} to the average precision): "
                "another kind of information about the leads might.")
    return (f"With {MORE_OUTCOMES} more decided leads expect an average precision of {mean:.2f} "
            f"({max(0.0, mean - half):.2f} to {min(1.0, mean + half):.2f}), {gain:.2f} more than now.")

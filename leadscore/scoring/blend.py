"""Rules and model in, one score out, with points per factor that add up to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.scoring.inputs import ModelView
from leadscore.scoring.policy import Policy
from leadscore.scoring.scorecard import RuleScores

WHOLE = 100.0
ALPHAS = np.linspace(0, 1, 21)
TOP = 0.2
TIE = 0.002
"""Differences in average precision below this are noise; the model wins them."""
SMALL = 1e-6
FARTHEST_LOGIT = 36.0


@dataclass(frozen=True)
class Blend:
    """The one score and where it comes from.

    Parameters
    ----------
    blended : Series of shape (n_leads,), in [0, 100]
    adjusted_probability : Series of shape (n_leads,) or None
        The model's probability after a person's weights.
    alpha : float
        Share of the rules that was used; 1 without a model.
    base : float
        Points every lead has; base + rule points + model points = ``blended``.
    rule_points : DataFrame of shape (n_leads, n_criteria)
        Already multiplied by alpha.
    model_points : DataFrame of shape (n_leads, n_columns) or None
        Already multiplied by 1 - alpha; None when the contributions were not asked for.
    """

    blended: pd.Series
    adjusted_probability: pd.Series | None
    alpha: float
    base: float
    rule_points: pd.DataFrame
    model_points: pd.DataFrame | None


@dataclass(frozen=True)
class Suggestion:
    """The blend that ranked held-out leads best, and how every other did."""

    alpha: float
    curve: pd.DataFrame


def blend(rules: RuleScores, prediction: ModelView | None, policy: Policy) -> Blend:
    """Blend rule score and model: ``alpha * rule + (1 - alpha) * 100 * adjusted probability``.

    Weights scale the model's contributions in log-odds: adjusted logit = base + sum(w * phi). On the 0-100 scale a
    contribution is worth ``phi * 100 * (sigmoid(b + S) - sigmoid(b)) / S`` points.

    References
    ----------
    Aumann, R. and Shapley, L. (1974), Values of Non-Atomic Games: the value of a composition with a linear form.

    Raises
    ------
    InvalidRequest
        Weights are in force but the model gave no contributions.
    """
    if prediction is None:
        return Blend(rules.rule_score.rename("blended"), None, 1.0, rules.base, rules.points, None)
    index = rules.rule_score.index
    alpha = policy.alpha
    base, points, adjusted = _model_side(prediction, policy, index)
    blended = alpha * rules.rule_score + (1 - alpha) * WHOLE * adjusted
    return Blend(
        blended=blended.clip(0, WHOLE).rename("blended"), adjusted_probability=adjusted, alpha=alpha,
        base=alpha * rules.base + (1 - alpha) * base, rule_points=rules.points * alpha,
        model_points=None if points is None else points * (1 - alpha))


def has_weights(policy: Policy) -> bool:
    """Say whether a person has moved any factor away from what the data say."""
    return bool(policy.switched_off) or any(weight != 1 for weight in policy.factor_weights.values())


def suggest_alpha(rule_score: pd.Series, probability: pd.Series, y: pd.Series) -> Suggestion:
    """Find the share of rules that would have ranked held-out leads best.

    Parameters
    ----------
    rule_score : Series of shape (n,), in [0, 100]
    probability : Series of shape (n,), in [0, 1]
    y : Series of shape (n,)
        1 converted, 0 lost.

    Returns
    -------
    Suggestion
        ``curve`` has columns ``alpha``, ``average_precision`` and ``capture_at_20``; ties go to the model.
    """
    outcome = y.to_numpy(dtype=float)
    rows = []
    for alpha in ALPHAS:
        mixed = alpha * rule_score.to_numpy() + (1 - alpha) * WHOLE * probability.to_numpy()
        # among equal scores the lost come first: the order of the file must not flatter a blend
        ranked = outcome[np.lexsort((outcome, -mixed))]
        rows.append((float(alpha), _average_precision(ranked), _capture(ranked)))
    curve = pd.DataFrame(rows, columns=["alpha", "average_precision", "capture_at_20"])
    good_enough = curve["average_precision"] >= curve["average_precision"].max() - TIE
    return Suggestion(float(curve.loc[good_enough, "alpha"].min()) if len(outcome) else 0.5, curve)


def _model_side(prediction: ModelView, policy: Policy, index: pd.Index) -> tuple[float, pd.DataFrame | None, pd.Series]:
    base = WHOLE * float(_sigmoid(np.array(prediction.base)))
    if prediction.contributions is None:
        if has_weights(policy):
            raise InvalidRequest("no_contributions", "Weights need the model's contributions.",
                                 "Set the weights back to 1.")
        return base, None, pd.Series(np.asarray(prediction.probability, dtype=float), index=index)
    weights = np.array([policy.weight_of(str(name)) for name in prediction.contributions.columns])
    shares = prediction.contributions.to_numpy(dtype=float) * weights
    moved = shares.sum(axis=1)
    if has_weights(policy):
        adjusted = _sigmoid(prediction.base + moved)
    else:
        # the model's own figure, so that a scoring without contributions gives the same to the last digit
        adjusted = np.asarray(prediction.probability, dtype=float)
    points = pd.DataFrame(shares * _rate(prediction.base, moved, adjusted)[:, None], index=index,
                          columns=prediction.contributions.columns)
    return base, points, pd.Series(adjusted, index=index)


def _rate(base: float, moved: np.ndarray, adjusted: np.ndarray) -> np.ndarray:
    """Points per unit of log-odds for each lead; its limit where nothing moves is the slope at the base."""
    start = float(_sigmoid(np.array(base)))
    still = np.abs(moved) < SMALL
    slope = np.full(len(moved), WHOLE * start * (1 - start))
    return np.where(still, slope, WHOLE * (adjusted - start) / np.where(still, 1.0, moved))


def _sigmoid(logit: np.ndarray) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -FARTHEST_LOGIT, FARTHEST_LOGIT))))


def _average_precision(ranked: np.ndarray) -> float:
    positives = ranked.sum()
    if not positives:
        return 0.0
    precision = ranked.cumsum() / np.arange(1, len(ranked) + 1)
    return float((precision * ranked).sum() / positives)


def _capture(ranked: np.ndarray) -> float:
    positives = ranked.sum()
    return float(ranked[:int(np.ceil(len(ranked) * TOP))].sum() / positives) if positives else 0.0

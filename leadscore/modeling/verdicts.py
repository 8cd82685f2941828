"""What the figures of a training allow to say: refusals before it, warnings and a verdict after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from leadscore.errors import InvalidRequest
from leadscore.modeling import evaluation
from leadscore.modeling.choosing import MIN_FOR_TREES, Trial
from leadscore.modeling.encoding import Floats
from leadscore.modeling.evaluation import Interval
from leadscore.modeling.leakage import Screen
from leadscore.modeling.report import Verdict

MIN_OUTCOMES = 40
SUSPICIOUS_AUC = 0.95
CHANCE_ERRORS = 3.0
"""How many standard errors an area must lie above one half to count as knowledge."""
BASE_RATE_ERRORS = 4.0
BASE_RATE_MOVE = 0.25


def refuse_too_few(y: Floats) -> None:
    """Refuse to learn from fewer outcomes than a model needs.

    Raises
    ------
    InvalidRequest
        ``too_few_outcomes``.
    """
    positives, negatives = int(y.sum()), int((1 - y).sum())
    if min(positives, negatives) < MIN_OUTCOMES:
        raise InvalidRequest(
            "too_few_outcomes",
            f"There are {positives} converted and {negatives} lost leads; a model needs {MIN_OUTCOMES} of each.",
            "Score by rules until more outcomes are known.",
        )


def warnings_about(
    metrics: Mapping[str, Interval], y_train: Floats, y_test: Floats, found: Screen, y: Floats
) -> tuple[str, ...]:
    """Say what speaks against taking the figures at face value.

    Parameters
    ----------
    metrics : mapping of name to Interval
    y_train, y_test : ndarray, 0 or 1
    found : Screen
    y : ndarray, 0 or 1
        All decided leads.
    """
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


def verdict_of(best: Trial, metrics: Mapping[str, Interval], y_test: Floats, warnings: Sequence[str]) -> Verdict:
    """Judge by folds and test together: noise must not pass because one of them was lucky."""
    area = metrics["roc_auc"].value
    tested = (area - 0.5) / evaluation.auc_error_by_chance(y_test)
    tried = (best.area - 0.5) / best.area_error
    if area <= 0.5 or max(tried, tested - 1) <= CHANCE_ERRORS:
        return Verdict.CHANCE
    sure = min(tried, tested) > 2 and metrics["roc_auc"].low > 0.5
    return Verdict.READY if sure and not warnings else Verdict.CARE

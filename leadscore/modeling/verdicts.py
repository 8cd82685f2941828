"""What the figures of a training allow to say: refusals before it, warnings and a verdict after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from leadscore.errors import InvalidRequest
from leadscore.modeling import evaluation
from leadscore.modeling.choosing import MIN_FOR_TREES
from leadscore.modeling.divided import DividedLeads
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


def warnings_about(metrics: Mapping[str, Interval], leads: DividedLeads, found: Screen) -> tuple[str, ...]:
    """Say what speaks against taking the figures at face value.

    Parameters
    ----------
    metrics : mapping of name to Interval
    leads : DividedLeads
        With outcomes of 0 or 1.
    found : Screen
    """
    said = []
    if moved := moved_share(leads.y_learnt, leads.y_tested, "converted"):
        said.append(f"{moved}: trust the ranking more than the probabilities.")
    if metrics["roc_auc"].value > SUSPICIOUS_AUC:
        said.append(
            f"An AUC of {metrics['roc_auc'].value:.3f} is too good for real leads: a column probably knows the outcome."
        )
    said += suspicion(found, "outcome")
    rarer = int(min(leads.y.sum(), (1 - leads.y).sum()))
    if rarer < MIN_FOR_TREES:
        said.append(
            f"Only {rarer} outcomes of the rarer kind: a simple model with wide intervals is all they can carry."
        )
    return tuple(said)


def moved_share(before: Floats, after: Floats, of_what: str) -> str:
    """Say that a share is another one in the test than it was in training, or nothing while it may be chance.

    Parameters
    ----------
    before, after : ndarray of bool or of 0 and 1
        Of the leads learnt from and of those measured on.
    of_what : str
        What the leads counted are called.
    """
    share, now = float(before.mean()), float(after.mean())
    error = np.sqrt(share * (1 - share) * (1 / len(before) + 1 / len(after)))
    if abs(now - share) <= max(BASE_RATE_ERRORS * error, BASE_RATE_MOVE * share):
        return ""
    return f"The share of {of_what} leads moved from {share:.1%} in training to {now:.1%} in the test"


def suspicion(found: Screen, of_what: str) -> list[str]:
    """Name the columns that were kept although they may be known only after the outcome, or the tier."""
    if not found.suspects:
        return []
    names = ", ".join(f"“{finding.label}”" for finding in found.suspects[:8])
    return [f"Kept, but check that they are known before the {of_what}: {names}."]


def verdict_of(tried: float, area: Interval, y_test: Floats, warnings: Sequence[str]) -> Verdict:
    """Judge by folds and test together: noise must not pass because one of them was lucky.

    Parameters
    ----------
    tried : float
        How many standard errors the area on the folds lies above one half.
    area : Interval
        Area under the curve on the test leads.
    y_test : ndarray, 0 or 1
    warnings : sequence of str
    """
    tested = (area.value - 0.5) / evaluation.auc_error_by_chance(y_test)
    if area.value <= 0.5 or max(tried, tested - 1) <= CHANCE_ERRORS:
        return Verdict.CHANCE
    sure = min(tried, tested) > 2 and area.low > 0.5
    return Verdict.READY if sure and not warnings else Verdict.CARE

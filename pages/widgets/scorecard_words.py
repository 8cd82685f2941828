"""Criteria of a scorecard and what is known of them, as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadscore.services import scorecard
from pages.widgets import words

GROUPS = ("demographic", "firmographic", "behavioural", "engagement", "fit")
FEW_ENDED = 20
SAME_POINTS = 0.06


def told(evidence: scorecard.CriterionEvidence, found: scorecard.ScorecardEvidence) -> str:
    """Say how many leads a criterion hits and how these ended, beside the others."""
    if not found.leads:
        return "No leads yet to hold it against."
    if not evidence.known_field:
        return ":material/info: None of your leads has this column, so it gives nothing to anybody."
    hit = f"Hits {words.counted(evidence.hits, 'lead')} ({words.percent(evidence.share, 0)})"
    if not found.ended:
        return f"{hit}. How many of them convert is told once outcomes are known."
    if evidence.hits < FEW_ENDED:
        return f"{hit}, too few to say how they end."
    if found.leads - evidence.hits < FEW_ENDED:
        return f"{hit}, nearly all: it tells no lead from another."
    return (f"{hit}; **{words.percent(evidence.rate, 0)}** of them converted ({words.percent(evidence.low, 0)} to "
            f"{words.percent(evidence.high, 0)}), {words.percent(evidence.others, 0)} of the others.")


def suggestion(evidence: scorecard.CriterionEvidence, criterion: Mapping[str, Any]) -> str:
    """Say what the data would give, in the form the criterion gives its points; empty when they say nothing."""
    if evidence.points is None or evidence.points_low is None or evidence.points_high is None:
        return ""
    at_most = "at most " if criterion["operator"] == "per_unit" else ""
    between = f"{signed(round(evidence.points_low, 1))} to {signed(round(evidence.points_high, 1))}"
    unsure = ", may be nothing" if evidence.points_low < 0 < evidence.points_high else ""
    return f"The data would give {at_most}**{signed(evidence.points)}** ({between}{unsure})."


def is_taken(evidence: scorecard.CriterionEvidence, criterion: Mapping[str, Any]) -> bool:
    """Say whether a criterion already gives what the data would."""
    most = criterion["cap"] if criterion["operator"] == "per_unit" else abs(criterion["points"])
    given = most if criterion["points"] > 0 else -most
    return evidence.points is not None and abs(given - evidence.points) < SAME_POINTS


def badge(criterion: Mapping[str, Any]) -> str:
    """Give the points of a criterion as a badge."""
    colour = "green" if criterion["points"] > 0 else "red"
    if criterion["operator"] == "per_unit":
        return f":{colour}-badge[{signed(criterion['points'])} each, at most {criterion['cap']:g}]"
    return f":{colour}-badge[{signed(criterion['points'])}]"


def slug(name: str) -> str:
    """Give an id a form that can name a part of a page."""
    return "".join(character if character.isalnum() else "-" for character in name)


def signed(points: float) -> str:
    """Write points with their sign: ``+5`` or ``−2.5``."""
    return f"{points:+.3g}".replace("-", "−") if abs(points) < 100 else f"{points:+,.0f}".replace("-", "−")


def fading(criterion: Mapping[str, Any]) -> str:
    """Say how fast the points fade; empty when they do not."""
    days: Any = criterion.get("half_life_days")
    return f"halves after {days:g} days of silence" if days else ""

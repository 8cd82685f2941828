"""Policies to start from: each gives the settings it changes in a policy at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from leadscore.errors import InvalidRequest, NotFound
from leadscore.schema import Group
from leadscore.scoring.criteria import Criterion
from leadscore.scoring.offer import Offer
from leadscore.scoring.policy import Policy, Thresholds, TierMode
from leadscore.scoring.preset_criteria import (
    CONSUMER_CRITERIA,
    DEFAULT_CRITERIA,
    OFFER_INTENT,
    OFFER_RULES,
    SOFTWARE_CRITERIA,
)
from leadscore.scoring.suggestions import Suggestions, all_taken

DEFAULT_WEIGHTS = {Group.DEMOGRAPHIC: 25.0, Group.FIRMOGRAPHIC: 20.0, Group.BEHAVIOURAL: 30.0, Group.ENGAGEMENT: 25.0,
                   Group.FIT: 0.0}
SOFTWARE_WEIGHTS = {Group.DEMOGRAPHIC: 20.0, Group.FIRMOGRAPHIC: 25.0, Group.BEHAVIOURAL: 35.0, Group.ENGAGEMENT: 20.0,
                    Group.FIT: 0.0}
CONSUMER_WEIGHTS = {Group.DEMOGRAPHIC: 35.0, Group.FIRMOGRAPHIC: 5.0, Group.BEHAVIOURAL: 40.0, Group.ENGAGEMENT: 20.0,
                    Group.FIT: 0.0}
DEFAULT_FULL_MARKS = 0.3
"""The default scorecard covers more fields than any one file has, so a third of its points are already the most."""
MARKET_FULL_MARKS = 0.5
OFFER_THRESHOLDS = Thresholds(qualified=50.0, high=70.0, low=40.0)
HALF = 0.5

Build = Callable[[Policy, Suggestions | None], dict[str, Any]]


@dataclass(frozen=True)
class Preset:
    """A way to start.

    Parameters
    ----------
    key, name, sentence : str
        Short name for machines, name and one sentence for people.
    build : callable (policy, suggestions) -> dict
        Gives the settings it changes, as plain values that :meth:`Policy.from_dict` reads.
    needs_outcomes : bool
        Whether it is made from suggestions.
    algorithm : str
        The algorithm to train a model with that goes with it; empty when any will do.
    """

    key: str
    name: str
    sentence: str
    build: Build
    needs_outcomes: bool = False
    algorithm: str = ""


def default_policy() -> Policy:
    """Give the scorecard a client starts with: sensible without any history, cut by rank because points are guesses."""
    return Policy(criteria=DEFAULT_CRITERIA, group_weights=_shares(DEFAULT_WEIGHTS), full_marks=DEFAULT_FULL_MARKS)


def offer_policy(offer: Offer) -> Policy:
    """Give "Offer fit 50 + 50": rule points and points for intent, added up; no model takes part."""
    return Policy(
        criteria=OFFER_RULES + OFFER_INTENT, group_weights={str(group): 100.0 * (group is Group.FIT)
                                                            for group in DEFAULT_WEIGHTS},
        full_marks=1.0, group_marks={str(Group.FIT): 100.0}, alpha=1.0, alpha_is_suggested=False,
        thresholds=OFFER_THRESHOLDS, tier_mode=TierMode.THRESHOLD, offer=offer)


def find_preset(key: str) -> Preset:
    """Find a preset by its short name.

    Raises
    ------
    NotFound
        There is none.
    """
    for preset in PRESETS:
        if preset.key == key:
            return preset
    raise NotFound("unknown_preset", f"There is no scorecard '{key}' to start from.",
                   f"Choose one of {', '.join(preset.key for preset in PRESETS)}.")


def _scorecard(criteria: Sequence[Criterion], weights: Mapping[Group, float], full_marks: float) -> Build:
    def build(_policy: Policy, _suggestions: Suggestions | None) -> dict[str, Any]:
        return {"criteria": [asdict(criterion) for criterion in criteria], "group_weights": _shares(weights),
                "full_marks": full_marks, "group_marks": {}}

    return build


def _half_and_half(_policy: Policy, _suggestions: Suggestions | None) -> dict[str, Any]:
    return {"alpha": HALF, "alpha_is_suggested": False}


def _from_data(policy: Policy, suggestions: Suggestions | None) -> dict[str, Any]:
    if suggestions is None or not suggestions.criteria["most"].notna().any():
        raise InvalidRequest("too_few_outcomes", "Too few leads with a known outcome to suggest points from.",
                             "Record or import outcomes first.")
    criteria = all_taken(policy, suggestions.criteria["most"].to_dict())
    return {"criteria": [asdict(criterion) for criterion in criteria], "group_weights": dict(suggestions.weights)}


def _offer_fit(policy: Policy, _suggestions: Suggestions | None) -> dict[str, Any]:
    if policy.offer is None:
        raise InvalidRequest("no_offer", "No offer is known yet, so no lead could fit it.",
                             "Describe what you sell in the tab Offers.")
    body = offer_policy(policy.offer).to_dict()
    return {name: body[name] for name in ("criteria", "group_weights", "full_marks", "group_marks", "alpha",
                                          "alpha_is_suggested", "thresholds", "tier_mode", "switched_off", "offer")}


def _shares(weights: Mapping[Group, float]) -> dict[str, float]:
    return {str(group): share for group, share in weights.items()}


PRESETS: tuple[Preset, ...] = (
    Preset("default", "Default scorecard", "Sensible for any file, before anything is known of your market.",
           _scorecard(DEFAULT_CRITERIA, DEFAULT_WEIGHTS, DEFAULT_FULL_MARKS)),
    Preset("software", "Software for companies",
           "Role and size of the company, demo requests and prices looked at, with interest that fades within weeks.",
           _scorecard(SOFTWARE_CRITERIA, SOFTWARE_WEIGHTS, MARKET_FULL_MARKS)),
    Preset("consumer", "Private buyers, real estate, local services",
           "Credit and income first, then inquiry, financing, budget and a place in mind.",
           _scorecard(CONSUMER_CRITERIA, CONSUMER_WEIGHTS, MARKET_FULL_MARKS)),
    Preset("half_and_half", "Rules and random forest, half each",
           "Keeps your criteria and lets rules and model count 50 % each, whatever the held-out leads suggest.",
           _half_and_half, algorithm="forest"),
    Preset("offer_fit", "Offer fit 50 + 50",
           "Role, industry and profile give up to 50 points by how they fit your offer, intent gives up to 50 more.",
           _offer_fit),
    Preset("from_data", "Points from your data",
           "Keeps your criteria and gives them the points and weights your known outcomes suggest.",
           _from_data, needs_outcomes=True),
)

"""A scoring policy: criteria, weights, blend, thresholds and tiers, checked as a whole and never changed in place."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from leadscore.errors import InvalidRequest
from leadscore.schema import MADE_PREFIX, Group, MadeFeature, Tier
from leadscore.scoring.checks import check_texts, refuse, within
from leadscore.scoring.criteria import SCORECARD_GROUPS, Criterion, check_criteria, check_number_of, read_criterion
from leadscore.scoring.economics import Economics, check_economics
from leadscore.scoring.offer import Offer, check_offer, read_offer

FIT_GROUPS = (Group.DEMOGRAPHIC, Group.FIRMOGRAPHIC, Group.FIT)
ENGAGEMENT_GROUPS = (Group.BEHAVIOURAL, Group.ENGAGEMENT)
TOTAL_WEIGHT = 100.0
WEIGHT_TOLERANCE = 0.01
MOST_FACTOR_WEIGHT = 10.0
MOST_MARKS = 100_000.0
MOST_CUTS = 9
MOST_MADE = 200
MOST_DAYS = 36_500
MOST_CAPACITY = 1_000_000_000
LONGEST_EXPRESSION = 1_000
FEATURE_NAME = re.compile(r"[a-z_][a-z0-9_]{0,59}")


class TierMode(StrEnum):
    """What tiers are cut by."""

    RANK = "rank"
    CAPACITY = "capacity"
    THRESHOLD = "threshold"


@dataclass(frozen=True)
class Thresholds:
    """Scores in [0, 100]: qualified from ``qualified`` on; High from ``high`` on, Low below ``low``."""

    qualified: float = 40.0
    high: float = 70.0
    low: float = 30.0


@dataclass(frozen=True)
class TierRule:
    """What a tier asks people to do, by when, and what share of it usually converts (two fractions)."""

    tier: str
    action: str
    deadline_days: float
    deadline_text: str
    expected_conversion: tuple[float, float]


DEFAULT_TIER_RULES = (
    TierRule(Tier.HIGH, "Priority follow-up", 1.0, "within 24 hours", (0.35, 0.40)),
    TierRule(Tier.MEDIUM, "Follow up", 5.0, "in 3 to 5 days", (0.15, 0.20)),
    TierRule(Tier.LOW, "Monthly nurture e-mail", 30.0, "within the month", (0.02, 0.05)),
)


@dataclass(frozen=True)
class Grid:
    """Where fit and engagement, each in [0, 100], are cut for their grid; best band from the first cut on."""

    fit: tuple[float, ...] = (75.0, 50.0, 25.0)
    engagement: tuple[float, ...] = (75.0, 50.0, 25.0)


@dataclass(frozen=True)
class Policy:
    """Everything that turns features and a model's view into a score and a tier.

    Parameters
    ----------
    criteria : tuple of Criterion
    group_weights : dict of str to float
        Per cent for each scorecard group, 100 in total.
    full_marks : float
        Share of a group's possible points that already counts as full marks, in (0, 1]: nobody does everything.
    factor_weights : dict of str to float
        Weight of single model columns, 1 where none is given: "what the data says".
    alpha : float
        Share of the rules in the blend, in [0, 1].
    alpha_is_suggested : bool
        True follows the share that ranked the model's held-out leads best.
    thresholds : Thresholds
    tier_mode : TierMode
    top_share, medium_share : float
        In rank mode the share of leads that are High, and the next that are Medium.
    capacity : int or None
        In capacity mode the number of leads that are High; twice as many more are Medium.
    tier_rules : tuple of TierRule
    group_marks : dict of str to float
        Points that are full marks for a group, where somebody set them; else ``full_marks`` says.
    switched_off : tuple of str
        Columns that count for nothing, in rules and model alike.
    made : tuple of MadeFeature
        The features people made; one that is not here any more lives on in the models that learnt it.
    offer : Offer or None
        What the leads' fit is measured against.
    economics : Economics
    grid : Grid
    """

    criteria: tuple[Criterion, ...] = ()
    group_weights: dict[str, float] = field(default_factory=dict)
    full_marks: float = 1.0
    factor_weights: dict[str, float] = field(default_factory=dict)
    alpha: float = 0.5
    alpha_is_suggested: bool = True
    thresholds: Thresholds = field(default_factory=Thresholds)
    tier_mode: str = TierMode.RANK
    top_share: float = 0.2
    medium_share: float = 0.3
    capacity: int | None = None
    tier_rules: tuple[TierRule, ...] = DEFAULT_TIER_RULES
    group_marks: dict[str, float] = field(default_factory=dict)
    switched_off: tuple[str, ...] = ()
    made: tuple[MadeFeature, ...] = ()
    offer: Offer | None = None
    economics: Economics = field(default_factory=Economics)
    grid: Grid = field(default_factory=Grid)

    def weight_of(self, column: str) -> float:
        """Give the weight of a column of the model, 0 for one that is switched off."""
        return 0.0 if column in self.switched_off else self.factor_weights.get(column, 1.0)

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Policy:
        """Read plain values and check them.

        Raises
        ------
        InvalidRequest
            Something is missing, out of range or contradictory; the message names it.
        """
        try:
            policy = cls(**_typed(values))
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as problem:
            raise InvalidRequest("unreadable_policy", f"The policy cannot be read: {problem}.",
                                 "Compare it with an exported one.") from problem
        check(policy)
        return policy


def digest(policy: Policy) -> str:
    """Give the SHA-256 of what the policy says."""
    return hashlib.sha256(json.dumps(policy.to_dict(), sort_keys=True, default=str).encode()).hexdigest()


def check(policy: Policy) -> None:
    """Refuse a policy that contradicts itself.

    Raises
    ------
    InvalidRequest
        Weights that do not total 100, thresholds out of order, a share or a number out of range, unknown words.
    """
    _check_weights(policy)
    _check_thresholds(policy)
    _check_tiers(policy)
    check_criteria(policy.criteria)
    check_economics(policy.economics)
    if policy.offer is not None:
        check_offer(policy.offer)
    _check_made(policy.made)
    _check_uses(policy)
    _check_grid(policy.grid)


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    known = {item.name for item in fields(Policy)}
    typed = {name: value for name, value in values.items() if name in known}
    check_texts(typed, ("tier_mode",), "The policy")
    if not isinstance(typed.get("alpha_is_suggested", True), bool):
        refuse("wrong_blend", "Whether the blend is suggested is neither true nor false.", "Give true or false.")
    if "criteria" in typed:
        check_number_of(typed["criteria"])
        typed["criteria"] = tuple(read_criterion(item) for item in typed["criteria"])
    if "thresholds" in typed:
        typed["thresholds"] = Thresholds(**{name: float(value) for name, value in dict(typed["thresholds"]).items()})
    if "tier_rules" in typed:
        typed["tier_rules"] = tuple(_tier_rule(item) for item in typed["tier_rules"])
    if typed.get("offer") is not None:
        typed["offer"] = read_offer(typed["offer"])
    if "made" in typed:
        typed["made"] = tuple(_made(item) for item in typed["made"])
    if "switched_off" in typed:
        if not isinstance(typed["switched_off"], list | tuple):
            refuse("wrong_switches", "The columns that are switched off are no list.", "Give a list of their names.")
        typed["switched_off"] = tuple(str(name) for name in typed["switched_off"])
    if "economics" in typed:
        check_texts(typed["economics"], ("currency",), "The economics")
        typed["economics"] = Economics(**typed["economics"])
    if "grid" in typed:
        typed["grid"] = Grid(**{name: tuple(float(cut) for cut in cuts)
                                for name, cuts in dict(typed["grid"]).items()})
    for name in ("group_weights", "factor_weights", "group_marks"):
        if name in typed:
            typed[name] = {str(key): float(value) for key, value in dict(typed[name]).items()}
    for name in ("alpha", "full_marks", "top_share", "medium_share"):
        if name in typed:
            typed[name] = float(typed[name])
    if typed.get("capacity") is not None:
        typed["capacity"] = int(typed["capacity"])
    return typed


def _made(values: Mapping[str, Any]) -> MadeFeature:
    check_texts(values, ("name", "label", "expression", "group"), "A made feature", longest=LONGEST_EXPRESSION)
    return MadeFeature(**values)


def _tier_rule(values: Mapping[str, Any]) -> TierRule:
    check_texts(values, ("tier", "action", "deadline_text"), "What a tier asks for")
    low, high = values["expected_conversion"]
    if not within(values["deadline_days"], 0, MOST_DAYS) or not within(float(low), 0, float(high)) or float(high) > 1:
        refuse("wrong_tier_rule", f"What the tier '{values['tier']}' asks for has no sensible deadline or conversion.",
               f"Give days from 0 to {MOST_DAYS:,}, and two shares from 0 to 1, the smaller first.")
    return TierRule(**dict(values) | {"expected_conversion": (float(low), float(high))})


def _check_weights(policy: Policy) -> None:
    unknown = (set(policy.group_weights) | set(policy.group_marks)) - {str(group) for group in SCORECARD_GROUPS}
    if unknown:
        refuse("unknown_group", f"There is no group '{sorted(unknown)[0]}'.",
                f"The groups are {', '.join(SCORECARD_GROUPS)}.")
    if not all(within(weight, 0, TOTAL_WEIGHT) for weight in policy.group_weights.values()):
        refuse("wrong_weight", "A group weight is not between 0 and 100.", "Use per cent.")
    total = sum(policy.group_weights.values())
    if not abs(total - TOTAL_WEIGHT) <= WEIGHT_TOLERANCE:
        refuse("weights_do_not_total", f"The group weights total {total:g} %, not 100 %.",
                f"Change them by {TOTAL_WEIGHT - total:+g} in all.")
    if not all(within(weight, 0, MOST_FACTOR_WEIGHT) for weight in policy.factor_weights.values()):
        refuse("wrong_weight", f"A factor weight is not between 0 and {MOST_FACTOR_WEIGHT:g}.", "1 leaves it alone.")
    if not all(within(marks, 0.01, MOST_MARKS) for marks in policy.group_marks.values()):
        refuse("wrong_full_marks", f"The full marks of a group are not between 0.01 and {MOST_MARKS:,.0f} points.",
               "Leave them out to let the criteria decide.")
    if not within(policy.full_marks, 0.01, 1):
        refuse("wrong_full_marks", f"Full marks at {policy.full_marks:g} of a group's points is not possible.",
                "Give a share above 0 and up to 1.")
    if not within(policy.alpha, 0, 1):
        refuse("wrong_blend", f"The blend {policy.alpha:g} is not between 0 and 1.", "0 is model only, 1 rules only.")


def _check_thresholds(policy: Policy) -> None:
    given = policy.thresholds
    if not all(within(value, 0, 100) for value in (given.qualified, given.high, given.low)):
        refuse("wrong_threshold", "A threshold is not between 0 and 100.", "Scores run from 0 to 100.")
    if given.low > given.high:
        refuse("contradictory_thresholds",
                f"Low ends at {given.low:g}, above where High begins ({given.high:g}).", "Lower the first one.")


def _check_tiers(policy: Policy) -> None:
    if policy.tier_mode not in {str(mode) for mode in TierMode}:
        refuse("unknown_tier_mode", f"There is no way '{policy.tier_mode}' to cut tiers.",
                f"Choose one of {', '.join(TierMode)}.")
    shares_fit = within(policy.top_share, 0, 1) and within(policy.medium_share, 0, 1)
    if not shares_fit or policy.top_share <= 0 or policy.top_share + policy.medium_share > 1 + 1e-9:
        refuse("wrong_share", "The shares of High and Medium leads are not above 0 and at most 1 together.",
                "Use for instance 0.2 and 0.3.")
    if policy.tier_mode == TierMode.CAPACITY and not policy.capacity:
        refuse("no_capacity", "Tiers by capacity need to know how many leads you can call.", "Give the number.")
    if policy.capacity is not None and not 1 <= policy.capacity <= MOST_CAPACITY:
        refuse("wrong_capacity", "So many leads nobody can call.", f"Give a number from 1 to {MOST_CAPACITY:,}.")
    if {rule.tier for rule in policy.tier_rules} != {str(tier) for tier in Tier}:
        refuse("tier_without_action", "Every tier needs exactly one action.", "Give one for High, Medium and Low.")


def _check_made(made: Sequence[MadeFeature]) -> None:
    names = [feature.name for feature in made]
    if len(made) > MOST_MADE:
        refuse("too_many_features", f"{len(made)} made features are more than {MOST_MADE}.", "Retire some.")
    for feature in made:
        if not FEATURE_NAME.fullmatch(feature.name):
            refuse("wrong_feature_name", f"'{feature.name}' cannot be the name of a feature.",
                   "Use up to 60 lower-case letters, digits and underscores.")
        if names.count(feature.name) > 1:
            refuse("feature_twice", f"Two features are called '{feature.name}'.", "Rename one of them.")
        if feature.group not in {str(group) for group in Group}:
            refuse("unknown_group", f"The feature '{feature.name}' is in no known family ('{feature.group}').",
                   f"The families are {', '.join(Group)}.")
        if not feature.expression.strip():
            refuse("feature_without_expression", f"The feature '{feature.name}' is made of nothing.",
                   "Write an expression such as page_views / website_visits.")


def _check_uses(policy: Policy) -> None:
    """Refuse a criterion about a made feature that the policy does not have."""
    known = {feature.column for feature in policy.made}
    for criterion in policy.criteria:
        if criterion.field.startswith(MADE_PREFIX) and criterion.field not in known:
            refuse("criterion_without_feature", f"The criterion '{criterion.label or criterion.id}' uses the feature "
                   f"'{criterion.field.removeprefix(MADE_PREFIX)}', which this policy does not have.",
                   "Remove the criterion first, or keep the feature.")


def _check_grid(grid: Grid) -> None:
    for what, cuts in (("fit", grid.fit), ("engagement", grid.engagement)):
        fits = 1 <= len(cuts) <= MOST_CUTS and all(within(cut, 0, 100) for cut in cuts)
        if not fits or list(cuts) != sorted(set(cuts), reverse=True):
            refuse("wrong_grid", f"The cuts of {what} do not go down from the best band to the last.",
                   f"Give 1 to {MOST_CUTS} different numbers from 100 down to 0.")

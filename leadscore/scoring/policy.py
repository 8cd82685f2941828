"""A scoring policy: criteria, weights, blend, thresholds and tiers, checked as a whole and never changed in place."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from leadscore.errors import InvalidRequest
from leadscore.schema import Group, Tier

SCORECARD_GROUPS = (Group.DEMOGRAPHIC, Group.FIRMOGRAPHIC, Group.BEHAVIOURAL, Group.ENGAGEMENT, Group.FIT)
FIT_GROUPS = (Group.DEMOGRAPHIC, Group.FIRMOGRAPHIC, Group.FIT)
ENGAGEMENT_GROUPS = (Group.BEHAVIOURAL, Group.ENGAGEMENT)
TOTAL_WEIGHT = 100.0
WEIGHT_TOLERANCE = 0.01
MOST_CRITERIA = 500
MOST_POINTS = 1_000.0
MOST_FACTOR_WEIGHT = 10.0


class Operator(StrEnum):
    """How a criterion compares the value of its field with its own."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BETWEEN = "between"
    EQUALS = "equals"
    ONE_OF = "one_of"
    CONTAINS = "contains"
    IS_TRUE = "is_true"
    IS_FALSE = "is_false"
    IS_PRESENT = "is_present"
    IS_MISSING = "is_missing"
    PER_UNIT = "per_unit"


WITHOUT_VALUE = frozenset({Operator.IS_TRUE, Operator.IS_FALSE, Operator.IS_PRESENT, Operator.IS_MISSING})
WITH_NUMBER = frozenset({Operator.AT_LEAST, Operator.AT_MOST, Operator.PER_UNIT})


class TierMode(StrEnum):
    """What tiers are cut by."""

    RANK = "rank"
    CAPACITY = "capacity"
    THRESHOLD = "threshold"


@dataclass(frozen=True)
class Criterion:
    """One scoring rule.

    Parameters
    ----------
    id : str
        Short name, unique in the scorecard.
    label : str
        What people read.
    group : str
        One of ``SCORECARD_GROUPS``.
    field : str
        Column of the features frame.
    operator : Operator
    value : float, str, tuple or None
        What the field is compared with: a number, two numbers for ``between``, a text for ``equals`` and
        ``contains``, texts for ``one_of``, the size of a unit for ``per_unit``, nothing else.
    points : float
        Earned when it holds, or per unit; may be negative.
    cap : float or None
        Most points (in size) a ``per_unit`` criterion can give.
    half_life_days : float or None
        Points halve with every so many days since the last activity; None never decays.
    """

    id: str
    label: str
    group: str
    field: str
    operator: str
    value: Any = None
    points: float = 0.0
    cap: float | None = None
    half_life_days: float | None = None

    @property
    def most(self) -> float:
        """The most points it can add, 0 for one that only subtracts."""
        limit = self.cap if self.operator == Operator.PER_UNIT and self.cap is not None else self.points
        return max(0.0, math.copysign(limit, self.points))


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
        except (TypeError, ValueError, KeyError, AttributeError) as problem:
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
    _check_criteria(policy.criteria)


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    known = {item.name for item in fields(Policy)}
    typed = {name: value for name, value in values.items() if name in known}
    if "criteria" in typed:
        typed["criteria"] = tuple(_criterion(item) for item in typed["criteria"])
    if "thresholds" in typed:
        typed["thresholds"] = Thresholds(**{name: float(value) for name, value in dict(typed["thresholds"]).items()})
    if "tier_rules" in typed:
        typed["tier_rules"] = tuple(_tier_rule(item) for item in typed["tier_rules"])
    for name in ("group_weights", "factor_weights"):
        if name in typed:
            typed[name] = {str(key): float(value) for key, value in dict(typed[name]).items()}
    for name in ("alpha", "full_marks", "top_share", "medium_share"):
        if name in typed:
            typed[name] = float(typed[name])
    if typed.get("capacity") is not None:
        typed["capacity"] = int(typed["capacity"])
    return typed


def _criterion(values: Mapping[str, Any]) -> Criterion:
    plain = dict(values)
    if isinstance(plain.get("value"), list):
        plain["value"] = tuple(plain["value"])
    return Criterion(**plain | {"points": float(plain["points"])})


def _tier_rule(values: Mapping[str, Any]) -> TierRule:
    low, high = values["expected_conversion"]
    return TierRule(**dict(values) | {"expected_conversion": (float(low), float(high))})


def _refuse(code: str, message: str, hint: str) -> None:
    raise InvalidRequest(code, message, hint)


def _within(value: float, low: float, high: float) -> bool:
    return math.isfinite(value) and low <= value <= high


def _check_weights(policy: Policy) -> None:
    unknown = set(policy.group_weights) - {str(group) for group in SCORECARD_GROUPS}
    if unknown:
        _refuse("unknown_group", f"There is no group '{sorted(unknown)[0]}'.",
                f"The groups are {', '.join(SCORECARD_GROUPS)}.")
    if not all(_within(weight, 0, TOTAL_WEIGHT) for weight in policy.group_weights.values()):
        _refuse("wrong_weight", "A group weight is not between 0 and 100.", "Use per cent.")
    total = sum(policy.group_weights.values())
    if not abs(total - TOTAL_WEIGHT) <= WEIGHT_TOLERANCE:
        _refuse("weights_do_not_total", f"The group weights total {total:g} %, not 100 %.",
                f"Change them by {TOTAL_WEIGHT - total:+g} in all.")
    if not all(_within(weight, 0, MOST_FACTOR_WEIGHT) for weight in policy.factor_weights.values()):
        _refuse("wrong_weight", f"A factor weight is not between 0 and {MOST_FACTOR_WEIGHT:g}.", "1 leaves it alone.")
    if not _within(policy.full_marks, 0.01, 1):
        _refuse("wrong_full_marks", f"Full marks at {policy.full_marks:g} of a group's points is not possible.",
                "Give a share above 0 and up to 1.")
    if not _within(policy.alpha, 0, 1):
        _refuse("wrong_blend", f"The blend {policy.alpha:g} is not between 0 and 1.", "0 is model only, 1 rules only.")


def _check_thresholds(policy: Policy) -> None:
    given = policy.thresholds
    if not all(_within(value, 0, 100) for value in (given.qualified, given.high, given.low)):
        _refuse("wrong_threshold", "A threshold is not between 0 and 100.", "Scores run from 0 to 100.")
    if given.low > given.high:
        _refuse("contradictory_thresholds",
                f"Low ends at {given.low:g}, above where High begins ({given.high:g}).", "Lower the first one.")


def _check_tiers(policy: Policy) -> None:
    if policy.tier_mode not in {str(mode) for mode in TierMode}:
        _refuse("unknown_tier_mode", f"There is no way '{policy.tier_mode}' to cut tiers.",
                f"Choose one of {', '.join(TierMode)}.")
    shares_fit = _within(policy.top_share, 0, 1) and _within(policy.medium_share, 0, 1)
    if not shares_fit or policy.top_share <= 0 or policy.top_share + policy.medium_share > 1 + 1e-9:
        _refuse("wrong_share", "The shares of High and Medium leads are not above 0 and at most 1 together.",
                "Use for instance 0.2 and 0.3.")
    if policy.tier_mode == TierMode.CAPACITY and not policy.capacity:
        _refuse("no_capacity", "Tiers by capacity need to know how many leads you can call.", "Give the number.")
    if policy.capacity is not None and policy.capacity < 1:
        _refuse("wrong_capacity", f"A capacity of {policy.capacity} leads is none.", "Give a number of at least 1.")
    if {rule.tier for rule in policy.tier_rules} != {str(tier) for tier in Tier}:
        _refuse("tier_without_action", "Every tier needs exactly one action.", "Give one for High, Medium and Low.")


def _check_criteria(criteria: Sequence[Criterion]) -> None:
    if len(criteria) > MOST_CRITERIA:
        _refuse("too_many_criteria", f"{len(criteria)} criteria are more than {MOST_CRITERIA}.", "Merge some.")
    ids = [criterion.id for criterion in criteria]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        _refuse("criterion_twice", f"Two criteria are called '{sorted(twice)[0]}'.", "Rename one of them.")
    for criterion in criteria:
        _check_criterion(criterion)


def _check_criterion(criterion: Criterion) -> None:
    name = criterion.label or criterion.id
    if criterion.group not in {str(group) for group in SCORECARD_GROUPS}:
        _refuse("unknown_group", f"Criterion '{name}' is in no known group ('{criterion.group}').",
                f"The groups are {', '.join(SCORECARD_GROUPS)}.")
    if criterion.operator not in {str(operator) for operator in Operator}:
        _refuse("unknown_operator", f"Criterion '{name}' compares by an unknown word ('{criterion.operator}').",
                f"Choose one of {', '.join(Operator)}.")
    if not _within(criterion.points, -MOST_POINTS, MOST_POINTS) or criterion.points == 0:
        _refuse("wrong_points", f"Criterion '{name}' has {criterion.points:g} points.",
                f"Give a number other than 0, up to {MOST_POINTS:g}.")
    if criterion.half_life_days is not None and not _within(criterion.half_life_days, 0.1, 36_500):
        _refuse("wrong_half_life", f"Criterion '{name}' has no sensible half-life.", "Give days, at least 0.1.")
    if not _value_fits(criterion):
        _refuse("wrong_value", f"Criterion '{name}' cannot compare with '{criterion.value}'.",
                "Give a number, two numbers in order, a text or a list, as the comparison asks.")


def _value_fits(criterion: Criterion) -> bool:
    value, operator = criterion.value, criterion.operator
    if operator in WITHOUT_VALUE:
        return True
    if operator == Operator.PER_UNIT:
        has_cap = criterion.cap is not None and _within(criterion.cap, 0.01, MOST_POINTS)
        return _is_number(value) and value > 0 and has_cap
    if operator in WITH_NUMBER:
        return _is_number(value)
    if operator == Operator.BETWEEN:
        return isinstance(value, tuple) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]
    if operator == Operator.ONE_OF:
        return isinstance(value, tuple) and bool(value) and all(isinstance(part, str) and part for part in value)
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)

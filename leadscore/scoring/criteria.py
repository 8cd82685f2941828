"""The criteria of a scorecard: one scoring rule each, read from plain values and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from leadscore.schema import Group
from leadscore.scoring.checks import check_texts, is_number, is_text, refuse, within

SCORECARD_GROUPS = (Group.DEMOGRAPHIC, Group.FIRMOGRAPHIC, Group.BEHAVIOURAL, Group.ENGAGEMENT, Group.FIT)
MOST_CRITERIA = 500
TEXTS = ("id", "label", "group", "field", "operator")
MOST_POINTS = 1_000.0


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


def read_criterion(values: Mapping[str, Any]) -> Criterion:
    """Build a criterion from plain values; :func:`check_criteria` says whether it can be used.

    Raises
    ------
    InvalidRequest
        A text is none, or the value is made of more than numbers and texts.
    """
    plain = dict(values)
    check_texts(plain, TEXTS, "A criterion")
    if isinstance(plain.get("value"), list):
        plain["value"] = tuple(plain["value"])
    value = plain.get("value")
    parts = value if isinstance(value, tuple) else (value,)
    if not all(part is None or isinstance(part, bool) or is_number(part) or is_text(part) for part in parts):
        refuse("wrong_value", f"Criterion '{plain.get('label') or plain.get('id')}' has a value that is no number, no "
               "text and no list of these.", "Compare it with an exported policy.")
    return Criterion(**plain | {"points": float(plain["points"])})


def check_criteria(criteria: Sequence[Criterion]) -> None:
    """Refuse criteria that cannot be used.

    Raises
    ------
    InvalidRequest
        Too many, two of one name, an unknown group or comparison, or a value, points or half-life out of range.
    """
    check_number_of(criteria)
    ids = [criterion.id for criterion in criteria]
    twice = {name for name in ids if ids.count(name) > 1}
    if twice:
        refuse("criterion_twice", f"Two criteria are called '{sorted(twice)[0]}'.", "Rename one of them.")
    for criterion in criteria:
        _check_criterion(criterion)


def check_number_of(criteria: Sequence[Any]) -> None:
    """Refuse more criteria than a scorecard may have, before anything is made of them.

    Raises
    ------
    InvalidRequest
    """
    if len(criteria) > MOST_CRITERIA:
        refuse("too_many_criteria", f"{len(criteria)} criteria are more than {MOST_CRITERIA}.", "Merge some.")


def _check_criterion(criterion: Criterion) -> None:
    name = criterion.label or criterion.id
    if criterion.group not in {str(group) for group in SCORECARD_GROUPS}:
        refuse("unknown_group", f"Criterion '{name}' is in no known group ('{criterion.group}').",
                f"The groups are {', '.join(SCORECARD_GROUPS)}.")
    if criterion.operator not in {str(operator) for operator in Operator}:
        refuse("unknown_operator", f"Criterion '{name}' compares by an unknown word ('{criterion.operator}').",
                f"Choose one of {', '.join(Operator)}.")
    if not within(criterion.points, -MOST_POINTS, MOST_POINTS) or criterion.points == 0:
        refuse("wrong_points", f"Criterion '{name}' has {criterion.points:g} points.",
                f"Give a number other than 0, up to {MOST_POINTS:g}.")
    if criterion.cap is not None and not within(criterion.cap, 0, MOST_POINTS):
        refuse("wrong_cap", f"Criterion '{name}' has no sensible cap.", f"Give points from 0 to {MOST_POINTS:g}.")
    if criterion.half_life_days is not None and not within(criterion.half_life_days, 0.1, 36_500):
        refuse("wrong_half_life", f"Criterion '{name}' has no sensible half-life.", "Give days, at least 0.1.")
    if not _value_fits(criterion):
        refuse("wrong_value", f"Criterion '{name}' cannot compare with '{criterion.value}'.",
                "Give a number, two numbers in order, a text or a list, as the comparison asks.")


def _value_fits(criterion: Criterion) -> bool:
    value, operator = criterion.value, criterion.operator
    if operator in WITHOUT_VALUE:
        return True
    if operator == Operator.PER_UNIT:
        has_cap = criterion.cap is not None and within(criterion.cap, 0.01, MOST_POINTS)
        return is_number(value) and value > 0 and has_cap
    if operator in WITH_NUMBER:
        return is_number(value)
    if operator == Operator.BETWEEN:
        return isinstance(value, tuple) and len(value) == 2 and all(map(is_number, value)) and value[0] <= value[1]
    if operator == Operator.ONE_OF:
        return isinstance(value, tuple) and bool(value) and all(isinstance(part, str) and part for part in value)
    return isinstance(value, str) and bool(value.strip())

"""Criteria in the words people read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from leadscore.schema import Group, label_of
from leadscore.scoring.criteria import Criterion, Operator

GROUP_NAMES = {str(Group.DEMOGRAPHIC): "Person and place", str(Group.FIRMOGRAPHIC): "Company",
               str(Group.BEHAVIOURAL): "Behaviour", str(Group.ENGAGEMENT): "Engagement",
               str(Group.FIT): "Fit to the offer"}
OPERATOR_WORDS = {
    Operator.AT_LEAST: "is at least", Operator.AT_MOST: "is at most", Operator.BETWEEN: "is between",
    Operator.EQUALS: "is", Operator.ONE_OF: "is one of", Operator.CONTAINS: "contains", Operator.IS_TRUE: "is yes",
    Operator.IS_FALSE: "is no", Operator.IS_PRESENT: "is known", Operator.IS_MISSING: "is not known",
    Operator.PER_UNIT: "per",
}
SHOWN_VALUES = 4
OWN_VALUE = re.compile(r"[a-z]+(_[a-z]+)+")


def rule_of(criterion: Criterion, labels: Mapping[str, str] | None = None) -> str:
    """Say what a criterion asks: ``Employees is at least 50``."""
    field = (labels or {}).get(criterion.field) or label_of(criterion.field)
    operator, value = Operator(criterion.operator), criterion.value
    if operator == Operator.PER_UNIT:
        return f"{field}, for each" if value == 1 else f"{field}, for every {number(value)}"
    word = f"{field} {OPERATOR_WORDS[operator]}"
    if operator == Operator.BETWEEN:
        return f"{word} {number(value[0])} and {number(value[1])}"
    if operator == Operator.ONE_OF:
        more = len(value) - SHOWN_VALUES
        return f"{word} {', '.join(map(value_of, value[:SHOWN_VALUES]))}" + (f" and {more} more" if more > 0 else "")
    return f"{word} {value_of(value)}" if value is not None else word


def number(value: float) -> str:
    """Write a number without needless decimals, with thousands separators."""
    return f"{value:,.10g}"


def value_of(value: Any) -> str:
    """Write any plain value."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, list | tuple):
        return ", ".join(value_of(part) for part in value)
    # our own values, such as decision_maker, are written with underscores
    return value.replace("_", " ") if OWN_VALUE.fullmatch(str(value)) else str(value)

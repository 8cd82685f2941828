"""The columns a criterion may look at, with the comparisons that fit each and what its values are like."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.features.build import Features, FeatureSpec
from leadscore.schema import FIELD_BY_NAME, Group, Kind, label_of
from leadscore.scoring.criteria import Operator
from leadscore.scoring.policy import Policy
from leadscore.scoring.wording import OPERATOR_WORDS

SHOWN_VALUES = 200
OPERATORS = {
    Kind.NUMBER: (Operator.AT_LEAST, Operator.AT_MOST, Operator.BETWEEN, Operator.PER_UNIT),
    Kind.BOOLEAN: (Operator.IS_TRUE, Operator.IS_FALSE),
    Kind.CATEGORY: (Operator.ONE_OF, Operator.EQUALS, Operator.CONTAINS),
    Kind.TEXT: (Operator.CONTAINS, Operator.EQUALS),
}
FOR_EVERY_KIND = (Operator.IS_PRESENT, Operator.IS_MISSING)


@dataclass(frozen=True)
class FieldChoice:
    """A column a criterion may look at.

    Parameters
    ----------
    operators : tuple of (str, str)
        Comparisons that fit its kind, each with its words.
    values : tuple of str
        Its most frequent values, where it has words.
    low, middle, high : float or None
        The 5th, 50th and 95th percentile of its numbers.
    known : float
        Share of the leads that have a value.
    """

    name: str
    label: str
    kind: str
    group: str
    operators: tuple[tuple[str, str], ...]
    values: tuple[str, ...] = ()
    low: float | None = None
    middle: float | None = None
    high: float | None = None
    known: float = 0.0


def field_choices(features: Features, policy: Policy, *, hidden: Collection[str] = ()) -> tuple[FieldChoice, ...]:
    """List the columns of the features, and those the policy asks for in vain, by group and label.

    Parameters
    ----------
    hidden : collection of str
        Columns whose values are not shown.
    """
    choices = [_choice(spec, features.frame[spec.name], shown=spec.name not in hidden) for spec in features.specs]
    missing = {criterion.field for criterion in policy.criteria} - {choice.name for choice in choices}
    choices += [_unseen(name) for name in sorted(missing)]
    return tuple(sorted(choices, key=lambda choice: (choice.group, choice.label.casefold())))


def _choice(spec: FeatureSpec, values: pd.Series, *, shown: bool) -> FieldChoice:
    kind = spec.kind
    numbers = values.dropna().to_numpy(dtype=float) if kind is Kind.NUMBER and shown else np.zeros(0)
    low, middle, high = map(float, np.percentile(numbers, [5, 50, 95])) if len(numbers) else (None, None, None)
    words = tuple(values.value_counts().index[:SHOWN_VALUES].astype(str)) if kind is Kind.CATEGORY and shown else ()
    return FieldChoice(spec.name, spec.label, str(kind), str(spec.group), _operators(kind), words, low, middle, high,
                       float(values.notna().mean()) if len(values) else 0.0)


def _unseen(name: str) -> FieldChoice:
    """Offer a column that a criterion asks for and no lead has, so that the criterion can be kept."""
    field = FIELD_BY_NAME.get(name)
    every = tuple(dict.fromkeys(operator for group in OPERATORS.values() for operator in group))
    return FieldChoice(name, label_of(name), str(field.kind) if field else "", str(field.group if field else Group.FIT),
                       tuple((str(operator), OPERATOR_WORDS[operator]) for operator in (*every, *FOR_EVERY_KIND)))


def _operators(kind: Kind) -> tuple[tuple[str, str], ...]:
    return tuple((str(operator), OPERATOR_WORDS[operator])
                 for operator in (*OPERATORS.get(kind, ()), *FOR_EVERY_KIND))

"""What would move a lead up: the same lead with one fact changed or found out, judged again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from leadscore.features.build import Features, FeatureSpec, build_features
from leadscore.modeling.explanation import NO, OTHER, YES, Curve
from leadscore.modeling.model import Model
from leadscore.schema import FIELD_BY_NAME, NUMERIC_KINDS, CustomField, Kind, label_of
from leadscore.scoring.criteria import Criterion, Operator
from leadscore.scoring.policy import Policy
from leadscore.scoring.reasons import OTHERS, Reason, wording
from leadscore.steps.judge import judge_features, made_for

LEAST_GAIN = 0.5
"""Points below which a change is not worth anybody's time."""
MOST_OF_THE_EFFECT = 0.5
"""The smallest step that brings this share of the best gain is proposed: a goal near enough to be tried."""
MOST_SHOWN = 8
MOST_TO_FIND_OUT = 5
MOST_VALUES = 24
TOGETHER = 3
UNIT_STEPS = (1, 2, 3, 5)
HELD_BACK_BY = 2
NOT_KNOWN = "not known"

RECENCY = "recency_days"
LAST_ACTIVITY = "last_activity_at"
TITLES = ("Chief executive officer", "Director", "Manager", "Specialist", "Assistant")
"""From the top of a company to its bottom; with the words of the model's own curve they stand for any title."""
STAND_INS: dict[str, tuple[str, tuple[str, ...]]] = {
    "has_email": ("email", ("somebody@company.example", "somebody@gmail.com")),
    "has_phone": ("phone", ("+1 555 0100",)),
    "has_website": ("website", ("https://company.example",)),
}
"""What a missing contact detail could be: it matters that there is one and of which kind, never which."""


class ImprovementKind(StrEnum):
    """What kind of change it is."""

    CHANGE = "change"
    TOGETHER = "together"


@dataclass(frozen=True)
class Improvement:
    """A change that a person can work towards, and the score the lead would have.

    Parameters
    ----------
    label : str
        In the user's words.
    field : str
        Column of the features; several, separated by commas, for changes taken together.
    before, after : str
        As people read them.
    score : float, in [0, 100]
        The score with this change and nothing else changed.
    gain : float
        Points more than now, at least 0.5.
    kind : ImprovementKind
    """

    label: str
    field: str
    before: str
    after: str
    score: float
    gain: float
    kind: str = ImprovementKind.CHANGE

    @property
    def text(self) -> str:
        """The change in words, without its effect."""
        return self.label if self.kind == ImprovementKind.TOGETHER else f"{self.label}: {self.before} → {self.after}"


@dataclass(frozen=True)
class Unknown:
    """Something nobody knows of the lead yet, and the scores it could have once somebody does."""

    label: str
    field: str
    low: float
    high: float


@dataclass(frozen=True)
class Goal:
    """A score worth reaching: its name, such as ``High``, and where it begins."""

    name: str
    score: float


@dataclass(frozen=True)
class Way:
    """How far the changes go towards a goal.

    Parameters
    ----------
    goal : Goal
    steps : tuple of str
        The changes, strongest first; as many as are needed, or all when they are not enough.
    score : float
        What they reach together.
    """

    goal: Goal
    steps: tuple[str, ...]
    score: float

    @property
    def reached(self) -> bool:
        """Whether these changes are enough."""
        return self.score >= self.goal.score

    @property
    def sentence(self) -> str:
        """The same in words."""
        if not self.steps:
            return f"{self.goal.name} begins at {self.goal.score:.1f}; nothing that people can change leads there."
        if not self.reached:
            return (f"{self.goal.name} begins at {self.goal.score:.1f}; all these changes together lead to "
                    f"{self.score:.1f}.")
        return (f"{self.goal.name} begins at {self.goal.score:.1f}; {_listed(self.steps)} would lead to "
                f"{self.score:.1f}.")


@dataclass(frozen=True)
class WhatIf:
    """What would move a lead up.

    Parameters
    ----------
    score : float
        What rules and model say now.
    improvements : tuple of Improvement
        Largest gain first, at most 8; one a fact.
    together : Improvement or None
        The best three at once; None when there are fewer than two.
    to_find_out : tuple of Unknown
        Largest possible score first, at most 5.
    ways : tuple of Way
        One a goal.
    """

    score: float
    improvements: tuple[Improvement, ...] = ()
    together: Improvement | None = None
    to_find_out: tuple[Unknown, ...] = ()
    ways: tuple[Way, ...] = ()


@dataclass(frozen=True)
class Case:
    """One lead and what it is judged by.

    Parameters
    ----------
    leads : DataFrame of one row
        With every column the client's leads have, so that what is missing shows.
    features : Features
        Of this lead.
    curves : mapping of feature to Curve
        What the model has seen; empty when there is no model or an old one.
    """

    leads: pd.DataFrame
    custom_fields: Sequence[CustomField]
    headers: Mapping[str, str]
    features: Features
    policy: Policy
    model: Model | None
    curves: Mapping[str, Curve]

    def value(self, feature: str) -> Any:
        """Give the lead's own value of a feature; None when it is missing."""
        value = self.features.frame[feature].iloc[0]
        return None if pd.isna(value) else value

    def is_unknown(self, column: str) -> bool:
        """Say whether other leads have a value there and this one has none."""
        return column in self.leads and bool(pd.isna(self.leads[column].iloc[0]))


@dataclass(frozen=True)
class _Lever:
    """A fact of the lead with the values to try, nearest first: what goes into the cell, and how it reads."""

    label: str
    field: str
    column: str
    before: str
    cells: tuple[Any, ...]
    words: tuple[str, ...]


def what_if(case: Case, goals: Sequence[Goal] = ()) -> WhatIf:
    """Find what would raise a lead's score.

    Only what a person can influence is proposed, only in the direction things go: counts and answers up, silence
    shorter, numbers within what the model has seen. The lead is changed in a fact and built and judged anew, so what
    follows from the fact follows here too. It tells what rules and model make of such values in other leads and
    promises nothing about cause.

    Parameters
    ----------
    case : Case
    goals : sequence of Goal
        Scores worth reaching; those already reached are left out.
    """
    changes = _changes(case)
    questions = _questions(case, {lever.column for lever in changes})
    now, parts = _outcomes(case, [*changes, *questions])
    found = [(lever, *best) for lever, part in zip(changes, parts[:len(changes)], strict=True)
             if (best := _smallest_good_step(part - now)) is not None]
    found.sort(key=lambda item: -item[2])
    found = found[:MOST_SHOWN]
    improvements = tuple(_improvement(lever, place, now, gain) for lever, place, gain in found)
    sums = _judge(case, [_all_of(found[:count]) for count in range(1, len(found) + 1)])[1:] if found else np.zeros(0)
    return WhatIf(
        score=now,
        improvements=improvements,
        together=_together(improvements[:TOGETHER], sums, now),
        to_find_out=_to_find_out(questions, parts[len(changes):], now),
        ways=tuple(_way(goal, improvements, sums, now) for goal in goals if goal.score > now))


def why_not_higher(reasons: Sequence[Reason], improvements: Sequence[Improvement]) -> str:
    """Say in a sentence or two what keeps a score from being higher."""
    against = sorted((reason for reason in reasons if reason.effect < 0 and reason.code != OTHERS),
                     key=lambda reason: reason.effect)[:HELD_BACK_BY]
    said = (f"What holds it back most: {_listed([f'{reason.text} ({reason.effect:+.1f})' for reason in against])}."
            if against else "Nothing speaks against it; what is missing are points for what is not known or not done.")
    if not improvements:
        return f"{said} Nothing that people can change would raise it by half a point."
    return f"{said} Of what people can change, {improvements[0].label} would count most."


def _changes(case: Case) -> list[_Lever]:
    """List what a person can influence and this lead does not have in full."""
    levers = [_change(case, spec) for spec in case.features.specs if spec.changeable]
    return [lever for lever in levers if lever is not None and lever.cells]


def _change(case: Case, spec: FeatureSpec) -> _Lever | None:
    value = case.value(spec.name)
    if spec.name == RECENCY and value is not None:
        days = [day for day in sorted({round(day) for day in _numbers(case, spec.name)}, reverse=True)
                if 0 <= day < float(value) - 0.5]
        cells = tuple(pd.Timestamp(case.features.as_of) - pd.Timedelta(days=day) for day in days)
        return _Lever(spec.label, spec.name, LAST_ACTIVITY, f"{value:.0f}", cells, tuple(f"{day}" for day in days))
    if spec.sources != (spec.name,):
        # shares and counts of filled columns follow from what they are made of
        return None
    if spec.kind is Kind.BOOLEAN:
        return None if value else _Lever(spec.label, spec.name, spec.name, NOT_KNOWN if value is None else NO,
                                         (True,), (YES,))
    if spec.kind not in NUMERIC_KINDS or value is None:
        return None
    more = [number for number in _numbers(case, spec.name, float(value)) if number > float(value)][:MOST_VALUES]
    word = wording(spec.kind)
    return _Lever(spec.label, spec.name, spec.name, word(value), tuple(more), tuple(word(number) for number in more))


def _questions(case: Case, changed: set[str]) -> list[_Lever]:
    """List what is not known of this lead, though it is known of others and may be asked for.

    Personal details other than how to reach somebody are left alone: nobody should collect them for the sake of a
    score.
    """
    levers = [_question(case, spec) for spec in case.features.specs]
    return [lever for lever in levers if lever is not None and lever.cells and lever.column not in changed]


def _question(case: Case, spec: FeatureSpec) -> _Lever | None:
    if spec.name in STAND_INS:
        column, cells = STAND_INS[spec.name]
        if case.value(spec.name) or not case.is_unknown(column):
            return None
        return _Lever(label_of(column, dict(case.headers)), spec.name, column, NOT_KNOWN, cells, cells)
    known = FIELD_BY_NAME.get(spec.name)
    if spec.sources != (spec.name,) or not case.is_unknown(spec.name) or (known is not None and known.personal):
        return None
    if pd.api.types.is_datetime64_any_dtype(case.leads[spec.name].dtype):
        return None
    cells = tuple(_answers(case, spec))[:MOST_VALUES]
    return _Lever(spec.label, spec.name, spec.name, NOT_KNOWN, cells, tuple(map(str, cells)))


def _answers(case: Case, spec: FeatureSpec) -> Iterable[Any]:
    """Give the values an unknown fact may turn out to have."""
    if spec.kind is Kind.BOOLEAN:
        return (True, False)
    if pd.api.types.is_numeric_dtype(case.leads[spec.name].dtype):
        return _numbers(case, spec.name)
    curve = case.curves.get(spec.name)
    seen = [point.value for point in curve.points if point.value not in (None, OTHER)] if curve else []
    named = [value for criterion in case.policy.criteria if criterion.field == spec.name
             for value in _texts(criterion)]
    return dict.fromkeys(str(value) for value in [*seen, *named, *(TITLES if spec.name == "job_title" else ())])


def _numbers(case: Case, feature: str, value: float = 0.0) -> list[float]:
    """Give the numbers worth trying, ascending: those the model has seen, and where a rule begins or ends.

    What rules ask for counts only up to the largest number the model has seen.
    """
    curve = case.curves.get(feature)
    # a column that held words when the model was trained may hold numbers today
    points = pd.to_numeric(pd.Series([point.value for point in curve.points] if curve else [], dtype=object),
                           errors="coerce")
    seen = [float(number) for number in points.dropna()]
    asked = {edge for criterion in case.policy.criteria if criterion.field == feature
             for edge in _edges(criterion, value)}
    return sorted({*seen, *(edge for edge in asked if not seen or edge <= max(seen))})


def _edges(criterion: Criterion, value: float) -> list[float]:
    wanted = criterion.value
    if criterion.operator in (Operator.AT_LEAST, Operator.AT_MOST):
        return [float(wanted)]
    if criterion.operator == Operator.BETWEEN:
        return [float(wanted[0]), float(wanted[1])]
    if criterion.operator == Operator.PER_UNIT:
        full = float(wanted) * math.ceil((criterion.cap or 0.0) / abs(criterion.points))
        return [*(edge for step in UNIT_STEPS if (edge := value + step * float(wanted)) < full), full]
    return []


def _texts(criterion: Criterion) -> tuple[str, ...]:
    if criterion.operator == Operator.ONE_OF:
        return tuple(criterion.value)
    return (criterion.value,) if criterion.operator in (Operator.EQUALS, Operator.CONTAINS) else ()


def _outcomes(case: Case, levers: Sequence[_Lever]) -> tuple[float, list[np.ndarray]]:
    """Give the score as it is, and for each lever the scores of its cells."""
    scores = _judge(case, [{lever.column: cell} for lever in levers for cell in lever.cells])
    ends = np.cumsum([1, *(len(lever.cells) for lever in levers)])
    return float(scores[0]), [scores[start:end] for start, end in zip(ends[:-1], ends[1:], strict=True)]


def _judge(case: Case, trials: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Score the lead as it is, then with each trial's cells; ndarray of shape (1 + n_trials,)."""
    frame = case.leads.iloc[np.zeros(1 + len(trials), dtype=np.intp)]
    frame.index = pd.RangeIndex(len(frame), name=case.leads.index.name)
    changed = {}
    for column in dict.fromkeys(column for trial in trials for column in trial):
        rows = [1 + place for place, trial in enumerate(trials) if column in trial]
        cells = [trials[row - 1][column] for row in rows]
        values = frame[column].copy()
        values.iloc[rows] = pd.Series(cells, dtype=values.dtype).array
        changed[column] = values
    features = build_features(frame.assign(**changed), case.custom_fields, as_of=case.features.as_of,
                              headers=case.headers, made=made_for(case.policy, case.model))
    judged = judge_features(features, policy=case.policy, model=case.model, contributions=False)
    return judged.blend.blended.to_numpy(dtype=float)


def _smallest_good_step(gains: np.ndarray) -> tuple[int, float] | None:
    """Choose the nearest value that brings most of what the best one brings."""
    best = float(gains.max())
    if best < LEAST_GAIN:
        return None
    place = int(np.flatnonzero(gains >= max(MOST_OF_THE_EFFECT * best, LEAST_GAIN))[0])
    return place, float(gains[place])


def _improvement(lever: _Lever, place: int, now: float, gain: float) -> Improvement:
    return Improvement(lever.label, lever.field, lever.before, lever.words[place], now + gain, gain)


def _all_of(found: Sequence[tuple[_Lever, int, float]]) -> dict[str, Any]:
    return {lever.column: lever.cells[place] for lever, place, _ in found}


def _together(best: Sequence[Improvement], sums: np.ndarray, now: float) -> Improvement | None:
    if len(best) < 2 or sums[len(best) - 1] - now < LEAST_GAIN:
        return None
    score = float(sums[len(best) - 1])
    label = "Both together" if len(best) == 2 else "The best three together"
    return Improvement(label, ",".join(part.field for part in best), "; ".join(part.before for part in best),
                       "; ".join(part.after for part in best), score, score - now, ImprovementKind.TOGETHER)


def _to_find_out(questions: Sequence[_Lever], parts: Sequence[np.ndarray], now: float) -> tuple[Unknown, ...]:
    told = [Unknown(lever.label, lever.field, float(part.min()), float(part.max()))
            for lever, part in zip(questions, parts, strict=True)]
    worth_it = [unknown for unknown in told if unknown.high - now >= LEAST_GAIN]
    return tuple(sorted(worth_it, key=lambda unknown: -unknown.high)[:MOST_TO_FIND_OUT])


def _way(goal: Goal, improvements: Sequence[Improvement], sums: np.ndarray, now: float) -> Way:
    enough = np.flatnonzero(sums >= goal.score)
    count = int(enough[0]) + 1 if len(enough) else len(sums)
    reached = float(sums[count - 1]) if count else now
    return Way(goal, tuple(improvement.text for improvement in improvements[:count]), reached)


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"

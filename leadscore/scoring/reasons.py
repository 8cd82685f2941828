"""Points become sentences: why a lead has its score, in the user's own words, adding up to the number shown."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadscore.schema import Kind, label_of
from leadscore.scoring.blend import Blend
from leadscore.scoring.inputs import FeatureFrame
from leadscore.scoring.policy import Policy

LEAST_EFFECT = 0.05
"""Points below which an effect is not worth a line of its own: it would be shown as 0.0."""
LONGEST_VALUE = 60
OTHERS = "other_factors"
YES = "yes"
RULE, MODEL, REST = "rule", "model", "other"


@dataclass(frozen=True)
class Reason:
    """One factor with its signed effect.

    Parameters
    ----------
    code : str
        The column, or ``other_factors``.
    text : str
        Factor and value in words, without the effect.
    field : str
        Column of the features it is about; empty for the rest.
    value : str or None
        As people read it; None when it is missing.
    effect : float
        Points on the 0-100 scale; base + all effects = the score.
    source : str
        ``rule``, ``model``, ``rule and model`` or ``other``.
    """

    code: str
    text: str
    field: str
    value: str | None
    effect: float
    source: str


def reasons_for_lead(blend: Blend, features: FeatureFrame, lead_id: int, policy: Policy, *,
                     hidden: Collection[str] = ()) -> list[Reason]:
    """List every factor of one lead, strongest first; what is too small to show is summed up in the last one.

    Parameters
    ----------
    hidden : collection of str
        Columns whose values the reader may not see: their effect is told, their value is not.

    Returns
    -------
    list of Reason
        ``blend.base`` + the sum of the effects = the blended score, to 1e-6.
    """
    place = int(features.frame.index.get_indexer(pd.Index([lead_id]))[0])
    shown, left = [], 0.0
    for factor in _factors(blend, policy):
        effect = float(factor.points[place])
        if abs(effect) < LEAST_EFFECT:
            left += effect
            continue
        phrase, value = _phrase(factor, features, features.frame.index[[place]], hidden)
        shown.append(Reason(factor.field, str(phrase[0]), factor.field, value[0], effect, factor.source))
    # the score is cut to 0-100, and that cut belongs to no factor
    blended = blend.blended.to_numpy(dtype=float)
    left += float(blended[place]) - blend.base - sum(reason.effect for reason in shown) - left
    shown.sort(key=lambda reason: -abs(reason.effect))
    if abs(left) > 1e-9:
        shown.append(Reason(OTHERS, "All other factors", "", None, left, REST))
    return shown


def reason_columns(blend: Blend, features: FeatureFrame, policy: Policy, *, index: pd.Index | None = None,
                   k: int = 5, hidden: Collection[str] = ()) -> pd.DataFrame:
    """Write the ``k`` strongest reasons of each lead as texts.

    Parameters
    ----------
    index : Index, optional
        The leads wanted, in their order; all by default.
    k : int
        Reasons a lead; fewer where there are not so many of at least 0.05 points.
    hidden : collection of str
        Columns whose values the reader may not see.

    Returns
    -------
    DataFrame of shape (n_wanted, k)
        Columns ``reason_1`` … ``reason_k`` such as ``"Time on site 1,532: +18.0"``; missing beyond the last reason.
    """
    wanted = features.frame.index if index is None else index
    places = features.frame.index.get_indexer(wanted)
    factors = _factors(blend, policy)
    names = [f"reason_{number}" for number in range(1, k + 1)]
    texts = np.full((len(wanted), k), None, dtype=object)
    if factors and k:
        effects = np.column_stack([factor.points[places] for factor in factors])
        strongest = _strongest(effects, k)
        chosen = np.take_along_axis(effects, strongest, axis=1)
        strongest = np.where(np.abs(chosen) < LEAST_EFFECT, -1, strongest)
        for number, factor in enumerate(factors):
            _write(texts, strongest == number, factor, effects[:, number], features, wanted, hidden)
    columns = {name: pd.array(texts[:, place], dtype="str") for place, name in enumerate(names)}
    return pd.DataFrame(columns, index=wanted)


@dataclass(frozen=True)
class _Factor:
    field: str
    source: str
    points: np.ndarray


def _factors(blend: Blend, policy: Policy) -> list[_Factor]:
    """Give one factor a column: what rules and model say of it, together."""
    rules: dict[str, np.ndarray] = {}
    if blend.alpha > 0:
        points = blend.rule_points.to_numpy(dtype=float)
        for place, criterion in enumerate(policy.criteria):
            rules[criterion.field] = rules.get(criterion.field, 0.0) + points[:, place]
    model: dict[str, np.ndarray] = {}
    if blend.model_points is not None and blend.alpha < 1:
        values = blend.model_points.to_numpy(dtype=float)
        model = {str(name): values[:, place] for place, name in enumerate(blend.model_points.columns)}
    found = []
    for name in dict.fromkeys([*rules, *model]):
        sources = [source for source, side in ((RULE, rules), (MODEL, model)) if name in side]
        points = np.sum([side[name] for side in (rules, model) if name in side], axis=0)
        found.append(_Factor(name, " and ".join(sources), points))
    return found


def _strongest(effects: np.ndarray, k: int) -> np.ndarray:
    """Give the positions of the k largest effects in size of each row, largest first."""
    size = np.abs(effects)
    count = min(k, size.shape[1])
    best = np.argpartition(-size, count - 1, axis=1)[:, :count] if count < size.shape[1] \
        else np.tile(np.arange(count), (len(size), 1))
    order = np.argsort(-np.take_along_axis(size, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def _write(texts: np.ndarray, chosen: np.ndarray, factor: _Factor, effects: np.ndarray, features: FeatureFrame,
           wanted: pd.Index, hidden: Collection[str]) -> None:
    """Fill in one factor's sentence wherever it is among the strongest."""
    rows, columns = np.nonzero(chosen)
    if not len(rows):
        return
    phrases, _ = _phrase(factor, features, wanted[rows], hidden)
    tenths = np.round(effects[rows] * 10).astype(np.int64)
    codes, distinct = pd.factorize(tenths)
    signed = np.array([f": {tenth / 10:+.1f}" for tenth in distinct], dtype=object)
    texts[rows, columns] = phrases + signed[codes]


def _phrase(factor: _Factor, features: FeatureFrame, leads: pd.Index,
            hidden: Collection[str]) -> tuple[np.ndarray, np.ndarray]:
    """Give the words and the value of a factor for some leads; every distinct value is worded once."""
    label = features.labels.get(factor.field, label_of(factor.field))
    if factor.field in hidden:
        return np.full(len(leads), label, dtype=object), np.full(len(leads), None, dtype=object)
    if factor.field not in features.frame:
        return np.full(len(leads), f"No {label}", dtype=object), np.full(len(leads), None, dtype=object)
    kind = features.kinds.get(factor.field, Kind.TEXT)
    codes, distinct = pd.factorize(features.frame[factor.field].loc[leads])
    word = wording(kind)
    values = [word(value) for value in distinct]
    phrases = [_sentence(label, value, kind) for value in values]
    # a missing value has the code -1, which reads the last entry
    return (np.array([*phrases, f"{label} is not known"], dtype=object)[codes],
            np.array([*values, None], dtype=object)[codes])


def _sentence(label: str, value: str, kind: Kind) -> str:
    if kind == Kind.BOOLEAN:
        return label if value == YES else f"{label}: {value}"
    return f"{label} {value}" if kind in (Kind.NUMBER, Kind.MONEY) else f"{label} is {value}"


def wording(kind: Kind) -> Callable[[Any], str]:
    """Give the function that writes a known value of a kind as people read it."""
    if kind == Kind.BOOLEAN:
        return lambda value: YES if float(value) else "no"
    if kind in (Kind.NUMBER, Kind.MONEY):
        return _number
    return _short_text


def _short_text(value: Any) -> str:
    text = str(value).replace("_", " ")
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE - 1] + "…"


def _number(value: Any) -> str:
    number = float(value)
    if number.is_integer() or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:,.2f}".rstrip("0").rstrip(".")

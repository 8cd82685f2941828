"""How much each feature, and each stored field, moves the scores in force: by the rules and by the model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from leadscore.features.derived import DERIVED
from leadscore.scoring.policy import Policy
from leadscore.store.tables import ModelVersion

_SOURCES = {feature.name: feature.sources for feature in DERIVED}


def importance_of(policy: Policy, champion: ModelVersion | None) -> dict[str, float]:
    """Give each feature its part of what moves the scores.

    The rules count by the points a criterion can give or take within its group, the model by mean absolute log-odds,
    and both as they are blended.

    Returns
    -------
    dict of str to float
        In [0, 1], 1 in total; empty where neither looks at anything.
    """
    report = champion.report if champion else {}
    learnt = {name: max(float(value), 0.0) * policy.weight_of(name) for name, value in
              (report.get("importance") or {}).items()}
    ruled = _ruled(policy)
    alpha = 1.0 if not learnt else _blend(policy, report) if ruled else 0.0
    found: dict[str, float] = defaultdict(float)
    for part, share in ((_whole(ruled), alpha), (_whole(learnt), 1 - alpha)):
        for name, value in part.items():
            found[name] += share * value
    return {name: value for name, value in found.items() if value > 0}


def of_fields(importance: Mapping[str, float]) -> dict[str, float]:
    """Give each stored field what the features made of it count for."""
    found: dict[str, float] = defaultdict(float)
    for name, value in importance.items():
        sources = _SOURCES.get(name, (name,))
        for source in sources:
            found[source] += value / len(sources)
    return dict(found)


def _ruled(policy: Policy) -> dict[str, float]:
    points: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for criterion in policy.criteria:
        if criterion.field not in policy.switched_off:
            size = criterion.points if criterion.cap is None else criterion.cap
            points[criterion.group][criterion.field] += abs(size)
    found: dict[str, float] = defaultdict(float)
    for group, fields in points.items():
        for name, share in _whole(fields).items():
            found[name] += policy.group_weights.get(group, 0.0) * share
    return dict(found)


def _blend(policy: Policy, report: Mapping[str, object]) -> float:
    suggested = report.get("suggested_alpha")
    return float(suggested) if policy.alpha_is_suggested and isinstance(suggested, (int, float)) else policy.alpha


def _whole(parts: Mapping[str, float]) -> dict[str, float]:
    total = sum(parts.values())
    return {name: value / total for name, value in parts.items()} if total else {}

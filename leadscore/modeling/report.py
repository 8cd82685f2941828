"""What is kept of a training for people to read: figures with intervals, warnings, a verdict; no lead's data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from leadscore.modeling.evaluation import Interval

LIBRARIES = ("numpy", "pandas", "scikit-learn", "xgboost", "xgboost-cpu")


class Verdict(StrEnum):
    """What the figures allow to say about a model."""

    READY = "ready"
    CARE = "use with care"
    CHANCE = "not better than chance"


@dataclass(frozen=True)
class TrainingReport:
    """Everything a person needs to trust a model or not; plain values only, no lead's data."""

    algorithm: str
    balance: str
    split: dict[str, Any]
    set_aside: tuple[dict[str, Any], ...]
    suspects: tuple[dict[str, Any], ...]
    metrics: dict[str, Interval]
    candidates: tuple[dict[str, Any], ...]
    verdict: str
    warnings: tuple[str, ...]
    importance: dict[str, float]
    reliability: tuple[dict[str, float], ...]
    gains: tuple[dict[str, float], ...]
    parameters: dict[str, Any]
    libraries: dict[str, str]
    data: dict[str, Any]
    threshold: float = 0.5
    confusion: dict[str, int] = field(default_factory=dict)
    learning_curve: tuple[dict[str, float], ...] = ()
    expectation: dict[str, Any] | None = None
    effect_curves: dict[str, Any] = field(default_factory=dict)
    classes: tuple[dict[str, Any], ...] = ()
    """Of a model of three tiers: each with its label in the file, its rows, precision, recall and f1."""
    tier_confusion: tuple[tuple[int, ...], ...] = ()
    """Of a model of three tiers: the true one by row, the one given by column, best first."""

    def to_dict(self) -> dict[str, Any]:
        """Give the plain JSON form."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lists = {name: list(value) for name, value in plain.items() if isinstance(value, tuple)}
        return plain | lists | {"metrics": {name: figure.to_dict() for name, figure in self.metrics.items()}}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> TrainingReport:
        """Build from :meth:`to_dict`; a report made by an earlier version lacks the newer parts."""
        values = {name: state[name] for name in cls.__dataclass_fields__ if name in state}
        values |= {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        values["metrics"] = {name: Interval.from_dict(figure) for name, figure in state["metrics"].items()}
        return cls(**values)


def installed_libraries() -> dict[str, str]:
    """Give the versions of the libraries a model depends on."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found

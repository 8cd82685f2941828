"""What a backtest is asked for, and its report: what a version found, with intervals, beside other orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest
from leadscore.monitoring.rates import wilson
from leadscore.scoring.measures import TOP, Samples, compared, draw, figures, rank, sentence, too_few
from leadscore.steps.backtesting import ENDED, Ranked
from leadscore.steps.effects import BEST

TESTED, RIVAL, ARRIVAL = "tested", "rival", "arrival"
POINTS = 20
BINS = 10
SHOWN = ("capture", "lift", "precision", "average_precision", "calibration_error")


@dataclass(frozen=True)
class BacktestRequest:
    """What to measure.

    Parameters
    ----------
    version : int
    start, end : date
        First and last day of the period.
    by : {"ended", "created"}
        Whether leads whose outcome was known in the period count, or those that came in then.
    learn_anew : bool
        Whether the model learns once more from what was known before the period.
    """

    version: int
    start: date
    end: date
    by: str = ENDED
    learn_anew: bool = False

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> BacktestRequest:
        """Read plain values, days as ISO texts.

        Raises
        ------
        InvalidRequest
            A value is missing or of the wrong kind.
        """
        try:
            return cls(int(values["version"]), date.fromisoformat(values["start"]), date.fromisoformat(values["end"]),
                       str(values.get("by", ENDED)), bool(values.get("learn_anew")))
        except (KeyError, TypeError, ValueError) as problem:
            raise InvalidRequest("wrong_backtest", "A backtest needs a version, a first and a last day.",
                                 "Write days as 2026-01-31.") from problem

    def as_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self) | {"start": self.start.isoformat(), "end": self.end.isoformat()}


@dataclass(frozen=True)
class BacktestReport:
    """What a version would have found in a period.

    Parameters
    ----------
    request : BacktestRequest
    rival : int
        The version it is held against: in force when the period began, else the first one.
    inside, leads, converted : int
        Leads of the period whose end is known; of them those that could be measured on; and that converted.
    learnt_from : int
        Leads a model learnt from anew; 0 otherwise.
    about, sentence : str
        Where the model's part comes from, and what was found.
    figures : dict
        ``{measure: {"tested", "rival", "difference", "arrival": {value, low, high}}}``, of the best 20 %; empty where
        too few leads ended either way.
    gains : list of dict
        ``share``, and the share of conversions found by ``tested``, ``rival`` and ``arrival``.
    reliability : list of dict
        Ten bins of equal size: ``score`` (mean, as a fraction), ``rate`` with ``low`` and ``high``, ``leads``.
    """

    request: BacktestRequest
    rival: int
    inside: int
    leads: int
    converted: int
    learnt_from: int
    about: str
    sentence: str
    figures: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    gains: list[dict[str, float]] = field(default_factory=list)
    reliability: list[dict[str, float]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Give plain values."""
        return asdict(self) | {"request": self.request.as_dict()}


def without_figures(request: BacktestRequest, rival: int, known: pd.DataFrame, inside: int | None = None,
                    about: str = "") -> BacktestReport:
    """Give the report of a period with too few outcomes: a sentence, no figure."""
    converted = int(known["converted"].sum())
    told = (f"Only {converted:,} conversions and {len(known) - converted:,} lost leads are there to measure on: too "
            "few to say what a version would have found.")
    return BacktestReport(request, rival, len(known) if inside is None else inside, len(known), converted, 0, about,
                          told)


def measured(request: BacktestRequest, rival: int, ranked: Ranked) -> BacktestReport:
    """Measure the ranked leads of a period."""
    scores = ranked.scores
    y = scores["converted"].to_numpy(dtype=float)
    if too_few(y):
        return without_figures(request, rival, scores, ranked.inside, ranked.about)
    samples = draw(y)
    # who came first stands first: the order of the file
    rankings = {TESTED: scores[TESTED].to_numpy(), RIVAL: scores[RIVAL].to_numpy(),
                ARRIVAL: np.linspace(100.0, 0.0, len(scores))}
    told = {name: _by_measure(score, samples) for name, score in rankings.items()}
    against = compared(told[RIVAL], told[TESTED])
    alone = compared(told[ARRIVAL], told[ARRIVAL])
    named = {name: {TESTED: asdict(pair.after), RIVAL: asdict(pair.before), "difference": asdict(pair.difference)}
             | ({ARRIVAL: asdict(alone[name].after)} if name != "calibration_error" else {})
             for name, pair in against.items()}
    capture, whole = against["capture"], against["average_precision"]
    converted = int(y.sum())
    return BacktestReport(
        request, rival, ranked.inside, len(y), converted, ranked.learnt_from, ranked.about,
        _sentence(request.version, rival, capture, whole, converted), {name: named[name] for name in SHOWN},
        _gains(rankings, y), _reliability(rankings[TESTED] / 100, y))


def _by_measure(score: np.ndarray, samples: Samples) -> dict[str, np.ndarray]:
    return {name.removesuffix("_0"): values for name, values in figures(rank(score, samples)).items()}


def _sentence(version: int, rival: int, capture: Any, whole: Any, converted: int) -> str:
    if version == rival:
        found = round(capture.after.value * converted)
        return (f"Would have found {found:,} of {converted:,} conversions {BEST}, "
                f"{capture.after.value / TOP:.1f} times as many as chance.")
    return f"Against version {rival}: {sentence(capture, whole, converted, BEST)}"


def _gains(rankings: Mapping[str, np.ndarray], y: np.ndarray) -> list[dict[str, float]]:
    shares = np.linspace(0, 1, POINTS + 1)
    places = np.round(shares * len(y)).astype(int)
    found = {name: np.concatenate([[0.0], np.cumsum(y[np.argsort(-score, kind="stable")])])[places] / y.sum()
             for name, score in rankings.items()}
    return [{"share": float(share)} | {name: float(part[place]) for name, part in found.items()}
            for place, share in enumerate(shares)]


def _reliability(said: np.ndarray, y: np.ndarray) -> list[dict[str, float]]:
    parts = [part for part in np.array_split(np.argsort(said, kind="stable"), BINS) if len(part)]
    counts = np.array([[y[part].sum(), len(part)] for part in parts])
    rate, low, high = wilson(counts[:, 0], counts[:, 1])
    return [{"score": float(said[part].mean()), "rate": float(rate[place]), "low": float(low[place]),
             "high": float(high[place]), "leads": len(part)} for place, part in enumerate(parts)]

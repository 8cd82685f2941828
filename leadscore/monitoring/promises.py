"""What a training promised beside what has come true since, with leads that are too young or undecided named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from leadscore.monitoring.performance import Measured
from leadscore.monitoring.profiles import Floats
from leadscore.monitoring.rates import Z_95, wilson

TOP = 0.2
LEAST_OUTCOMES = 20
"""Conversions and losses needed, each, before what came true is compared with what was promised."""
LEAST_BIN = 10
CALIBRATION_BINS = 10
ALPHA = 0.01
"""Chance of an alarm of each of these figures where nothing has changed; there are five of them beside the columns."""
FALLEN_AUC, FALLEN_SHARE = 0.03, 0.1
"""How far accuracy must be below its promise, and a share of conversions, as a part of its promise."""
MOVED_RATE, MOVED_CHANCE = 0.25, 0.25
"""How far a rate must be from what was known, as a part of it."""
USUAL_DELAY = 0.9
LEAST_PARTS, LEAST_TO_CORRECT = 3, 100
"""Parts, and conversions as well as losses, that chances are corrected by."""
SLOPES = (0.5, 2.0)
STEPS = 12
MATURE_WITHOUT_DATES = 30


@dataclass(frozen=True)
class Promise:
    """One figure, promised and come true; shares and areas in [0, 1].

    Parameters
    ----------
    key, label : str
    promised, realised : Measured
    kept : bool or None
        None where there is too little to tell.
    sentence : str
        What has happened where it was not kept; else empty.
    """

    key: str
    label: str
    promised: Measured
    realised: Measured
    kept: bool | None
    sentence: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return {"key": self.key, "label": self.label, "promised": _plain(self.promised),
                "realised": _plain(self.realised), "kept": self.kept, "sentence": self.sentence}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Promise:
        """Build from :meth:`to_dict`."""
        return cls(str(state["key"]), str(state["label"]), Measured(*state["promised"]), Measured(*state["realised"]),
                   state["kept"], str(state["sentence"]))


def days_until_known(waits: pd.DataFrame) -> int:
    """Say after how many days nine of ten conversions of earlier leads had happened.

    Parameters
    ----------
    waits : DataFrame
        Columns ``days`` and ``leads``: conversions by how long they took.

    Returns
    -------
    int
        30 where none is known; what happens later still is missed by every figure that waits so long.
    """
    if waits.empty or not waits["leads"].sum():
        return MATURE_WITHOUT_DATES
    counts = waits.groupby("days")["leads"].sum().sort_index()
    reached = counts.cumsum() >= USUAL_DELAY * counts.sum()
    return int(max(float(counts.index[reached.to_numpy()][0]), 1.0))


def estimated_accuracy(chances: Floats) -> Measured:
    """Estimate, before any outcome is known, how well scores tell leads apart, from calibrated chances alone.

    Every pair of leads counts by the chance that the first converts and the second does not. It holds as far as the
    chances do: that the same kind of lead now converts more or less often than it did cannot be seen in this figure.

    Parameters
    ----------
    chances : ndarray of shape (n_leads,), in [0, 1]

    References
    ----------
    NannyML (2022), Confidence-based performance estimation; Hanley and McNeil (1982) for the interval.
    """
    p = np.sort(chances[np.isfinite(chances)])
    won, lost = float(p.sum()), float((1 - p).sum())
    if len(p) < 2 or min(won, lost) < 1:
        return Measured(None)
    # equal chances count half on either side
    values, starts, often = np.unique(p, return_index=True, return_counts=True)
    below = np.concatenate([[0.0], np.cumsum(1 - p)])
    losses = below[starts] + (below[starts + often] - below[starts]) / 2
    # a lead is never paired with itself
    area = float((often * values * losses).sum() - (values * (1 - values) * often).sum() / 2)
    area /= won * lost - float((p * (1 - p)).sum())
    return _with_error(area, won, lost)


def corrected(chances: Floats, reliability: Sequence[Mapping[str, float]]) -> Floats:
    """Correct chances by what came of them at the training, where they were too bold or too timid.

    Parameters
    ----------
    chances : ndarray of shape (n_leads,), in (0, 1)
    reliability : sequence of mapping
        ``probability``, ``rate`` and ``rows``, of leads the model had not seen.

    Returns
    -------
    ndarray of shape (n_leads,)
        As they are where there are too few outcomes to tell.

    References
    ----------
    Platt, J. (1999): a line in log-odds, fitted by iteratively reweighted least squares.
    """
    bins = np.array([[part["probability"], part["rate"], part["rows"]] for part in reliability], dtype=float)
    if len(bins) < LEAST_PARTS or min((bins[:, 1] * bins[:, 2]).sum(), ((1 - bins[:, 1]) * bins[:, 2]).sum()) < \
            LEAST_TO_CORRECT:
        return chances
    said = np.column_stack([np.ones(len(bins)), _logit(bins[:, 0])])
    line = np.array([0.0, 1.0])
    for _ in range(STEPS):
        found = expit(said @ line)
        weight = bins[:, 2] * found * (1 - found)
        line = line + np.linalg.lstsq(said.T @ (said * weight[:, None]), said.T @ (bins[:, 2] * (bins[:, 1] - found)),
                                      rcond=None)[0]
    line[1] = np.clip(line[1], *SLOPES)
    result: Floats = expit(line[0] + line[1] * _logit(chances))
    return result


def accuracy(ended: pd.DataFrame) -> Measured:
    """Give how often a converted lead had the higher chance than a lost one; equals count half.

    Parameters
    ----------
    ended : DataFrame
        Columns ``chance`` and ``converted`` (0 or 1).
    """
    won, lost = float(ended["converted"].sum()), float((1 - ended["converted"]).sum())
    if min(won, lost) < LEAST_OUTCOMES:
        return Measured(None)
    ranks = ended["chance"].rank().to_numpy()
    area = (float(ranks[ended["converted"].to_numpy() == 1].sum()) - won * (won + 1) / 2) / (won * lost)
    return _with_error(area, won, lost)


def best_fifth(ended: pd.DataFrame) -> tuple[Measured, Measured]:
    """Give which share of the conversions the best fifth holds, and how often these convert; equals share places."""
    won, leads = float(ended["converted"].sum()), len(ended)
    if min(won, leads - won) < LEAST_OUTCOMES:
        return Measured(None), Measured(None)
    by_chance = ended.groupby("chance")["converted"].agg(["sum", "count"]).sort_index(ascending=False)
    places = np.concatenate([[0.0], by_chance["count"].cumsum().to_numpy(dtype=float)])
    found = float(np.interp(TOP * leads, places, np.concatenate([[0.0], by_chance["sum"].cumsum().to_numpy(float)])))
    return _share(found, won), _share(found, TOP * leads)


def base_rate(ended: pd.DataFrame) -> Measured:
    """Give the share that converted of the leads whose end is known."""
    return _share(float(ended["converted"].sum()), float(len(ended))) if len(ended) else Measured(None)


def compare_promises(metrics: Mapping[str, Any], ended: pd.DataFrame, *, learnt: int) -> tuple[Promise, ...]:
    """Hold what a training promised against what has come true.

    Parameters
    ----------
    metrics : mapping
        Of the training report: ``{name: {value, low, high}}``.
    ended : DataFrame
        Columns ``chance`` and ``converted``: leads whose end the model did not know, old enough to have one.
    learnt : int
        Leads the promised base rate was known from.
    """
    known = _promised(metrics)
    captured, converting = best_fifth(ended)
    area, was = accuracy(ended), known["roc_auc"]
    fallen = _fallen(was, area)
    found = [Promise("auc", "Score accuracy", was, area, None if fallen is None else not (
        fallen and (was.value or 0) - (area.value or 0) >= FALLEN_AUC),
        f"Scores tell leads apart less well than promised: accuracy is {_said(area)}, {_said(was)} was promised.")]
    for key, label, now, words in (
            ("capture_at_20", "Conversions found in the best 20 %", captured,
             "The best 20 % hold fewer of the conversions than promised"),
            ("precision_at_20", "Conversion rate of the best 20 %", converting,
             "The best 20 % convert less often than promised")):
        was = known[key]
        fallen = _fallen(was, now)
        far = (was.value or 0) - (now.value or 0) >= FALLEN_SHARE * (was.value or 0)
        found.append(Promise(key, label, was, now, None if fallen is None else not (fallen and far),
                             f"{words}: {_said(now)} instead of {_said(was)}."))
    found.append(_rate(known["base_rate"], ended, learnt))
    found.append(_chances(ended))
    return tuple(Promise(each.key, each.label, each.promised, each.realised, each.kept,
                         "" if each.kept is not False else each.sentence) for each in found)


def calibration(ended: pd.DataFrame) -> pd.DataFrame:
    """Compare chances with what came of them, in up to ten parts of equal size.

    Returns
    -------
    DataFrame
        Columns ``expected``, ``rate`` with its interval, ``leads`` and ``converted``; empty without enough leads.
    """
    parts = min(CALIBRATION_BINS, len(ended) // LEAST_BIN)
    if parts < 1:
        return pd.DataFrame({name: np.zeros(0) for name in ("expected", "rate", "rate_low", "rate_high", "leads",
                                                            "converted")})
    ranked = ended.sort_values("chance", kind="stable")
    place = np.arange(len(ranked)) * parts // len(ranked)
    grouped = ranked.groupby(place).agg(expected=("chance", "mean"), leads=("chance", "size"),
                                        converted=("converted", "sum"))
    rate, low, high = wilson(grouped["converted"].to_numpy(dtype=float), grouped["leads"].to_numpy(dtype=float))
    return grouped.assign(rate=rate, rate_low=low, rate_high=high)[
        ["expected", "rate", "rate_low", "rate_high", "leads", "converted"]]


def _rate(was: Measured, ended: pd.DataFrame, learnt: int) -> Promise:
    """Compare the share that converts with that of the leads the model learnt from (two proportions)."""
    now, label = base_rate(ended), "Share that converts"
    won = float(ended["converted"].sum())
    if was.value is None or not learnt or now.value is None or min(won, len(ended) - won) < LEAST_OUTCOMES:
        return Promise("base_rate", label, was, now, None)
    pooled = (was.value * learnt + won) / (learnt + len(ended))
    error = np.sqrt(max(pooled * (1 - pooled), 1e-12) * (1 / learnt + 1 / len(ended)))
    sure = abs(now.value - was.value) / error > norm.isf(ALPHA / 2)
    moved = sure and abs(now.value - was.value) >= MOVED_RATE * was.value
    more = "more" if now.value > was.value else "fewer"
    return Promise("base_rate", label, was, now, not moved,
                   f"Of leads whose end is known {more} convert: {_said(now)}, before {_said(was)}.")


def _chances(ended: pd.DataFrame) -> Promise:
    """Compare the mean chance with the share that converted (a sum of unequal coins)."""
    now, label = base_rate(ended), "Chances add up to the conversions"
    if not len(ended) or min(ended["converted"].sum(), (1 - ended["converted"]).sum()) < LEAST_OUTCOMES:
        return Promise("calibration", label, Measured(None), now, None)
    p = ended["chance"].to_numpy(dtype=float)
    said, error = float(p.mean()), float(np.sqrt((p * (1 - p)).sum()) / len(p))
    rate = now.value or 0.0
    wrong = abs(rate - said) > norm.isf(ALPHA / 2) * error and abs(rate - said) >= MOVED_CHANCE * said
    return Promise("calibration", label, Measured(said, said, said), now, not wrong,
                   f"The chances no longer come true: on average {said:.0%} was foretold and {rate:.0%} converted.")


def _logit(chances: Floats) -> Floats:
    kept = np.clip(chances, 1e-6, 1 - 1e-6)
    result: Floats = np.log(kept / (1 - kept))
    return result


def _promised(metrics: Mapping[str, Any]) -> dict[str, Measured]:
    found = {}
    for name in ("roc_auc", "capture_at_20", "precision_at_20", "base_rate"):
        state = metrics.get(name) or {}
        found[name] = Measured(*(state.get(part) for part in ("value", "low", "high")))
    return found


def _fallen(was: Measured, now: Measured) -> bool | None:
    """Say whether a figure is below its promise beyond chance; None where one of the two is not known."""
    if was.value is None or now.value is None:
        return None
    error = float(np.hypot(_error(was), _error(now)))
    return bool(was.value - now.value > norm.isf(ALPHA) * error)


def _error(figure: Measured) -> float:
    if figure.low is None or figure.high is None:
        return 0.0
    return (figure.high - figure.low) / (2 * Z_95)


def _with_error(area: float, won: float, lost: float) -> Measured:
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (area * (1 - area) + (won - 1) * (first - area**2) + (lost - 1) * (second - area**2)) / (won * lost)
    half = Z_95 * float(np.sqrt(max(spread, 0.0)))
    return Measured(area, max(area - half, 0.0), min(area + half, 1.0))


def _share(part: float, whole: float) -> Measured:
    value, low, high = wilson(np.array([part]), np.array([whole]))
    return Measured(float(value[0]), float(low[0]), float(high[0]))


def _said(figure: Measured) -> str:
    return "unknown" if figure.value is None else f"{figure.value:.0%}"


def _plain(figure: Measured) -> list[float | None]:
    return [figure.value, figure.low, figure.high]

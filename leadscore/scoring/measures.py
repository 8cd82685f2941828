"""What a ranking finds among leads whose end is known, and whether another ranking finds more or fewer of them.

All rankings of the same leads are measured on the same bootstrap draws, so that differences are paired.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, np.dtype[Any]]

TOP = 0.2
BINS = 10
DRAWS = 200
TAILS = (0.025, 0.975)
FEWEST = 40
"""Fewer conversions or fewer lost leads than this say nothing about a change of weights."""
SLACK = 1e-6
MOST_PLACES = 5_000
"""With more leads than this, neighbours in the ranking stand in one place as if they were equal: four at the most among
20,000, which no figure shows and every slider feels."""


class Verdict(StrEnum):
    """What a change does to the conversions found."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    TOO_FEW = "too_few"


@dataclass(frozen=True)
class Figure:
    """A figure with the 95 % bootstrap interval around it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """A figure before and after a change, and the paired difference after - before."""

    before: Figure
    after: Figure
    difference: Figure

    @property
    def verdict(self) -> Verdict:
        """Whether a larger figure is there for certain, a smaller one, or neither."""
        return Verdict.BETTER if self.difference.low > 0 else Verdict.WORSE if self.difference.high < 0 else \
            Verdict.SAME


@dataclass(frozen=True)
class Samples:
    """Leads whose end is known, and how often each is in every bootstrap sample.

    Parameters
    ----------
    y : ndarray of float32, shape (n_leads,)
        1 converted, 0 lost.
    counts, converted : ndarray of float32, shape (1 + n_draws, n_leads)
        How often the lead is in the sample, and the same for converted leads alone; the first sample is the leads as
        they are.
    """

    y: Numbers
    counts: Numbers
    converted: Numbers


def draw(y: Numbers, *, seed: int = 0, draws: int = DRAWS) -> Samples:
    """Draw bootstrap samples once, for every ranking of these leads.

    Parameters
    ----------
    y : ndarray of shape (n_leads,)
        1 converted, 0 lost.
    """
    leads, generator = len(y), np.random.default_rng(seed)
    counts = np.ones((draws + 1, leads), dtype=np.float32)
    for sample in counts[1:]:
        sample[:] = np.bincount(generator.integers(0, leads, leads), minlength=leads)
    outcome = np.asarray(y, dtype=np.float32)
    return Samples(outcome, counts, counts * outcome)


@dataclass(frozen=True)
class Ranking:
    """Leads from best to worst, counted through in every sample at once; equals stand in one place together.

    Parameters
    ----------
    scores : ndarray of shape (n_places,)
        The lowest of each place, falling.
    leads, found : ndarray of shape (1 + n_draws, n_places)
        Leads, and conversions, down to each place.
    gaps : ndarray of shape (n_bins, 1 + n_draws)
        Promised less real conversions in bins of equal size.
    """

    scores: Numbers
    leads: Numbers
    found: Numbers
    gaps: Numbers

    @property
    def total(self) -> Numbers:
        """Leads in each sample, shape (1 + n_draws,)."""
        return self.leads[:, -1]

    @property
    def converted(self) -> Numbers:
        """Conversions in each sample, shape (1 + n_draws,)."""
        return self.found[:, -1]

    @cached_property
    def average_precision(self) -> Numbers:
        """Mean precision over the places of converted leads, one figure a sample."""
        steps = np.diff(self.found, axis=1, prepend=0.0)
        precision = np.divide(self.found, self.leads, out=np.zeros_like(self.found), where=self.leads > 0)
        return _share(np.einsum("ij,ij->i", steps, precision, dtype=np.float64), self.converted)

    @property
    def calibration_error(self) -> Numbers:
        """Mean gap between score / 100 and what happened, one figure a sample."""
        return np.asarray(np.abs(self.gaps).sum(axis=0) / self.total)

    def found_in(self, share: float) -> Numbers:
        """Count the conversions among the best; equals across the border give their proportion."""
        wanted = np.minimum(share * self.total, self.total)
        border = (self.leads < wanted[:, None] - SLACK).sum(axis=1)
        samples = np.arange(len(wanted))
        above = np.where(border > 0, self.leads[samples, border - 1], 0.0)
        found_above = np.where(border > 0, self.found[samples, border - 1], 0.0)
        part = (wanted - above) / np.maximum(self.leads[samples, border] - above, SLACK)
        return np.asarray(found_above + part * (self.found[samples, border] - found_above), dtype=np.float64)


def rank(score: Numbers, samples: Samples) -> Ranking:
    """Put leads in order and count them through.

    Parameters
    ----------
    score : ndarray of shape (n_leads,), in [0, 100]
    samples : Samples
    """
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    starts = _places(ordered)
    weights, conversions = (np.take(part, order, axis=1) for part in (samples.counts, samples.converted))
    gaps = _gaps(ordered, samples.y[order], weights)
    leads, found = (np.cumsum(np.add.reduceat(part, starts, axis=1), axis=1) for part in (weights, conversions))
    return Ranking(ordered[np.append(starts[1:], len(ordered)) - 1], leads, found, gaps)


def figures(ranking: Ranking, shares: Sequence[float] = (TOP,)) -> dict[str, Numbers]:
    """Give every measure in every sample.

    Returns
    -------
    dict of ndarray, shape (1 + n_draws,)
        ``average_precision``, ``calibration_error``, and for each share ``capture``, ``lift`` and ``precision`` with
        the place of the share behind it: ``capture_0`` is that of the first.
    """
    told = {"average_precision": ranking.average_precision, "calibration_error": ranking.calibration_error}
    for place, share in enumerate(shares):
        found = ranking.found_in(share)
        capture = _share(found, ranking.converted)
        told |= {f"capture_{place}": capture, f"lift_{place}": capture / share,
                 f"precision_{place}": found / (share * ranking.total)}
    return told


def compared(before: dict[str, Numbers], after: dict[str, Numbers]) -> dict[str, Compared]:
    """Set the figures of two rankings of the same leads and samples beside each other."""
    return {name: Compared(figure(values), figure(after[name]), figure(after[name] - values))
            for name, values in before.items()}


def figure(samples: Numbers) -> Figure:
    """Give the first sample as the figure, and around it the range of the others; the range always holds it."""
    value, drawn = float(samples[0]), samples[1:][np.isfinite(samples[1:])]
    if not len(drawn):
        return Figure(value, value, value)
    low, high = np.quantile(drawn, TAILS)
    return Figure(value, min(float(low), value), max(float(high), value))


def too_few(y: Numbers) -> bool:
    """Say whether so few leads ended either way that no change can be judged."""
    converted = int(y.sum())
    return min(converted, len(y) - converted) < FEWEST


def verdict_of(capture: Compared, whole: Compared) -> Verdict:
    """Judge a change by the conversions among the best, and by the whole ranking where those cannot tell.

    Parameters
    ----------
    capture, whole : Compared
        Of the share of conversions found among the best, and of average precision.
    """
    return whole.verdict if capture.verdict == Verdict.SAME else capture.verdict


def sentence(capture: Compared, whole: Compared, converted: int, where: str) -> str:
    """Say in words what a change does to the conversions found.

    Parameters
    ----------
    capture, whole : Compared
        As for :func:`verdict_of`.
    converted : int
        Conversions among the leads measured on.
    where : str
        ``"in the best 20 %"``.
    """
    before, after = (round(part.value * converted) for part in (capture.before, capture.after))
    points = [100 * part for part in (capture.difference.value, capture.difference.low, capture.difference.high)]
    range_ = f"({points[0]:+.1f} points, 95 %: {points[1]:+.1f} to {points[2]:+.1f})".replace("-", "−")
    told = f"Would have found {after:,} instead of {before:,} of {converted:,} conversions {where} {range_}."
    return f"{told} {_conclusion(capture.verdict, whole.verdict)}"


_CONCLUSIONS = {Verdict.BETTER: "this change helps.", Verdict.WORSE: "this change hurts."}


def _conclusion(best: Verdict, whole: Verdict) -> str:
    if best != Verdict.SAME:
        return _CONCLUSIONS[best].capitalize()
    told = "The difference cannot be told apart from chance"
    return f"{told}." if whole == Verdict.SAME else f"{told} there; over the whole ranking {_CONCLUSIONS[whole]}"


def _places(ordered: Numbers) -> Numbers:
    """Say where each place begins: at every new score, or at every few leads where there are too many."""
    starts = np.flatnonzero(np.append(True, np.diff(ordered) != 0))
    return starts if len(starts) <= MOST_PLACES else starts[::math.ceil(len(starts) / MOST_PLACES)]


def _gaps(ordered: Numbers, outcome: Numbers, weights: Numbers) -> Numbers:
    gap = (ordered / 100.0).astype(np.float32) - outcome
    edges = np.unique(np.linspace(0, len(gap), min(BINS, len(gap)) + 1).astype(int))
    return np.array([weights[:, start:end] @ gap[start:end] for start, end in zip(edges[:-1], edges[1:], strict=True)])


def _share(part: Numbers, whole: Numbers) -> Numbers:
    return np.asarray(np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0), dtype=np.float64)

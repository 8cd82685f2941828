"""Two periods in, the sentence on what changed most out: only what is beyond chance is called a change."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from leadscore.monitoring.changes import (
    Parts,
    beyond_chance,
    taken_apart,
    z_of_counts,
    z_of_measured,
    z_of_shares,
    z_of_sums,
)
from leadscore.monitoring.rates import Z_95
from leadscore.monitoring.situation import NextAction, Sentence, SentenceKind, Situation, Span

MOSTLY = 0.6
"""Share of a change from which on it is said to come mostly from one thing."""
NO_SOURCE = ""
"""Stands for the leads that name no source."""


@dataclass(frozen=True)
class Candidate:
    """A figure that may have changed: how far beyond its noise, and the sentence if it has."""

    z: float
    say: Callable[[], Sentence]


def change_sentence(situation: Situation) -> Sentence | None:
    """Say what changed most; None where there is no period before."""
    now, before = situation.now, situation.before
    if before is None or not now.leads:
        return None
    if not before.leads:
        return _changed("No lead came in in the period before: there is nothing to compare with.")
    found = [candidate for candidate in _candidates(situation, now, before) if math.isfinite(candidate.z)]
    most = max(found, key=lambda candidate: abs(candidate.z), default=None)
    if most is None or abs(most.z) < beyond_chance(len(found)):
        return _changed("Nothing has changed beyond chance since the period before.")
    return most.say()


def converts_late(situation: Situation) -> bool:
    """Say whether many of the leads may still convert.

    A lead that came in within a period has had half of the period to convert, on average.
    """
    wait, days = situation.days_to_conversion, situation.days
    return wait is not None and days is not None and math.isfinite(wait) and wait > days / 2


def percent(share: float, digits: int = 1) -> str:
    """Write a share for people, never below 0 or above 100 %."""
    return f"{100 * min(max(share, 0.0), 1.0):.{digits}f} %"


def money(amount: float, currency: str) -> str:
    """Write an amount with its currency."""
    return f"{amount:,.0f} {currency}".strip()


def _candidates(situation: Situation, now: Span, before: Span) -> list[Candidate]:
    found = [
        (z_of_counts(now.leads, before.leads, dispersion=situation.dispersion), lambda: _volume(now, before)),
        (_z_of_qualified(now, before), lambda: _qualified(now, before)),
        (_z_of_average(now, before), lambda: _average(now, before)),
        (z_of_measured(now.accuracy, before.accuracy), lambda: _accuracy(now, before)),
        (_z_of_revenue(now, before), lambda: _revenue(now, before, situation.currency)),
        (z_of_shares(now.converted, now.leads, before.converted, before.leads), lambda: _conversion(now, before)),
    ]
    return [Candidate(z, say) for z, say in found if z is not None]


def _changed(text: str, action: NextAction | None = None, target: str | None = None) -> Sentence:
    return Sentence(SentenceKind.CHANGE, text, action, target)


def _went(now: float, before: float) -> str:
    return "rose" if now > before else "fell"


def _volume(now: Span, before: Span) -> Sentence:
    return _changed(f"{_went(now.leads, before.leads).replace('rose', 'More').replace('fell', 'Fewer')} leads came in: "
                    f"{now.leads:,}, {before.leads:,} in the period before.")


def _z_of_qualified(now: Span, before: Span) -> float | None:
    if now.qualified is None or before.qualified is None:
        return None
    return z_of_shares(now.qualified, now.leads, before.qualified, before.leads)


def _qualified(now: Span, before: Span) -> Sentence:
    share, earlier = (now.qualified or 0) / now.leads, (before.qualified or 0) / before.leads
    return _changed(f"The share of leads above the qualified threshold {_went(share, earlier)} from {percent(earlier)} "
                    f"to {percent(share)}{_faded(share, earlier)}.")


def _faded(now: float, before: float) -> str:
    """Warn of what a rise may be: rules on activity take points from leads that have long been silent."""
    return "; these are scores of today, and those of older leads may have faded" if now > before else ""


def _z_of_average(now: Span, before: Span) -> float | None:
    known = (now.average_score, before.average_score, now.score_spread, before.score_spread)
    if any(value is None for value in known):
        return None
    average, earlier, spread, spread_before = (float(value or 0.0) for value in known)
    error = math.hypot(spread / math.sqrt(now.leads), spread_before / math.sqrt(before.leads))
    return (average - earlier) / error if error > 0 else None


def _average(now: Span, before: Span) -> Sentence:
    average, earlier = now.average_score or 0.0, before.average_score or 0.0
    return _changed(f"The average score {_went(average, earlier)} from {earlier:.1f} to {average:.1f}"
                    f"{_faded(average, earlier)}.")


def _accuracy(now: Span, before: Span) -> Sentence:
    value, earlier = now.accuracy.value or 0.0, before.accuracy.value or 0.0
    return _changed(f"Score accuracy {_went(value, earlier)} from {percent(earlier, 0)} to {percent(value, 0)}.")


def _z_of_revenue(now: Span, before: Span) -> float | None:
    known = (now.revenue, now.revenue_squares, before.revenue, before.revenue_squares)
    if any(value is None for value in known):
        return None
    amount, squares, earlier, squares_before = (float(value or 0.0) for value in known)
    return z_of_sums((amount, squares), (earlier, squares_before))


def _revenue(now: Span, before: Span, currency: str) -> Sentence:
    amount, earlier = now.revenue or 0.0, before.revenue or 0.0
    return _changed(f"Revenue {_went(amount, earlier)} from {money(earlier, currency)} to {money(amount, currency)}.")


def _conversion(now: Span, before: Span) -> Sentence:
    rate, earlier = now.converted / now.leads, before.converted / before.leads
    why, source = _reason(taken_apart(_by_source(now), _by_source(before)))
    said = f"Conversion {_went(rate, earlier)} from {percent(earlier)} to {percent(rate)}"
    return _changed(f"{said}{why}.", NextAction.LOOK_AT_SOURCE if source else None, source)


def _by_source(span: Span) -> pd.DataFrame:
    """Give counts by source that add up to all leads: those that name none are a group of their own."""
    groups = span.sources.groupby("source")[["leads", "converted"]].sum()
    rest = {"leads": max(span.leads - groups["leads"].sum(), 0.0),
            "converted": max(span.converted - groups["converted"].sum(), 0.0)}
    if rest["leads"] > 0:
        groups.loc[NO_SOURCE] = rest
    return groups.astype(float)


def _reason(parts: Parts | None) -> tuple[str, str | None]:
    """Say whether other sources or other rates inside them made the change, and which source did most of it."""
    if parts is None or len(parts.groups) < 2:
        return "", None
    total = parts.mix + parts.within
    if total * parts.mix > 0 and abs(parts.mix) >= MOSTLY * abs(total):
        return _mix(parts, 1 if total > 0 else -1)
    if total * parts.within > 0 and abs(parts.within) >= MOSTLY * abs(total):
        return _within(parts, 1 if total > 0 else -1)
    return ": partly because other sources bring the leads, partly because the sources convert differently", None


def _mix(parts: Parts, sign: int) -> tuple[str, str | None]:
    most = parts.groups.iloc[int((sign * parts.groups["mix"]).argmax())]
    share, earlier = percent(most["share"], 0), percent(most["share_before"], 0)
    if share == earlier:
        return ": mostly because other sources bring the leads", None
    who, target = _named(str(most.name))
    verb = "bring" if target is None else "brings"
    return f": mostly because {who} {verb} {share} of the leads now, {earlier} before", target


def _within(parts: Parts, sign: int) -> tuple[str, str | None]:
    how = "more" if sign > 0 else "less"
    most = parts.groups.iloc[int((sign * parts.groups["within"]).argmax())]
    z = z_of_shares(most["converted"], most["leads"], most["converted_before"], most["leads_before"])
    if z is None or sign * z < Z_95 or sign * most["within"] < sign * parts.within / 2:
        return f": the same sources convert {how}", None
    who, target = _named(str(most.name))
    whose = who if target is None else f"leads from {who}"
    return (f": mostly because {whose} convert {how}, {percent(most['rate'])} now, {percent(most['rate_before'])} "
            "before"), target


def _named(source: str) -> tuple[str, str | None]:
    return (source, source) if source != NO_SOURCE else ("leads that name no source", None)

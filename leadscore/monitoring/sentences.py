"""Figures in, a few short true sentences out: what changed most, what is not certain yet, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from leadscore.monitoring.change_sentences import change_sentence, converts_late, money, percent
from leadscore.monitoring.changes import standard_error
from leadscore.monitoring.performance import Measured
from leadscore.monitoring.rates import Z_95, with_interval
from leadscore.monitoring.situation import NextAction as NextAction
from leadscore.monitoring.situation import Sentence as Sentence
from leadscore.monitoring.situation import SentenceKind as SentenceKind
from leadscore.monitoring.situation import Situation as Situation
from leadscore.monitoring.situation import Span as Span

MOST = 5
MOST_OF_A_KIND = 2
FEW_CONVERSIONS = 20
"""Conversions needed before it is told whether higher scores convert more often."""
ENOUGH_TO_TRAIN = 40
"""Converted and lost leads a model needs, of each; training refuses fewer."""
QUIET_DAYS = 14
"""Days without a recorded outcome after which people are asked for them."""
ROUGH = 0.5
"""Half of an interval, as a share of its rate, from which on the rate is only known roughly."""
MANY_WITHOUT = 0.2
"""Share of leads without a source or country from which on figures by it say little."""
EXPECTED_OF_NOTHING = 3.0
"""Conversions a source should have brought before having none says something: by chance it happens to 1 in 20 then."""
LITTLE_SPEND = 0.5
"""The best source gets little when its share of the spend is below so much of its share of the conversions."""
FAR_FROM_BEST = 5.0
"""Points between the threshold and the most profitable cut-off that are worth a word."""


def sentences(situation: Situation) -> tuple[Sentence, ...]:
    """Say at most five short sentences, the most important of each kind first.

    Returns
    -------
    tuple of Sentence
        First what changed most (at most one), then what is not certain yet and what to do next (at most two each).
    """
    known = replace(situation, now=_usable(situation.now),
                    before=None if situation.before is None else _usable(situation.before))
    change = change_sentence(known)
    uncertain, steps = list(_uncertain(known)), list(_next_steps(known))
    return tuple([*([change] if change else []), *uncertain[:MOST_OF_A_KIND], *steps[:MOST_OF_A_KIND]][:MOST])


def _usable(span: Span) -> Span:
    """Leave out figures that are none, so that nobody reads of them."""
    return replace(span, accuracy=_finite(span.accuracy),
                   average_score=_number(span.average_score), score_spread=_number(span.score_spread),
                   revenue=_number(span.revenue), revenue_squares=_number(span.revenue_squares))


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _finite(figure: Measured) -> Measured:
    return figure if all(value is not None and math.isfinite(value)
                         for value in (figure.value, figure.low, figure.high)) else Measured(None)


# --- what is not certain yet ------------------------------------------------------------------------------------


def _uncertain(situation: Situation) -> Iterator[Sentence]:
    if not situation.now.leads:
        return
    for text, action in (*_about_outcomes(situation), *_about_rates(situation), *_about_gaps(situation)):
        yield Sentence(SentenceKind.UNCERTAIN, text, action)


def _about_outcomes(situation: Situation) -> Iterator[tuple[str, NextAction | None]]:
    now = situation.now
    if not now.converted + now.lost:
        yield "No outcome is known yet, so nobody can tell whether the scores are right.", None
    elif not now.lost:
        yield (f"{_leads(now.converted, 'has', 'have')} converted and none is known as lost: without lost leads nobody "
               "can tell whether scores tell them apart.", NextAction.RECORD_OUTCOMES)
    elif not now.converted:
        yield (f"None of the {_leads(now.lost)} whose end is known has converted: too early to tell whether higher "
               "scores convert more often.", None)
    elif now.converted < FEW_CONVERSIONS:
        noun = "conversion" if now.converted == 1 else "conversions"
        yield (f"{now.converted} {noun} so far: too few to tell whether higher scores convert more often, which takes "
               f"about {FEW_CONVERSIONS}.", None)
    value, low, high = now.accuracy.value, now.accuracy.low, now.accuracy.high
    if value is not None and low is not None and high is not None and low <= 0.5 <= high:
        yield (f"Score accuracy is {percent(value, 0)}, likely between {percent(low, 0)} and {percent(high, 0)}: the "
               "scores may rank no better than chance, which is 50 %.", None)


def _about_rates(situation: Situation) -> Iterator[tuple[str, NextAction | None]]:
    now = situation.now
    if now.converted and situation.before is not None and converts_late(situation):
        yield (f"Half of the conversions take more than {_days(situation.days_to_conversion)}: many leads of this "
               "period may still convert.", None)
    rate = with_interval(pd.DataFrame({"leads": [now.leads], "converted": [min(now.converted, now.leads)]})).iloc[0]
    if now.converted >= FEW_CONVERSIONS and rate["rate_high"] - rate["rate_low"] > 2 * ROUGH * rate["rate"]:
        yield (f"The conversion rate is known only roughly: likely between {percent(rate['rate_low'])} and "
               f"{percent(rate['rate_high'])}.", None)
    if len(situation.currencies) > 1:
        yield (f"Amounts are in {_listed(situation.currencies)} and are not added up.", NextAction.SET_RATES)
    ended = now.converted + now.lost
    if ended and situation.undated > 0:
        yield (f"{_leads(min(situation.undated, ended), 'has', 'have')} ended without a date and "
               f"{'is' if situation.undated == 1 else 'are'} missing from figures over time.", None)


def _about_gaps(situation: Situation) -> Iterator[tuple[str, NextAction | None]]:
    now = situation.now
    if situation.days_with_leads == 1 and now.leads > 1:
        yield "All leads came in on one day: nothing can be said about how things change.", None
    named = now.sources.loc[now.sources["leads"] > 0, "source"].dropna().unique()
    if len(named) == 1 and not situation.without_source and not situation.one_source_chosen:
        yield f"All leads come from {named[0]}: there is no other source to compare with.", None
    for what, without in (("source", situation.without_source), ("country", situation.without_country)):
        if now.leads > without > MANY_WITHOUT * now.leads:
            yield f"{without:,} of {_leads(now.leads)} name no {what}: figures by {what} leave them out.", None
        elif without >= now.leads:
            yield f"No lead names its {what}: figures by {what} need it.", None
    if situation.has_model is False:
        yield "There is no model yet: leads are ranked by rules alone.", None
    if not situation.spend_told_apart:
        yield ("What was spent is known by source and period alone: costs are left out while other filters are on.",
               None)


# --- what to do next --------------------------------------------------------------------------------------------


def _next_steps(situation: Situation) -> Iterator[Sentence]:
    for text, action, target in (*_about_work(situation), *_about_models(situation), *_about_money(situation)):
        yield Sentence(SentenceKind.NEXT, text, action, target)


Step = tuple[str, NextAction, str | None]


def _about_work(situation: Situation) -> Iterator[Step]:
    now, quiet = situation.now, situation.days_since_outcome
    if not now.leads:
        yield "There are no such leads: take a filter off, or upload a list.", NextAction.IMPORT_LEADS, None
        return
    if situation.high_waiting > 0:
        many = situation.high_waiting != 1
        deadline = f" ({situation.deadline})" if situation.deadline else ""
        yield (f"{situation.high_waiting:,} High {'leads have' if many else 'lead has'} waited beyond the "
               f"deadline{deadline} and nobody has contacted {'them' if many else 'it'}: begin there.",
               NextAction.OPEN_HIGH_UNCONTACTED, None)
    if not now.converted + now.lost:
        yield ("Record what becomes of the leads: tick them on the list, or upload a file from your CRM.",
               NextAction.RECORD_OUTCOMES, None)
    elif quiet is not None and quiet >= QUIET_DAYS:
        yield (f"Nobody has recorded an outcome for {quiet:,} days: record what became of the leads.",
               NextAction.RECORD_OUTCOMES, None)


def _about_models(situation: Situation) -> Iterator[Step]:
    now = situation.now
    if situation.has_model is False and min(now.converted, now.lost) >= ENOUGH_TO_TRAIN:
        yield (f"{now.converted:,} converted and {now.lost:,} lost leads are enough to train a model: see whether it "
               "ranks better than the rules.", NextAction.TRAIN, None)
    if situation.has_model and _fallen(now.accuracy, _finite(situation.held_out)):
        yield (f"Score accuracy is {percent(now.accuracy.value or 0.0, 0)} now, it was "
               f"{percent(situation.held_out.value or 0.0, 0)} when the model was trained: train it again on newer "
               "outcomes.", NextAction.RETRAIN, None)
    if situation.has_model and situation.drifted:
        yield ("Newer leads differ from those the model has learnt from, most of all in "
               f"{_listed(situation.drifted[:3])}: see how much it matters.", NextAction.LOOK_AT_DRIFT, None)


def _fallen(live: Measured, held_out: Measured) -> bool:
    """Say whether accuracy is below the interval of the held-out estimate, and below it beyond chance."""
    if live.value is None or held_out.value is None or held_out.low is None:
        return False
    error = math.hypot(standard_error(live) or 0.0, standard_error(held_out) or 0.0)
    return live.value < held_out.low and live.value - held_out.value < -Z_95 * error


def _about_money(situation: Situation) -> Iterator[Step]:
    now = situation.now
    if now.leads and "spend" in now.sources and situation.spend_told_apart:
        yield from _about_sources(situation, now)
    if now.leads and now.converted and situation.spend_told_apart and not (_spent(now) or situation.spent_elsewhere):
        yield ("What your sources cost is not entered yet: with it, cost per conversion and return are shown.",
               NextAction.ENTER_SPEND, None)
    best, threshold = situation.best_threshold, situation.threshold
    if best is not None and threshold is not None and FAR_FROM_BEST <= abs(best - threshold) < math.inf:
        yield (f"The qualified threshold is {threshold:g}; contacting leads paid most from a score of {best:g} on.",
               NextAction.SET_THRESHOLD, f"{best:g}")


def _spent(span: Span) -> float:
    return float(span.sources["spend"].fillna(0.0).sum()) if "spend" in span.sources else 0.0


def _about_sources(situation: Situation, now: Span) -> Iterator[Step]:
    # what was spent on no source in particular says nothing of any
    sources = now.sources.dropna(subset=["source"]).fillna({"spend": 0.0, "leads": 0, "converted": 0})
    spent = float(sources["spend"].sum())
    if not math.isfinite(spent) or spent <= 0:
        return
    usual = now.converted / now.leads
    nothing = sources[(sources["spend"] > 0) & (sources["converted"] == 0)
                      & ((sources["leads"] == 0) | (sources["leads"] * usual >= EXPECTED_OF_NOTHING))]
    if len(nothing):
        worst = nothing.sort_values("spend").iloc[-1]
        brought = f"{_leads(int(worst['leads']))}, none of which has converted" if worst["leads"] else "no lead"
        yield (f"{worst['source']} has cost {money(worst['spend'], situation.currency)} and brought {brought}.",
               NextAction.LOOK_AT_SOURCE, str(worst["source"]))
    rates = with_interval(sources.assign(converted=sources[["converted", "leads"]].min(axis=1)))
    better = rates[rates["rate_low"] > usual]
    if not len(better):
        return
    best = better.sort_values("rate").iloc[-1]
    share, won = best["spend"] / spent, best["converted"] / max(now.converted, 1)
    if share < LITTLE_SPEND * won:
        yield (f"{best['source']} converts best, {percent(best['rate'])} of {_leads(int(best['leads']))}, and gets "
               f"{percent(share, 0)} of the spend: see whether more such leads can be had.",
               NextAction.LOOK_AT_SOURCE, str(best["source"]))


def _leads(count: int, one: str = "", many: str = "") -> str:
    noun, verb = ("lead", one) if count == 1 else ("leads", many)
    return f"{count:,} {noun} {verb}".strip()


def _days(days: float | None) -> str:
    return f"{days:,.0f} {'day' if days == 1 else 'days'}"


def _listed(names: tuple[str, ...]) -> str:
    shown = [name or "no named currency" for name in names]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"

"""A local estimate of buying intent: words that show it, and how close a lead's words are to what is offered.

It reads a visible table and adds; it has learnt from nobody's outcomes and says so in every reasoning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from leadscore.scoring.offer import Offer


class Intent(StrEnum):
    """How much a lead wants to buy."""

    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"


AI_POINTS = {Intent.HIGH: 50.0, Intent.MEDIUM: 30.0, Intent.LOW: 10.0}
LONGEST_REASONING = 300
LONGEST_QUOTE = 60
HIGH_FROM, MEDIUM_FROM = 2.0, 0.75
CLOSE_FROM, CLOSE_FULL = 0.20, 0.50
"""Cosine to the offer from which closeness counts, and at which it counts in full (one point)."""
PROTOTYPE_SLOPE = 1.5
DIGITS = 4
"""Cosines are rounded, so that no level rests on how a processor orders its additions."""

_JOB = r"(?:job|role|position|internship|opportunit(?:y|ies)|work|employment|career)s?"


@dataclass(frozen=True)
class Cue:
    """Words that speak for or against an intent to buy.

    Parameters
    ----------
    name : str
    points : float
        Added once when any of them is found.
    pattern : str
        RE2, any case.
    """

    name: str
    points: float
    pattern: str


CUES: tuple[Cue, ...] = (
    Cue("turns away", -4.0,
        r"\b(?:not|no longer|never|isn't|aren't|don't|doesn't) (?:\w+ )?(?:interested|looking|evaluating|searching|"
        r"buying|in the market|considering|want|need|planning)\b(?: \w+){0,4}|"
        r"\b(?:no|without) (?:budget|interest|need)\b|"
        r"\b(?:unsubscribe|stop (?:e-?mailing|calling|contacting)|do not contact|don't contact|take me off)\b|"
        r"\bbudget (?:is )?(?:frozen|cut|gone)\b"),
    Cue("does not buy", -4.0,
        rf"\b(?:retired|student|undergraduate|intern|trainee|job ?seeker|unemployed|between jobs|open to work)\b|"
        rf"\b(?:looking|searching|seeking|hunting)(?: for)?(?: an?| my)?(?: \w+){{0,2}} {_JOB}\b"),
    Cue("not now", -1.5,
        r"\b(?:on hold|next year|some ?day|in the future|maybe later|not now|happy with|satisfied with|"
        r"already (?:use|uses|using|have|has|own|signed)|under contract|locked in|just (?:signed|renewed|bought)|"
        r"hiring freeze|spending freeze)\b"),
    Cue("wants to buy", 2.0,
        r"\b(?:looking (?:for|to (?:buy|replace|automate|switch|implement|adopt))|searching for|in the market for|"
        r"evaluating|"
        r"comparing (?:vendors|tools|providers|offers|solutions)|shortlist(?:ing|ed)?|in need of|needs? (?:an?|to)|"
        r"urgently|request(?:ed|ing|s)? (?:an? )?(?:demo|quote|pricing|proposal|trial)|"
        r"ask(?:ed|ing|s)? (?:for|about) (?:an? )?(?:demo|quote|price|pricing|proposal|trial)|"
        r"budget (?:is )?(?:approved|allocated|secured|available|set aside|signed off)|approved budget|"
        r"rfp|request for proposals?|tender|replac(?:e|ing) our|switching (?:from|to|away)|ready to (?:buy|sign|start)|"
        r"choosing (?:an?|between)|purchase this|(?:this|next) quarter|want to buy|wants to buy)\b"),
    Cue("thinks about it", 1.0,
        r"\b(?:interested in|exploring|considering|planning to|plans to|open to|curious about|keen (?:on|to)|"
        r"thinking about|researching|"
        r"learning about|would like to|wants? (?:to|more)|hop(?:e|es|ing) to|trying to|struggl(?:e|es|ing)|"
        r"improv(?:e|ing)|automat(?:e|ing)|scaling|expanding|growing|invest(?:s|ing)? in|budget)\b"),
)
"""Looked for in this order; what speaks against is taken out first, so that "not looking for" is no "looking for"."""

INSTRUCTIONS = (
    r"(?:\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|above|previous|prior|system)|"
    r"\b(?:system|assistant|developer) ?(?:prompt|message|:)|\byou are (?:now )?(?:an? )?(?:ai|assistant|"
    r"language model|chatbot|gpt)\b|\b(?:answer|respond|reply|output|rate|score|classify)\b.{0,40}"
    r"(?:\b(?:intent|level)\b|[\"'\x60]?\bhigh\b)|<\|?(?:im_start|system|endoftext)|\[/?inst\]|\"(?:level|role|answers)\""
    r" ?:)")
"""RE2, any case: what a person writes to a machine and not about themselves."""
NOTE_INSTRUCTIONS = "the text reads like instructions to a machine, so only its words were counted"

PROTOTYPES: tuple[tuple[Intent, str], ...] = (
    (Intent.HIGH, "We are looking for a solution now, have a budget and compare vendors."),
    (Intent.HIGH, "Please send a quote and show us a demo, we want to buy this quarter."),
    (Intent.HIGH, "Evaluating tools to replace our current system."),
    (Intent.LOW, "Not interested, please do not contact me again."),
    (Intent.LOW, "Retired, enjoying hobbies, family and travel."),
    (Intent.LOW, "Student looking for an internship and a first job."),
)


@dataclass(frozen=True)
class Closeness:
    """Cosines of texts to what they are compared with.

    Parameters
    ----------
    offer : ndarray of shape (n_texts, n_lines)
        To the lines of :func:`offer_lines`.
    prototypes : ndarray of shape (n_texts, n_prototypes)
        To the sentences of ``PROTOTYPES``.
    """

    offer: np.ndarray
    prototypes: np.ndarray


def offer_lines(offer: Offer) -> tuple[str, ...]:
    """Give what a lead's words are compared with: what the offer promises, and whom it is for."""
    return (*offer.value_props, *offer.ideal_use_cases)


def estimate_intent(words: Sequence[str | None], closeness: Closeness, offer: Offer) -> pd.DataFrame:
    """Estimate the intent behind texts, each for itself.

    Points of the cues, up to one point for closeness to the offer, and up to one for being closer to sentences of
    people who buy than of people who do not; High from 2, Medium from 0.75.

    Parameters
    ----------
    words : sequence of str or None
        What leads wrote, or None where only facts are known: then closeness alone speaks.
    closeness : Closeness
        Of these words, or of the facts.
    offer : Offer

    Returns
    -------
    DataFrame
        ``level``; ``confidence`` in [0.5, 1), a measure of how far the points lie from the next border, no probability;
        ``reasoning``, at most 300 characters.
    """
    cues = _cues(words)
    near = np.round(closeness.offer, DIGITS) if closeness.offer.size else np.zeros((len(words), 1))
    best = near.max(axis=1)
    spoken = np.array([text is not None for text in words], dtype=bool)
    points = np.clip((best - CLOSE_FROM) / (CLOSE_FULL - CLOSE_FROM), 0.0, 1.0)
    points = points + np.where(spoken, _leaning(closeness.prototypes), 0.0)
    for cue in CUES:
        points = points + np.where(cues[cue.name].notna(), cue.points, 0.0)
    codes = np.where(points >= HIGH_FROM, 0, np.where(points >= MEDIUM_FROM, 1, 2))
    margin = np.minimum(np.abs(points - HIGH_FROM), np.abs(points - MEDIUM_FROM))
    levels = np.array([str(level) for level in Intent], dtype=object)[codes]
    lines = offer_lines(offer)
    texts = [_reasoning(found, spoke, lines[place], float(cosine)) for found, spoke, place, cosine in zip(
        cues.to_dict("records"), spoken, near.argmax(axis=1), best, strict=True)] if len(words) else []
    return pd.DataFrame({"level": pd.array(levels, dtype="str"), "confidence": np.round(1 - 0.5 * np.exp(-margin), 2),
                         "reasoning": pd.array(texts, dtype="str")})


def looks_like_instructions(words: Sequence[str | None]) -> np.ndarray:
    """Say which texts try to tell a machine what to answer; they are judged by their words alone, here."""
    if not len(words):
        return np.zeros(0, dtype=bool)
    found = pc.match_substring_regex(pa.array(words, type=pa.large_string()), f"(?i){INSTRUCTIONS}")
    return np.asarray(pc.fill_null(found, False).to_numpy(zero_copy_only=False), dtype=bool)


def flagged(reasonings: pd.Series, suspicious: np.ndarray) -> pd.Series:
    """Say so in the reasoning of texts that look like instructions."""
    noted = [shortened(f"{NOTE_INSTRUCTIONS}; {text}") if wrong else text
             for text, wrong in zip(reasonings, suspicious, strict=True)]
    return pd.Series(noted, index=reasonings.index, dtype="str")


def ai_points(levels: pd.Series) -> pd.Series:
    """Give the points of levels: 50, 30, 10."""
    return levels.map({str(level): points for level, points in AI_POINTS.items()}).astype("float64")


def _cues(words: Sequence[str | None]) -> pd.DataFrame:
    """Find the first words of each cue; what was found is taken out of the text."""
    rest = pa.array(words, type=pa.large_string())
    found = {}
    for cue in CUES:
        hits = pc.extract_regex(rest, f"(?i)(?P<cue>{cue.pattern})")
        found[cue.name] = pd.array(pc.struct_field(hits, "cue"), dtype="str")
        rest = pc.replace_substring_regex(rest, f"(?i)(?:{cue.pattern})", " … ")
    return pd.DataFrame(found)


def _leaning(prototypes: np.ndarray) -> np.ndarray:
    if not prototypes.size:
        return np.zeros(len(prototypes))
    kinds = np.array([level == Intent.HIGH for level, _ in PROTOTYPES])
    cosines = np.round(prototypes, DIGITS)
    difference = cosines[:, kinds].max(axis=1) - cosines[:, ~kinds].max(axis=1)
    return np.asarray(np.clip(PROTOTYPE_SLOPE * difference, -1.0, 1.0))


def _reasoning(cues: Mapping[Any, Any], spoke: bool, line: str, cosine: float) -> str:
    quotes = [f"mentions '{_short(text)}'" for text in cues.values() if isinstance(text, str)]
    if not quotes:
        quotes = ["says nothing of buying" if spoke else "no bio or notes, so role and industry alone"]
    near = f"{'close to' if cosine >= CLOSE_FROM else 'not close to'} '{_short(line)}' ({cosine:.2f})"
    return shortened(f"{', '.join(quotes)}, {near}; local estimate")


def shortened(text: str) -> str:
    """Cut a reasoning to its longest permitted length, at its end."""
    return text if len(text) <= LONGEST_REASONING else text[:LONGEST_REASONING - 1] + "…"


def _short(text: str) -> str:
    tidy = re.sub(r"\s+", " ", text).strip()
    return tidy if len(tidy) <= LONGEST_QUOTE else tidy[:LONGEST_QUOTE - 1] + "…"

"""How leads fit an offer: their industry beside its ideal customers, what is known of them, and what they want."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.features.offer_fit import COMPLETE, INDUSTRY, INTENT, SIMILARITY, profile_complete
from leadscore.features.text import BRIEF_FACTS, facts, own_words
from leadscore.scoring.industries import described, match_industries
from leadscore.scoring.intent import (
    DIGITS,
    PROTOTYPES,
    Closeness,
    estimate_intent,
    flagged,
    looks_like_instructions,
    offer_lines,
)
from leadscore.scoring.offer import Offer
from leadscore.scoring.policy import Policy
from leadscore.steps.language import known_answers
from leadscore.workbench import Workbench

FEATURE_COLUMNS = (INDUSTRY.column, COMPLETE.column, SIMILARITY.column, INTENT.column)
LOCAL = "local"


def with_offer(workbench: Workbench, session: Session, client_id: int, leads: pd.DataFrame, policy: Policy, *,
               known_at: datetime | None = None) -> pd.DataFrame:
    """Add to leads how they fit the policy's offer; without an offer they come back as they are.

    No question is asked: what a language server has answered earlier counts, else the local estimate.

    Parameters
    ----------
    known_at : datetime, optional
        Answers that came later do not count, so that an earlier score can be made again.
    """
    if policy.offer is None:
        return leads
    fit = offer_fit(workbench, session, client_id, leads, policy.offer, known_at=known_at)
    return leads.assign(**{name: fit[name] for name in FEATURE_COLUMNS})


def offer_fit(workbench: Workbench, session: Session, client_id: int, leads: pd.DataFrame, offer: Offer, *,
              known_at: datetime | None = None) -> pd.DataFrame:
    """Say how each lead fits an offer.

    Returns
    -------
    DataFrame
        Indexed like ``leads``: the four columns of ``features.offer_fit``, ``confidence`` (of a local estimate),
        ``reasoning``, and ``judged_by``, ``"local"`` or the name of a model.
    """
    frame = _estimated(workbench, leads, offer)
    frame[INDUSTRY.column] = _industries(workbench, leads, offer)
    frame[COMPLETE.column] = profile_complete(leads)
    frame["judged_by"] = pd.Series(LOCAL, index=leads.index, dtype="str")
    answers = known_answers(session, workbench, client_id, leads, offer, known_at=known_at)
    if answers.empty:
        return frame
    told = answers.rename(columns={"level": INTENT.column, "model": "judged_by"})
    for name in (INTENT.column, "reasoning", "judged_by"):
        frame[name] = told[name].reindex(frame.index).fillna(frame[name]).astype("str")
    frame["confidence"] = frame["confidence"].mask(frame.index.isin(told.index))
    return frame


def neighbours(workbench: Workbench, industries: Sequence[str], offer: Offer) -> pd.DataFrame:
    """Show how distinct industries stand to an offer: columns ``industry``, ``match``, ``nearest``, ``closeness``."""
    names = list(industries)
    cosines = _closeness(workbench, [described(name) for name in names],
                         [described(case) for case in offer.ideal_use_cases])
    best = cosines.argmax(axis=1) if names else np.zeros(0, dtype=int)
    return pd.DataFrame({
        "industry": pd.array(names, dtype="str"),
        "match": pd.array(match_industries(names, offer, cosines) if names else [], dtype="str"),
        "nearest": pd.array([offer.ideal_use_cases[place] for place in best], dtype="str"),
        "closeness": np.round(cosines.max(axis=1), DIGITS) if names else np.zeros(0)})


def _industries(workbench: Workbench, leads: pd.DataFrame, offer: Offer) -> pd.Series:
    if "industry" not in leads:
        return pd.Series(None, index=leads.index, dtype="str")
    codes, distinct = pd.factorize(leads["industry"])
    matches = neighbours(workbench, [str(name) for name in distinct], offer)["match"]
    return _spread(matches.tolist(), codes, leads.index)


def _estimated(workbench: Workbench, leads: pd.DataFrame, offer: Offer) -> pd.DataFrame:
    """Estimate similarity and intent, every distinct text once."""
    words, brief = own_words(leads), facts(leads, columns=BRIEF_FACTS)
    text = words.fillna(brief).fillna("")
    codes, distinct = pd.factorize(text.str.cat(np.where(words.notna(), "1", "0")))
    first = np.unique(codes, return_index=True)[1]
    texts = text.iloc[first].tolist()
    spoken = [word if isinstance(word, str) else None for word in words.iloc[first].tolist()]
    vectors = workbench.embedder.embed(texts).astype(float)
    near = vectors @ _vectors(workbench, offer_lines(offer)).T
    closeness = Closeness(near, vectors @ _vectors(workbench, [sentence for _, sentence in PROTOTYPES]).T)
    found = estimate_intent(spoken, closeness, offer)
    found["reasoning"] = flagged(found["reasoning"], looks_like_instructions(texts))
    similarity = np.round(near.max(axis=1, initial=0.0).clip(0, 1), DIGITS)
    return pd.DataFrame({SIMILARITY.column: similarity[codes], INTENT.column: _taken(found["level"], codes),
                         "confidence": found["confidence"].to_numpy()[codes],
                         "reasoning": _taken(found["reasoning"], codes)}, index=leads.index)


def _closeness(workbench: Workbench, texts: Sequence[str], others: Sequence[str]) -> np.ndarray:
    return np.asarray(_vectors(workbench, texts) @ _vectors(workbench, others).T)


def _vectors(workbench: Workbench, texts: Sequence[str]) -> np.ndarray:
    return workbench.embedder.embed(texts).astype(float)


def _taken(values: pd.Series, codes: np.ndarray) -> Any:
    return pd.array(values.to_numpy(dtype=object)[codes], dtype="str")


def _spread(values: list[str], codes: np.ndarray, index: pd.Index) -> pd.Series:
    # a missing value has the code -1, which reads the last entry
    return pd.Series(pd.array(np.array([*values, None], dtype=object)[codes], dtype="str"), index=index)

"""How well leads fit an offer, as features: their names, their words, and which leads are complete."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from leadscore.features.derived import is_filled
from leadscore.schema import OFFER_PREFIX, Kind

SIX_FIELDS: tuple[tuple[str, ...], ...] = (
    ("full_name", "last_name", "first_name"), ("job_title",), ("company",), ("industry",),
    ("location", "city", "region", "country"), ("linkedin_bio",),
)
"""Name, role, company, industry, location and bio; any one of the columns fills a slot."""


@dataclass(frozen=True)
class OfferFeature:
    """One feature of a lead's fit: where the leads frame keeps it, and what people read."""

    name: str
    label: str
    kind: Kind
    sources: tuple[str, ...]

    @property
    def column(self) -> str:
        """Column of the leads frame."""
        return OFFER_PREFIX + self.name


INDUSTRY = OfferFeature("offer_industry", "Industry match with the offer", Kind.CATEGORY,
                        ("industry", "offer:offer_industry"))
COMPLETE = OfferFeature("profile_complete", "Name, role, company, industry, location and bio are all known",
                        Kind.BOOLEAN, tuple(column for slot in SIX_FIELDS for column in slot))
SIMILARITY = OfferFeature("offer_similarity", "Closeness of the lead's words to the offer", Kind.NUMBER,
                          ("job_title", "industry", "linkedin_bio"))
INTENT = OfferFeature("intent", "Intent to buy", Kind.CATEGORY, ("linkedin_bio", "notes", "job_title", "industry"))
OFFER_FEATURES = (INDUSTRY, COMPLETE, SIMILARITY, INTENT)


def profile_complete(leads: pd.DataFrame) -> pd.Series:
    """Say of each lead whether all six fields are filled: float64 of 0 and 1."""
    filled = pd.DataFrame({number: is_filled(leads, slot) for number, slot in enumerate(SIX_FIELDS)},
                          index=leads.index)
    return filled.all(axis=1).astype("float64")

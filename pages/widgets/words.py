"""Numbers, dates and codes in the words people read; missing is always an em dash."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd

MISSING = "—"

TIER_COLORS = {"High": "green", "Medium": "orange", "Low": "gray"}
STAGE_WORDS = {"new": "New", "contacted": "Contacted", "qualified": "Qualified", "converted": "Converted",
               "lost": "Lost"}
STAGE_COLORS = {"new": "gray", "contacted": "blue", "qualified": "violet", "converted": "green", "lost": "red"}
JOB_WORDS = {"import": "Import", "demo": "Sample campaign", "train": "Training", "retrain": "Training again by itself",
             "rescore": "Scoring", "export": "Export", "backtest": "Backtest"}
GROUP_WORDS = {"demographic": "Person and place", "firmographic": "Company", "behavioural": "Behaviour",
               "engagement": "Engagement", "fit": "Fit to the offer", "financial": "Money", "origin": "Origin",
               "contact": "Contact", "consent": "Consent", "management": "Management", "outcome": "Outcome",
               "your own columns": "Your own columns"}


def is_missing(value: Any) -> bool:
    """Say whether there is nothing to show."""
    return value is None or (pd.api.types.is_scalar(value) and (bool(pd.isna(value)) or value == ""))


def first_known(*values: Any) -> str:
    """Give the first of these that says anything, as text; empty when none does."""
    return next((str(value) for value in values if not is_missing(value) and str(value).strip()), "")


def count(value: float | None) -> str:
    """Write a whole number with thousands separators."""
    return MISSING if is_missing(value) else f"{value:,.0f}"


def counted(value: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: ``1 lead``, ``1,200 leads``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def decimal(value: float | None) -> str:
    """Write a number with one decimal."""
    return MISSING if is_missing(value) else f"{value:,.1f}"


def percent(share: float | None, digits: int = 1) -> str:
    """Write a fraction in [0, 1] as per cent."""
    return MISSING if is_missing(share) else f"{100 * share:,.{digits}f} %"


def money(amount: float | None, currency: str = "") -> str:
    """Write an amount with its currency."""
    return MISSING if is_missing(amount) else f"{amount:,.0f} {currency}".strip()


def plain(value: Any) -> str | None:
    """Write any single value; a number without needless decimals."""
    if is_missing(value):
        return None
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


def short_money(amount: float | None, currency: str = "") -> str:
    """Write an amount so that it fits a tile: ``1.28M EUR``."""
    if is_missing(amount) or abs(amount) < 100_000:
        return money(amount, currency)
    short = f"{amount / 1e6:,.2f}M" if abs(amount) >= 1e6 else f"{amount / 1e3:,.0f}k"
    return f"{short} {currency}".strip()


def size(bytes_: int) -> str:
    """Write a file size."""
    return f"{bytes_ / 1024 / 1024:,.1f} MB" if bytes_ >= 1024 * 1024 else f"{max(bytes_ / 1024, 0.1):,.1f} kB"


def day(moment: datetime | None) -> str:
    """Write a date."""
    return MISSING if is_missing(moment) else f"{moment:%-d %b %Y}"


def minute(moment: datetime | None) -> str:
    """Write a date and time of day."""
    return MISSING if is_missing(moment) else f"{moment:%-d %b %Y, %H:%M}"


def chance(probability: float | None) -> str:
    """Say a probability as a share of leads like this."""
    if is_missing(probability):
        return MISSING
    if probability < 0.01:
        return "fewer than 1 in 100"
    if probability > 0.99:
        return "more than 99 in 100"
    return f"about {100 * probability:.0f} in 100"


def escape(text: str) -> str:
    """Keep a user's text from being read as Markdown."""
    return "".join("\\" + character if character in "\\`*_{}[]()#+-.!|<>~$:" else character for character in str(text))


def tier_badge(tier: str | None) -> str:
    """Give the Markdown of a tier's badge."""
    return f":{TIER_COLORS.get(tier or '', 'gray')}-badge[{tier or 'Not scored'}]"


def stage_badge(stage: str) -> str:
    """Give the Markdown of an outcome's badge."""
    return f":{STAGE_COLORS.get(stage, 'gray')}-badge[{STAGE_WORDS.get(stage, stage)}]"

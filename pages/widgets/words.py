"""Numbers, dates and codes in the words people read; missing is always an em dash."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leadscore.access import Role
from leadscore.charts.numbers import MISSING as MISSING
from leadscore.charts.numbers import count as count
from leadscore.charts.numbers import counted as counted
from leadscore.charts.numbers import decimal as decimal
from leadscore.charts.numbers import is_missing as is_missing
from leadscore.charts.numbers import money as money
from leadscore.charts.numbers import percent as percent
from leadscore.charts.numbers import short_money as short_money

TIER_COLORS = {"High": "green", "Medium": "orange", "Low": "gray"}
STAGE_WORDS = {"new": "New", "contacted": "Contacted", "qualified": "Qualified", "converted": "Converted",
               "lost": "Lost"}
STAGE_COLORS = {"new": "gray", "contacted": "blue", "qualified": "violet", "converted": "green", "lost": "red"}
JOB_WORDS = {"import": "Import", "demo": "Sample campaign", "train": "Training", "retrain": "Training again by itself",
             "rescore": "Scoring", "export": "Export", "backtest": "Backtest", "backup": "Backup"}
ROLE_WORDS = {Role.ADMIN: "Administrator", Role.MANAGER: "Manager", Role.ANALYST: "Analyst", Role.VIEWER: "Viewer"}
GROUP_WORDS = {"demographic": "Person and place", "firmographic": "Company", "behavioural": "Behaviour",
               "engagement": "Engagement", "fit": "Fit to the offer", "financial": "Money", "origin": "Origin",
               "contact": "Contact", "consent": "Consent", "management": "Management", "outcome": "Outcome",
               "your own columns": "Your own columns"}


def first_known(*values: Any) -> str:
    """Give the first of these that says anything, as text; empty when none does."""
    return next((str(value) for value in values if not is_missing(value) and str(value).strip()), "")


def plain(value: Any) -> str | None:
    """Write any single value; a number without needless decimals."""
    if is_missing(value):
        return None
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


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

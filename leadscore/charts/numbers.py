"""Numbers as people read them, on pages and in reports alike; missing is always an em dash."""

from __future__ import annotations

from typing import Any

import pandas as pd

MISSING = "—"


def is_missing(value: Any) -> bool:
    """Say whether there is nothing to show."""
    return value is None or (pd.api.types.is_scalar(value) and (bool(pd.isna(value)) or value == ""))


def count(value: float | None) -> str:
    """Write a whole number with thousands separators."""
    return MISSING if value is None or is_missing(value) else f"{value:,.0f}"


def counted(value: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: ``1 lead``, ``1,200 leads``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def decimal(value: float | None) -> str:
    """Write a number with one decimal."""
    return MISSING if value is None or is_missing(value) else f"{value:,.1f}"


def percent(share: float | None, digits: int = 1) -> str:
    """Write a fraction in [0, 1] as per cent."""
    return MISSING if share is None or is_missing(share) else f"{100 * share:,.{digits}f} %"


def money(amount: float | None, currency: str = "") -> str:
    """Write an amount with its currency."""
    return MISSING if amount is None or is_missing(amount) else f"{amount:,.0f} {currency}".strip()


def short_money(amount: float | None, currency: str = "") -> str:
    """Write an amount so that it fits a tile: ``1.28M EUR``."""
    if amount is None or is_missing(amount) or abs(amount) < 100_000:
        return money(amount, currency)
    short = f"{amount / 1e6:,.2f}M" if abs(amount) >= 1e6 else f"{amount / 1e3:,.0f}k"
    return f"{short} {currency}".strip()

"""One key figure as pages and reports show it: a number, how far it can be trusted, and what it was before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leadscore.charts.numbers import MISSING, count, decimal, is_missing, percent, short_money


class Unit(StrEnum):
    """What a number counts."""

    COUNT = "count"
    SCORE = "score"
    SHARE = "share"
    MONEY = "money"
    DAYS = "days"


class Better(StrEnum):
    """Which way a figure should go."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


@dataclass(frozen=True)
class Tile:
    """A key figure.

    Parameters
    ----------
    key, label : str
    value : float or None
        Shares in [0, 1], money in ``currency``; None where there is too little to tell.
    unit : Unit
    currency : str
        Of an amount; empty where none was named.
    low, high : float or None
        Where the figure likely lies (95 %), in its own unit.
    before : float or None
        The same figure of the period before.
    better : Better
    trend : tuple of float
        Its course over the period, for a small line; empty where there is none.
    note : str
        What it means and what it is made of.
    more : tuple of str
        Further values that cannot be added to this one, such as amounts in other currencies.
    """

    key: str
    label: str
    value: float | None
    unit: Unit
    currency: str = ""
    low: float | None = None
    high: float | None = None
    before: float | None = None
    better: Better = Better.UP
    trend: tuple[float, ...] = ()
    note: str = ""
    more: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The figure as people read it."""
        return written(self.value, self.unit, self.currency)

    @property
    def change(self) -> str | None:
        """What has changed since the period before, with its sign; None where one of the two is not known."""
        return changed(self.value, self.before, self.unit)

    @property
    def likely(self) -> str | None:
        """Where the figure likely lies; None where that is not known."""
        if is_missing(self.low) or is_missing(self.high):
            return None
        return f"{written(self.low, self.unit, self.currency)} to {written(self.high, self.unit, self.currency)}"


def written(value: float | None, unit: Unit, currency: str = "") -> str:
    """Write a figure in its unit."""
    if value is None or is_missing(value):
        return MISSING
    if unit == Unit.MONEY:
        return short_money(value, currency)
    if unit == Unit.DAYS:
        return f"{value:,.0f} {'day' if value == 1 else 'days'}"
    if unit == Unit.SHARE:
        return percent(value)
    return count(value) if unit == Unit.COUNT else decimal(value)


def changed(value: float | None, before: float | None, unit: Unit) -> str | None:
    """Write a change: counts and money in per cent, shares in points, everything else as a difference."""
    if value is None or before is None or is_missing(value) or is_missing(before):
        return None
    if unit in (Unit.COUNT, Unit.MONEY):
        return f"{100 * (value - before) / abs(before):+,.0f} %" if before else None
    if unit == Unit.SHARE:
        return f"{100 * (value - before):+,.1f} points"
    if unit == Unit.DAYS:
        return f"{value - before:+,.0f} days"
    return f"{value - before:+,.1f}"

"""What numbers of a lead are measured in, and which of them may be added, compared or divided."""

from __future__ import annotations

from dataclasses import dataclass

COUNT, MONEY, PER_CENT, SCORE = "count", "money", "per cent", "score"
SECONDS, MINUTES, HOURS, DAYS = "seconds", "minutes", "hours", "days"

SECONDS_IN = {SECONDS: 1.0, MINUTES: 60.0, HOURS: 3_600.0, DAYS: 86_400.0}

UNIT_OF_FIELD = {
    "time_on_site": SECONDS, "time_on_site_minutes": MINUTES, "response_hours": HOURS,
    "bounce_rate": PER_CENT, "open_rate": PER_CENT, "click_rate": PER_CENT, "market_share": PER_CENT,
    "growth_rate": PER_CENT, "credit_score": SCORE, "age": "years", "pages_per_visit": "pages per visit",
    "employees": "employee", "website_visits": "visit", "page_views": "page view", "emails_sent": "e-mail",
    "email_opens": "open", "email_clicks": "click", "email_replies": "reply", "meetings": "meeting", "calls": "call",
    "contact_attempts": "attempt", "downloads": "download", "past_purchases": "purchase",
}
"""Units of number fields that are no plain counts; the words for single things are counts as well."""

MEASURES = frozenset({MONEY, PER_CENT, SCORE, *SECONDS_IN, "years", "pages per visit"})
"""Units that differ in kind; every other word names something that is counted."""


@dataclass(frozen=True)
class Unit:
    """What a number is measured in.

    Parameters
    ----------
    above, below : tuple of str
        Units multiplied, and units divided by: money per employee is ``("money",)`` over ``("employee",)``.
    free : bool
        True for a bare number, which takes on the unit of what it meets.
    name : str
        What people read where it is not told by its parts, such as ``share``.
    """

    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    free: bool = False
    name: str = ""

    @property
    def words(self) -> str:
        """The unit as people read it."""
        if self.name or not (self.above or self.below):
            return self.name or "number"
        top = " × ".join(_plural(part) for part in self.above) or "number"
        return f"{top} per {' × '.join(_singular(part) for part in self.below)}" if self.below else top

    @property
    def dimension(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is left after the same kinds above and below have gone: two numbers of one dimension may be added."""
        above, below = sorted(map(_kind, self.above)), sorted(map(_kind, self.below))
        for part in list(above):
            if part in below:
                above.remove(part)
                below.remove(part)
        return tuple(above), tuple(below)


NUMBER = Unit(free=True)
SHARE = Unit(name="share")
PLAIN = Unit(name="number")


def unit_named(name: str) -> Unit:
    """Give the unit of a single word."""
    return Unit(above=(name,))


def agree(first: Unit, second: Unit) -> bool:
    """Tell whether two numbers may be added or compared."""
    return first.free or second.free or first.dimension == second.dimension


def merged(first: Unit, second: Unit) -> Unit:
    """Give the unit of a sum: that of either, or a plain count where different things are counted together."""
    if first.free or second.free:
        return second if first.free else first
    if first == second:
        return first
    return Unit(tuple(map(_kind, first.above)), tuple(map(_kind, first.below)), name=first.name or second.name)


def times(first: Unit, second: Unit) -> Unit:
    """Give the unit of a product; a bare number or a share leaves the other as it is."""
    if first.free and second.free:
        return NUMBER
    if _is_bare(first) or _is_bare(second):
        return second if _is_bare(first) else first
    return Unit(first.above + second.above, first.below + second.below)


def over(first: Unit, second: Unit) -> Unit:
    """Give the unit of a ratio."""
    if first.free and second.free:
        return NUMBER
    if _is_bare(second):
        return first
    return Unit(first.above + second.below, first.below + second.above)


def _is_bare(unit: Unit) -> bool:
    return unit.free or not (unit.above or unit.below)


def _kind(part: str) -> str:
    return part if part in MEASURES else COUNT


def _plural(part: str) -> str:
    if part in MEASURES or part == COUNT:
        return part
    return f"{part[:-1]}ies" if part.endswith("y") else f"{part}s"


def _singular(part: str) -> str:
    return part[:-1] if part in SECONDS_IN or part == "years" else part

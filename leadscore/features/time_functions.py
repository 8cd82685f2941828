"""The functions of dates and durations."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from leadscore.features.tokens import refuse_at
from leadscore.features.typed import Part, numeric, wanted
from leadscore.features.units import DAYS, PLAIN, SECONDS_IN, unit_named
from leadscore.features.values import Floats, Sort, Values, View, moment_of

MICROSECONDS_PER_DAY = 86_400e6
HOURS_PER_DAY = 24
NAMES_OF_DAYS = list(calendar.day_name)
NAMES_OF_MONTHS = list(calendar.month_name)[1:]
FIRST_WEEKDAY = 3
"""The first of January 1970 was a Thursday, three days after a Monday."""


def days_since(parts: Sequence[Part], at: int) -> Part:
    """Count the days up to the scoring, at least 0; later dates are missing already."""
    moments = wanted(parts[0], Sort.DATE, "days_since(…)")

    def run(view: View) -> Floats:
        return np.maximum(_days(moment_of(view.as_of) - moments.run(view)), 0.0)
    return Part(Sort.NUMBER, at, run, unit_named(DAYS))


def days_between(parts: Sequence[Part], at: int) -> Part:
    """Count the days from the first to the second."""
    first, second = (wanted(part, Sort.DATE, "days_between(…)") for part in parts)
    return numeric([first, second], at, unit_named(DAYS), lambda values: _days(values[1] - values[0]))


def hour(parts: Sequence[Part], at: int) -> Part:
    """Give the hour of the day."""
    moments = wanted(parts[0], Sort.DATE, "hour(…)")
    return numeric([moments], at, PLAIN, lambda values: np.floor(
        _days(values[0] - values[0].astype("datetime64[D]")) * HOURS_PER_DAY + 1e-9))


def weekday(parts: Sequence[Part], at: int) -> Part:
    """Name the day of the week."""
    moments = wanted(parts[0], Sort.DATE, "weekday(…)")
    return _named(moments, at, NAMES_OF_DAYS,
                  lambda values: (values.astype("datetime64[D]").astype(np.int64) + FIRST_WEEKDAY) % len(NAMES_OF_DAYS))


def month(parts: Sequence[Part], at: int) -> Part:
    """Name the month."""
    moments = wanted(parts[0], Sort.DATE, "month(…)")
    return _named(moments, at, NAMES_OF_MONTHS,
                  lambda values: values.astype("datetime64[M]").astype(np.int64) % len(NAMES_OF_MONTHS))


def fixed_date(parts: Sequence[Part], at: int) -> Part:
    """Read a day written out."""
    (part,) = parts
    written = part.text.strip() if part.sort is Sort.TEXT and part.constant else ""
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written):
            raise ValueError(written)
        day = np.datetime64(date.fromisoformat(written)).astype("datetime64[us]")
    except ValueError:
        refuse_at(part.at, "This is no date.", 'Write date("2026-01-31").')
    return Part(Sort.DATE, at, lambda view: np.full(view.size, day), constant=True)


def converted(unit: str) -> Callable[[Sequence[Part], int], Part]:
    """Give the function that turns a duration into a unit."""
    def build(parts: Sequence[Part], at: int) -> Part:
        duration = wanted(parts[0], Sort.NUMBER, f"in_{unit}(…)")
        known = [name for name in SECONDS_IN if duration.unit == unit_named(name)]
        if not known and parts[0].sort is not Sort.UNKNOWN:
            refuse_at(duration.at, f"in_{unit}(…) needs a duration, and this is {duration.words}.",
                      "Durations are time_on_site, response_hours, days_since(…) and the like.")
        factor = SECONDS_IN[known[0]] / SECONDS_IN[unit] if known else 1.0
        return numeric([duration], at, unit_named(unit), lambda values: values[0] * factor)
    return build


def _days(durations: Values) -> Floats:
    """Give durations as days, missing where one is."""
    micro = durations.astype("timedelta64[us]")
    return np.where(np.isnat(micro), np.nan, micro.astype(np.int64) / MICROSECONDS_PER_DAY)


def _named(part: Part, at: int, names: Sequence[str], place: Callable[[Values], Values]) -> Part:
    words = pa.array([*names, None], pa.large_string())

    def run(view: View) -> Values:
        values = part.run(view)
        known = ~np.isnat(values)
        places = np.full(len(values), len(names))
        places[known] = place(values[known])
        return words.take(pa.array(places))
    return Part(Sort.TEXT, at, run, constant=part.constant)

"""Parts of an expression whose meaning is checked: what kind of value, in what unit, and how it is worked out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa

from leadscore.features.tokens import refuse_at
from leadscore.features.units import NUMBER, PLAIN, Unit, agree, merged
from leadscore.features.values import Floats, Run, Sort, Values, View, finite, missing

ONE_LEAD = View(pd.DataFrame(index=pd.RangeIndex(1)), datetime(2000, 1, 1, tzinfo=UTC))
"""Constants are worked out for it: they are the same for every lead."""

WORDS = {Sort.NUMBER: "a number", Sort.YES_NO: "yes or no", Sort.TEXT: "a text", Sort.DATE: "a date",
         Sort.UNKNOWN: "nothing known"}


@dataclass(frozen=True)
class Part:
    """One checked part.

    Parameters
    ----------
    sort : Sort
        UNKNOWN for a column this file does not have: it fits everywhere and is missing for every lead.
    at : int
        Its 0-based place in the text.
    run : callable(View) -> values
    unit : Unit
        Of a number.
    constant : bool
        True when it is the same for every lead.
    spells : str
        The column whose own words it gives, where these name single companies or places; else empty.
    """

    sort: Sort
    at: int
    run: Run
    unit: Unit = PLAIN
    constant: bool = False
    spells: str = ""

    @property
    def number(self) -> float:
        """The value of a constant number."""
        return float(self.run(ONE_LEAD)[0])

    @property
    def text(self) -> str:
        """The value of a constant text."""
        return str(self.run(ONE_LEAD)[0].as_py())

    @property
    def words(self) -> str:
        """What it is, as people read it."""
        return self.unit.words if self.sort is Sort.NUMBER else WORDS[self.sort]


def wanted(part: Part, sort: Sort, by: str, hint: str = "") -> Part:
    """Take a part for a sort of values.

    Raises
    ------
    WrongExpression
        It is another one.
    """
    if part.sort is Sort.UNKNOWN:
        return replace(part, sort=sort, run=lambda view: missing(sort, view.size), unit=NUMBER)
    if part.sort is not sort:
        refuse_at(part.at, f"{by} needs {WORDS[sort]}, and this is {WORDS[part.sort]}.", hint or _HINTS.get(
            (part.sort, sort), ""))
    return part


_HINTS = {
    (Sort.YES_NO, Sort.NUMBER): "number(…) makes 1 of yes and 0 of no.",
    (Sort.DATE, Sort.NUMBER): "days_since(…) makes a number of a date.",
    (Sort.TEXT, Sort.NUMBER): "length(…) or words(…) count what a text has; one_of(…) compares it.",
    (Sort.NUMBER, Sort.YES_NO): "Compare it, as in page_views > 3.",
    (Sort.TEXT, Sort.YES_NO): "Compare it, as in contains(job_title, \"head\").",
    (Sort.NUMBER, Sort.TEXT): "bucket(…) makes a text of a number.",
}


def same_sort(parts: Sequence[Part], by: str) -> tuple[Sort, Unit, list[Part]]:
    """Take parts that must be of one sort and one unit; which one the first known part decides.

    Returns
    -------
    tuple of Sort, Unit and list of Part

    Raises
    ------
    WrongExpression
        They differ; the message tells both.
    """
    sort = next((part.sort for part in parts if part.sort is not Sort.UNKNOWN), Sort.UNKNOWN)
    for part in parts:
        if part.sort not in (sort, Sort.UNKNOWN):
            refuse_at(part.at, f"{by} cannot mix {WORDS[sort]} and {WORDS[part.sort]}.", "Use one kind of value.")
    same = parts if sort is Sort.UNKNOWN else [wanted(part, sort, by) for part in parts]
    unit = same[0].unit
    known = [part for part, original in zip(same, parts, strict=True) if original.sort is Sort.NUMBER]
    for place, part in enumerate(known):
        unit = part.unit if place == 0 else one_unit(unit, part.unit, part.at, by)
    return sort, unit, list(same)


def one_unit(first: Unit, second: Unit, at: int, by: str) -> Unit:
    """Give the unit two numbers share.

    Raises
    ------
    WrongExpression
        They have none in common; the message names both.
    """
    if not agree(first, second):
        _refuse_units(first, second, at, by)
    return merged(first, second)


def _refuse_units(first: Unit, second: Unit, at: int, by: str) -> NoReturn:
    refuse_at(at, f"{by} cannot mix {first.words} and {second.words}.",
              "Divide one by the other, turn one into the other (in_minutes, in_days …), or forget the unit with "
              "number(…).")


def numeric(parts: Sequence[Part], at: int, unit: Unit, run: Callable[[Sequence[Floats]], Floats]) -> Part:
    """Make a number of numbers; what is not finite becomes missing, and nothing warns."""
    def work_out(view: View) -> Floats:
        with np.errstate(all="ignore"):
            return finite(run([part.run(view) for part in parts]))
    return Part(Sort.NUMBER, at, work_out, unit, all(part.constant for part in parts))


def constant_number(value: float, at: int, unit: Unit) -> Part:
    """Make a part that is one number for every lead."""
    return Part(Sort.NUMBER, at, lambda view: np.full(view.size, value), unit, True)


def constant_text(value: str, at: int) -> Part:
    """Make a part that is one text for every lead."""
    return Part(Sort.TEXT, at, lambda view: pa.repeat(pa.scalar(value, pa.large_string()), view.size), constant=True)


def constant_truth(value: bool, at: int) -> Part:
    """Make a part that is yes, or no, for every lead."""
    return Part(Sort.YES_NO, at, lambda view: np.full(view.size, float(value)), constant=True)


def yes_no(parts: Sequence[Part], at: int, run: Callable[[Sequence[Values]], Floats]) -> Part:
    """Make yes, no or missing of parts."""
    def work_out(view: View) -> Floats:
        return run([part.run(view) for part in parts])
    return Part(Sort.YES_NO, at, work_out, constant=all(part.constant for part in parts))

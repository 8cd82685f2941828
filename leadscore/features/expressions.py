"""The language people make features in: a formula is read, checked for meaning and units, and worked out for leads.

Nothing a person writes is ever executed. A formula becomes a small tree whose parts are columns, numbers, texts and
the functions of :mod:`leadscore.features.functions`; every part knows what kind of value it gives, in what unit, and
where it stands in the text. Missing values stay missing unless a function says otherwise; a division by zero is
missing; ``and`` and ``or`` follow Kleene: what is not known decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from leadscore.features.columns import Columns, written
from leadscore.features.functions import call
from leadscore.features.parser import Call, Chain, Comparison, Name, Node, Number, Sign, Text, Truth, parse
from leadscore.features.tokens import LONGEST_TEXT, refuse_at
from leadscore.features.typed import (
    WORDS,
    Part,
    constant_number,
    constant_text,
    constant_truth,
    numeric,
    one_unit,
    same_sort,
    wanted,
    yes_no,
)
from leadscore.features.units import NUMBER, over, times
from leadscore.features.values import Floats, Sort, Values, View, as_series, plain_text, read
from leadscore.schema import Kind

KIND_OF = {Sort.NUMBER: Kind.NUMBER, Sort.YES_NO: Kind.BOOLEAN, Sort.TEXT: Kind.CATEGORY, Sort.UNKNOWN: Kind.NUMBER}
SAYS = {"+": "An addition", "-": "A subtraction", "*": "A multiplication", "/": "A division"}
COMPARE: dict[str, Callable[[Values, Values], Values]] = {
    "=": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}


@dataclass(frozen=True)
class Expression:
    """A checked formula.

    Parameters
    ----------
    text : str
        With every column under the name that means the same in every file.
    kind : Kind
        NUMBER, BOOLEAN or CATEGORY.
    unit : str
        What a number is measured in, in words; ``yes/no`` or ``text`` else.
    sources : tuple of str
        Columns of the leads it is made of, in the order of the text.
    part : Part
        How it is worked out.
    """

    text: str
    kind: Kind
    unit: str
    sources: tuple[str, ...]
    part: Part

    def evaluate(self, leads: pd.DataFrame, as_of: datetime) -> pd.Series:
        """Work it out.

        Parameters
        ----------
        leads : DataFrame of shape (n_leads, any)
            A leads frame; a column it lacks is missing for every lead. Not changed.
        as_of : datetime, UTC
            Days are counted to here; dates more than a day later are missing, since nobody knew them then.

        Returns
        -------
        Series of shape (n_leads,)
            Index of ``leads``. NUMBER float64, finite or missing; BOOLEAN float64 of 0, 1 or missing; CATEGORY str.
        """
        return as_series(self.part.run(View(leads, as_of)), self.part.sort, leads.index)


def compile_expression(text: str, columns: Columns, *, missing_is_empty: bool = False) -> Expression:
    """Read a formula and check what it means.

    Parameters
    ----------
    text : str
        At most 1,000 characters.
    columns : Columns
        What may be named.
    missing_is_empty : bool
        Takes unknown columns for empty ones: the formula was checked when it was made, and this file lacks them.

    Raises
    ------
    WrongExpression
        It cannot be read, names what does not exist or may not be used, or mixes what does not go together. The
        message says at which character.
    """
    reading = _Reading(columns, missing_is_empty)
    part = reading.part(parse(text))
    _refuse_useless(part, bool(reading.names))
    lasting = reading.rewritten(text)
    if len(lasting) > LONGEST_TEXT and not missing_is_empty:
        refuse_at(0, f"With the full names of its columns this is longer than {LONGEST_TEXT:,} characters.",
                  "Make two features of it.")
    unit = str(part.sort) if part.sort is not Sort.NUMBER else part.unit.words
    return Expression(lasting, KIND_OF[part.sort], unit, tuple(dict.fromkeys(
        name for name, _, _ in reading.names.values())), part)


def _refuse_useless(part: Part, has_columns: bool) -> None:
    if not has_columns:
        refuse_at(0, "This uses no column, so every lead would have the same value.", "Name a column of the leads.")
    if part.sort is Sort.DATE:
        refuse_at(part.at, "The result is a date, which no score can use.", "Write days_since(…) or month(…).")
    if part.spells:
        refuse_at(part.at, f"The result would be '{part.spells}' itself, whose values name single companies or places.",
                  "Ask something of it, as in contains(…), one_of(…) or is_missing(…).")


class _Reading:
    """Turns the tree of one formula into checked parts, and notes the columns it names."""

    def __init__(self, columns: Columns, missing_is_empty: bool) -> None:
        self.columns, self.missing_is_empty = columns, missing_is_empty
        self.names: dict[int, tuple[str, int, str]] = {}

    def part(self, node: Node) -> Part:
        match node:
            case Number():
                return constant_number(node.value, node.at, NUMBER)
            case Text():
                return constant_text(node.value, node.at)
            case Truth():
                return constant_truth(node.value, node.at)
            case Name():
                return self.name(node)
            case Call():
                return call(node, [self.part(part) for part in node.parts])
            case Sign():
                return self.sign(node)
            case Chain():
                return self.chain(node)
            case Comparison():
                return self.comparison(node)

    def rewritten(self, text: str) -> str:
        """Give the text with the lasting name of every column."""
        for start in sorted(self.names, reverse=True):
            _, end, name = self.names[start]
            text = text[:start] + name + text[end:]
        return text.strip()

    def name(self, node: Name) -> Part:
        column = self.columns.named(node, missing_is_empty=self.missing_is_empty)
        known = column.sort is not Sort.UNKNOWN
        self.names[node.at] = (column.name, node.end, written(column) if known else f"[{node.text}]")
        return Part(column.sort, node.at, lambda view: read(view, column.name, column.sort), column.unit,
                    spells=column.label if column.spells else "")

    def sign(self, node: Sign) -> Part:
        if node.sign == "not":
            part = wanted(self.part(node.part), Sort.YES_NO, "'not'")
            return yes_no([part], node.at, lambda values: 1.0 - values[0])
        part = wanted(self.part(node.part), Sort.NUMBER, "A minus")
        return numeric([part], node.at, part.unit, lambda values: -values[0])

    def chain(self, node: Chain) -> Part:
        found = self.part(node.first)
        for sign, at, other in node.rest:
            found = _JOIN[sign](found, self.part(other), _Joint(sign, at))
        return found

    def comparison(self, node: Comparison) -> Part:
        left, right = self.part(node.left), self.part(node.right)
        by = f"The comparison '{node.sign}'"
        if {left.sort, right.sort} == {Sort.TEXT, Sort.NUMBER}:
            refuse_at(node.at, "A text cannot be compared with a number.",
                      "Put texts in quotes, or count with length(…).")
        sort, _, parts = same_sort([left, right], by)
        if sort in (Sort.TEXT, Sort.YES_NO) and node.sign not in ("=", "!="):
            refuse_at(node.at, f"{WORDS[sort].capitalize()} cannot be larger or smaller.", "Use = or !=.")
        return yes_no(parts, node.at, lambda values: _compared(values, sort, COMPARE[node.sign]))


def _compared(values: Sequence[Values], sort: Sort, compare: Callable[[Values, Values], Values]) -> Floats:
    if sort is Sort.TEXT:
        codes = [plain_text(part) for part in values]
        held = compare(*(part.fill_null("").to_numpy(zero_copy_only=False) for part in codes))
        unknown = np.logical_or(*(part.is_null().to_numpy(zero_copy_only=False) for part in codes))
    else:
        held = compare(*values)
        unknown = np.logical_or(*(np.isnat(part) if sort is Sort.DATE else np.isnan(part) for part in values))
    return np.where(unknown, np.nan, np.asarray(held, dtype=np.float64))


@dataclass(frozen=True)
class _Joint:
    """A sign between two parts, and its place."""

    sign: str
    at: int


def _added(left: Part, right: Part, joint: _Joint) -> Part:
    parts = _both(left, right, Sort.NUMBER, SAYS[joint.sign])
    unit = one_unit(parts[0].unit, parts[1].unit, joint.at, SAYS[joint.sign])
    add = np.add if joint.sign == "+" else np.subtract
    return numeric(parts, left.at, unit, lambda values: add(*values))


def _multiplied(left: Part, right: Part, joint: _Joint) -> Part:
    parts = _both(left, right, Sort.NUMBER, SAYS[joint.sign])
    return numeric(parts, left.at, times(*(part.unit for part in parts)), lambda values: np.multiply(*values))


def _divided(left: Part, right: Part, joint: _Joint) -> Part:
    parts = _both(left, right, Sort.NUMBER, SAYS[joint.sign])
    if right.constant and not abs(parts[1].number) > 0:
        refuse_at(right.at, "This divides by zero.", "Divide by a column or by another number.")
    # by zero gives no finite number, which is missing
    return numeric(parts, left.at, over(*(part.unit for part in parts)), lambda values: np.divide(*values))


def _joined(left: Part, right: Part, joint: _Joint) -> Part:
    parts = _both(left, right, Sort.YES_NO, f"'{joint.sign}'")
    decides = 1.0 if joint.sign == "or" else 0.0

    def run(values: Sequence[Floats]) -> Floats:
        first, second = values
        settled = (first == decides) | (second == decides)
        return np.where(settled, decides, np.where(np.isnan(first) | np.isnan(second), np.nan, 1.0 - decides))
    return yes_no(parts, left.at, run)


def _both(left: Part, right: Part, sort: Sort, by: str) -> tuple[Part, Part]:
    return wanted(left, sort, by), wanted(right, sort, by)


_JOIN: dict[str, Callable[[Part, Part, _Joint], Part]] = {
    "+": _added, "-": _added, "*": _multiplied, "/": _divided, "and": _joined, "or": _joined}

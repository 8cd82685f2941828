"""The functions an expression may call: what each takes, what it gives, and how people are told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process

from leadscore.features import time_functions as times
from leadscore.features.columns import CLOSE_ENOUGH
from leadscore.features.parser import Call
from leadscore.features.tokens import refuse_at
from leadscore.features.typed import Part, numeric, one_unit, same_sort, wanted, yes_no
from leadscore.features.units import NUMBER, SECONDS_IN, SHARE
from leadscore.features.values import Floats, Sort, Values, View, answers, choose, is_missing, plain_text

MANY = 50
MOST_EDGES = 20
MOST_DIGITS = 6


@dataclass(frozen=True)
class Function:
    """One function.

    Parameters
    ----------
    usage : str
        How it is written.
    meaning : str
        What it gives, in a sentence.
    family : str
        Where the help lists it.
    least, most : int
        Number of parts.
    build : callable(parts, place) -> Part
    """

    usage: str
    meaning: str
    family: str
    least: int
    most: int
    build: Callable[[Sequence[Part], int], Part]


def call(node: Call, parts: Sequence[Part]) -> Part:
    """Apply a function to checked parts.

    Raises
    ------
    WrongExpression
        There is no such function, or the parts do not fit it.
    """
    function = FUNCTIONS.get(node.name)
    if function is None:
        close = process.extractOne(node.name, list(FUNCTIONS), scorer=fuzz.WRatio, score_cutoff=CLOSE_ENOUGH)
        refuse_at(node.at, f"There is no function '{node.name[:40]}'.",
                  f"Did you mean {close[0]}(…)?" if close else "The help lists the functions.")
    if not function.least <= len(parts) <= function.most:
        refuse_at(node.at, f"{node.name}(…) does not take {len(parts)} parts.", f"Write {function.usage}.")
    return function.build(parts, node.at)


# --- choices -----------------------------------------------------------------------------------------------


def _if(parts: Sequence[Part], at: int) -> Part:
    condition = wanted(parts[0], Sort.YES_NO, "if(…)")
    sort, unit, (first, second) = same_sort(parts[1:], "if(…)")

    def run(view: View) -> Values:
        held = condition.run(view)
        chosen = choose(held == 1, first.run(view), second.run(view), sort)
        return choose(np.isnan(held), Part(sort, at, _nothing(sort)).run(view), chosen, sort)
    return Part(sort, at, run, unit, all(part.constant for part in parts), first.spells or second.spells)


def _nothing(sort: Sort) -> Callable[[View], Values]:
    return wanted(Part(Sort.UNKNOWN, 0, lambda view: np.full(view.size, np.nan)), sort, "").run


def _coalesce(parts: Sequence[Part], at: int) -> Part:
    sort, unit, same = same_sort(parts, "coalesce(…)")

    def run(view: View) -> Values:
        found = same[0].run(view)
        for part in same[1:]:
            found = choose(is_missing(found, sort), part.run(view), found, sort)
        return found
    spells = next((part.spells for part in same if part.spells), "")
    return Part(sort, at, run, unit, all(part.constant for part in parts), spells)


def _is_missing(parts: Sequence[Part], at: int) -> Part:
    (part,) = parts
    return yes_no([part], at, lambda values: is_missing(values[0], part.sort).astype(np.float64))


# --- numbers -----------------------------------------------------------------------------------------------


def _numbers(parts: Sequence[Part], name: str) -> list[Part]:
    return [wanted(part, Sort.NUMBER, f"{name}(…)") for part in parts]


def _of_one(name: str, work_out: Callable[[Floats], Floats], *,
            keeps_unit: bool = False) -> Callable[[Sequence[Part], int], Part]:
    def build(parts: Sequence[Part], at: int) -> Part:
        (part,) = _numbers(parts, name)
        return numeric([part], at, part.unit if keeps_unit else NUMBER, lambda values: work_out(values[0]))
    return build


def _of_several(name: str, work_out: Callable[[Sequence[Floats]], Floats]) -> Callable[[Sequence[Part], int], Part]:
    def build(parts: Sequence[Part], at: int) -> Part:
        same = _numbers(parts, name)
        unit = same[0].unit
        for part in same[1:]:
            unit = one_unit(unit, part.unit, part.at, f"{name}(…)")
        return numeric(same, at, unit, work_out)
    return build


def _sum_of_known(values: Sequence[Floats]) -> Floats:
    block = np.stack(values)
    return np.where(np.isnan(block).all(axis=0), np.nan, np.nansum(block, axis=0))


def _clip(parts: Sequence[Part], at: int) -> Part:
    _, low, high = _numbers(parts, "clip")
    least, most = _constant(low, "clip(…)"), _constant(high, "clip(…)")
    if least > most:
        refuse_at(low.at, f"clip(…) goes from {least:g} down to {most:g}.", "Give the smaller number first.")
    return _of_several("clip", lambda values: np.clip(values[0], least, most))(parts, at)


def _round(parts: Sequence[Part], at: int) -> Part:
    same = _numbers(parts, "round")
    digits = _constant(same[1], "round(…)") if len(same) > 1 else 0.0
    if digits not in range(MOST_DIGITS + 1):
        refuse_at(same[1].at, f"round(…) keeps 0 to {MOST_DIGITS} digits.", "Write round(x, 2).")
    return numeric(same[:1], at, same[0].unit, lambda values: np.round(values[0], int(digits)))


def _share(parts: Sequence[Part], at: int) -> Part:
    part, whole = _numbers(parts, "share")
    one_unit(part.unit, whole.unit, whole.at, "share(…)")
    return numeric([part, whole], at, SHARE, lambda values: _share_of(*values))


def _share_of(part: Floats, whole: Floats) -> Floats:
    """Divide two counts, cut to [0, 1]: 0 of 0 is 0, and a part without a whole is 1, as in the derived rates."""
    without_whole = np.where(np.isnan(part) | np.isnan(whole), np.nan, part > 0)
    return np.where(whole > 0, np.clip(part / whole, 0, 1), without_whole)


def _number(parts: Sequence[Part], at: int) -> Part:
    (part,) = parts
    if part.sort is Sort.YES_NO:
        return Part(Sort.NUMBER, at, part.run, NUMBER, part.constant)
    return numeric(_numbers(parts, "number"), at, NUMBER, lambda values: values[0])


def _bucket(parts: Sequence[Part], at: int) -> Part:
    part, *given = _numbers(parts, "bucket")
    edges = [_constant(edge, "bucket(…)") for edge in given]
    for edge in given:
        one_unit(part.unit, edge.unit, edge.at, "bucket(…)")
    if edges != sorted(set(edges)):
        refuse_at(given[0].at, "The edges of bucket(…) must go up.", "Write bucket(x, 10, 50, 200).")
    names = pa.array([*bucket_names(edges), None], pa.large_string())

    def run(view: View) -> Values:
        numbers = part.run(view)
        places = np.searchsorted(edges, numbers, side="right")
        return names.take(pa.array(np.where(np.isnan(numbers), len(edges) + 1, places)))
    return Part(Sort.TEXT, at, run, constant=part.constant)


def bucket_names(edges: Sequence[float]) -> list[str]:
    """Name what lies between edges: under the first, from each to the next, and from the last on."""
    words = [f"{edge:,.10g}" for edge in edges]
    between = [f"{low} to {high}" for low, high in zip(words[:-1], words[1:], strict=True)]
    return [f"under {words[0]}", *between, f"{words[-1]} and more"]


def _constant(part: Part, by: str) -> float:
    if not part.constant or np.isnan(part.number):
        refuse_at(part.at, f"{by} needs a fixed number here.", "Write the number itself.")
    return part.number


# --- texts -------------------------------------------------------------------------------------------------


def _word(part: Part, by: str) -> str:
    if part.sort is not Sort.TEXT or not part.constant or not part.text.strip():
        refuse_at(part.at, f"{by} needs a word in quotes here.", f'Write for instance "{by.partition("(")[0]}".')
    return part.text.strip().lower()


def _compare(name: str, held: Callable[[pa.Array, Sequence[str]], pa.Array]) -> Callable[[Sequence[Part], int], Part]:
    def build(parts: Sequence[Part], at: int) -> Part:
        text = wanted(parts[0], Sort.TEXT, f"{name}(…)", "Use = < > with numbers, or bucket(…).")
        words = [_word(part, f"{name}(…)") for part in parts[1:]]
        return yes_no([text], at, lambda values: answers(held(plain_text(values[0]), words)))
    return build


def _is_one_of(values: pa.Array, words: Sequence[str]) -> pa.Array:
    found = pc.is_in(values, value_set=pa.array(words, pa.large_string()))
    return pc.if_else(values.is_valid(), found, pa.scalar(None, pa.bool_()))


def _count(name: str, count: Callable[[pa.Array], pa.Array]) -> Callable[[Sequence[Part], int], Part]:
    def build(parts: Sequence[Part], at: int) -> Part:
        text = wanted(parts[0], Sort.TEXT, f"{name}(…)")
        return numeric([text], at, NUMBER, lambda values: answers(count(values[0])))
    return build


def _lower(parts: Sequence[Part], at: int) -> Part:
    text = wanted(parts[0], Sort.TEXT, "lower(…)")
    return Part(Sort.TEXT, at, lambda view: plain_text(text.run(view)), constant=text.constant, spells=text.spells)


CHOICES, NUMBERS, DATES, TEXTS = "Choices", "Numbers", "Dates", "Texts"

FUNCTIONS: dict[str, Function] = {
    "if": Function("if(condition, a, b)", "a where the condition holds, else b; missing where that is not known.",
                   CHOICES, 3, 3, _if),
    "coalesce": Function("coalesce(a, b, …)", "The first of them that is known.", CHOICES, 2, MANY, _coalesce),
    "is_missing": Function("is_missing(x)", "Yes where nothing is known.", CHOICES, 1, 1, _is_missing),
    "bucket": Function("bucket(x, 10, 50, 200)", "Ranges such as “10 to 50”; the lower end counts to the range.",
                       NUMBERS, 2, MOST_EDGES + 1, _bucket),
    "share": Function("share(part, whole)", "Part of the whole, from 0 to 1; 0 of 0 is 0.", NUMBERS, 2, 2, _share),
    "sum_of": Function("sum_of(a, b, …)", "The sum of those that are known; a + b is missing where one is.", NUMBERS,
                       2, MANY, _of_several("sum_of", _sum_of_known)),
    "min": Function("min(a, b, …)", "The smallest; missing where one is.", NUMBERS, 2, MANY,
                    _of_several("min", lambda values: np.minimum.reduce(list(values)))),
    "max": Function("max(a, b, …)", "The largest; missing where one is.", NUMBERS, 2, MANY,
                    _of_several("max", lambda values: np.maximum.reduce(list(values)))),
    "clip": Function("clip(x, low, high)", "x, but at least low and at most high.", NUMBERS, 3, 3, _clip),
    "log": Function("log(x)", "Natural logarithm of 1 + x; missing below 0.", NUMBERS, 1, 1,
                    _of_one("log", lambda values: np.log1p(np.where(values >= 0, values, np.nan)))),
    "sqrt": Function("sqrt(x)", "Square root; missing below 0.", NUMBERS, 1, 1, _of_one("sqrt", np.sqrt)),
    "abs": Function("abs(x)", "x without its sign.", NUMBERS, 1, 1, _of_one("abs", np.abs, keeps_unit=True)),
    "round": Function("round(x, digits)", "x to so many digits; whole numbers without.", NUMBERS, 1, 2, _round),
    "number": Function("number(x)", "x without its unit; 1 for yes and 0 for no.", NUMBERS, 1, 1, _number),
    "contains": Function('contains(x, "word")', "Yes where the text holds the word, in any case.", TEXTS, 2, 2,
                         _compare("contains", lambda values, words: pc.match_substring(values, words[0]))),
    "starts_with": Function('starts_with(x, "word")', "Yes where the text begins so, in any case.", TEXTS, 2, 2,
                            _compare("starts_with", lambda values, words: pc.starts_with(values, words[0]))),
    "equals": Function('equals(x, "word")', "Yes where the text is this, in any case.", TEXTS, 2, 2,
                       _compare("equals", _is_one_of)),
    "one_of": Function('one_of(x, "a", "b", …)', "Yes where the text is one of these, in any case.", TEXTS, 2, MANY,
                       _compare("one_of", _is_one_of)),
    "length": Function("length(x)", "Number of characters.", TEXTS, 1, 1, _count("length", pc.utf8_length)),
    "words": Function("words(x)", "Number of words.", TEXTS, 1, 1,
                      _count("words", lambda values: pc.count_substring_regex(values, r"[^\s]+"))),
    "lower": Function("lower(x)", "The text in lower case without outer spaces.", TEXTS, 1, 1, _lower),
    "days_since": Function("days_since(date)", "Days up to the day of the scoring.", DATES, 1, 1, times.days_since),
    "days_between": Function("days_between(a, b)", "Days from a to b; below 0 where b came first.", DATES, 2, 2,
                             times.days_between),
    "weekday": Function("weekday(date)", "Monday … Sunday, in UTC.", DATES, 1, 1, times.weekday),
    "hour": Function("hour(date)", "Hour of the day from 0 to 23, in UTC.", DATES, 1, 1, times.hour),
    "month": Function("month(date)", "January … December, in UTC.", DATES, 1, 1, times.month),
    "date": Function('date("2026-01-31")', "A fixed day to compare dates with.", DATES, 1, 1, times.fixed_date),
    **{f"in_{unit}": Function(f"in_{unit}(x)", f"A duration in {unit}.", DATES, 1, 1, times.converted(unit))
       for unit in SECONDS_IN},
}
"""Every function by its name."""

"""Can validation rules be used? They are held against their fields and against each other before they are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NoReturn

import pandas as pd
import pyarrow as pa

from leadscore.errors import InvalidRequest
from leadscore.ingest.rules import WORDS, Check, Consequence, Rule, described, holds, matches
from leadscore.schema import NUMERIC_KINDS, Kind, label_of

MOST_RULES = 200
MOST_VALUES = 1_000
LONGEST_PATTERN = 500
NO_MOMENT = datetime(1, 1, 1, tzinfo=UTC)
"""Rules about texts ask for no date."""

_ABOUT_TEXT = frozenset({Check.PATTERN, Check.LONGEST})


def check_rules(rules: Sequence[Rule], kinds: Mapping[str, Kind]) -> None:
    """Refuse rules that cannot be used or that nothing could satisfy.

    Parameters
    ----------
    kinds : mapping of column to Kind
        Every column a rule may name.

    Raises
    ------
    InvalidRequest
        An unknown field or word, a check that does not fit the field, a limit that contradicts another.
    """
    if len(rules) > MOST_RULES:
        _refuse("too_many_rules", f"{len(rules)} validation rules are more than {MOST_RULES}.", "Merge some.")
    for rule in rules:
        _check_rule(rule, kinds)
    pairs = [(rule.field, rule.check) for rule in rules]
    for rule in rules:
        if pairs.count((rule.field, rule.check)) > 1:
            _refuse("rule_twice", f"Two rules ask the same of '{label_of(rule.field)}' ({WORDS[Check(rule.check)]}).",
                    "Keep one of them.")
    for one_of in (rule for rule in rules if rule.check == Check.ONE_OF):
        others = [rule for rule in rules if rule.field == one_of.field and rule.check in _ABOUT_TEXT]
        for other in others:
            _refuse_contradiction(one_of, other)


def checks_for(kind: Kind) -> tuple[Check, ...]:
    """List what a rule may ask of a field of a kind."""
    return tuple(check for check in Check if kind in _FITS.get(check, frozenset(Kind)))


def _check_rule(rule: Rule, kinds: Mapping[str, Kind]) -> None:
    if rule.field not in kinds:
        _refuse("unknown_field", f"There is no field '{rule.field[:60]}'.", "Choose one of the listed fields.")
    if rule.check not in set(Check) or rule.consequence not in set(Consequence):
        _refuse("unknown_rule", f"A rule for '{label_of(rule.field)}' asks or does something unknown.",
                f"Ask one of {', '.join(Check)}, then {', '.join(Consequence)}.")
    fits = _FITS.get(Check(rule.check))
    if fits is not None and kinds[rule.field] not in fits:
        _refuse("wrong_rule", f"'{label_of(rule.field)}' is of kind {kinds[rule.field]}: it cannot be asked whether it "
                f"{WORDS[Check(rule.check)].removeprefix('must ')}.", "Choose another check.")
    if rule.check == Check.REQUIRED and rule.consequence == Consequence.EMPTY:
        _refuse("wrong_rule", f"A missing '{label_of(rule.field)}' cannot be left empty as a consequence.",
                "Flag it, or reject the row.")
    if limit := _LIMITS.get(Check(rule.check)):
        limit(rule)


def _check_range(rule: Rule) -> None:
    _check_ends(rule, rule.low, rule.high)


def _check_dates(rule: Rule) -> None:
    for day in (rule.earliest, rule.latest):
        if day and _day(day) is None:
            _refuse("wrong_limit", f"'{day[:20]}' is no date.", "Write it as 2026-01-31.")
    _check_ends(rule, rule.earliest or None, rule.latest or None)


def _check_ends(rule: Rule, low: Any, high: Any) -> None:
    label = label_of(rule.field)
    if low is None and high is None:
        _refuse("no_limit", f"The rule for '{label}' has no limit.", "Give a smallest or a largest value.")
    if low is not None and high is not None and low > high:
        _refuse("contradictory_rule", f"The rule for '{label}' goes from {low} down to {high}: no value fits.",
                "Swap the two.")


def _check_values(rule: Rule) -> None:
    if not any(rule.values):
        _refuse("contradictory_rule", f"The rule for '{label_of(rule.field)}' allows no value at all.",
                "Name at least one.")
    if len(rule.values) > MOST_VALUES:
        _refuse("too_many_values", f"{len(rule.values):,} values are more than {MOST_VALUES:,}.", "Use a pattern.")


def _check_longest(rule: Rule) -> None:
    if rule.longest is None or rule.longest < 1:
        _refuse("wrong_limit", f"'{label_of(rule.field)}' needs room for at least 1 character.", "Give a number.")


def _check_pattern(rule: Rule) -> None:
    if not rule.pattern or len(rule.pattern) > LONGEST_PATTERN:
        _refuse("wrong_pattern", f"A pattern has 1 to {LONGEST_PATTERN} characters.", "Write for instance [A-Z]{2}.*")
    try:
        matches(pa.array([""], pa.large_string()), rule.pattern)
    except pa.ArrowInvalid as problem:
        said = str(problem).partition(": ")[2][:120] or "it cannot be read"
        raise InvalidRequest("wrong_pattern", f"The pattern for '{label_of(rule.field)}' cannot be used: {said}.",
                             "Look-arounds and back-references do not exist here.") from problem


def _refuse_contradiction(one_of: Rule, other: Rule) -> None:
    allowed = pd.Series([value for value in one_of.values if value], dtype="str")
    if not holds(allowed, other, as_of=NO_MOMENT).any():
        _refuse("contradictory_rule", f"The rules for '{label_of(one_of.field)}' leave no value: none of those it may "
                f"be is right for the other rule, that it {described(other)}.", "Change one of the two.")


def _refuse(code: str, message: str, hint: str) -> NoReturn:
    raise InvalidRequest(code, message, hint)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


_TEXTS = frozenset(Kind) - NUMERIC_KINDS - {Kind.DATE, Kind.BOOLEAN}
_FITS: dict[Check, frozenset[Kind]] = {
    Check.RANGE: NUMERIC_KINDS, Check.ONE_OF: _TEXTS, Check.PATTERN: _TEXTS, Check.LONGEST: _TEXTS,
    Check.NOT_FUTURE: frozenset({Kind.DATE}), Check.DATES: frozenset({Kind.DATE}),
    Check.UNIQUE: frozenset(Kind) - {Kind.BOOLEAN}}
_LIMITS: dict[Check, Callable[[Rule], None]] = {
    Check.RANGE: _check_range, Check.ONE_OF: _check_values, Check.PATTERN: _check_pattern,
    Check.LONGEST: _check_longest, Check.DATES: _check_dates}

"""What a view shows, in the words people read, and as the audit trail may hold it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from leadscore.charts.numbers import counted
from leadscore.schema import label_of
from leadscore.steps.listing import ListView
from leadscore.store.list_filter import WITHOUT_VALUE, FieldTest

EVERYTHING = "All leads"
CAPACITY = "capacity"
FEW = 3
"""Names that are told one by one; of more only the number is."""
TEST_WORDS = {FieldTest.IS: "is", FieldTest.IS_NOT: "is not", FieldTest.CONTAINS: "contains",
              FieldTest.AT_LEAST: "is at least", FieldTest.AT_MOST: "is at most", FieldTest.IS_FILLED: "is filled in",
              FieldTest.IS_EMPTY: "is empty"}


def in_words(view: ListView, *, batch: str = "", segment: str = "") -> str:
    """Say which leads a view shows: ``Leads that came in from 1 Aug to 31 Oct 2026, source Webinar``.

    What was searched for may be a person's name and is not repeated.

    Parameters
    ----------
    batch, segment : str
        What the import and the saved view of this view are called; their numbers without it.
    """
    parts = [*_scores(view), *_named(view), *_kept_apart(view, batch, segment),
             *(_tested(*test) for test in view.fields)]
    came = _came(view)
    if not came and not parts:
        return EVERYTHING
    return ", ".join([f"Leads that came in {came}" if came else "Leads of all time", *parts])


def shape_of(view: ListView) -> dict[str, Any]:
    """Describe a view for the audit trail; what a person searched for may be a name and stays out."""
    return {name: value for name, value in view.to_dict().items()
            if (value or type(value) is int) and name not in {"search", "fields"}}


def _came(view: ListView) -> str:
    first, last = (_day(day) if day else None for day in (view.came_from, view.came_to))
    if first and last:
        same_year = view.came_from and view.came_to and view.came_from[:4] == view.came_to[:4]
        return f"on {last}" if first == last else f"from {first.rpartition(' ')[0] if same_year else first} to {last}"
    return f"since {first}" if first else f"until {last}" if last else ""


def _day(written: str) -> str:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        # the one who asks is told so where leads are looked for
        return written
    return f"{day.day} {day:%b %Y}"


def _scores(view: ListView) -> list[str]:
    parts = []
    if view.top:
        parts.append("as many of the best as can be called" if view.top == CAPACITY else f"the best {_top(view.top)}")
    if view.min_score is not None or view.max_score is not None:
        low, high = view.min_score, view.max_score
        parts.append(f"score {low:g} or more" if low is not None and high is None else f"score {high:g} or less"
                     if low is None else f"score {low:g} to {high:g}")
    return parts


def _top(top: str) -> str:
    return f"{top.removesuffix('%').strip()} %" if top.endswith("%") else top


def _named(view: ListView) -> list[str]:
    groups: tuple[tuple[str, str, tuple[str, ...], Callable[[str], str]], ...] = (
        ("source", "sources", view.sources, str), ("tier", "tiers", view.tiers, str),
        ("outcome", "outcomes", view.outcomes, str.capitalize), ("owner", "owners", view.owners, str),
        ("country", "countries", view.countries, str), ("industry", "industries", view.industries, str))
    return [_one_or_more(one, many, [write(name) for name in names]) for one, many, names, write in groups if names]


def _one_or_more(one: str, many: str, names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{one} {names[0]}"
    return f"{many} {', '.join(names[:-1])} or {names[-1]}" if len(names) <= FEW else counted(len(names), one, many)


def _kept_apart(view: ListView, batch: str, segment: str) -> list[str]:
    wished = (
        (view.batch_id is not None, f"import {batch or view.batch_id}"),
        (view.segment is not None, f"in the saved view {segment or view.segment}"),
        (bool(view.entered_since), f"there since {(view.entered_since or '')[:10]}"),
        (view.model_version == 0, "scored by rules alone"),
        (bool(view.model_version), f"scored with model {view.model_version}"),
        (view.policy_version is not None, f"scored by settings version {view.policy_version}"),
        (view.company_of is not None, "of one company"), (view.reachable_only, "who may be contacted"),
        (view.hide_exported, "not exported yet"), (bool(view.search.strip()), "found by a search"))
    return [words for holds, words in wished if holds]


def _tested(name: str, test: str, value: str) -> str:
    verb = TEST_WORDS.get(FieldTest(test), test) if test in {str(known) for known in FieldTest} else test
    return f"{label_of(name)} {verb}" + ("" if test in WITHOUT_VALUE else f" {value}")

"""What is sold and to whom: an offer, checked, as a policy keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadscore.scoring.checks import refuse

LONGEST_NAME = 200
LONGEST_LINE = 500
MOST_LINES = 50
LISTS = {"value_props": "value propositions", "ideal_use_cases": "ideal use cases",
         "also_adjacent": "added neighbours", "never_adjacent": "excluded neighbours"}


@dataclass(frozen=True)
class Offer:
    """A product or campaign with the customers it is meant for.

    Parameters
    ----------
    name : str
    value_props : tuple of str
        What it promises, a line each.
    ideal_use_cases : tuple of str
        Industries or kinds of customers it is made for; at least one.
    also_adjacent, never_adjacent : tuple of str
        Industries that people count, or do not count, as neighbours of these, whatever their names suggest.
    """

    name: str
    value_props: tuple[str, ...] = ()
    ideal_use_cases: tuple[str, ...] = ()
    also_adjacent: tuple[str, ...] = ()
    never_adjacent: tuple[str, ...] = ()


def read_offer(values: Mapping[str, Any]) -> Offer:
    """Build an offer from plain values; outer spaces go, empty lines too."""
    lines = {name: tuple(text for line in _listed(name, values.get(name)) if (text := str(line).strip()))
             for name in LISTS}
    return Offer(name=str(values.get("name") or "").strip(), **lines)


def _listed(name: str, lines: Any) -> Sequence[Any]:
    if not isinstance(lines, list | tuple | None):
        refuse("wrong_offer", f"The {LISTS[name]} are no list.", "Give a list of texts, a line each.")
    return lines or ()


def check_offer(offer: Offer) -> None:
    """Refuse an offer that nobody could be matched with.

    Raises
    ------
    InvalidRequest
        No name, no ideal use case, or more or longer lines than anybody reads.
    """
    if not offer.name or len(offer.name) > LONGEST_NAME or not offer.name.isprintable():
        refuse("wrong_offer_name", "This cannot be the name of an offer.",
               f"Use 1 to {LONGEST_NAME} printable characters.")
    if not offer.ideal_use_cases:
        refuse("offer_without_use_cases", f"The offer '{offer.name}' has no ideal use case, so no lead could fit it.",
               "Name at least one industry or kind of customer it is made for.")
    for name, what in LISTS.items():
        lines = getattr(offer, name)
        if len(lines) > MOST_LINES:
            refuse("too_many_lines", f"{len(lines)} {what} are more than {MOST_LINES}.", "Keep the ones that matter.")
        for place, line in enumerate(lines, start=1):
            if len(line) > LONGEST_LINE:
                refuse("line_too_long", f"Line {place} of the {what} has {len(line):,} characters.",
                       f"Use up to {LONGEST_LINE}.")
    both = {line.casefold() for line in offer.also_adjacent} & {line.casefold() for line in offer.never_adjacent}
    if both:
        refuse("contradictory_neighbours", f"'{sorted(both)[0]}' is named as a neighbour and as none.",
               "Keep it in one of the two lists.")

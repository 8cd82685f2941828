"""What every check of a policy uses: a refusal in words, and the test of a range."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from leadscore.errors import InvalidRequest

LONGEST_TEXT = 500
LARGEST = sys.float_info.max


def refuse(code: str, message: str, hint: str) -> NoReturn:
    """Refuse a policy.

    Raises
    ------
    InvalidRequest
        Always.
    """
    raise InvalidRequest(code, message, hint)


def within(value: Any, low: float, high: float) -> bool:
    """Say whether a value is a number in [low, high], both finite."""
    return isinstance(value, int | float) and low <= value <= high


def is_number(value: Any) -> bool:
    """Say whether a value is a finite number; true and false are none."""
    return not isinstance(value, bool) and within(value, -LARGEST, LARGEST)


def check_texts(values: Mapping[str, Any], names: Iterable[str], what: str, *, longest: int = LONGEST_TEXT) -> None:
    """Refuse entries that are no text people could have written, or longer than anybody reads.

    Parameters
    ----------
    values : mapping
        Plain values; a name it lacks is left to whoever builds something of them.
    what : str
        What the entries belong to, as the sentence begins.

    Raises
    ------
    InvalidRequest
    """
    for name in names:
        if name in values and not is_text(values[name], longest):
            refuse("wrong_text", f"{what}: '{name}' is not a text of at most {longest:,} characters.",
                   "Compare it with an exported policy.")


def is_text(value: Any, longest: int = LONGEST_TEXT) -> bool:
    """Say whether a value is a text of so many characters at most that can be kept."""
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)

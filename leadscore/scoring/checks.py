"""What every check of a policy uses: a refusal in words, and the test of a range."""

from __future__ import annotations

import math
from typing import Any, NoReturn

from leadscore.errors import InvalidRequest


def refuse(code: str, message: str, hint: str) -> NoReturn:
    """Refuse a policy.

    Raises
    ------
    InvalidRequest
        Always.
    """
    raise InvalidRequest(code, message, hint)


def within(value: float, low: float, high: float) -> bool:
    """Say whether a number is finite and in [low, high]."""
    return math.isfinite(value) and low <= value <= high


def is_number(value: Any) -> bool:
    """Say whether a value is a finite number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)

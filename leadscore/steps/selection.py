"""How many leads 'the best 20 %' are, and who of them may be contacted."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from leadscore.errors import InvalidRequest

_TOP = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", re.ASCII)


def count_of_top(top: str | None, total: int, capacity: int | None = None) -> int:
    """Turn ``"20%"``, ``"400"`` or ``"capacity"`` into a number of leads.

    Parameters
    ----------
    top : str or None
        None means all. A share is rounded up, so that the best 20 % of 4 leads is one lead.
    total : int
        Leads to choose from.
    capacity : int or None
        What ``"capacity"`` stands for.

    Returns
    -------
    int
        In [0, total].

    Raises
    ------
    InvalidRequest
        The text is no share in (0, 100] and no whole number above 0.
    """
    if top is None or not str(top).strip():
        return total
    if top == "capacity":
        return min(total, capacity) if capacity else total
    match = _TOP.fullmatch(str(top))
    amount = float(match.group(1)) if match else 0.0
    if match and match.group(2) and 0 < amount <= 100:
        # 20 % of 35 is 7, although 35 * 0.2 is a hair above it in binary
        return math.ceil(round(total * amount / 100, 9))
    if match and not match.group(2) and amount >= 1 and amount.is_integer():
        return min(total, int(amount))
    raise InvalidRequest("wrong_top", f"'{top}' is neither a share such as 20% nor a number of leads such as 400.",
                         "Write a share above 0% up to 100%, or a whole number.")


UNREACHABLE_REASONS = {
    "do_not_contact": "on the do-not-contact list",
    "do_not_call": "on the do-not-call list",
    "consent": "has not given consent",
    "sale": "has opted out of being sold",
}


def unreachable_reason(leads: pd.DataFrame, not_for_sale: Sequence[int] | np.ndarray = ()) -> pd.Series:
    """Say per lead why it must not be handed to sales, or nothing when it may.

    A missing answer is no refusal: only a recorded 'no' to contact, or a recorded do-not-call, keeps a lead out.

    Parameters
    ----------
    not_for_sale : sequence of int
        Leads whose person has opted out of being handed on.

    Returns
    -------
    Series of shape (n_leads,)
        One of the keys of ``UNREACHABLE_REASONS``, or missing.
    """
    reasons = np.full(len(leads), None, dtype=object)
    reasons[leads.index.isin(not_for_sale)] = "sale"
    if "consent" in leads:
        reasons[_is(leads["consent"], False)] = "consent"
    for name in ("do_not_call", "do_not_contact"):
        if name in leads:
            reasons[_is(leads[name], True)] = name
    return pd.Series(reasons, index=leads.index, dtype="str")


def _is(answers: pd.Series, wanted: bool) -> np.ndarray:
    known: np.ndarray = (answers == wanted).fillna(False).to_numpy(dtype=bool)
    return known

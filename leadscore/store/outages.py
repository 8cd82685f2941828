"""What the machine cannot do now — a full disk, a busy store — said in words people can act on."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from leadscore.errors import LeadScoreError


@dataclass(frozen=True)
class _Outage:
    """How a system, SQLite and PostgreSQL say it, and how we do: the beginning of a sentence and a way out."""

    code: str
    message: str
    hint: str
    numbers: frozenset[int] = frozenset()
    words: tuple[str, ...] = ()
    state: str = ""


_OUTAGES = (
    _Outage("disk_full", "The disk is full", "Make room where the data lie, then try again.",
            frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG}), ("disk is full",), "53100"),
    _Outage("disk_fault", "The disk of the data does not answer",
            "See whether that disk is full, unplugged or read-only, then try again.",
            frozenset({errno.EIO, errno.EROFS}),
            ("disk i/o error", "unable to open database file", "attempt to write a readonly database"), "58030"),
    _Outage("store_busy", "Other work keeps the data busy", "Try again in a minute.",
            words=("database is locked", "database table is locked"), state="55P03"),
)


@contextmanager
def in_words(*, keeping: bool = True) -> Iterator[None]:
    """Turn the faults of a disk or of a store that is not to be had into refusals; any other goes on as it is.

    Parameters
    ----------
    keeping : bool
        Whether something was to be stored, which then was not.

    Raises
    ------
    LeadScoreError
        ``disk_full``, ``disk_fault`` or ``store_busy``.
    """
    try:
        yield
    except (DBAPIError, sqlite3.OperationalError, OSError) as problem:
        outage = next((one for one in _OUTAGES if _is(one, problem)), None)
        if outage is None:
            raise
        message = f"{outage.message}; nothing was stored." if keeping else f"{outage.message}."
        raise LeadScoreError(outage.code, message, outage.hint) from problem


def _is(outage: _Outage, problem: Exception) -> bool:
    if isinstance(problem, OSError):
        return problem.errno in outage.numbers
    origin = getattr(problem, "orig", None) or problem
    told = str(origin).lower()
    return any(word in told for word in outage.words) or getattr(origin, "sqlstate", None) == (outage.state or "-")

"""Answers that stay true until something changes are kept in memory, so that a page does not ask for them again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from leadscore.workbench import Workbench

Answer = TypeVar("Answer")


def remembered(workbench: Workbench, kind: str, key: Hashable, make: Callable[[], Answer], *, most: int) -> Answer:
    """Give an answer that was made before, or make it and keep it.

    Parameters
    ----------
    kind : str
        What is asked; the oldest answers of a kind make room for new ones.
    key : hashable
        All that the answer depends on.
    most : int
        Answers of this kind that are kept.
    """
    kept: dict[Hashable, Answer] = workbench.remembered.setdefault(kind, {})
    # taken at once: somebody else may be making room
    known = kept.get(key)
    if known is None:
        known = make()
        while len(kept) >= most:
            kept.pop(next(iter(list(kept)), None), None)
        kept[key] = known
    return known

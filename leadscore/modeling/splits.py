"""Divides leads into those learnt from and those measured on: forward in time when there is a date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from leadscore.modeling.encoding import Floats, Rows

TEST_SHARE = 0.2
FORWARD_CUTS = (0.5, 0.6, 0.7, 0.8, 0.9)
FOLDS = 5
MIN_KNOWN_TIMES = 0.8
MIN_MOMENTS = 10
"""Fewer different dates than this are no order."""
MIN_PER_CLASS = 5
"""A side with fewer leads of one outcome than this measures nothing."""


@dataclass(frozen=True)
class Split:
    """Positions of training and test leads, and why they were divided like that.

    Parameters
    ----------
    kind : str
        ``"forward"``, ``"grouped"`` or ``"stratified"``.
    train, test : ndarray of int
        Positions in the frame; in a forward split ``train`` is in the order of time.
    reason : str
    """

    kind: str
    train: Rows
    test: Rows
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Give kind, sizes and reason."""
        return {"kind": self.kind, "train_rows": len(self.train), "test_rows": len(self.test), "reason": self.reason}


def split_test(y: Floats, times: pd.Series | None, groups: pd.Series | None, *, random_state: int) -> Split:
    """Set the test leads aside: the most recent fifth, else a stratified fifth; never half a group.

    Parameters
    ----------
    y : ndarray of shape (n_leads,)
        0 or 1, or the numbers of several classes; a forward split keeps all of them on both sides or is not made.
    times : Series of shape (n_leads,) or None
        Dates or numbers that say which lead came first.
    groups : Series of shape (n_leads,) or None
        Leads of one group (company) stay on one side; missing means a group of its own. Its name says in the reason
        what the leads of a group share.
    random_state : int

    Returns
    -------
    Split
        Without groups where they are so few or so large that a side would miss an outcome; the reason says so.
    """
    keys = group_keys(groups)
    order = _time_order(times)
    if order is not None:
        cut = _time_cut(times, order)
        train, test = _ahead(order, cut, len(order), keys)
        if _measurable(y[train], y) and _measurable(y[test], y):
            left_out = _left_out(len(order) - len(train) - len(test), groups)
            return Split("forward", train, test, f"There is a date: the most recent leads are the test.{left_out}")
    reason = "There is no usable date" if order is None else "A split by date leaves too few outcomes on one side"
    if keys is not None and (together := _grouped(y, keys, random_state)):
        train, test = together[0]
        return Split("grouped", train, test, f"{reason}: about a fifth of each outcome is the test, and leads of "
                                             f"{_shared(groups)} stay on one side.")
    train, test = next(iter(_stratified(y, random_state)))
    apart = "" if groups is None else f" No two leads are of {_shared(groups)}." if keys is None \
        else f" Leads of {_shared(groups)} are too few groups to be kept together."
    return Split("stratified", train, test, f"{reason}: a fifth of each outcome is the test.{apart}")


def folds(y: Floats, kind: str, keys: Rows | None, *, random_state: int, repeats: int = 1) -> list[tuple[Rows, Rows]]:
    """Divide training leads into folds of the same kind as the test split.

    Parameters
    ----------
    y : ndarray of shape (n_leads,)
        In the order of time for ``kind="forward"``.
    kind : str
        As in :class:`Split`.
    keys : ndarray of int of shape (n_leads,) or None
        From :func:`group_keys`.
    random_state : int
    repeats : int
        How often stratified folds are drawn.

    Returns
    -------
    list of (fitting positions, judging positions)
    """
    if kind == "forward":
        forward = _forward(len(y), keys)
        usable = [pair for pair in forward if _measurable(y[pair[0]], y) and _measurable(y[pair[1]], y)]
        if len(usable) >= 2:
            return usable
    together = [] if keys is None or kind == "stratified" else \
        [pair for repeat in range(repeats) for pair in _grouped(y, keys, random_state + repeat)]
    return together or [pair for repeat in range(repeats) for pair in _stratified(y, random_state + repeat)]


def keep_aside(y: Floats, kind: str, keys: Rows | None, *, random_state: int) -> tuple[Rows, Rows]:
    """Keep a tenth of the training leads aside to calibrate on, a fifth where leads stay together.

    Not for a forward split: a model without the latest leads may be another one than a model with them.

    Returns
    -------
    (fitting positions, positions kept aside)
    """
    fitting, aside = folds(y, kind, keys, random_state=random_state)[0]
    if kind == "stratified":
        # a fold is a fifth, and half of it will do; groups would be torn apart
        fitting, aside = np.sort(np.concatenate([fitting, aside[1::2]])), aside[::2]
    return fitting, aside


def group_keys(groups: pd.Series | None) -> Rows | None:
    """Give each group a number and a missing one its own; None when there is nothing to keep together."""
    if groups is None:
        return None
    codes, uniques = pd.factorize(groups)
    alone = np.flatnonzero(codes < 0)
    codes[alone] = len(uniques) + np.arange(len(alone))
    return codes if len(np.unique(codes)) < len(codes) else None


def _time_order(times: pd.Series | None) -> Rows | None:
    if times is None or times.notna().mean() < MIN_KNOWN_TIMES or times.nunique() < MIN_MOMENTS:
        return None
    return np.asarray(times.reset_index(drop=True).sort_values(kind="stable", na_position="first").index)


def _time_cut(times: pd.Series | None, order: Rows) -> int:
    """Find where the last fifth begins, moved so that leads of one moment are not torn apart."""
    wanted = round(len(order) * (1 - TEST_SHARE))
    if times is None:
        return wanted
    ranks = times.reset_index(drop=True).iloc[order].rank(method="dense").fillna(0).to_numpy()
    same = np.flatnonzero(ranks == ranks[wanted])
    first, after = int(same[0]), int(same[-1]) + 1
    return first if wanted - first <= after - wanted or after == len(order) else after


def _ahead(order: Rows, start: int, end: int, keys: Rows | None) -> tuple[Rows, Rows]:
    """Take what follows ``start``, and what comes before it less the groups met again.

    The later side stays whole: leaving known companies out of it would measure on an odd remainder.
    """
    before, after = order[:start], order[start:end]
    if keys is not None:
        before = before[~np.isin(keys[before], keys[after])]
    return before, after


def _forward(rows: int, keys: Rows | None) -> list[tuple[Rows, Rows]]:
    order = np.arange(rows)
    edges = [round(rows * cut) for cut in (*FORWARD_CUTS, 1.0)]
    return [_ahead(order, start, end, keys) for start, end in zip(edges, edges[1:], strict=False)]


def _stratified(y: Floats, random_state: int) -> list[tuple[Rows, Rows]]:
    return list(StratifiedKFold(FOLDS, shuffle=True, random_state=random_state).split(y, y.astype(int).tolist()))


def _grouped(y: Floats, keys: Rows, random_state: int) -> list[tuple[Rows, Rows]]:
    """Keep groups whole; none when a group is so large, or groups so few, that a fold misses an outcome."""
    if len(np.unique(keys)) < FOLDS:
        return []
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=random_state)
    pairs = list(splitter.split(y, y.astype(int).tolist(), keys))
    classes = np.unique(y)
    whole = all(np.array_equal(np.unique(y[side]), classes) for pair in pairs for side in pair)
    return pairs if whole else []


def _shared(groups: pd.Series | None) -> str:
    return "one group" if groups is None or groups.name is None else f"the same {groups.name}"


def _left_out(rows: int, groups: pd.Series | None) -> str:
    if not rows:
        return ""
    return f" {rows:,} earlier leads of {_shared(groups)} as a test lead are left out, so that none is on both sides."


def _measurable(side: Floats, y: Floats) -> bool:
    classes = np.unique(y)
    return len(classes) > 1 and all((side == name).sum() >= MIN_PER_CLASS for name in classes)

"""Who works the list, whether people follow it, and whether they find it helpful. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadscore.monitoring.rates import wilson
from leadscore.schema import Tier

NUMBERS = ("days", "outcomes", "exports", "opened")


@dataclass(frozen=True)
class Satisfaction:
    """How many people find the scores helpful.

    Parameters
    ----------
    people : int
        Who have answered.
    share, low, high : float or None
        Of them in [0, 1], with the 95 % interval of a share; None without answers.
    """

    people: int
    helpful: int
    share: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Adoption:
    """Who works the list.

    Parameters
    ----------
    active, members : int
        People who may see the leads, and those of them who worked with leads in the period.
    share : float or None
        Active ones of all members, in [0, 1].
    people : DataFrame
        One row for each member, and for others with an account who worked: ``person``, ``days`` (with work on leads),
        ``outcomes`` (leads), ``exports``, ``opened`` (times a lead was looked at), ``last_seen`` (UTC, missing where
        not in the period), ``member``; the busiest first.
    worked : DataFrame
        By tier, High first: ``tier``, ``leads``, ``worked`` (no longer new, or exported), ``rate``, ``rate_low`` and
        ``rate_high`` in [0, 1].
    satisfaction : Satisfaction
    since : str
        First day that was looked at, as 2026-01-31; later than asked for where there was too much to look at.
    """

    active: int
    members: int
    share: float | None
    people: pd.DataFrame
    worked: pd.DataFrame
    satisfaction: Satisfaction
    since: str


def adoption(deeds: pd.DataFrame, members: Sequence[str], worked: pd.DataFrame, answers: Satisfaction, *,
             since: str) -> Adoption:
    """Put together what was counted.

    Parameters
    ----------
    deeds : DataFrame
        Columns ``person``, ``days``, ``outcomes``, ``exports``, ``opened`` and ``last_seen`` (text).
    members : sequence of str
        Who may see the leads.
    worked : DataFrame
        Columns ``tier``, ``leads`` and ``worked``.
    """
    people = _people(deeds, members)
    active = int((people["member"] & (people["days"] > 0)).sum())
    return Adoption(active, len(members), active / len(members) if members else None, people, _by_tier(worked),
                    answers, since)


def satisfaction(people: int, helpful: int) -> Satisfaction:
    """Give the share of people who find the scores helpful, with its Wilson interval."""
    if not people:
        return Satisfaction(0, 0)
    share, low, high = (float(found[0]) for found in wilson(np.array([helpful]), np.array([people])))
    return Satisfaction(people, helpful, share, low, high)


def _people(deeds: pd.DataFrame, members: Sequence[str]) -> pd.DataFrame:
    known = deeds[(deeds["days"] > 0) | deeds["person"].isin(members)]
    everybody = pd.DataFrame({"person": pd.array(list(members), dtype="str")}).merge(known, on="person", how="outer")
    counts = {name: everybody[name].fillna(0).astype("int64") for name in NUMBERS}
    frame = everybody.assign(**counts, last_seen=pd.to_datetime(everybody["last_seen"], utc=True, format="ISO8601"),
                             member=everybody["person"].isin(members))
    return frame.sort_values(["days", "outcomes", "person"], ascending=[False, False, True], ignore_index=True)


def _by_tier(worked: pd.DataFrame) -> pd.DataFrame:
    order = {str(tier): place for place, tier in enumerate(Tier)}
    frame = worked.sort_values("tier", key=lambda tiers: tiers.map(order), ignore_index=True)
    rate, low, high = wilson(frame["worked"].to_numpy(dtype=float), frame["leads"].to_numpy(dtype=float))
    return frame.assign(rate=rate, rate_low=low, rate_high=high)

"""Leads that chance puts into an exported list, so that the best can be compared with what they are the best of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlmodel import Session

from leadscore.charts.numbers import counted, percent
from leadscore.errors import InvalidRequest
from leadscore.monitoring.held_back import LEAST_CONVERSIONS, HeldBack, by_chance
from leadscore.steps.listing import ListView, filter_of
from leadscore.store import clients
from leadscore.store import held_back as held_rows
from leadscore.store import scores as score_rows
from leadscore.store.held_back import CERTAIN
from leadscore.store.list_filter import ListFilter
from leadscore.store.tables import Client
from leadscore.workbench import Workbench

SETTING = "held_back_share"
MOST = 0.2


@dataclass(frozen=True)
class Drawn:
    """Who chance has drawn.

    Parameters
    ----------
    ranked : DataFrame
        Their scores, as of :func:`leadscore.store.scores.page`.
    places : Series
        Their places in the whole list, by lead.
    share : float
        The chance each lead below the cut had.
    """

    ranked: pd.DataFrame
    places: pd.Series
    share: float


def share_of(row: Client | None) -> float:
    """Give how many leads a client wants by chance for each of the best; 0 for one that has chosen none."""
    return float(row.settings.get(SETTING) or 0.0) if row else 0.0


def keep_share(session: Session, client_id: int, share: float) -> None:
    """Keep the share of a client, in the caller's transaction; the rest of its settings stays."""
    row = session.get_one(Client, client_id)
    clients.save_settings(session, client_id, {**row.settings, SETTING: share})


def checked_share(share: float) -> float:
    """Check a share somebody wants.

    Raises
    ------
    InvalidRequest
        It is not in [0, 0.2].
    """
    if not math.isfinite(share) or not 0 <= share <= MOST:
        raise InvalidRequest("wrong_share", f"{share:g} is no share of leads by chance.",
                             f"Choose between 0 and {percent(MOST, 0)}.")
    return float(share)


def expected(session: Session, workbench: Workbench, client_id: int, view: ListView, *, wanted: int, share: float,
             by: str) -> int:
    """Say about how many leads a file of a view would hold by chance."""
    if not view.top or share <= 0:
        return 0
    chosen = filter_of(session, workbench, client_id, view, by=by)
    open_ = held_rows.open_leads(session, client_id, wanted, chosen)
    return round(min(open_.best * share, max(open_.below - 1, 0)))


def draw(session: Session, client_id: int, chosen: ListFilter, *, wanted: int, best: int, share: float,
         generator: np.random.Generator) -> Drawn | None:
    """Draw open leads from below the cut of a list; None where chance takes none.

    Parameters
    ----------
    chosen : ListFilter
        The list, cut or not.
    wanted : int
        Where the cut is.
    best : int
        Open leads above it that leave the house for the first time.
    """
    others = held_rows.open_leads(session, client_id, wanted, chosen).below
    taken = by_chance(best, others, share, generator)
    if not taken.leads:
        return None
    numbers = 1 + generator.choice(others, taken.leads, replace=False)
    places = held_rows.pick_below(session, client_id, wanted, numbers, chosen)
    return Drawn(score_rows.of_leads(session, client_id, places.index.to_numpy()), places, taken.share)


def open_of(ranked: pd.DataFrame) -> pd.Series:
    """Say which leads of a list can be compared later: not exported before, and without a known end."""
    open_: pd.Series = ~ranked["exported"] & ~ranked["outcome"].isin(["converted", "lost"])
    return open_


def taken_of(ranked: pd.DataFrame, drawn: Drawn | None, in_file: np.ndarray) -> pd.DataFrame:
    """Give who is remembered of a file: index ``lead_id``, columns ``score`` and ``share``."""
    best = ranked.loc[open_of(ranked), ["score"]].assign(share=CERTAIN)
    parts = [best] if drawn is None else [best, drawn.ranked[["score"]].assign(share=drawn.share)]
    both = pd.concat(parts)
    return both[both.index.isin(in_file)]


def sentence_of(found: HeldBack) -> str:
    """Say how many times as often the best convert, or that it cannot be told yet."""
    best, others = found.best, found.others
    if found.ratio is None or found.low is None or found.high is None:
        return (f"Too few to tell: {counted(best.converted, 'conversion')} among the best and {others.converted:,} "
                f"among those picked by chance; {LEAST_CONVERSIONS} of each are needed.")
    rates = f"{percent(best.rate)} of {best.leads:,} against {percent(others.rate)}, from {others.leads:,} picked"
    interval = f"(95 %: {found.low:,.1f} to {found.high:,.1f})"
    if found.low <= 1 <= found.high:
        return (f"The best and those picked by chance cannot be told apart yet: the best convert {found.ratio:,.1f} "
                f"times as often {interval}, {rates}.")
    return f"The best convert {found.ratio:,.1f} times as often as those picked by chance {interval}: {rates}."

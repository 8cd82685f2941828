"""Does scoring pay? First figures over everything a client has stored."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from leadscore.access import Action, Actor, require
from leadscore.monitoring.rates import with_interval
from leadscore.store import clients
from leadscore.store import models as model_rows
from leadscore.store import outcomes as outcome_rows
from leadscore.store import scores as score_rows
from leadscore.store import spend as spend_rows
from leadscore.store.database import read
from leadscore.workbench import Workbench

BINS = 20
RANGES = 10
TOP_SOURCES = 12
FEW_CONVERSIONS = 20


@dataclass(frozen=True)
class Overview:
    """The first figures of the Performance page; shares are in [0, 1], None where there is nothing to divide by."""

    lead_volume: int
    average_score: float | None
    high_quality_share: float | None
    conversion_rate: float | None
    win_rate: float | None
    converted: int
    lost: int
    revenue: dict[str, float]
    spend: dict[str, float]
    score_accuracy: dict[str, float] | None
    notes: list[str]
    histogram: pd.DataFrame
    tiers: pd.DataFrame
    conversion: pd.DataFrame
    sources: pd.DataFrame


def overview(workbench: Workbench, actor: Actor, *, client: str) -> Overview:
    """Give volume, distribution, and conversion by score range, tier and source."""
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        client_id = row.id if row and row.id else -1
        totals = score_rows.summary(session, client_id)
        histogram = score_rows.histogram(session, client_id, bins=BINS)
        ranges = score_rows.histogram(session, client_id, bins=RANGES)
        tiers = score_rows.tier_counts(session, client_id)
        sources = score_rows.source_counts(session, client_id, limit=TOP_SOURCES)
        revenue = outcome_rows.revenue(session, client_id)
        spend = spend_rows.read_all(session, client_id).groupby("currency")["amount"].sum()
        champion = model_rows.champion(session, client_id)
        accuracy = champion.metrics.get("roc_auc") if champion else None
    leads, converted, lost = totals.leads, totals.converted, totals.lost
    return Overview(
        lead_volume=leads, average_score=totals.average_score, high_quality_share=_share(totals.qualified, leads),
        conversion_rate=_share(converted, leads), win_rate=_share(converted, converted + lost), converted=converted,
        lost=lost, revenue=revenue, spend={str(currency): float(amount) for currency, amount in spend.items()},
        score_accuracy=accuracy, notes=_notes(leads, converted, champion is not None), histogram=histogram,
        tiers=with_interval(tiers), conversion=with_interval(ranges), sources=with_interval(sources))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _notes(leads: int, converted: int, has_model: bool) -> list[str]:
    """Say what the figures do not yet allow to say."""
    notes: list[str] = []
    if leads and not has_model:
        notes.append("There is no model yet: leads are ranked by rules alone.")
    if leads and converted < FEW_CONVERSIONS:
        noun = "conversion" if converted == 1 else "conversions"
        notes.append(f"{converted} {noun} so far: too few to tell whether higher scores convert more often.")
    return notes

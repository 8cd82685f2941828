"""Does scoring pay? Figures over what a client has stored, of any leads a view means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import text
from sqlmodel import Session

from leadscore.access import Action, Actor, require
from leadscore.monitoring import performance as measures
from leadscore.monitoring.performance import Figures as Figures
from leadscore.monitoring.spend import spend_between
from leadscore.schema import OutcomeStage, SpendKind
from leadscore.scoring.policy import Policy
from leadscore.scoring.presets import default_policy
from leadscore.steps.listing import ListView as ListView
from leadscore.steps.listing import filter_of
from leadscore.store import clients
from leadscore.store import models as model_rows
from leadscore.store import performance as counted
from leadscore.store import policies as policy_rows
from leadscore.store import spend as spend_rows
from leadscore.store.database import read
from leadscore.store.list_filter import ListFilter
from leadscore.workbench import Workbench

FEW_CONVERSIONS = 20
REMEMBERED = 64
"""Reports kept in memory; a report is some hundred rows."""
EVERYTHING = ListView()


@dataclass(frozen=True)
class Money:
    """What came in and went out in one currency; None where there is nothing to divide by.

    Parameters
    ----------
    return_on_spend : float or None
        (revenue - spend) / spend, so that 0 is even and 1 doubles the money.
    """

    currency: str
    revenue: float
    spend: float
    revenue_per_lead: float | None
    cost_per_conversion: float | None
    return_on_spend: float | None


@dataclass(frozen=True)
class Speed:
    """How quick things go: medians in days; ``contacted`` is the share of leads that somebody has begun to work."""

    days_to_contact: float | None
    days_to_conversion: float | None
    contacted: float | None


@dataclass(frozen=True)
class Report:
    """The figures of some leads.

    Parameters
    ----------
    period : tuple of date, or None
        First and last day on which these leads came in.
    before : Figures or None
        Of the period before, where a period was asked for.
    accuracy : dict or None
        The champion's, with its interval, on leads it had not seen.
    gains_from : {"held out", "store"}
        Whether ``gains`` are the champion's on leads it had not seen, or those of the rules on all leads.
    confusion : dict
        Leads whose end is known, by the qualified threshold.
    """

    figures: Figures
    before: Figures | None
    period: tuple[date, date] | None
    money: tuple[Money, ...]
    speed: Speed
    accuracy: dict[str, float] | None
    trend: pd.DataFrame
    step: str
    histogram: pd.DataFrame
    ranges: pd.DataFrame
    tiers: pd.DataFrame
    sources: pd.DataFrame
    countries: pd.DataFrame
    owners: pd.DataFrame
    gains: pd.DataFrame
    gains_from: str
    confusion: dict[str, int]
    threshold: float
    notes: tuple[str, ...]


def performance(workbench: Workbench, actor: Actor, *, client: str, view: ListView = EVERYTHING) -> Report:
    """Measure the leads a view means; a report is remembered until something changes.

    Raises
    ------
    InvalidRequest, NotFound
        The view is narrowed by something that is not there, or to a period that ends before it starts.
    """
    require(actor, Action.VIEW_LEADS, client)
    with read(workbench.engine) as session:
        row = clients.find(session, client)
        client_id = row.id if row and row.id else -1
        # a saved view may be one person's alone
        key = ("performance", client_id, view, actor.name if view.segment else None, _state(session, client_id))
        known: Report | None = workbench.remembered.get(key)
        if known is not None:
            return known
        found = _report(session, workbench, client_id, view, by=actor.name)
    while len(workbench.remembered) >= REMEMBERED:
        workbench.remembered.pop(next(iter(workbench.remembered)), None)
    workbench.remembered[key] = found
    return found


def _state(session: Session, client_id: int) -> tuple[Any, ...]:
    """Say whether anything may have changed: whatever does is in the audit trail."""
    return tuple(session.execute(text("SELECT max(seq) FROM audit_events WHERE client_id = :client"),
                                 {"client": client_id}).one())


def _report(session: Session, workbench: Workbench, client_id: int, view: ListView, *, by: str) -> Report:
    chosen = filter_of(session, workbench, client_id, view, by=by)
    cells = counted.cells(session, client_id, chosen)
    days = counted.days(session, client_id, chosen)
    cut = measures.cut_off(cells, counted.average(session, client_id, chosen))
    figures, bands = measures.figures(cells, cut), measures.by_band(cells)
    champion = model_rows.champion(session, client_id)
    period = _period(days, chosen)
    threshold = _threshold(session, client_id)
    sold = counted.money(session, client_id, chosen)
    step = measures.fitting_step(*period) if period else "day"
    held_out = (champion.report.get("gains") or []) if champion else []
    return Report(
        figures=figures, before=_before(session, client_id, chosen), period=period,
        money=_money(session, client_id, sold, figures, view, period),
        speed=_speed(session, client_id, chosen, cells),
        accuracy=champion.metrics.get("roc_auc") if champion else None, trend=measures.trend(days, every=step, cut=cut),
        step=step, histogram=measures.ranges(bands, 5), ranges=measures.ranges(bands),
        tiers=measures.by_tier(cells, cut),
        sources=_with_revenue(measures.by(cells, "source", cut), sold, "source"),
        countries=measures.by(cells, "country", cut), owners=_owners(sold),
        gains=pd.DataFrame(held_out) if held_out else measures.gains(bands),
        gains_from="held out" if held_out else "store", confusion=measures.confusion(bands, threshold),
        threshold=threshold, notes=_notes(figures, champion is not None, told_apart=_tells_spend_apart(view)))


def _period(days: pd.DataFrame, chosen: ListFilter) -> tuple[date, date] | None:
    if days.empty:
        return None
    first, last = str(days["day"].min()), str(days["day"].max())
    if chosen.days:
        # a period that was asked for counts as a whole, also where no lead came in
        first = max(chosen.days[0], "1970-01-01") if chosen.days[0] > "0001-01-01" else first
        last = chosen.days[1] if chosen.days[1] < "9999-12-31" else last
    return date.fromisoformat(first), date.fromisoformat(last)


def _before(session: Session, client_id: int, chosen: ListFilter) -> Figures | None:
    if chosen.days is None or chosen.days[0] <= "0001-01-01" or chosen.days[1] >= "9999-12-31":
        return None
    period = measures.period_before(*(date.fromisoformat(day) for day in chosen.days))
    if period is None:
        return None
    earlier = replace(chosen, days=(period[0].isoformat(), period[1].isoformat()))
    cells = counted.cells(session, client_id, earlier)
    return measures.figures(cells, measures.cut_off(cells, counted.average(session, client_id, earlier)))


def _threshold(session: Session, client_id: int) -> float:
    active = policy_rows.active(session, client_id)
    policy = Policy.from_dict(active.body) if active else default_policy()
    return policy.thresholds.qualified


def _money(session: Session, client_id: int, sold: pd.DataFrame, figures: Figures, view: ListView,
           period: tuple[date, date] | None) -> tuple[Money, ...]:
    revenue = sold.groupby("currency")["revenue"].sum()
    spend = spend_rows.read_all(session, client_id)
    spend = spend[spend["kind"] == SpendKind.LEADS]
    if not _tells_spend_apart(view):
        spend = spend[:0]
    if view.sources:
        spend = spend[spend["source"].isin(view.sources)]
    if view.came_from is not None or view.came_to is not None:
        spend = spend_between(spend, *period) if period else spend[:0]
    spent = spend.groupby("currency")["amount"].sum()
    names = dict.fromkeys([*revenue.sort_values(ascending=False).index, *spent.index])
    return tuple(_in_currency(str(name), float(revenue.get(name, 0.0)), float(spent.get(name, 0.0)), figures)
                 for name in names if revenue.get(name, 0.0) or spent.get(name, 0.0))


def _tells_spend_apart(view: ListView) -> bool:
    """Say whether a view is narrowed by nothing but period and source: of other leads nobody knows what they cost."""
    return replace(view.as_filter(), sources=(), came_from=None, came_to=None, top=None) == EVERYTHING


def _in_currency(currency: str, revenue: float, spend: float, figures: Figures) -> Money:
    return Money(currency=currency, revenue=revenue, spend=spend,
                 revenue_per_lead=revenue / figures.leads if figures.leads and revenue else None,
                 cost_per_conversion=spend / figures.converted if figures.converted and spend else None,
                 return_on_spend=(revenue - spend) / spend if spend else None)


def _speed(session: Session, client_id: int, chosen: ListFilter, cells: pd.DataFrame) -> Speed:
    worked = cells.loc[cells["outcome"] != str(OutcomeStage.NEW), "leads"].sum()
    leads = cells["leads"].sum()
    contact, conversion = (measures.median_days(counted.days_until(session, client_id, stage, chosen))
                           for stage in (OutcomeStage.CONTACTED, OutcomeStage.CONVERTED))
    return Speed(contact, conversion, float(worked / leads) if leads else None)


def _with_revenue(counts: pd.DataFrame, sold: pd.DataFrame, name: str) -> pd.DataFrame:
    """Add revenue where all of it is in one currency; amounts of several are not added up."""
    known = sold[sold["revenue"] > 0]
    if known["currency"].nunique() != 1:
        return counts
    return counts.assign(revenue=counts[name].map(known.groupby(name)["revenue"].sum()).fillna(0.0))


def _owners(sold: pd.DataFrame) -> pd.DataFrame:
    """Count conversions and revenue by owner and currency, most conversions first."""
    keys = ["owner", "currency"]
    return sold.dropna(subset="owner").groupby(keys, as_index=False)[["conversions", "revenue"]].sum() \
        .sort_values("conversions", ascending=False, ignore_index=True)


def _notes(figures: Figures, has_model: bool, *, told_apart: bool) -> tuple[str, ...]:
    """Say what the figures do not yet allow to say."""
    notes: list[str] = []
    if figures.leads and not has_model:
        notes.append("There is no model yet: leads are ranked by rules alone.")
    if figures.leads and figures.converted < FEW_CONVERSIONS:
        noun = "conversion" if figures.converted == 1 else "conversions"
        notes.append(f"{figures.converted} {noun} so far: too few to tell whether higher scores convert more often.")
    if figures.leads and not told_apart:
        notes.append("What was spent is known by source and period alone: costs are left out while other filters are "
                     "on.")
    if figures.leads and has_model:
        notes.append("Scores are today's: a model that has learnt from an outcome ranks that lead better than it will "
                     "rank new ones. Score accuracy and conversions found are measured on leads it had not seen.")
    return tuple(notes)

"""What a report is made of: the leads of a view, counted by the database and put into figures and frames."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pandas as pd
from sqlmodel import Session

from leadscore.monitoring import foretelling, trends
from leadscore.monitoring import performance as measures
from leadscore.monitoring.money import Money, Rates, converted
from leadscore.monitoring.performance import Figures as Figures
from leadscore.monitoring.performance import Measured
from leadscore.schema import Tier
from leadscore.scoring.economics import Economics
from leadscore.scoring.policy import Policy, TierMode
from leadscore.scoring.presets import default_policy
from leadscore.steps.adoption import Adoption, adoption_of
from leadscore.steps.counting import Counts, count
from leadscore.steps.currencies import rates_for
from leadscore.steps.drift_told import drifted_columns
from leadscore.steps.listing import ListView, filter_of
from leadscore.steps.money import money_for, returns_by_campaign, returns_by_source
from leadscore.store import models as model_rows
from leadscore.store import outcomes as outcome_rows
from leadscore.store import policies as policy_rows
from leadscore.store.list_filter import ListFilter
from leadscore.store.tables import ModelVersion
from leadscore.workbench import Workbench

BEST = 0.2
LATELY = timedelta(days=29)
"""Before today: how long ago people's work counts where no period is asked for."""


@dataclass(frozen=True)
class Speed:
    """How quick things go: medians in days."""

    days_to_contact: float | None
    days_to_conversion: float | None


@dataclass(frozen=True)
class Core:
    """What is compared between periods and between views.

    Parameters
    ----------
    accuracy : Measured
        How often a converted lead had scored higher than a lost one, by scores that could not know it.
    found : Measured
        Share of the conversions among the best 20 %, by such scores.
    adoption : Adoption
        Who worked the list in the period, or within the last 30 days where none was asked for.
    """

    figures: Figures
    accuracy: Measured
    found: Measured
    speed: Speed
    money: tuple[Money, ...]
    adoption: Adoption


@dataclass(frozen=True)
class Measurements:
    """The figures of some leads.

    Parameters
    ----------
    now, before : Core
        Of these leads, and of those of the period before where a period was asked for.
    period, period_before : tuple of date, or None
        First and last day on which the leads came in.
    measured_on : dict of str to int
        Leads whose end is known, by why their score could not know it (``ForetoldBy``), or ``today`` where it may.
    decided : DataFrame
        Conversions by the day they happened, with the revenue in the main currency.
    step : str
        Day, week or month: what fits the period.
    threshold : float
        Score from which a lead is qualified.
    high, low : float or None
        Scores at which tiers change, where they go by the score.
    held_out : Measured
        The accuracy the champion had at its training.
    deadline, deadline_days : str and float
        By when a High lead should be contacted.
    last_recorded : date or None
        When anybody told of an outcome last.
    rates : Rates
        By which amounts become those of one currency.
    counts, counts_before : Counts
        What the figures are made of.
    drifted : tuple of str
        Columns in which newer leads differ, where the last check for drift raised an alarm.
    """

    now: Core
    before: Core | None
    period: tuple[date, date] | None
    period_before: tuple[date, date] | None
    measured_on: dict[str, int]
    decided: pd.DataFrame
    step: str
    histogram: pd.DataFrame
    stages: pd.DataFrame
    ranges: pd.DataFrame
    gains: pd.DataFrame
    lift: pd.DataFrame
    reliability: pd.DataFrame
    confusion: dict[str, int]
    returns: pd.DataFrame
    profit: pd.DataFrame
    economics: Economics
    currency: str
    sources: pd.DataFrame
    source_returns: pd.DataFrame
    campaign_returns: pd.DataFrame
    countries: pd.DataFrame
    owners: pd.DataFrame
    cohorts: pd.DataFrame
    until_conversion: pd.DataFrame
    threshold: float
    high: float | None
    low: float | None
    sources_before: pd.DataFrame
    has_model: bool
    held_out: Measured
    deadline: str
    deadline_days: float
    last_recorded: date | None
    rates: Rates
    counts: Counts
    counts_before: Counts | None
    drifted: tuple[str, ...] = ()
    _courses: dict[str, pd.DataFrame] = field(default_factory=dict, compare=False, repr=False)

    def trend(self, step: str) -> pd.DataFrame:
        """Give the course by ``day``, ``week`` or ``month``: columns as of ``monitoring.trends.trend``."""
        known = self._courses.get(step)
        if known is None:
            known = self._courses[step] = trends.trend(self.counts.days, self.decided, every=step)
        return known


def measure(session: Session, workbench: Workbench, client_id: int, view: ListView, *, by: str) -> Measurements:
    """Measure the leads a view means.

    Parameters
    ----------
    by : str
        Who looks: a view of theirs may stand on segments they may see.

    Raises
    ------
    InvalidRequest, NotFound
        The view is narrowed by something that is not there, or to a period that ends before it starts.
    """
    today = workbench.clock().date()
    chosen = filter_of(session, workbench, client_id, view, by=by)
    counts = count(workbench, client_id, chosen)
    period = _period(counts.days, chosen)
    earlier = _before(chosen)
    earlier_days = _days_of(earlier) if earlier else None
    champion = model_rows.champion(session, client_id)
    policy = _policy(session, client_id)
    held_out = _held_out(champion)
    asking = _Asking(session, client_id, view, today, champion is not None)
    now = _core(asking, counts, period, held_out)
    before = count(workbench, client_id, earlier, until=_as_old(earlier_days, period, today)) if earlier else None
    high = next(rule for rule in policy.tier_rules if rule.tier == Tier.HIGH)
    by_tier = policy.tier_mode == TierMode.THRESHOLD
    rates = rates_for(session, client_id)
    sold = converted(counts.sold, "revenue", rates)
    currency = now.money[0].currency if now.money else ""
    economics = _economics(policy.economics, sold, currency)
    sources = measures.by(counts.cells, "source")
    return Measurements(
        now=now, before=_core(asking, before, earlier_days, Measured(None)) if before else None,
        period=period, period_before=earlier_days,
        measured_on=_measured_on(counts.foretold),
        decided=_in_one_currency(counts.decided, rates, currency),
        step=trends.fitting_step(*period) if period else "day",
        histogram=measures.histogram(counts.cells), stages=measures.stages(counts.cells, counts.ended),
        ranges=foretelling.ranges(counts.tenths), gains=(curve := foretelling.gains(counts.tenths)),
        lift=foretelling.lift(curve), reliability=foretelling.reliability(counts.foretold),
        confusion=foretelling.confusion(counts.tenths, policy.thresholds.qualified),
        returns=_returns(counts, rates, now, economics), profit=_profit(counts, now, economics), economics=economics,
        currency=currency, sources=_with_revenue(sources, sold, "source"),
        source_returns=returns_by_source(session, client_id, sources, counts.sold, view, period),
        campaign_returns=returns_by_campaign(session, client_id, chosen, view, period),
        countries=_with_revenue(measures.by(counts.countries, "country"), sold, "country"),
        owners=measures.owners(counts.ended, sold),
        cohorts=trends.cohorts(counts.days, counts.waits, today=today),
        until_conversion=trends.until_conversion(counts.waits), threshold=policy.thresholds.qualified,
        high=policy.thresholds.high if by_tier else None, low=policy.thresholds.low if by_tier else None,
        sources_before=measures.by(before.cells, "source") if before else sources[:0],
        has_model=champion is not None, held_out=held_out, deadline=high.deadline_text,
        deadline_days=high.deadline_days, last_recorded=outcome_rows.last_recorded(session, client_id),
        rates=rates, counts=counts, counts_before=before, drifted=drifted_columns(session, champion))


def _held_out(champion: ModelVersion | None) -> Measured:
    found = (champion.metrics.get("roc_auc") if champion else None) or {}
    return Measured(found.get("value"), found.get("low"), found.get("high"))


@dataclass(frozen=True)
class _Asking:
    """Whose leads are asked about, and how they are narrowed."""

    session: Session
    client_id: int
    view: ListView
    today: date
    has_model: bool


def _core(asking: _Asking, counts: Counts, period: tuple[date, date] | None, held_out: Measured) -> Core:
    figures = measures.figures(counts.cells)
    # where today's scores stand in, a model among them may know how the leads ended
    tenths = counts.tenths[:0] if asking.has_model and counts.by_today else counts.tenths
    accuracy = foretelling.accuracy(tenths)
    if accuracy.value is None:
        # too few leads have ended since: what was measured when the model was trained
        accuracy = held_out
    speed = Speed(trends.median_days(counts.contact_waits), trends.median_days(trends.until_conversion(counts.waits)))
    first, last = period if period and asking.view.came_from else (asking.today - LATELY, asking.today)
    adoption = adoption_of(asking.session, asking.client_id, measures.worked(counts.cells), first=first.isoformat(),
                           last=last.isoformat())
    return Core(figures, accuracy, foretelling.found_in_best(tenths, BEST), speed,
                money_for(asking.session, asking.client_id, counts.sold, figures, asking.view, period), adoption)


def _measured_on(foretold: pd.DataFrame) -> dict[str, int]:
    return {str(why): int(leads) for why, leads in foretold.groupby("foretold_by")["leads"].sum().items()}


def _policy(session: Session, client_id: int) -> Policy:
    active = policy_rows.active(session, client_id)
    return Policy.from_dict(active.body) if active else default_policy()


def _period(days: pd.DataFrame, chosen: ListFilter) -> tuple[date, date] | None:
    if days.empty:
        return None
    first, last = str(days["day"].min()), str(days["day"].max())
    if chosen.days:
        # a period that was asked for counts as a whole, also where no lead came in
        first = max(chosen.days[0], "1970-01-01") if chosen.days[0] > "0001-01-01" else first
        last = chosen.days[1] if chosen.days[1] < "9999-12-31" else last
    return date.fromisoformat(first), date.fromisoformat(last)


def _before(chosen: ListFilter) -> ListFilter | None:
    """Narrow a filter to the period before its own; None where it has no first or no last day."""
    if chosen.days is None or chosen.days[0] <= "0001-01-01" or chosen.days[1] >= "9999-12-31":
        return None
    period = trends.period_before(*(date.fromisoformat(day) for day in chosen.days))
    return replace(chosen, days=(period[0].isoformat(), period[1].isoformat())) if period else None


def _as_old(before: tuple[date, date] | None, now: tuple[date, date] | None, today: date) -> date | None:
    """Give the day on which the leads of the period before were as old as those of the period are today.

    Newer leads have had less time to convert: held against each other at the same age, they can be compared.
    """
    if before is None or now is None:
        return None
    return before[1] + (max(today, now[1]) - now[1])


def _days_of(chosen: ListFilter) -> tuple[date, date] | None:
    return (date.fromisoformat(chosen.days[0]), date.fromisoformat(chosen.days[1])) if chosen.days else None


# --- money -----------------------------------------------------------------------------------------------------


def _with_revenue(counts: pd.DataFrame, sold: pd.DataFrame, name: str) -> pd.DataFrame:
    """Add revenue where all of it is in one currency; amounts of several are not added up."""
    known = sold[sold["revenue"] > 0]
    if known["currency"].nunique() != 1:
        return counts
    return counts.assign(revenue=counts[name].map(known.groupby(name)["revenue"].sum()).fillna(0.0))


def _in_one_currency(counts: pd.DataFrame, rates: Rates, currency: str) -> pd.DataFrame:
    """Count everything, but revenue in one currency alone: amounts of others cannot be added to it."""
    amounts = converted(counts, "revenue", rates)
    return amounts.assign(revenue=amounts["revenue"].where(amounts["currency"] == currency, 0.0))


def _economics(said: Economics, sold: pd.DataFrame, currency: str) -> Economics:
    """Fill in what nobody has said: a conversion is worth what it brought on average, in the currency of the costs."""
    paid = sold[(sold["currency"] == currency) & (sold["revenue"] > 0)]
    if said.value_per_conversion is not None or paid.empty:
        return said
    if said.cost_per_contact is not None and said.currency != currency:
        return said
    return replace(said, value_per_conversion=float(paid["revenue"].sum() / paid["conversions"].sum()),
                   currency=currency)


def _returns(counts: Counts, rates: Rates, now: Core, economics: Economics) -> pd.DataFrame:
    """Say what each range of scores brought and cost: what contacts cost, else what was spent on a lead on average."""
    if not now.money:
        return foretelling.returns(counts.tenths, pd.Series(dtype=float), cost=None)
    main, leads = now.money[0], now.figures.leads
    revenue = _in_one_currency(counts.foretold, rates, main.currency).groupby("foretold")["revenue"].sum()
    cost = main.spend / leads if main.spend and leads else None
    if economics.cost_per_contact is not None and economics.currency == main.currency:
        cost = economics.cost_per_contact
    return foretelling.returns(counts.tenths, revenue, cost=cost)


def _profit(counts: Counts, now: Core, economics: Economics) -> pd.DataFrame:
    cost, value = economics.cost_per_contact, economics.value_per_conversion
    known = cost is not None and value is not None
    open_leads = now.figures.leads - now.figures.converted - now.figures.lost
    return foretelling.profit(counts.tenths, value=value or 0.0, cost=cost or 0.0,
                              leads=(open_leads or now.figures.leads) if known else 0)

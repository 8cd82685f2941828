"""Revenue, spend and the tool's own cost of the leads a view means, as figures and as tiles for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd
from sqlmodel import Session

from leadscore.charts.numbers import percent, short_money
from leadscore.charts.tile import Better, Tile, Unit
from leadscore.monitoring.money import Money, converted, money_of, return_by
from leadscore.monitoring.performance import Figures
from leadscore.monitoring.spend import spend_between
from leadscore.schema import SpendKind
from leadscore.steps.currencies import rates_for
from leadscore.steps.listing import ListView
from leadscore.store import performance as performance_rows
from leadscore.store import spend as spend_rows
from leadscore.store.list_filter import ListFilter

EVERYTHING = ListView()
NO_CAMPAIGN = pd.DataFrame({"campaign": pd.array([], dtype="str"), "currency": pd.array([], dtype="str"),
                            "revenue": [], "converted": []})
UNNAMED = "in no named currency"


@dataclass(frozen=True)
class MoneyFigure:
    """One tile of money: what it reads from :class:`Money`, and what it means."""

    key: str
    label: str
    value: Callable[[Money], float | None]
    unit: Unit
    note: str
    better: Better = Better.UP


MONEY_FIGURES = (
    MoneyFigure("revenue", "Revenue won", lambda money: money.revenue or None, Unit.MONEY,
                "Revenue of converted leads."),
    MoneyFigure("revenue_per_lead", "Revenue per lead", lambda money: money.revenue_per_lead, Unit.MONEY,
                "Revenue of converted leads, shared out over all leads."),
    MoneyFigure("cost_per_conversion", "Cost per conversion", lambda money: money.cost_per_conversion, Unit.MONEY,
                "What was spent on leads, for each that converted. Spend is entered on this page, under Money.",
                Better.DOWN),
    MoneyFigure("return_on_spend", "Return on spend", lambda money: money.return_on_spend, Unit.SHARE,
                "Revenue less what was spent on leads, of what was spent: 0 % is even, 100 % doubles the money."),
    MoneyFigure("return_net", "Return net of this tool", lambda money: money.return_net, Unit.SHARE,
                "The same with what this tool costs counted as spent too; enter that cost with your spend."),
)


def money_for(session: Session, client_id: int, sold: pd.DataFrame, figures: Figures, view: ListView,
              period: tuple[date, date] | None) -> tuple[Money, ...]:
    """Work out the money figures of a view, converted where the client has given rates.

    Parameters
    ----------
    sold : DataFrame
        Columns ``currency`` and ``revenue`` of the view's conversions.
    figures : Figures
        Of the same leads.
    period : tuple of date, or None
        First and last day spend is counted of, where the view is narrowed to a period.
    """
    spent = spend_for(session, client_id, view, period)
    rates = rates_for(session, client_id)
    on_tool = spent["kind"] == SpendKind.TOOL
    return money_of(converted(sold, "revenue", rates), spent[~on_tool], spent[on_tool], leads=figures.leads,
                    conversions=figures.converted)


def returns_by_source(session: Session, client_id: int, groups: pd.DataFrame, sold: pd.DataFrame, view: ListView,
                      period: tuple[date, date] | None) -> pd.DataFrame:
    """Say what each source cost and brought: columns as of :func:`leadscore.monitoring.money.return_by`."""
    spent = spend_for(session, client_id, view, period)
    return return_by(groups, converted(sold, "revenue", rates_for(session, client_id)),
                     spent[spent["kind"] == SpendKind.LEADS], "source")


def returns_by_campaign(session: Session, client_id: int, chosen: ListFilter, view: ListView,
                        period: tuple[date, date] | None) -> pd.DataFrame:
    """Say what each campaign cost and brought: columns as of :func:`leadscore.monitoring.money.return_by`.

    Empty where nobody has told what a campaign cost: then no lead is looked up for the campaign it names.
    """
    spent = spend_for(session, client_id, view, period)
    spent = spent[(spent["kind"] == SpendKind.LEADS) & spent["campaign"].notna()]
    if spent.empty:
        return return_by(NO_CAMPAIGN, NO_CAMPAIGN, spent, "campaign")
    sold = performance_rows.sold_by_campaign(session, client_id, chosen)
    groups = sold.groupby("campaign")["conversions"].sum().to_frame("converted").reset_index()
    return return_by(groups, converted(sold, "revenue", rates_for(session, client_id)), spent, "campaign")


def spend_for(session: Session, client_id: int, view: ListView, period: tuple[date, date] | None) -> pd.DataFrame:
    """Give what the leads of a view have cost, converted where there are rates.

    Returns
    -------
    DataFrame
        Columns ``kind``, ``source``, ``campaign``, ``currency`` and ``amount``. Empty where the view is narrowed by
        anything but period and source, and without the tool's cost where it is narrowed to sources: what part of it
        such leads have caused, nobody knows.
    """
    spend = spend_rows.read_all(session, client_id)
    if not tells_spend_apart(view):
        spend = spend[:0]
    if view.sources:
        spend = spend[spend["source"].isin(view.sources) & (spend["kind"] == SpendKind.LEADS)]
    if view.came_from is not None or view.came_to is not None:
        spend = spend_between(spend, *period) if period else spend[:0]
    return converted(spend[["kind", "source", "campaign", "currency", "amount"]], "amount",
                     rates_for(session, client_id))


def tells_spend_apart(view: ListView) -> bool:
    """Say whether a view is narrowed by nothing but period and source: of other leads nobody knows what they cost."""
    return replace(view.as_filter(), sources=(), came_from=None, came_to=None, top=None) == EVERYTHING


def money_tiles(now: Sequence[Money], before: Sequence[Money] = ()) -> tuple[Tile, ...]:
    """Make the tiles of the money figures: the main currency in front, the others beside it.

    Parameters
    ----------
    now, before : sequence of Money
        Of the period and of the one before it; the latter empty where none was asked for.
    """
    earlier = {money.currency: money for money in before}
    return tuple(_tile(figure, now, earlier) for figure in MONEY_FIGURES)


def _tile(figure: MoneyFigure, now: Sequence[Money], earlier: dict[str, Money]) -> Tile:
    known = [(money, value) for money in now if (value := figure.value(money)) is not None]
    if not known:
        return Tile(figure.key, figure.label, None, figure.unit, better=figure.better, note=figure.note)
    main, value = known[0]
    before = figure.value(earlier[main.currency]) if main.currency in earlier else None
    note = figure.note if len(now) == 1 else f"{figure.note} Each currency by itself: give rates to have them as one."
    return Tile(figure.key, figure.label, value, figure.unit, currency=main.currency, before=before,
                better=figure.better, note=note,
                more=tuple(_further(figure.unit, other, money.currency) for money, other in known[1:]))


def _further(unit: Unit, value: float, currency: str) -> str:
    written = short_money(value) if unit == Unit.MONEY else percent(value)
    return f"{written} {currency or UNNAMED}"

"""What came in and went out becomes money figures: each currency by itself, or converted by rates people gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

NO_CURRENCY = ""
"""Stands for amounts that name no currency."""


@dataclass(frozen=True)
class Rates:
    """How amounts become those of one currency.

    Parameters
    ----------
    report : str
        The currency reports are in; empty where every currency stays by itself.
    rates : mapping of str to float
        What one unit of a currency is worth in ``report``; the empty code stands for amounts without a currency.
    """

    report: str = NO_CURRENCY
    rates: Mapping[str, float] = field(default_factory=dict)


AS_THEY_ARE = Rates()


@dataclass(frozen=True)
class Money:
    """What came in and went out in one currency; None where there is nothing to divide by.

    Parameters
    ----------
    revenue, spend, tool : float
        Revenue of conversions, what was spent on leads, and what the tool itself cost.
    return_on_spend : float or None
        (revenue - spend) / spend, so that 0 is even and 1 doubles the money; None too where the revenue of the
        conversions is not known in this currency.
    return_net : float or None
        The same with the cost of the tool added to the spend; None where that cost was not entered.
    """

    currency: str
    revenue: float
    spend: float
    tool: float
    revenue_per_lead: float | None
    cost_per_conversion: float | None
    return_on_spend: float | None
    return_net: float | None


def converted(frame: pd.DataFrame, column: str, rates: Rates) -> pd.DataFrame:
    """Turn amounts into those of the report currency.

    Parameters
    ----------
    frame : DataFrame
        With ``currency`` (missing or empty where none was named) and the column of amounts.
    column : str

    Returns
    -------
    DataFrame
        The same rows. Amounts whose currency has a rate are in the report currency, the others stay as they are;
        ``currency`` is never missing.
    """
    named = frame["currency"].astype("str").fillna(NO_CURRENCY)
    known = {code: rate for code, rate in rates.rates.items() if code != rates.report} if rates.report else {}
    factor = named.map(known).astype(float)
    amounts = frame[column].to_numpy(dtype=float) * factor.fillna(1.0).to_numpy()
    changed: dict[str, Any] = {column: amounts, "currency": named.mask(factor.notna().to_numpy(), rates.report)}
    return frame.assign(**changed)


def money_of(sold: pd.DataFrame, spent: pd.DataFrame, tool: pd.DataFrame, *, leads: int,
             conversions: int) -> tuple[Money, ...]:
    """Work out the money figures of some leads.

    Parameters
    ----------
    sold : DataFrame
        Columns ``currency`` and ``revenue``.
    spent, tool : DataFrame
        Columns ``currency`` and ``amount``: what was spent on these leads, and on the tool.
    leads, conversions : int

    Returns
    -------
    tuple of Money
        One for each currency with an amount, most revenue first; amounts without a named currency come last.
    """
    table = pd.DataFrame({"revenue": _summed(sold, "revenue"), "spend": _summed(spent, "amount"),
                          "tool": _summed(tool, "amount")}).fillna(0.0)
    table = table[(table != 0).any(axis=1)]
    order = np.lexsort((-table["spend"], -table["revenue"], table.index == NO_CURRENCY))
    ordered = table.iloc[order]
    return tuple(_in_currency(str(currency), revenue, spend, cost, leads, conversions)
                 for currency, (revenue, spend, cost) in zip(ordered.index, ordered.to_numpy().tolist(), strict=True))


def return_by(groups: pd.DataFrame, sold: pd.DataFrame, spent: pd.DataFrame, name: str) -> pd.DataFrame:
    """Say what each source (or country, or owner) cost and brought.

    Parameters
    ----------
    groups : DataFrame
        Columns ``name`` and ``converted``.
    sold : DataFrame
        Columns ``name``, ``currency`` and ``revenue``.
    spent : DataFrame
        Columns ``name``, ``currency`` and ``amount``.

    Returns
    -------
    DataFrame
        Columns ``name``, ``currency``, ``spend``, ``revenue``, ``cost_per_conversion`` and ``return_on_spend``, one
        row for each group and currency with an amount, most revenue first; a source that cost money and brought no
        lead is among them. Missing where there is nothing to divide by.
    """
    keys = [name, "currency"]
    revenue = sold.dropna(subset=name).groupby(keys)["revenue"].sum()
    spend = spent.dropna(subset=name).groupby(keys)["amount"].sum()
    table = pd.DataFrame({"spend": spend, "revenue": revenue}).fillna(0.0).rename_axis(keys).reset_index()
    table = table[(table["spend"] != 0) | (table["revenue"] != 0)]
    won = table[name].map(groups.set_index(name)["converted"]).fillna(0).astype(float)
    cost = table["spend"].where(table["spend"] > 0)
    # of conversions whose revenue nobody told in this currency, the return is not known
    told = (table["revenue"] > 0) | (won == 0)
    return table.assign(cost_per_conversion=cost / won.where(won > 0),
                        return_on_spend=((table["revenue"] - cost) / cost).where(told)) \
        .sort_values(["revenue", "spend"], ascending=False, ignore_index=True)


def _summed(frame: pd.DataFrame, column: str) -> pd.Series:
    named = frame["currency"].astype("str").fillna(NO_CURRENCY)
    summed: pd.Series = frame[column].astype(float).groupby(named.to_numpy()).sum()
    return summed


def _in_currency(currency: str, revenue: float, spend: float, tool: float, leads: int, conversions: int) -> Money:
    told = bool(revenue) or not conversions
    whole = spend + tool
    return Money(currency=currency, revenue=revenue, spend=spend, tool=tool,
                 revenue_per_lead=revenue / leads if leads and revenue else None,
                 cost_per_conversion=spend / conversions if conversions and spend else None,
                 return_on_spend=(revenue - spend) / spend if spend and told else None,
                 return_net=(revenue - whole) / whole if tool and whole and told else None)

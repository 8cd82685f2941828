"""The key figures of a report as tiles: each with its change against the period before and a small trend."""

from __future__ import annotations

import streamlit as st

from leadscore.services.insight import Figures, Report
from pages.widgets import words

POINTS = 60
"""Points a small trend shows at most."""


def draw(report: Report) -> None:
    """Draw the tiles and what they do not yet allow to say."""
    now, before = report.figures, report.before
    with st.grid(4, min_column_width=170):
        _tile("Leads", words.count(now.leads), _change(now.leads, before and before.leads),
              trend=_trend(report, "leads"))
        _tile("Average score", words.decimal(now.average_score),
              _difference(now.average_score, before and before.average_score),
              trend=_trend(report, "average_score"))
        _tile("High-quality leads", words.percent(now.qualified_share),
              _points(now.qualified_share, before and before.qualified_share),
              note="Share of leads whose score is at or above the qualified threshold.")
        _tile("Converted", words.count(now.converted), _change(now.converted, before and before.converted),
              trend=_trend(report, "converted"), note=f"Of {now.converted + now.lost:,} leads decided either way.")
        _rate(now, before)
        _tile("Win rate", words.percent(now.win_rate), _points(now.win_rate, before and before.win_rate),
              note="Converted, of those decided either way.")
        _money(report)
        _accuracy(report)
        _tile("Days to conversion", words.count(report.speed.days_to_conversion),
              note="Median from the day a lead came in.")
        _tile("Days to first contact", words.count(report.speed.days_to_contact),
              note="Median from the day a lead came in, of those whose first contact has a date.")
        _tile("Worked", words.percent(report.speed.contacted, 0),
              note="Share of the leads that are no longer new: contacted, qualified, converted or lost.")
    for note in report.notes:
        st.caption(f":material/info: {words.escape(note)}")


def _tile(label: str, value: str, delta: str | None = None, *, note: str | None = None,
          trend: list[float] | None = None, plain: bool = False) -> None:
    shown = trend if trend and len(trend) > 2 else None
    st.metric(label, value, delta=delta, help=note, border=True, height="stretch", chart_data=shown,
              delta_arrow="off" if plain else "auto", delta_color="off" if plain else "normal",
              delta_description=None if plain or delta is None else "before that")


def _rate(now: Figures, before: Figures | None) -> None:
    rate = now.conversion_rate
    between = "" if rate.low is None else f" Likely between {words.percent(rate.low)} and {words.percent(rate.high)}."
    _tile("Conversion rate", words.percent(rate.value),
          _points(rate.value, before and before.conversion_rate.value), note=f"Converted, of all leads.{between}")


def _money(report: Report) -> None:
    named = sorted(report.money, key=lambda money: (money.currency == "", -money.revenue))
    won = [words.short_money(money.revenue, money.currency)
           + ("" if money.currency or len(named) == 1 else " in no named currency") for money in named if money.revenue]
    _tile("Revenue won", won[0] if won else words.MISSING, " · ".join(won[1:]) or None, plain=True,
          note="Revenue of converted leads; each currency by itself.")
    costs = [words.short_money(money.cost_per_conversion, money.currency) for money in named
             if money.cost_per_conversion is not None]
    _tile("Cost per conversion", costs[0] if costs else words.MISSING, " · ".join(costs[1:]) or None, plain=True,
          note="What was spent, for each converted lead. Enter what your sources cost at the end of this page.")
    returns = [f"{words.percent(money.return_on_spend, 0)} {money.currency}".strip() for money in named
               if money.return_on_spend is not None and money.revenue]
    _tile("Return on spend", returns[0] if returns else words.MISSING, " · ".join(returns[1:]) or None, plain=True,
          note="Revenue less what was spent, of what was spent: 0 % is even, 100 % doubles the money.")


def _accuracy(report: Report) -> None:
    accuracy = report.accuracy or {}
    interval = None
    if accuracy.get("low") is not None:
        interval = f"{words.percent(accuracy['low'], 0)} to {words.percent(accuracy['high'], 0)}"
    _tile("Score accuracy", words.percent(accuracy.get("value"), 0), interval, plain=True,
          note="How often a lead that converted had the higher score than one that did not, measured on leads the "
               "model had not seen. 50 % is chance, 100 % is perfect. Below it the range it likely lies in.")


def _change(now: float, before: float | None) -> str | None:
    return f"{100 * (now - before) / before:+,.0f} %" if before else None


def _difference(now: float | None, before: float | None) -> str | None:
    return None if now is None or before is None else f"{now - before:+,.1f}"


def _points(now: float | None, before: float | None) -> str | None:
    return None if now is None or before is None else f"{100 * (now - before):+,.1f} points"


def _trend(report: Report, name: str) -> list[float]:
    return [float(value) for value in report.trend[name].dropna().tail(POINTS)]

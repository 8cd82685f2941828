"""Counts over time and by group in, pictures of how a campaign goes out."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from leadscore.charts.palette import BLUE, GREEN, GREY, TIER_COLOURS, styled

MOST_BARS = 12
HEIGHT_A_BAR, HEIGHT_LEAST = 28, 140


def trend(points: pd.DataFrame, *, step: str) -> go.Figure:
    """Draw leads as bars and the share of them that converted as a line.

    Parameters
    ----------
    points : DataFrame
        Columns ``start``, ``leads``, ``converted``, ``rate`` (fractions, missing where there are no leads).
    step : {"day", "week", "month"}
        How long a bar is.
    """
    shown = {"day": "%-d %b %Y", "week": "week of %-d %b %Y", "month": "%B %Y"}[step]
    names = [f"{start:{shown}}" for start in pd.DatetimeIndex(points["start"])]
    figure = go.Figure([
        go.Bar(x=points["start"], y=points["leads"], marker_color=BLUE, name="Leads", customdata=names,
               hovertemplate="%{customdata}: %{y:,} leads<extra></extra>"),
        go.Scatter(x=points["start"], y=points["rate"], yaxis="y2", mode="lines+markers", line={"color": GREEN},
                   marker={"size": 5}, name="Converted", customdata=names, connectgaps=False,
                   hovertemplate="%{customdata}: %{y:.1%} converted<extra></extra>")])
    figure = styled(figure, y="Leads")
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1.12, "x": 0},
        yaxis2={"overlaying": "y", "side": "right", "tickformat": ".0%", "rangemode": "tozero", "showgrid": False,
                "title": {"text": "Converted"}, "automargin": True})
    return figure


def funnel(tiers: pd.DataFrame) -> go.Figure:
    """Draw how many leads of each tier there are and how many of them converted.

    Parameters
    ----------
    tiers : DataFrame
        Columns ``tier``, ``leads``, ``converted`` and ``rate``; best tier first.
    """
    colours = [TIER_COLOURS.get(str(tier), GREY) for tier in tiers["tier"]]
    rates = ["" if pd.isna(rate) else f", {rate:.0%} converted" for rate in tiers["rate"]]
    labels = [f"<b>{tier}</b><br>{leads:,.0f} leads{rate}"
              for tier, leads, rate in zip(tiers["tier"], tiers["leads"], rates, strict=True)]
    figure = go.Figure([
        go.Bar(y=labels, x=tiers["leads"], orientation="h", marker={"color": colours, "opacity": 0.3},
               hovertemplate="%{x:,} leads<extra></extra>"),
        go.Bar(y=labels, x=tiers["converted"], orientation="h", marker={"color": colours}, width=0.4,
               hovertemplate="%{x:,} converted<extra></extra>")])
    figure.update_yaxes(autorange="reversed", type="category")
    figure = styled(figure, x="Leads, and the converted among them", height=240)
    figure.update_layout(barmode="overlay")
    return figure


def rates_by(groups: pd.DataFrame, name: str) -> go.Figure:
    """Draw the share of converted leads of each group with its 95 % interval, most leads on top.

    Parameters
    ----------
    groups : DataFrame
        Columns ``name``, ``leads``, ``converted``, ``rate``, ``rate_low``, ``rate_high``; the first 12 are drawn.
    """
    shown = groups.head(MOST_BARS)
    upper, lower = shown["rate_high"] - shown["rate"], shown["rate"] - shown["rate_low"]
    figure = go.Figure(go.Bar(
        y=shown[name], x=shown["rate"], orientation="h", marker_color=BLUE,
        customdata=shown[["leads", "rate_low", "rate_high"]].to_numpy(dtype=float),
        hovertemplate="%{y}: %{x:.1%} of %{customdata[0]:,} leads (%{customdata[1]:.1%} to %{customdata[2]:.1%})"
                      "<extra></extra>",
        error_x={"type": "data", "array": upper, "arrayminus": lower, "symmetric": False, "color": GREY}))
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return styled(figure, x="Converted", height=max(HEIGHT_LEAST, HEIGHT_A_BAR * len(shown) + 60))

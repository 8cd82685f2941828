"""Counts of conversions in, pictures of whether higher scores convert more out."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from leadscore.charts.palette import BLUE, GREY, VERMILION, styled


def conversion_by_score(conversion: pd.DataFrame) -> go.Figure:
    """Draw the share of converted leads in each score range with its 95 % interval.

    Parameters
    ----------
    conversion : DataFrame
        Columns ``low``, ``high`` (edges in [0, 100]), ``leads``, ``rate``, ``rate_low`` and ``rate_high`` (fractions,
        missing where there are no leads); empty ranges are left out.
    """
    filled = conversion.dropna(subset=["rate"])
    ranges = [f"{start:g}–{end:g}" for start, end in zip(filled["low"], filled["high"], strict=True)]
    upper, lower = filled["rate_high"] - filled["rate"], filled["rate"] - filled["rate_low"]
    hover = "Score %{x}: %{y:.1%} of %{customdata[0]:,} leads (%{customdata[1]:.1%} to %{customdata[2]:.1%})"
    figure = go.Figure(go.Bar(
        x=ranges, y=filled["rate"], marker_color=BLUE, hovertemplate=hover + "<extra></extra>",
        customdata=filled[["leads", "rate_low", "rate_high"]].to_numpy(dtype=float),
        error_y={"type": "data", "array": upper, "arrayminus": lower, "symmetric": False, "color": GREY}))
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_xaxes(type="category")
    return styled(figure, x="Score", y="Converted")


def cumulative_gains(gains: pd.DataFrame) -> go.Figure:
    """Draw which share of the conversions the best leads hold.

    Parameters
    ----------
    gains : DataFrame
        Columns ``share`` (of the leads, best first) and ``captured`` (of the conversions), fractions, rising.
    """
    figure = go.Figure([
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "dash": "dot"}, name="Any order",
                   hoverinfo="skip"),
        go.Scatter(x=gains["share"], y=gains["captured"], mode="lines", line={"color": BLUE, "width": 3},
                   name="By score", hovertemplate="The best %{x:.0%} hold %{y:.0%} of the conversions<extra></extra>")])
    figure.add_vline(x=0.2, line_dash="dash", line_color=VERMILION, annotation_text="best 20 %")
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return styled(figure, x="Leads, best first", y="Conversions found")

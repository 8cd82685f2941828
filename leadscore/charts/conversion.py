"""Shares of conversions in, a picture of how soon they are found."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from leadscore.charts.palette import BLUE, GREY, VERMILION, styled


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

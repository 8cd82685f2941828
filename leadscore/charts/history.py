"""Figures of a version measured on the past in, pictures of what it would have found out."""

from __future__ import annotations

import html
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from leadscore.charts.palette import BLUE, GREY, ORANGE, SKY, VERMILION, styled

COLOURS = (BLUE, ORANGE, SKY)
DASHES = ("solid", "dash", "dot")


def gains_of(gains: pd.DataFrame, names: Mapping[str, str]) -> go.Figure:
    """Draw which share of the conversions the best leads hold, a line for each ranking.

    Parameters
    ----------
    gains : DataFrame
        Columns ``share`` (of the leads, best first) and one for each ranking (share of the conversions), fractions.
    names : mapping of column to what people call the ranking
    """
    figure = go.Figure(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "dash": "dot"}, name="Chance",
                                  hoverinfo="skip"))
    for place, (column, name) in enumerate(names.items()):
        figure.add_trace(go.Scatter(
            x=gains["share"], y=gains[column], mode="lines", name=html.escape(name),
            line={"color": COLOURS[place % len(COLOURS)], "dash": DASHES[place % len(DASHES)], "width": 3},
            hovertemplate="The best %{x:.0%} hold %{y:.0%} of the conversions<extra>%{fullData.name}</extra>"))
    figure.add_vline(x=0.2, line_dash="dash", line_color=VERMILION, annotation_text="best 20 %")
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    figure = styled(figure, x="Leads, best first", y="Conversions found", height=340)
    return figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})


def promised_and_real(points: pd.DataFrame) -> go.Figure:
    """Draw the score, read as a chance, against the share that converted, with intervals; on the diagonal they agree.

    Parameters
    ----------
    points : DataFrame
        Columns ``score``, ``rate``, ``low`` and ``high`` (fractions), and ``leads``.
    """
    top = min(1.0, max(float(points["score"].max()), float(points["high"].max())) * 1.05 + 0.01)
    figure = go.Figure([
        go.Scatter(x=[0, top], y=[0, top], mode="lines", line={"color": GREY, "dash": "dot"}, hoverinfo="skip"),
        go.Scatter(x=points["score"], y=points["rate"], mode="markers+lines", line={"color": BLUE, "width": 1},
                   marker={"color": BLUE, "size": 9}, customdata=points[["leads", "low", "high"]].to_numpy(dtype=float),
                   error_y={"type": "data", "symmetric": False, "array": points["high"] - points["rate"],
                            "arrayminus": points["rate"] - points["low"], "color": GREY},
                   hovertemplate="Score %{x:.0%}: %{y:.1%} of %{customdata[0]:,} leads converted (%{customdata[1]:.1%} "
                                 "to %{customdata[2]:.1%})<extra></extra>")])
    figure.update_xaxes(tickformat=".0%", range=[0, top])
    figure.update_yaxes(tickformat=".0%", range=[0, top])
    return styled(figure, x="Score", y="Share that converted", height=340)

"""Figures of an experiment in, pictures of what two models found, and of how sure one may be, out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from leadscore.charts.palette import BLUE, GREEN, GREY, ORANGE, styled

CHAMPION_COLOUR, CHALLENGER_COLOUR = BLUE, ORANGE
BAND = "rgba(230,159,0,0.25)"
"""The challenger's colour, faint."""
BAR_HEIGHT = 240
NEAREST = 1.0
"""The axis of differences reaches at least as far as twice the rate."""


def rates_on_top(rates: pd.DataFrame) -> go.Figure:
    """Draw how often the leads each model put on top converted, a bar each with its 95 % interval.

    Parameters
    ----------
    rates : DataFrame
        Two rows, the champion's first; columns ``name``, ``leads``, ``rate``, ``low`` and ``high`` (fractions).
    """
    known = rates.dropna(subset=["rate"])
    colours = dict(zip(rates["name"], (CHAMPION_COLOUR, CHALLENGER_COLOUR), strict=True))
    figure = go.Figure(go.Bar(
        x=known["rate"], y=known["name"], orientation="h", marker_color=[colours[name] for name in known["name"]],
        texttemplate="%{x:.1%}", textposition="inside", insidetextanchor="start", textangle=0,
        insidetextfont={"color": ["white" if colours[name] == CHAMPION_COLOUR else "black" for name in known["name"]]},
        customdata=known[["leads", "low", "high"]].to_numpy(dtype=float),
        hovertemplate="%{y}: %{x:.1%} of %{customdata[0]:,} leads (%{customdata[1]:.1%} to %{customdata[2]:.1%})"
                      "<extra></extra>",
        error_x={"type": "data", "array": known["high"] - known["rate"], "arrayminus": known["rate"] - known["low"],
                 "symmetric": False, "color": GREY}))
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", type="category")
    return styled(figure, x="Converted, of the leads on top", height=BAR_HEIGHT)


def difference_by_day(path: pd.DataFrame, *, effect: float) -> go.Figure:
    """Draw the difference between the models day by day, within the interval that holds on all days at once.

    When the band has left the line at zero, the experiment may be stopped; the dotted lines are the smallest difference
    worth having.

    Parameters
    ----------
    path : DataFrame
        Indexed by day; columns ``difference``, ``low`` and ``high``, as shares of the rate of both models together,
        missing before anything can be said.
    effect : float
        Smallest difference worth having, a share of the rate.
    """
    known = path.dropna(subset=["low", "high"])
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    last = known.tail(1)
    figure = go.Figure([
        go.Scatter(x=known.index, y=known["high"], **edge),
        go.Scatter(x=known.index, y=known["low"], fill="tonexty", fillcolor=BAND, **edge),
        go.Scatter(x=known.index, y=known["difference"], mode="lines", line={"color": CHALLENGER_COLOUR, "width": 3},
                   customdata=known[["low", "high"]].to_numpy(dtype=float),
                   hovertemplate="%{x|%-d %b}: %{y:+.0%} (%{customdata[0]:+.0%} to %{customdata[1]:+.0%})"
                                 "<extra></extra>"),
        go.Scatter(x=last.index, y=last["difference"], mode="markers", hoverinfo="skip",
                   marker={"color": CHALLENGER_COLOUR, "size": 9},
                   error_y={"type": "data", "array": last["high"] - last["difference"], "symmetric": False,
                            "arrayminus": last["difference"] - last["low"], "color": CHALLENGER_COLOUR})])
    figure.add_hline(y=0, line_color=GREY, line_width=2)
    for height in (-effect, effect):
        figure.add_hline(y=height, line_color=GREEN, line_width=1, line_dash="dot")
    # the first days reach far, and would flatten all that follows
    reach = max(NEAREST, 3 * effect, 1.2 * float(np.abs(last[["low", "high"]].to_numpy(dtype=float)).max(initial=0.0)))
    figure.update_yaxes(tickformat="+.0%", range=[-reach, reach])
    figure.update_xaxes(tickformat="%-d %b", nticks=6)
    return styled(figure, y="Conversions more or fewer")


def leads_by_effect(curve: pd.DataFrame, *, effect: float, leads: int) -> go.Figure:
    """Draw how many leads an experiment takes for each smallest difference, and mark the one chosen.

    Parameters
    ----------
    curve : DataFrame
        Columns ``effect`` (share of the rate) and ``leads``.
    effect, leads : float, int
        The ones chosen.
    """
    figure = go.Figure([
        go.Scatter(x=curve["effect"], y=curve["leads"], mode="lines", line={"color": BLUE, "width": 3},
                   hovertemplate="A difference of %{x:.0%} takes %{y:,} leads<extra></extra>"),
        go.Scatter(x=[effect], y=[leads], mode="markers+text", text=[f"{leads:,}"], textposition="top right",
                   marker={"color": ORANGE, "size": 12}, hoverinfo="skip", cliponaxis=False)])
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(type="log", tickformat=",", dtick=1)
    return styled(figure, x="Smallest difference worth having", y="Leads to score")

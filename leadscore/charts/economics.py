"""Money in, a picture of how far down the ranking contacts pay out."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from leadscore.charts.palette import BLUE, GREEN, GREY, SKY, styled

HEIGHT = 260
BAND_OPACITY = 0.25


def profit_curve(curve: pd.DataFrame, *, best: float, currency: str) -> go.Figure:
    """Draw the profit of contacting the best leads by how many are contacted, and where it is largest.

    Parameters
    ----------
    curve : DataFrame
        Columns ``share`` (a fraction of the leads, rising), ``contacts``, ``profit``, ``low`` and ``high``.
    best : float
        The share with the largest profit.
    currency : str
    """
    top = curve.iloc[int((curve["share"] - best).abs().argmin())]
    figure = go.Figure([
        go.Scatter(x=curve["share"], y=curve["high"], mode="lines", line_width=0, hoverinfo="skip"),
        go.Scatter(x=curve["share"], y=curve["low"], mode="lines", line_width=0, fill="tonexty", fillcolor=_faint(SKY),
                   hoverinfo="skip"),
        go.Scatter(x=curve["share"], y=curve["profit"], mode="lines", line={"color": BLUE, "width": 3},
                   customdata=curve[["contacts", "low", "high"]].to_numpy(dtype=float),
                   hovertemplate="Best %{x:.0%} (%{customdata[0]:,.0f} leads): %{y:,.0f} "
                                 "(%{customdata[1]:,.0f} to %{customdata[2]:,.0f})<extra></extra>"),
        go.Scatter(x=[top["share"]], y=[top["profit"]], mode="markers", marker={"size": 13, "color": GREEN},
                   hovertemplate="Most profitable: best %{x:.0%}<extra></extra>")])
    figure.add_hline(y=0, line_dash="dot", line_color=GREY)
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    return styled(figure, x="Leads contacted, best first", y=f"Profit in {currency}", height=HEIGHT)


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place:place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{BAND_OPACITY})"

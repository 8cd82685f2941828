"""Counts of leads in, a picture of who they are against what they did."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from leadscore.charts.palette import styled


def fit_engagement_grid(counts: pd.DataFrame, *, bands: tuple[int, int] = (4, 4)) -> go.Figure:
    """Draw who they are against what they did.

    Parameters
    ----------
    counts : DataFrame
        Columns ``fit`` (A best, then B …), ``engagement`` (1 best, then 2 …) and ``leads``; cells that are not there
        hold none.
    bands : tuple of two int
        How many bands of fit and of engagement there are.
    """
    fits = [chr(ord("A") + number) for number in range(bands[0])]
    engagements = [str(number + 1) for number in range(bands[1])]
    grid = counts.pivot_table(index="fit", columns="engagement", values="leads", aggfunc="sum", fill_value=0)
    grid.columns = grid.columns.astype(str)
    grid = grid.reindex(index=fits, columns=engagements, fill_value=0)
    figure = go.Figure(go.Heatmap(z=grid.to_numpy(), x=engagements, y=fits, colorscale="Blues",
                                  showscale=False, texttemplate="%{z:,}", xgap=2, ygap=2,
                                  hovertemplate="Fit %{y}, engagement %{x}: %{z:,} leads<extra></extra>"))
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(type="category")
    return styled(figure, x="Engagement (1 = most)", y="Fit (A = best)")

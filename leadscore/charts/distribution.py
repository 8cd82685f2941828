"""Counts of leads in, pictures of how scores are spread out."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from leadscore.charts.palette import BLUE, FAINT, SKY, TIER_COLOURS, styled


def score_histogram(histogram: pd.DataFrame, *, high: float | None = None, low: float | None = None) -> go.Figure:
    """Draw how many leads have which score.

    Parameters
    ----------
    histogram : DataFrame
        Columns ``low``, ``high`` (edges in [0, 100]) and ``leads``; already counted.
    high, low : float or None
        Score from which a lead is High, and below which it is Low; shaded when both are given.
    """
    width = histogram["high"] - histogram["low"]
    ranges = [f"{start:g} to {end:g}" for start, end in zip(histogram["low"], histogram["high"], strict=True)]
    figure = go.Figure(go.Bar(x=histogram["low"] + width / 2, y=histogram["leads"], width=width * 0.94,
                              marker_color=BLUE, customdata=ranges,
                              hovertemplate="Score %{customdata}: %{y:,} leads<extra></extra>"))
    if high is not None and low is not None:
        _shade_tiers(figure, high, low)
    figure.update_xaxes(range=[0, 100])
    return styled(figure, x="Score", y="Leads")


def tier_counts(counts: pd.DataFrame) -> go.Figure:
    """Draw how many leads each tier has, from columns ``tier`` and ``leads``, best tier on top."""
    figure = go.Figure(go.Bar(
        x=counts["leads"], y=counts["tier"], orientation="h", texttemplate="%{x:,}", textposition="auto",
        marker_color=[TIER_COLOURS.get(str(tier), SKY) for tier in counts["tier"]],
        hovertemplate="%{y}: %{x:,} leads<extra></extra>"))
    figure.update_yaxes(autorange="reversed")
    return styled(figure, x="Leads", height=200)


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


def _shade_tiers(figure: go.Figure, high: float, low: float) -> None:
    """Lay a faint band behind each tier's range of scores."""
    edges = {"Low": (0.0, low), "Medium": (low, high), "High": (high, 100.0)}
    for tier, (start, end) in edges.items():
        if end > start:
            figure.add_vrect(x0=start, x1=end, fillcolor=TIER_COLOURS[tier], opacity=FAINT, line_width=0, layer="below",
                             annotation_text=tier, annotation_position="top left")

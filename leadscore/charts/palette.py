"""Colours that colour-blind people can tell apart and that show on light and dark pages alike."""

from __future__ import annotations

import plotly.graph_objects as go

from leadscore.schema import Tier

# Okabe and Ito (2008), Color Universal Design
BLUE = "#0072B2"
SKY = "#56B4E9"
GREEN = "#009E73"
ORANGE = "#E69F00"
VERMILION = "#D55E00"
GREY = "#8C8C8C"

TIER_COLOURS = {str(Tier.HIGH): GREEN, str(Tier.MEDIUM): ORANGE, str(Tier.LOW): GREY}
UP, DOWN, TOTAL = BLUE, VERMILION, GREY

FAINT = 0.10
TRANSPARENT = "rgba(0,0,0,0)"
GRID = "rgba(140,140,140,0.25)"
HEIGHT = 320


def styled(figure: go.Figure, *, x: str = "", y: str = "", height: int = HEIGHT) -> go.Figure:
    """Give a figure its axis titles and a look that leaves text and background to the page."""
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": 24, "b": 8}, paper_bgcolor=TRANSPARENT,
                         plot_bgcolor=TRANSPARENT, showlegend=False, bargap=0.06)
    figure.update_xaxes(title_text=x, gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(title_text=y, gridcolor=GRID, zeroline=False, automargin=True)
    return figure

"""Key figures as tiles: each with its change against the period before and a small trend."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from leadscore.charts.tile import Better, Tile
from pages.widgets import words

FIRST = ("leads", "average_score", "qualified_share", "conversion_rate", "accuracy", "revenue", "cost_per_conversion",
         "return_on_spend")
"""What a manager looks at every morning; the others are one click away."""


def draw(tiles: Sequence[Tile], *, key: str = "figures") -> None:
    """Draw the tiles, the most telling ones first."""
    by_key = {tile.key: tile for tile in tiles}
    _grid([by_key[name] for name in FIRST if name in by_key])
    others = [tile for tile in tiles if tile.key not in FIRST]
    if others:
        with st.expander("More key figures", icon=":material/add_chart:", key=f"{key}-more"):
            _grid(others)


def _grid(tiles: Sequence[Tile]) -> None:
    with st.grid(4, min_column_width=170):
        for tile in tiles:
            _tile(tile)


def _tile(tile: Tile) -> None:
    change, beside = tile.change, " · ".join(tile.more)
    colour = {Better.UP: "normal", Better.DOWN: "inverse", Better.NEITHER: "off"}[tile.better]
    likely = f" Likely between {tile.likely.replace(' to ', ' and ')}." if tile.likely else ""
    besides = f" Besides: {beside}." if beside and change else ""
    st.metric(tile.label, tile.text, delta=change or beside or tile.likely,
              help=words.escape(tile.note + likely + besides), border=True, height="stretch",
              chart_data=list(tile.trend) or None, delta_color=colour if change else "off",
              delta_arrow="auto" if change else "off", delta_description="against before" if change else None)

"""Fit against engagement: where each is cut, and how many leads are in each cell."""

from __future__ import annotations

from typing import Any

import streamlit as st

from leadscore.charts.distribution import fit_engagement_grid
from pages.widgets.tuning import Tuning

QUIET = {"displayModeBar": False}
WRONG = "The cuts of the grid are numbers with commas between them, such as 75, 50, 25."


def inputs(tuning: Tuning, policy: Any, frozen: bool) -> tuple[dict[str, Any], str]:
    """Draw the cuts; give them as plain values, and why they cannot be read."""
    first, second = st.columns(2)
    said = {name: place.text_input(label, key=tuning.key(f"grid-{name}", _written(getattr(policy.grid, name))),
                                   disabled=frozen, help="Scores from the best band down.")
            for name, label, place in (("fit", "Fit is cut at", first), ("engagement", "Engagement is cut at", second))}
    read = {name: _read(text) for name, text in said.items()}
    return ({}, WRONG) if None in read.values() else ({"grid": read}, "")


def outcome(preview: Any) -> None:
    """Draw how many leads each cell holds."""
    grid = preview.grid
    if not preview.leads:
        return
    st.plotly_chart(fit_engagement_grid(grid, bands=(grid["fit"].nunique(), grid["engagement"].nunique())),
                    config=QUIET, key="fit-engagement")


def _written(cuts: tuple[float, ...]) -> str:
    return ", ".join(f"{cut:g}" for cut in cuts)


def _read(text: str) -> list[float] | None:
    try:
        return [float(part) for part in text.replace(";", ",").split(",") if part.strip()]
    except ValueError:
        return None

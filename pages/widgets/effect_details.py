"""What a change would do, the most important first: the conversions found, the tiers, who moves, every figure."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from leadscore.services import policies
from pages.widgets import words

FIGURES = {
    "capture": ("Conversions found in the best 20 %", True),
    "precision": ("Share of the best 20 % that converts", True),
    "lift": ("Times better than any order", False),
    "average_precision": ("Quality of the whole ranking", True),
    "calibration_error": ("Gap between score and what happens", True),
}
AT_CAPACITY = {
    "capture": ("Conversions found among those you can call", True),
    "precision": ("Share of them that converts", True),
    "lift": ("Times better than any order, among them", False),
}
PARTS = {"best": "The ten best, with the change", "entering": "Come into the best 20 %", "leaving": "Drop out of it"}
LIKE_A_CHANCE, NOTICED = 0.05, 0.02
"""A score within this of what happens can be read as a chance; a wider gap by this much is worth a word."""
CHART_HEIGHT = 260


def draw(preview: policies.PolicyPreview, differs: bool, key: str) -> None:
    """Draw the effect; without a difference, how things stand now."""
    _verdict(preview.held_out, differs)
    with st.grid(3, min_column_width=70):
        for tier in words.TIER_COLORS:
            before, after = preview.tiers_before.get(tier, 0), preview.tiers_after.get(tier, 0)
            st.metric(tier, words.count(after), delta=after - before if differs else None, delta_color="off")
    if differs:
        st.markdown(f"In the top 20 %: **{preview.entering:,}** come in, **{preview.leaving:,}** drop out.")
    if preview.leads < preview.stored:
        st.caption(f"Looked at {preview.leads:,} of {preview.stored:,} leads, chosen by chance.")
    _figures(preview.held_out, differs)
    with st.expander("Who moves", icon=":material/swap_vert:"):
        for part, title in PARTS.items():
            _leads(preview.moved[preview.moved["part"] == part], title if differs or part != "best" else "The ten best")
    with st.expander("Scores", icon=":material/bar_chart:"):
        _histogram(preview.histogram, differs, key)


def _verdict(held_out: policies.HeldOutEffect, differs: bool) -> None:
    """Say loudly what the change does to conversions, before anybody saves it."""
    if held_out.verdict == "too_few":
        st.warning(held_out.sentence, icon=":material/help:")
        return
    if not differs:
        now = held_out.figures["capture"].before
        st.markdown(f"The best 20 % hold **{words.percent(now.value, 0)}** of the conversions (95 %: "
                    f"{words.percent(now.low, 0)} to {words.percent(now.high, 0)}).")
        st.caption("As it is now. Move a slider to see its effect; nothing is saved until you say so.")
        return
    shown = {"worse": (st.error, "trending_down"), "better": (st.success, "trending_up")}
    show, icon = shown.get(str(held_out.verdict), (st.info, "trending_flat"))
    show(held_out.sentence, icon=f":material/{icon}:")
    gap = held_out.figures["calibration_error"]
    if gap.before.value < LIKE_A_CHANCE and gap.difference.low > NOTICED:
        st.caption(f":material/warning: The score says less about the chance: it is off by "
                   f"{words.percent(gap.after.value)} on average, instead of {words.percent(gap.before.value)}.")


def _figures(held_out: policies.HeldOutEffect, differs: bool) -> None:
    with st.expander("On leads whose end is known", icon=":material/fact_check:"):
        st.caption(held_out.about)
        told = [(names[name], figure) for figures, names in ((held_out.figures, FIGURES),
                                                             (held_out.at_capacity, AT_CAPACITY))
                for name, figure in figures.items()]
        if not told:
            return
        for (label, share), figure in told:
            figures = _beside(figure, share) if differs else f"**{_written(figure.before, share)}**"
            st.markdown(f"{label}  \n{figures}")
        st.caption("In brackets: where 95 of 100 samples of these leads lie. The difference is measured on the same "
                   "leads, so it may be certain where the figures themselves are not.")


def _beside(figure: Any, share: bool) -> str:
    return (f"**{_written(figure.after, share)}** :gray[instead of {_written(figure.before, share)}]  \n"
            f":small[Difference {_written(figure.difference, share, sign='+')}]")


def _written(figure: Any, share: bool, sign: str = "") -> str:
    values = [100 * value if share else value for value in (figure.value, figure.low, figure.high)]
    digits, unit = (1, " %") if share and not sign else (1, " points") if share else (2, "")
    value, low, high = (f"{number + 0.0:{sign}.{digits}f}".replace("-", "−") for number in values)
    return f"{value}{unit} ({low} to {high})"


def _leads(leads: pd.DataFrame, title: str) -> None:
    if leads.empty:
        return
    st.caption(title)
    called = leads["name"].fillna(leads["company"]).fillna("Lead " + leads["lead_id"].astype(str))
    st.dataframe(pd.DataFrame({
        "Lead": called, "Rank": _from_to(leads["rank_before"], leads["rank_after"]),
        "Score": _from_to(leads["score_before"].round(1), leads["score_after"].round(1))}),
        hide_index=True, width="stretch", placeholder=words.MISSING, alt=title,
        column_config={"Lead": st.column_config.TextColumn(pinned=True),
                       "Rank": st.column_config.TextColumn(width=95),
                       "Score": st.column_config.TextColumn(width=105)})


def _from_to(before: pd.Series, after: pd.Series) -> pd.Series:
    old, new = before.astype(str), after.astype(str)
    return new.where(old == new, old + " → " + new)


def _histogram(histogram: pd.DataFrame, differs: bool, key: str) -> None:
    names = {"before": "Now", "after": "With the change"} if differs else {"before": "Now"}
    rows = [{"score": low, "version": label, "leads": int(leads)}
            for column, label in names.items()
            for low, leads in zip(histogram["low"], histogram[column], strict=True)]
    st.vega_lite_chart({
        "data": {"values": rows}, "height": CHART_HEIGHT, "mark": "bar",
        "encoding": {"x": {"field": "score", "type": "ordinal", "title": "Score from", "axis": {"labelAngle": 0}},
                     "y": {"field": "leads", "type": "quantitative", "title": "Leads"},
                     "xOffset": {"field": "version", "sort": list(names.values())},
                     "color": {"field": "version", "type": "nominal", "title": None, "sort": list(names.values()),
                               "legend": {"orient": "top"}}}},
        key=f"{key}-scores", alt="Number of leads by score, now and with the change")

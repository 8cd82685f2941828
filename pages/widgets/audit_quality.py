"""Data quality: how good the stored leads are, by field, source, month and import, and what to mend first."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.services import delivery, quality
from leadscore.services.quality import QualityView
from pages.shared import Context
from pages.widgets import filters, notices, pictures, words
from pages.widgets import quality as bars

LINKS_SHOWN = 6
TESTS = {"missing": "is_empty"}


def draw(context: Context) -> None:
    """Draw the six dimensions, what to mend first, the map, the courses and the outliers."""
    with st.spinner("Counting"):
        view = quality.quality_overview(context.workbench, context.actor, client=context.client)
    if not view.quality.leads:
        notices.empty_state("fact_check", "No leads yet", "Once leads are imported, this shows how good they are.")
        if context.actor.may(Action.IMPORT_LEADS):
            notices.offer_upload()
        return
    bars.dimensions({"dimensions": {each.name: {"score": each.score, "affected": each.affected,
                                                "sentence": each.sentence} for each in view.quality.dimensions}})
    pictures.draw(context, view.pictures["quality-fixes"])
    _advice(context, view)
    pictures.draw(context, view.pictures["quality-heat-map"])
    pictures.draw(context, view.pictures["quality-months"])
    pictures.draw(context, view.pictures["quality-imports"])
    _outliers(view)
    _tables(view)


def _advice(context: Context, view: QualityView) -> None:
    """Say what to do, dearest first, with the way to the leads where a list can be narrowed to them."""
    if not view.quality.fixes:
        return
    options = delivery.filter_options(context.workbench, context.actor, client=context.client)
    with st.expander("What to do about it", icon=":material/build:", key="quality-advice", expanded=True):
        for place, fix in enumerate(view.quality.fixes[:LINKS_SHOWN]):
            weight = f" :gray[({words.percent(fix.importance, 0)} of what moves the score)]" if fix.importance else ""
            with st.container(horizontal=True, vertical_alignment="center", key=f"fix-{place}"):
                st.markdown(f"{place + 1}. **{words.escape(fix.sentence)}** {words.escape(fix.advice)}{weight}",
                            width="stretch")
                address = filters.address_of(options, fix.field, TESTS[fix.problem], "") \
                    if fix.problem in TESTS else None
                if address:
                    st.page_link("leads.py", label="Open these leads", icon=":material/arrow_forward:",
                                 query_params=address, width="content")


def _outliers(view: QualityView) -> None:
    frame = view.judged.outliers
    with st.container(border=True):
        st.markdown("**Numbers far from all others**")
        if frame.empty:
            st.caption("None: no number of a field lies far from the others.")
            return
        shown = frame.assign(lead=[f"lead?lead={number}" for number in frame["lead_id"].astype(int)],
                             usual=[f"{_plain(low)} to {_plain(high)}" for low, high in
                                    zip(frame["low"], frame["high"], strict=True)])
        st.dataframe(
            shown[["lead", "label", "value", "usual", "distance", "source"]], hide_index=True,
            placeholder=words.MISSING, alt="Numbers far from all others, farthest first",
            height=min(38 + 35 * len(shown), 430), column_config={
                "lead": st.column_config.LinkColumn("Lead", display_text=r"lead=(\d+)", width="small"),
                "label": "Field", "value": st.column_config.NumberColumn("Value", format="localized"),
                "usual": "The others", "source": "Source",
                "distance": st.column_config.NumberColumn(
                    "How far", format="%.1f", help="From the middle, in standard deviations of a bell curve with the "
                                                   "same middle half.")})
        counts = ", ".join(f"{words.escape(label)} {count:,}" for label, count in view.judged.outlying.items())
        st.caption(f"Leads beyond the others, by field: {counts}. Far is not wrong: look before you change anything.")


def _tables(view: QualityView) -> None:
    share = st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent")
    with st.expander("Every source and field in numbers", icon=":material/table:", key="quality-tables"):
        st.dataframe(view.quality.sources, hide_index=True, placeholder=words.MISSING, alt="Quality by source",
                     column_config={"source": "Source", "leads": st.column_config.NumberColumn("Leads",
                                                                                               format="localized"),
                                    "completeness": _named(share, "Filled in"), "range": _named(share, "In range"),
                                    "timeliness": _named(share, "Recent"), "accuracy": _named(share, "Consistent")})
        st.dataframe(view.quality.fields.drop(columns="field"), hide_index=True, alt="Quality by field",
                     column_config={"label": "Field", "importance": _named(share, "Moves the score"),
                                    "filled": _named(share, "Filled in"),
                                    "implausible": _named(share, "Implausible"),
                                    "missing": st.column_config.NumberColumn("Leads without", format="localized")})
        if len(view.judged.noted):
            st.caption("Names, addresses and the like are encrypted; how far they were filled is known from the "
                       "imports.")
            st.dataframe(view.judged.noted.drop(columns="field"), hide_index=True, alt="Personal fields as imported",
                         column_config={"label": "Field", "filled": _named(share, "Filled in"),
                                        "leads": st.column_config.NumberColumn("Of leads", format="localized")})


def _named(column: dict[str, object], label: str) -> dict[str, object]:
    return {**column, "label": label}


def _plain(value: float) -> str:
    return words.MISSING if pd.isna(value) else "any" if abs(value) == float("inf") else f"{value:,.0f}"

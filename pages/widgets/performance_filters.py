"""Which leads the Performance page is about; every filter is part of the address, so that a view can be sent on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from leadscore.services.delivery import FilterOptions
from leadscore.services.insight import ListView
from leadscore.services.segments import SegmentView
from pages.widgets.filters import in_words

IN_URL = "query-params"
PERIODS = {"": "All time", "7": "7 days", "30": "30 days", "90": "90 days", "365": "12 months", "own": "From … to …"}
NOTHING = {"period": "", "from": "", "to": "", "of_source": [], "of_tier": [], "of_import": "", "of_view": "",
           "of_model": "", "of_policy": ""}
RULES_ALONE = "rules alone"


def choose(options: FilterOptions, saved: Sequence[SegmentView], models: Sequence[int], policies: Sequence[int], *,
           today: date) -> ListView:
    """Draw the filters and give the view they describe.

    Parameters
    ----------
    models, policies : sequence of int
        Their versions, newest first.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        period = st.segmented_control("Leads that came in within", list(PERIODS), format_func=PERIODS.__getitem__,
                                      key="period", bind=IN_URL, default="", required=True,
                                      label_visibility="collapsed")
        if period == "own":
            st.text_input("From", key="from", bind=IN_URL, placeholder="2026-01-01", width=130)
            st.text_input("To", key="to", bind=IN_URL, placeholder=f"{today:%Y-%m-%d}", width=130)
        _more(options, saved, models, policies)
        if any(_is_on(name) for name in NOTHING):
            st.button("Clear", icon=":material/filter_alt_off:", type="tertiary", on_click=_clear, key="clear-figures")
    return _view(saved, today)


def _more(options: FilterOptions, saved: Sequence[SegmentView], models: Sequence[int],
          policies: Sequence[int]) -> None:
    used = sum(_is_on(name) for name in NOTHING if name.startswith("of_"))
    with st.popover(f"Filters ({used})" if used else "Filters", icon=":material/tune:", width="content"):
        st.multiselect("Tier", options.tiers, key="of_tier", bind=IN_URL, placeholder="Any")
        if options.sources:
            st.multiselect("Lead source", options.sources, key="of_source", bind=IN_URL, placeholder="Any")
        if options.batches:
            st.selectbox("Import", ["", *(in_words(*batch) for batch in options.batches)], key="of_import",
                         bind=IN_URL, format_func=lambda name: name or "Any")
        if saved:
            st.selectbox("Saved view", ["", *(one.name for one in saved)], key="of_view", bind=IN_URL,
                         format_func=lambda name: name or "Any")
        if models:
            st.selectbox("Scored with model", ["", RULES_ALONE, *map(str, models)], key="of_model", bind=IN_URL,
                         format_func=lambda name: name.capitalize() or "Any")
        if len(policies) > 1:
            st.selectbox("Scored by settings version", ["", *map(str, policies)], key="of_policy", bind=IN_URL,
                         format_func=lambda name: name or "Any")


def _is_on(name: str) -> bool:
    return st.session_state[name] != NOTHING[name] if name in st.session_state else name in st.query_params


def _clear() -> None:
    for name, nothing in NOTHING.items():
        st.session_state[name] = nothing


def _view(saved: Sequence[SegmentView], today: date) -> ListView:
    state = {name: st.session_state.get(name, nothing) for name, nothing in NOTHING.items()}
    first, last = _days(str(state["period"]), str(state["from"]).strip(), str(state["to"]).strip(), today)
    model = str(state["of_model"])
    return ListView(
        came_from=first, came_to=last, tiers=tuple(state["of_tier"]), sources=tuple(state["of_source"]),
        batch_id=_number(str(state["of_import"]).removeprefix("#").partition(" ")[0]),
        segment=next((one.id for one in saved if one.name == state["of_view"]), None),
        model_version=0 if model == RULES_ALONE else _number(model), policy_version=_number(str(state["of_policy"])))


def _days(period: str, first: str, last: str, today: date) -> tuple[str | None, str | None]:
    if period.isdecimal():
        return (today - timedelta(days=int(period) - 1)).isoformat(), today.isoformat()
    return (first or None, last or None) if period == "own" else (None, None)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None

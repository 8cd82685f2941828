"""The filters of the ranked list: each one is part of the address, so that a view can be sent as a link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from leadscore.schema import CLOSED_STAGES, OutcomeStage
from leadscore.services.delivery import FilterOptions, ListView
from pages.widgets import words

PAGE_SIZE = 100
TOPS = {"": "All", "10%": "Top 10 %", "20%": "Top 20 %", "30%": "Top 30 %", "capacity": "By capacity", "n": "Number"}
ORDERS = {"score": "Best lead first", "company": "Companies together"}
NOTHING: dict[str, Any] = {
    "q": "", "tier": [], "top": "", "n": 100, "outcome": [], "owner": [], "source": [], "country": [], "industry": [],
    "batch": "", "score": (0, 100), "reachable": False, "fresh": False, "open": False, "field": "", "is": "", "page": 1,
}
"""Every filter with the value that filters nothing; the names are those in the address."""

IN_URL = "query-params"
OPEN_STAGES = tuple(str(stage) for stage in OutcomeStage if stage not in CLOSED_STAGES)


def choose(options: FilterOptions) -> ListView:
    """Draw the filters and give the view they describe."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input("Search", key="q", bind=IN_URL, placeholder="Name, company, e-mail …",
                               icon=":material/search:", label_visibility="collapsed", width=280)
        st.segmented_control("How many", list(TOPS), format_func=TOPS.__getitem__, key="top", bind=IN_URL, default="",
                             required=True, label_visibility="collapsed")
        if st.session_state.get("top") == "n":
            st.number_input("Number of leads", 1, 1_000_000, key="n", value=100, bind=IN_URL, width=140,
                            label_visibility="collapsed")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.pills("Tier", options.tiers or list(words.TIER_COLORS), selection_mode="multi", key="tier", bind=IN_URL,
                 label_visibility="collapsed")
        st.toggle("Still open", key="open", bind=IN_URL, help="Leave out leads that were won or lost already.")
        _more(options)
        columns = _columns(options)
        order = st.selectbox("Order", list(ORDERS), format_func=ORDERS.__getitem__, key="order", bind=IN_URL,
                             label_visibility="collapsed", width=200)
        if active():
            st.button("Clear filters", icon=":material/filter_alt_off:", type="tertiary", on_click=clear, key="clear")
    return _view(search or "", columns, order)


def active(*names: str) -> int:
    """Count the filters that leave something out, of those named or of all."""
    return sum(1 for name in names or [name for name in NOTHING if name not in ("page", "n", "is")] if _is_on(name))


def _is_on(name: str) -> bool:
    # before its widget is drawn for the first time, a filter of a link is known from the address alone
    return st.session_state[name] != NOTHING[name] if name in st.session_state else name in st.query_params


def page_number() -> int:
    """Give the page the address names."""
    written = st.session_state.get("page") or st.query_params.get("page", "1")
    return max(int(written), 1) if str(written).isdecimal() else 1


def turn_to(page: int) -> None:
    """Go to a page of the list."""
    st.session_state["page"] = page


def clear() -> None:
    """Take every filter off."""
    for name, nothing in NOTHING.items():
        st.session_state[name] = nothing


def _more(options: FilterOptions) -> None:
    hidden = ("outcome", "owner", "source", "country", "industry", "batch", "score", "reachable", "fresh", "field")
    used = active(*hidden)
    with st.popover(f"Filters ({used})" if used else "Filters", icon=":material/tune:", width="content"):
        st.slider("Score", 0, 100, (0, 100), key="score", bind=IN_URL)
        for name, label, choices in (
                ("outcome", "Outcome", options.outcomes), ("owner", "Owner", options.owners),
                ("source", "Lead source", options.sources), ("country", "Country", options.countries),
                ("industry", "Industry", options.industries)):
            if choices:
                st.multiselect(label, choices, key=name, bind=IN_URL, placeholder="Any",
                               format_func=lambda value: words.STAGE_WORDS.get(value, value))
        if options.batches:
            st.selectbox("Import", ["", *(in_words(*batch) for batch in options.batches)], key="batch", bind=IN_URL,
                         format_func=lambda words_: words_ or "Any")
        names = _distinct(options.columns)
        st.selectbox("Any other column", ["", *names], key="field", bind=IN_URL,
                     format_func=lambda name: names.get(name, "Choose a column"))
        if st.session_state.get("field"):
            st.text_input("contains", key="is", bind=IN_URL)
        st.toggle("Only people we may contact", key="reachable", bind=IN_URL)
        st.toggle("Hide leads exported before", key="fresh", bind=IN_URL)


def _columns(options: FilterOptions) -> tuple[str, ...]:
    names = _distinct(options.columns)
    with st.popover("Columns", icon=":material/view_column:", width="content"):
        chosen = st.multiselect("More columns", list(names), format_func=names.__getitem__, key="columns", bind=IN_URL,
                                placeholder="Choose from your file")
        st.caption("The export holds the columns you see.")
    return tuple(chosen)


def in_words(batch_id: int, label: str) -> str:
    """Give the one name of an import; the address holds what people read, so it must be unlike all others."""
    return f"#{batch_id} {label}"


def _distinct(columns: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Give each column a name of its own, also where a file's header is that of a field."""
    seen: dict[str, str] = {}
    for name, label in columns:
        seen[name] = f"{label} (your own)" if label in seen.values() else label
    return seen


def _batch_id(words_: str) -> int | None:
    number = words_.removeprefix("#").partition(" ")[0]
    return int(number) if number.isdecimal() else None


def _outcomes(chosen: Sequence[str], still_open: bool) -> tuple[str, ...]:
    return tuple(stage for stage in chosen or OPEN_STAGES if stage in OPEN_STAGES) if still_open else tuple(chosen)


def _view(search: str, columns: tuple[str, ...], order: str) -> ListView:
    state = {name: st.session_state.get(name, nothing) for name, nothing in NOTHING.items()}
    low, high = state["score"]
    top = str(state["n"]) if state["top"] == "n" else state["top"]
    return ListView(
        search=search.strip(), tiers=tuple(state["tier"]), outcomes=_outcomes(state["outcome"], state["open"]),
        owners=tuple(state["owner"]), sources=tuple(state["source"]), countries=tuple(state["country"]),
        industries=tuple(state["industry"]), batch_id=_batch_id(state["batch"] or ""),
        min_score=float(low) if low > 0 else None, max_score=float(high) if high < 100 else None,
        reachable_only=state["reachable"], hide_exported=state["fresh"],
        fields=((state["field"], state["is"].strip()),) if state["field"] and state["is"].strip() else (),
        top=top or None, columns=columns, order=order, page=page_number(), page_size=PAGE_SIZE)

"""The filters of the ranked list: each one is part of the address, so that a view can be sent as a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from leadscore.schema import CLOSED_STAGES, OutcomeStage
from leadscore.services.delivery import FilterOptions, ListView
from pages.widgets import words

PAGE_SIZE = 100
LAST_PAGE = 1_000_000
"""Nobody turns further, and an address may name any number."""
TOPS = {"": "All", "10%": "Top 10 %", "20%": "Top 20 %", "30%": "Top 30 %", "capacity": "By capacity", "n": "Number"}
ORDERS = {"score": "Best lead first", "company": "Companies together"}
NOTHING: dict[str, Any] = {
    "q": "", "tier": [], "top": "", "n": 100, "outcome": [], "owner": [], "source": [], "country": [], "industry": [],
    "batch": "", "score": (0, 100), "reachable": False, "fresh": False, "open": False, "segment": "", "since": "",
    "field": "", "test": "is", "is": "", "field2": "", "test2": "is", "is2": "", "field3": "", "test3": "is", "is3": "",
    "page": 1,
}
"""Every filter with the value that filters nothing; the names are those in the address."""

DETAILS = ("page", "n", "is", "is2", "is3", "test", "test2", "test3", "since")
"""Parts that filter nothing by themselves."""
TESTS = {"is": "is", "is_not": "is not", "contains": "contains", "at_least": "is at least", "at_most": "is at most",
         "is_filled": "is filled in", "is_empty": "is empty"}
WITHOUT_VALUE = ("is_filled", "is_empty")
PLACES = ("", "2", "3")
"""How many further columns a list can be filtered by at once, as the ends of their names in the address."""

IN_URL = "query-params"
OPEN_STAGES = tuple(str(stage) for stage in OutcomeStage if stage not in CLOSED_STAGES)


def choose(options: FilterOptions, segments: Mapping[str, int]) -> ListView:
    """Draw the filters and give the view they describe; saved views are numbers by their names."""
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
        _more(options, segments)
        columns = _columns(options)
        order = st.selectbox("Order", list(ORDERS), format_func=ORDERS.__getitem__, key="order", bind=IN_URL,
                             label_visibility="collapsed", width=200)
        if active():
            st.button("Clear filters", icon=":material/filter_alt_off:", type="tertiary", on_click=clear, key="clear")
    return _view(search or "", columns, order, segments)


def active(*names: str) -> int:
    """Count the filters that leave something out, of those named or of all."""
    return sum(1 for name in names or [name for name in NOTHING if name not in DETAILS] if _is_on(name))


def _is_on(name: str) -> bool:
    # before its widget is drawn for the first time, a filter of a link is known from the address alone
    return st.session_state[name] != NOTHING[name] if name in st.session_state else name in st.query_params


def page_number() -> int:
    """Give the page the address names."""
    written = st.session_state.get("page") or st.query_params.get("page", "1")
    return min(max(int(written), 1), LAST_PAGE) if str(written).isdecimal() else 1


def turn_to(page: int) -> None:
    """Go to a page of the list."""
    st.session_state["page"] = page


def clear() -> None:
    """Take every filter off."""
    for name, nothing in NOTHING.items():
        st.session_state[name] = nothing


def show(view: ListView, options: FilterOptions, segments: Mapping[str, int]) -> None:
    """Set every filter to what a saved view says; called before the filters are drawn."""
    clear()
    state = st.session_state
    for name, values in (("tier", view.tiers), ("outcome", view.outcomes), ("owner", view.owners),
                         ("source", view.sources), ("country", view.countries), ("industry", view.industries)):
        state[name] = list(values)
    state["q"], state["reachable"], state["fresh"] = view.search, view.reachable_only, view.hide_exported
    state["score"] = (int(view.min_score or 0), 100 if view.max_score is None else int(view.max_score))
    state["top"], state["n"] = ("n", int(view.top)) if (view.top or "").isdecimal() else (view.top or "", 100)
    state["batch"] = next((in_words(*batch) for batch in options.batches if batch[0] == view.batch_id), "")
    state["segment"] = next((name for name, number in segments.items() if number == view.segment), "")
    state["since"] = view.entered_since or ""
    for place, (field, test, value) in zip(PLACES, view.fields, strict=False):
        state[f"field{place}"], state[f"test{place}"], state[f"is{place}"] = field, test, value
    state["columns"], state["order"] = list(view.columns), view.order


def address_of(options: FilterOptions, field: str, test: str, value: str) -> dict[str, str] | None:
    """Give what the address of the list says when it is narrowed by one column; None where it cannot be."""
    names = _distinct(options.columns)
    if field not in names or test not in TESTS:
        return None
    said = {"field": names[field], "test": TESTS[test]}
    return said | ({} if test in WITHOUT_VALUE else {"is": value})


def _more(options: FilterOptions, segments: Mapping[str, int]) -> None:
    hidden = ("outcome", "owner", "source", "country", "industry", "batch", "score", "reachable", "fresh", "segment",
              "field", "field2", "field3")
    used = active(*hidden)
    with st.popover(f"Filters ({used})" if used else "Filters", icon=":material/tune:", width="content"):
        if segments:
            st.selectbox("In the saved view", ["", *segments], key="segment", bind=IN_URL,
                         format_func=lambda name: name or "Any")
            if st.session_state.get("segment"):
                st.text_input("Came in since", key="since", bind=IN_URL, placeholder="2026-01-31",
                              help="Only leads that were not in it before; known for views that something happens for.")
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
        _fields(options)
        st.toggle("Only people we may contact", key="reachable", bind=IN_URL)
        st.toggle("Hide leads exported before", key="fresh", bind=IN_URL)


def _fields(options: FilterOptions) -> None:
    """Let a person compare further columns, one more as soon as the last one is used."""
    names = _distinct(options.columns)
    for place in PLACES:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox("Any other column", ["", *names], key=f"field{place}", bind=IN_URL, width=200,
                         format_func=lambda name: names.get(name, "Choose a column"),
                         label_visibility="visible" if not place else "collapsed")
            if not st.session_state.get(f"field{place}"):
                return
            test = st.selectbox("Test", list(TESTS), key=f"test{place}", bind=IN_URL, format_func=TESTS.__getitem__,
                                label_visibility="collapsed", width=130)
            if test not in WITHOUT_VALUE:
                st.text_input("Value", key=f"is{place}", bind=IN_URL, label_visibility="collapsed", width=160,
                              placeholder="Value")


def _tested(state: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    tests = [(state[f"field{place}"], state[f"test{place}"] or "is", (state[f"is{place}"] or "").strip())
             for place in PLACES]
    return tuple(test for test in tests if test[0] and (test[2] or test[1] in WITHOUT_VALUE))


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


def _view(search: str, columns: tuple[str, ...], order: str, segments: Mapping[str, int]) -> ListView:
    state = {name: st.session_state.get(name, nothing) for name, nothing in NOTHING.items()}
    low, high = state["score"]
    top = str(state["n"]) if state["top"] == "n" else state["top"]
    return ListView(
        search=search.strip(), tiers=tuple(state["tier"]), outcomes=_outcomes(state["outcome"], state["open"]),
        owners=tuple(state["owner"]), sources=tuple(state["source"]), countries=tuple(state["country"]),
        industries=tuple(state["industry"]), batch_id=_batch_id(state["batch"] or ""),
        min_score=float(low) if low > 0 else None, max_score=float(high) if high < 100 else None,
        reachable_only=state["reachable"], hide_exported=state["fresh"],
        fields=_tested(state), segment=segments.get(state["segment"] or ""),
        entered_since=(state["since"] or None) if state["segment"] else None,
        top=top or None, columns=columns, order=order, page=page_number(), page_size=PAGE_SIZE)

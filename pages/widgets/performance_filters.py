"""Which leads the Performance page is about; every filter is part of the address, so that a view can be sent on.

Two views may stand side by side: those of the second begin with a prefix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from leadscore.services.delivery import FilterOptions
from leadscore.services.insight import ListView
from leadscore.services.segments import SegmentView
from pages.widgets import words
from pages.widgets.filters import in_words

IN_URL = "query-params"
SECOND = "b_"
"""What the names of the second view's filters begin with in the address."""
COMPARE = "compare"
PERIODS = {"": "All time", "7": "7 days", "30": "30 days", "90": "90 days", "365": "12 months", "month": "This month",
           "quarter": "This quarter", "year": "This year", "own": "From … to …"}
SEVERAL = {"of_tier": "Tier", "of_source": "Lead source", "of_country": "Country", "of_owner": "Owner",
           "of_industry": "Industry"}
ONE = {"of_import": "Import", "of_view": "Saved view", "of_model": "Scored with model",
       "of_policy": "Scored by settings version"}
NOTHING: dict[str, Any] = {"period": "", "from": "", "to": ""} | {name: [] for name in SEVERAL} | dict.fromkeys(ONE, "")
RULES_ALONE = "rules alone"

Choices = Mapping[str, Sequence[str]]


def choose(options: FilterOptions, saved: Sequence[SegmentView], models: Sequence[int], policies: Sequence[int], *,
           today: date, prefix: str = "", comparable: bool = False, usual: str = "") -> ListView:
    """Draw the filters and give the view they describe; what a link says wrongly is left out with a sentence.

    Parameters
    ----------
    models, policies : sequence of int
        Their versions, newest first.
    prefix : str
        What the names in the address begin with: ``SECOND`` for the second of two views.
    usual : str
        The period a page without one in its address begins with, as ``PERIODS`` names it.
    comparable : bool
        Whether a second view may be put beside this one; :func:`comparing` says whether it is.
    """
    choices = _choices(options, saved, models, policies)
    if wrong := _left_out(choices, prefix):
        st.warning(f"Part of the link is not there, or not any more, and is left out: {'; '.join(wrong)}.",
                   icon=":material/link_off:")
    if prefix:
        _prepare_second(today)
    with st.container(horizontal=True, vertical_alignment="center"):
        if prefix or (comparable and (comparing() or COMPARE in st.query_params)):
            st.markdown("**B**" if prefix else "**A**", width="content")
        period = st.segmented_control("Leads that came in within", list(PERIODS), format_func=PERIODS.__getitem__,
                                      key=f"{prefix}period", bind=IN_URL, required=True,
                                      default=None if f"{prefix}period" in st.session_state else usual,
                                      label_visibility="collapsed")
        if period == "own":
            st.text_input("From", key=f"{prefix}from", bind=IN_URL, placeholder="2026-01-01", width=130)
            st.text_input("To", key=f"{prefix}to", bind=IN_URL, placeholder=f"{today:%Y-%m-%d}", width=130)
        _more(choices, prefix)
        if comparable:
            _ask_to_compare()
        if any(_is_on(name, prefix, choices) for name in NOTHING):
            st.button("Clear", icon=":material/filter_alt_off:", type="tertiary", on_click=_clear, args=(prefix,),
                      key=f"{prefix}clear-figures")
    return _view(saved, today, prefix)


def comparing() -> bool:
    """Say whether a second view stands beside the first; call it after :func:`choose`."""
    return bool(st.session_state.get(COMPARE))


def _ask_to_compare() -> None:
    if COMPARE not in st.session_state and st.query_params.get(COMPARE) == "1":
        st.session_state[COMPARE] = True
    st.toggle("Compare", key=COMPARE, bind=IN_URL, help="Put a second choice of leads beside this one.")


def in_use(prefix: str = "") -> tuple[str, ...]:
    """Say in words what narrows a view, for its name; call it after :func:`choose`."""
    state = _state(prefix)
    said = [_period_in_words(state)] if state["period"] else []
    said += [f"{label}: {', '.join(map(str, state[name]))}" for name, label in SEVERAL.items() if state[name]]
    return tuple(said + [f"{label} {state[name]}" for name, label in ONE.items() if state[name]])


def address(prefix: str = "") -> dict[str, Any]:
    """Give the part of the address that leads to this view again, for links."""
    state = _state(prefix)
    # without a period a link would lead to the usual one
    told = {name: value for name, value in state.items() if value} | {"period": PERIODS[str(state["period"])]}
    if "of_model" in told:
        told["of_model"] = _capital(told["of_model"])
    return told


def _prepare_second(today: date) -> None:
    """Let the second view begin as the first with one thing changed; called before its filters are drawn."""
    names = [SECOND + name for name in NOTHING]
    if any(name in st.session_state or name in st.query_params for name in names):
        return
    for name, value in _changed_once(_state(""), today).items():
        st.session_state[SECOND + name] = value


def _changed_once(state: dict[str, Any], today: date) -> dict[str, Any]:
    """Change one thing: look at the period before, or take a filter off, or narrow everything to the latest months."""
    first, last = _days(state, today)
    if first and last and state["period"] != "own":
        start, end = date.fromisoformat(first), date.fromisoformat(last)
        before = {"from": f"{start - (end - start) - timedelta(days=1)}", "to": f"{start - timedelta(days=1)}"}
        return state | {"period": "own"} | before
    on = next((name for name in (*SEVERAL, *ONE) if state[name]), None)
    return state | ({on: NOTHING[on]} if on else {"period": "90", "from": "", "to": ""})


# --- what can be chosen -----------------------------------------------------------------------------------------


def _choices(options: FilterOptions, saved: Sequence[SegmentView], models: Sequence[int],
             policies: Sequence[int]) -> Choices:
    return {"of_tier": options.tiers, "of_source": options.sources, "of_country": options.countries,
            "of_owner": options.owners, "of_industry": options.industries,
            "of_import": [in_words(*batch) for batch in options.batches], "of_view": [one.name for one in saved],
            "of_model": [RULES_ALONE, *map(str, models)] if models else [],
            "of_policy": [str(version) for version in policies] if len(policies) > 1 else []}


def _more(choices: Choices, prefix: str) -> None:
    used = sum(_is_on(name, prefix, choices) for name in (*SEVERAL, *ONE))
    with st.popover(f"Filters ({used})" if used else "Filters", icon=":material/tune:", width="content"):
        for name, label in SEVERAL.items():
            if choices[name]:
                st.multiselect(label, choices[name], key=prefix + name, bind=IN_URL, placeholder="Any")
        for name, label in ONE.items():
            if choices[name]:
                st.selectbox(label, ["", *choices[name]], key=prefix + name, bind=IN_URL,
                             format_func=_capital if name == "of_model" else _or_any)


def _or_any(name: str) -> str:
    return name or "Any"


def _capital(name: str) -> str:
    return name.capitalize() or "Any"


def _left_out(choices: Choices, prefix: str) -> list[str]:
    """Say what a link asks for that is not there, or not any more."""
    said = []
    known = {"period": list(PERIODS.values())} | {name: [_shown(name, choice) for choice in choices[name]]
                                                  for name in choices}
    for name, values in known.items():
        if prefix + name in st.session_state:
            continue
        wrong = [value for value in st.query_params.get_all(prefix + name) if value and value not in values]
        if wrong:
            label = (SEVERAL | ONE).get(name, "Period")
            said.append(f"{label} {', '.join(words.escape(value) for value in wrong)}")
    return said


def _shown(name: str, choice: str) -> str:
    return _capital(choice) if name == "of_model" else choice


# --- what is chosen ---------------------------------------------------------------------------------------------


def _state(prefix: str) -> dict[str, Any]:
    return {name: st.session_state.get(prefix + name, nothing) for name, nothing in NOTHING.items()}


def _is_on(name: str, prefix: str, choices: Choices) -> bool:
    key = prefix + name
    if key in st.session_state:
        return bool(st.session_state[key] != NOTHING[name])
    asked = st.query_params.get_all(key)
    return bool(set(asked) & {_shown(name, choice) for choice in choices[name]}) if name in choices else bool(asked)


def _clear(prefix: str) -> None:
    for name, nothing in NOTHING.items():
        st.session_state[prefix + name] = nothing


def _period_in_words(state: Mapping[str, Any]) -> str:
    if state["period"] != "own":
        return PERIODS[state["period"]]
    return " ".join(f"{word} {state[name]}" for name, word in (("from", "from"), ("to", "to")) if state[name]) \
        or PERIODS[""]


def _view(saved: Sequence[SegmentView], today: date, prefix: str) -> ListView:
    state = _state(prefix)
    first, last = _days(state, today)
    model = str(state["of_model"])
    return ListView(
        came_from=first, came_to=last, tiers=tuple(state["of_tier"]), sources=tuple(state["of_source"]),
        countries=tuple(state["of_country"]), owners=tuple(state["of_owner"]), industries=tuple(state["of_industry"]),
        batch_id=_number(str(state["of_import"]).removeprefix("#").partition(" ")[0]),
        segment=next((one.id for one in saved if one.name == state["of_view"]), None),
        model_version=0 if model == RULES_ALONE else _number(model), policy_version=_number(str(state["of_policy"])))


def _days(state: Mapping[str, Any], today: date) -> tuple[str | None, str | None]:
    period = str(state["period"])
    if period == "own":
        return str(state["from"]).strip() or None, str(state["to"]).strip() or None
    if period.isdecimal():
        return (today - timedelta(days=int(period) - 1)).isoformat(), today.isoformat()
    starts = {"month": today.replace(day=1), "year": today.replace(month=1, day=1),
              "quarter": today.replace(month=3 * ((today.month - 1) // 3) + 1, day=1)}
    return (starts[period].isoformat(), today.isoformat()) if period in starts else (None, None)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None

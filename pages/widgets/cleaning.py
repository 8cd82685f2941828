"""How a file is cleaned: four choices with what each does, kept in the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

OPTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "duplicates": ("Same person twice in the file", {
        "update": "Keep one, later rows fill and correct it",
        "merge": "Keep one, later rows only fill its gaps",
        "skip": "Keep the first row only",
    }),
    "outliers": ("Numbers far outside the usual", {
        "flag": "Keep them and list them",
        "cap": "Pull them to the edge of the usual range",
        "leave": "Keep them silently",
    }),
    "missing": ("Empty cells", {
        "leave": "Leave empty (an empty cell tells something too)",
        "fill": "Fill with the typical value",
    }),
    "day_first": ("Dates such as 03/04/2026", {
        "auto": "Find out from the column",
        "day": "Day first (3 April)",
        "month": "Month first (4 March)",
    }),
    "normalise": ("Spelling", {
        "yes": "Tidy up: countries, titles, phone numbers, capitals",
        "no": "Keep as written",
    }),
}

_TO_CHOICE: dict[str, dict[str, Any]] = {
    "day_first": {"auto": None, "day": True, "month": False}, "normalise": {"yes": True, "no": False}}


def decided(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Give the choices: the remembered or default ones with those written in the address."""
    return {name: _value(name, _written(name, defaults)) for name in OPTIONS}


def edit(defaults: Mapping[str, Any], key: str) -> None:
    """Draw the choices."""
    with st.grid(2, min_column_width=320, gap="medium"):
        for name, (label, options) in OPTIONS.items():
            widget = f"{key}-{name}"
            st.session_state[widget] = _written(name, defaults)
            st.selectbox(label, list(options), format_func=options.__getitem__, key=widget, on_change=_changed,
                         args=(name, widget, _default(name, defaults)))


def _default(name: str, defaults: Mapping[str, Any]) -> str:
    spellings = _TO_CHOICE.get(name)
    value = defaults.get(name)
    if spellings:
        return next((spelling for spelling, meaning in spellings.items() if meaning == value), next(iter(spellings)))
    return str(value) if value in OPTIONS[name][1] else next(iter(OPTIONS[name][1]))


def _written(name: str, defaults: Mapping[str, Any]) -> str:
    written = st.query_params.get(name, "")
    return written if written in OPTIONS[name][1] else _default(name, defaults)


def _value(name: str, spelling: str) -> Any:
    return _TO_CHOICE[name][spelling] if name in _TO_CHOICE else spelling


def _changed(name: str, widget: str, default: str) -> None:
    if st.session_state[widget] == default:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = st.session_state[widget]

"""Which column of a file means which field: the machine's proposal, each line changeable, kept in the address."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from leadscore.schema import FIELD_BY_NAME, FIELDS, Group
from pages.widgets import words

PARAMETER = "map"
LINES_SHOWN = 25
SURE = 0.9
LIKELY = 0.6
EXAMPLES = 3

_ORDER = {group: position for position, group in enumerate((
    Group.CONTACT, Group.DEMOGRAPHIC, Group.FIRMOGRAPHIC, Group.ORIGIN, Group.BEHAVIOURAL, Group.ENGAGEMENT, Group.FIT,
    Group.FINANCIAL, Group.CONSENT, Group.MANAGEMENT, Group.OUTCOME))}
CHOICES = ["", *(field.name for field in sorted(FIELDS, key=lambda field: _ORDER[field.group]))]
"""Field names in the order of their groups; the first choice is no field."""

Match = tuple[str, str | None, float, str]
"""Header, proposed field, confidence in [0, 1], and how it was found."""


def decided(matches: Sequence[Match]) -> dict[str, str | None]:
    """Give header → field: the proposal with the changes written in the address."""
    proposal = {header: field for header, field, _, _ in matches}
    headers = list(proposal)
    for position, field in _changes().items():
        if position < len(headers) and (field is None or field in FIELD_BY_NAME):
            proposal[headers[position]] = field
    return proposal


def edit(matches: Sequence[Match], preview: pd.DataFrame, key: str) -> None:
    """Draw one line per column: header, examples, field, and how sure the proposal is."""
    mapping = decided(matches)
    lines = _chosen_lines(matches, mapping)
    if not lines:
        st.caption("No column of this kind.")
    with st.container(border=True, gap="small"):
        for position in _page_of(lines, key):
            _line(position, matches, mapping, preview, key)


def _changes() -> dict[int, str | None]:
    parts = [part.partition(":") for part in st.query_params.get(PARAMETER, "").split(",") if part]
    return {int(position): field or None for position, _, field in parts if position.isdecimal()}


def _write(changes: dict[int, str | None]) -> None:
    text = ",".join(f"{position}:{field or ''}" for position, field in sorted(changes.items()))
    if text:
        st.query_params[PARAMETER] = text
    elif PARAMETER in st.query_params:
        del st.query_params[PARAMETER]


def _chosen_lines(matches: Sequence[Match], mapping: dict[str, str | None]) -> list[int]:
    unsure = [i for i, (header, field, confidence, _) in enumerate(matches)
              if mapping[header] and mapping[header] == field and confidence < SURE]
    own = [i for i, (header, *_) in enumerate(matches) if mapping[header] is None]
    kinds = {"All": list(range(len(matches))), "Worth a look": unsure, "Your own": own}
    chosen = st.segmented_control(
        "Show", list(kinds), default="All", required=True, key="mapping_show", label_visibility="collapsed",
        format_func=lambda kind: f"{kind} ({len(kinds[kind])})")
    return kinds[chosen or "All"]


def _page_of(lines: list[int], key: str) -> list[int]:
    pages = -(-len(lines) // LINES_SHOWN)
    if pages <= 1:
        return lines
    page = st.pagination(pages, key=f"{key}-page")
    return lines[(page - 1) * LINES_SHOWN: page * LINES_SHOWN]


def _line(position: int, matches: Sequence[Match], mapping: dict[str, str | None], preview: pd.DataFrame,
          key: str) -> None:
    header, field, confidence, how = matches[position]
    left, right = st.columns(2, vertical_alignment="center", gap="small")
    badge = _confidence(mapping[header], field, confidence, how)
    left.markdown(f"**{words.escape(header)}** &nbsp; {badge}  \n:small[:gray[{_examples(preview, header)}]]")
    widget = f"{key}-{position}"
    st.session_state[widget] = mapping[header] or ""
    right.selectbox(
        f"Field for {header}", CHOICES, key=widget, format_func=_choice, label_visibility="collapsed",
        on_change=_changed, args=(position, widget, matches))


def _examples(preview: pd.DataFrame, header: str) -> str:
    values = preview[header][preview[header] != ""].drop_duplicates().head(EXAMPLES) if header in preview else []
    return words.escape(" · ".join(str(value)[:40] for value in values)) or "empty"


def _choice(name: str) -> str:
    if not name:
        return "Keep as your own column"
    field = FIELD_BY_NAME[name]
    return f"{field.label} ({words.GROUP_WORDS[field.group].lower()})"


def _confidence(chosen: str | None, proposed: str | None, confidence: float, how: str) -> str:
    if chosen != proposed:
        return ":blue-badge[:material/edit: changed by you]"
    if chosen is None:
        return ":gray-badge[your own]"
    if how == "remembered":
        return ":green-badge[:material/history: remembered]"
    if confidence >= SURE:
        return ":green-badge[:material/check: sure]"
    return ":orange-badge[likely]" if confidence >= LIKELY else ":orange-badge[:material/help: please check]"


def _changed(position: int, widget: str, matches: Sequence[Match]) -> None:
    """Write the choice into the address; a field belongs to one column, so the earlier one lets go of it."""
    chosen = st.session_state[widget] or None
    mapping = decided(matches)
    changes = _changes() | {position: chosen}
    for other, (header, *_) in enumerate(matches):
        if chosen and other != position and mapping[header] == chosen:
            changes[other] = None
    _write({at: field for at, field in changes.items() if field != matches[at][1]})

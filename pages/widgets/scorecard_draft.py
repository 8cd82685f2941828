"""Changes of a scorecard that are not saved yet: kept for this session, taken back one by one or all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from leadscore.errors import LeadScoreError
from leadscore.services import scorecard
from pages.shared import Context
from pages.widgets import notices, words

SHOWN_DIFFERENCES = 12


@dataclass
class Draft:
    """Unsaved changes, each step the whole set of them, on top of a version of the policy."""

    base: int
    steps: list[dict[str, Any]] = field(default_factory=list)

    @property
    def changes(self) -> dict[str, Any]:
        """The settings as they would be saved, as plain values."""
        return self.steps[-1] if self.steps else {}


def of(context: Context, version: int) -> Draft:
    """Give the draft of this client, an empty one to begin with."""
    return st.session_state.setdefault(f"scorecard-draft-{context.client}", Draft(version))


def push(draft: Draft, changes: Mapping[str, Any]) -> None:
    """Add a step; one that changes nothing is none."""
    if dict(changes) != draft.changes:
        draft.steps.append(dict(changes))
        # what a widget shows comes from the draft, so its own memory must not outlive a step
        st.session_state["scorecard-step"] = step() + 1


def step() -> int:
    """Count the steps of this session, for the keys of widgets that show the draft."""
    return int(st.session_state.get("scorecard-step", 0))


def undo(draft: Draft) -> None:
    """Take the last step back."""
    if draft.steps:
        draft.steps.pop()
        st.session_state["scorecard-step"] = step() + 1


def discard(draft: Draft, version: int) -> None:
    """Begin again from the version in force."""
    draft.steps.clear()
    draft.base = version
    st.session_state["scorecard-step"] = step() + 1


def draw(context: Context, draft: Draft, version: int) -> str:
    """Draw what is not saved, with undo and discard; give why it cannot be saved as it is, empty when it can."""
    if not draft.steps:
        draft.base = version
        return ""
    refusal: LeadScoreError | None = None
    found: tuple[Any, ...] = ()
    try:
        found = scorecard.describe_changes(context.workbench, context.actor, client=context.client,
                                           changes=draft.changes)
    except LeadScoreError as error:
        refusal = error
    if draft.base != version and not refusal and not found:
        discard(draft, version)
        return ""
    with st.container(border=True, key="scorecard-draft"):
        with st.container(horizontal=True, vertical_alignment="center"):
            told = words.counted(len(found), "change") if found else "Changes" if refusal else "No change any more"
            st.markdown(f":orange-badge[:material/edit: {told} not saved]" if found or refusal else
                        f":gray-badge[{told}]", width="stretch")
            st.button("Undo the last", key="scorecard-undo", icon=":material/undo:", on_click=undo, args=(draft,))
            st.button("Discard all", key="scorecard-discard", on_click=discard, args=(draft, version))
        if draft.base != version:
            st.caption(f":material/info: Version {version} has been saved since; these changes go on top of it.")
        if refusal:
            notices.show_refusal(refusal)
        _differences(found)
    return f"{refusal.message} {refusal.hint}" if refusal else ""


def _differences(found: tuple[Any, ...]) -> None:
    if not found:
        return
    lines = [f"- :small[{words.escape(difference.text)}]" for difference in found]
    st.markdown("\n".join(lines[:SHOWN_DIFFERENCES]))
    if len(lines) > SHOWN_DIFFERENCES:
        with st.expander(f"{len(lines) - SHOWN_DIFFERENCES} more"):
            st.markdown("\n".join(lines[SHOWN_DIFFERENCES:]))

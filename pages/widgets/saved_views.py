"""Saved views of the ranked list: open one, keep the present one, say what happens when a lead comes into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import segments
from leadscore.services.delivery import ListView
from leadscore.services.segments import SegmentView, Trigger
from pages.shared import Context
from pages.widgets import notices, words

NOTHING = "nothing"
HAPPENS = {NOTHING: "Nothing", "count": "Count who came in", "owner": "Hand them to an owner",
           "export": "Prepare a file of them"}
FORMATS = {"csv": "CSV", "xlsx": "Excel"}


def draw(context: Context, saved: Sequence[SegmentView], view: ListView, *,
         open_view: Callable[[ListView], None]) -> None:
    """Draw the saved views behind one button.

    Parameters
    ----------
    view : ListView
        What the list shows now, to be kept.
    open_view : callable
        Sets every filter to what a view says.
    """
    with st.popover(f"Views ({len(saved)})" if saved else "Views", icon=":material/bookmark:", width="content"):
        if not saved:
            st.caption("Keep the filters, columns and order you see under a name, and come back to them any time.")
        for one in saved:
            _one(context, one, open_view)
            if st.session_state.get("happens_for") == one.id:
                _what_happens(context, one)
        _keep(context, view)


def _one(context: Context, one: SegmentView, open_view: Callable[[ListView], None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(words.escape(one.name), key=f"view-{one.id}", type="tertiary", icon=":material/bookmark:",
                  on_click=open_view, args=(one.view,), width="stretch")
        if one.newcomers and one.checked_at:
            st.button(f"{one.newcomers:,} new", key=f"new-{one.id}", type="tertiary", on_click=open_view,
                      args=(ListView(segment=one.id, entered_since=one.checked_at.isoformat()),),
                      help=f"Came in with the scoring of {words.minute(one.checked_at)}")
        if one.trigger:
            st.caption(f":material/bolt: {_in_words(one.trigger)}", width="content")
        if context.actor.may(Action.EDIT_LEADS):
            st.button("", key=f"happens-{one.id}", icon=":material/bolt:", type="tertiary", on_click=_look_at,
                      args=(one.id,), help="What happens when a lead comes in")
        if one.created_by == context.actor.name or context.actor.may(Action.EDIT_POLICY):
            st.button("", key=f"forget-{one.id}", icon=":material/delete:", type="tertiary",
                      help=f"Forget this view, saved by {one.created_by}", on_click=_forget, args=(context, one))


def _in_words(trigger: Trigger) -> str:
    if trigger.kind == "owner":
        return f"to {words.escape(trigger.owner or '')}"
    return f"file ({FORMATS.get(trigger.format or '', '')})" if trigger.kind == "export" else "counted"


def _what_happens(context: Context, one: SegmentView) -> None:
    with st.container(border=True):
        st.markdown(f"When a scoring brings a lead into **{words.escape(one.name)}**")
        present = one.trigger.kind if one.trigger else NOTHING
        kind = st.radio("What happens", list(HAPPENS), index=list(HAPPENS).index(present),
                        format_func=HAPPENS.__getitem__, key=f"kind-{one.id}", label_visibility="collapsed")
        wanted: dict[str, Any] | None = None if kind == NOTHING else {"kind": kind}
        if kind == "owner":
            wanted = {"kind": kind, "owner": st.text_input(
                "Owner", value=(one.trigger.owner if one.trigger else None) or "", key=f"owner-of-{one.id}",
                help="Leads that have an owner already keep theirs.")}
        if kind == "export":
            wanted = {"kind": kind, "format": st.segmented_control(
                "Format", list(FORMATS), default="csv", required=True, format_func=FORMATS.__getitem__,
                key=f"format-of-{one.id}")}
        if one.checked_at:
            st.caption(f"Last looked at {words.minute(one.checked_at)}. Leads in it now do not count.")
        st.button("Set", key=f"set-{one.id}", type="primary", on_click=_set, args=(context, one, wanted))


def _keep(context: Context, view: ListView) -> None:
    with st.form("keep_view", border=False):
        name = st.text_input("Save what you see as", key="view_name", max_chars=80, placeholder="Hot leads in software")
        shared = st.checkbox("For everybody of this client", key="view_shared") \
            if context.actor.may(Action.EDIT_LEADS) else False
        if st.form_submit_button("Save view", icon=":material/bookmark_add:", width="stretch"):
            with notices.refusals():
                segments.save_segment(context.workbench, context.actor, client=context.client, name=name or "",
                                      view=view, shared=shared)
                notices.say_after_rerun(f"Saved as \"{(name or '').strip()}\".")
                st.rerun()


def _look_at(segment_id: int) -> None:
    opened = st.session_state.get("happens_for") == segment_id
    st.session_state["happens_for"] = None if opened else segment_id


def _forget(context: Context, one: SegmentView) -> None:
    with notices.refusals():
        segments.remove_segment(context.workbench, context.actor, client=context.client, segment_id=one.id)
        notices.say_after_rerun(f"\"{one.name}\" is forgotten.")


def _set(context: Context, one: SegmentView, wanted: dict[str, Any] | None) -> None:
    with notices.refusals():
        segments.set_trigger(context.workbench, context.actor, client=context.client, segment_id=one.id, trigger=wanted)
        st.session_state["happens_for"] = None
        notices.say_after_rerun("Nothing happens for it any more." if wanted is None else
                                "It will happen after every scoring from now on.")

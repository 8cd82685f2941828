"""Requests of people with their clock: written down, answered, and a score that is contested looked at anew."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.services import requests
from leadscore.services.requests import RequestView
from pages.shared import Context
from pages.widgets import notices, words

KINDS = {"access": "See what is stored", "rectification": "Correct something", "erasure": "Be forgotten",
         "objection": "Object to profiling", "portability": "Take data along", "contest": "Contest a score"}
STATES = {"open": "Open", "done": "Done", "refused": "Refused"}


def draw(context: Context, found: list[RequestView]) -> None:
    """Draw the requests and the forms to write one down and to answer one."""
    may = context.actor.may(Action.EDIT_LEADS)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Requests**  \n:small[:gray[Each is due within one month. Somebody is reminded a week "
                        "before.]]", width="stretch")
            if may:
                open_form(context)
                _answer_form(context, [one for one in found if one.state == "open"])
        if found:
            _table(found)
        else:
            st.caption("Nobody has asked for anything yet.")


def open_form(context: Context, lead_id: int | None = None, *, label: str = "New request",
              kind: str | None = None) -> None:
    """Write down what a person has asked for; about a lead when it is given."""
    today = context.workbench.clock().date()
    with st.popover(label, icon=":material/mail:"), st.form(f"request_{kind}", border=False, clear_on_submit=True):
        chosen = kind or st.selectbox("What do they want?", list(KINDS), format_func=KINDS.__getitem__,
                                      key="request_kind")
        about = lead_id if lead_id is not None else st.number_input(
            "Lead, if one is stored", min_value=1, value=None, step=1, key="request_lead")
        received = st.date_input("Received on", today, max_value=today, key=f"request_day_{kind}")
        note = st.text_area("What they wrote", key=f"request_note_{kind}", max_chars=2_000)
        if st.form_submit_button("Write down", type="primary", key=f"request_save_{kind}"):
            with notices.refusals():
                at = None if received == today else datetime.combine(received, time(12), tzinfo=UTC)
                number = requests.open_request(context.workbench, context.actor, client=context.client, kind=chosen,
                                               lead_id=int(about) if about else None, note=note, received_at=at)
                notices.say_after_rerun(f"Request {number} is written down.")
                st.rerun()


def _answer_form(context: Context, waiting: list[RequestView]) -> None:
    with st.popover("Answer", icon=":material/task_alt:", disabled=not waiting), \
            st.form("request_answer", border=False, clear_on_submit=True):
        number = st.selectbox("Request", [one.id for one in waiting], key="request_number")
        outcome = st.text_input("What was done, or why not", key="request_outcome", max_chars=200)
        refused = st.checkbox("Refused", key="request_refused")
        if st.form_submit_button("Answered", type="primary", key="request_close"):
            with notices.refusals():
                requests.close_request(context.workbench, context.actor, client=context.client, request_id=number,
                                       outcome=outcome, refused=refused)
                notices.say_after_rerun(f"Request {number} is answered.")
                st.rerun()


def _table(found: list[RequestView]) -> None:
    frame = pd.DataFrame([{
        "No.": one.id, "Wants": KINDS[one.kind], "Lead": one.lead_id, "State": STATES[one.state],
        "Received": one.received_at, "Due": one.due_at, "Clock": _clock(one), "Wrote": one.note,
        "Outcome": one.outcome, "By": one.closed_by or one.recorded_by} for one in found]).astype({"Lead": "Int64"})
    days = {name: st.column_config.DatetimeColumn(name, format="D MMM YYYY", width=110) for name in ("Received", "Due")}
    st.dataframe(frame, hide_index=True, placeholder=words.MISSING, alt="Requests, the most urgent first",
                 column_config=days | {"No.": st.column_config.NumberColumn("No.", width=50)})


def _clock(one: RequestView) -> str:
    if one.state != "open":
        return ""
    if one.overdue:
        return f"{words.counted(max(-one.days_left, 1), 'day')} late"
    return f"{words.counted(one.days_left, 'day')} left"

"""The trail: who did what, filtered and paged, and whether the record of it is whole."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.services import governance
from pages.shared import Context
from pages.widgets import notices, words

PAGE_SIZE = 50
IN_URL = "query-params"
DETAIL_CHARACTERS = 300
ACTION_WORDS = {
    "leads_imported": "Import", "import_undone": "Import taken back", "leads_scored": "Scoring",
    "leads_exported": "Export", "policy_saved": "Settings changed", "model_trained": "Model trained",
    "validation_rules_saved": "Validation rules changed",
    "model_deployed": "Model put to use", "outcome_recorded": "Outcome recorded",
    "outcome_taken_back": "Outcome taken back", "owner_assigned": "Owner assigned",
    "override_set": "Score set by hand", "override_cleared": "Score by hand taken off", "lead_viewed": "Lead looked at",
    "job_submitted": "Work started", "job_cancelled": "Work stopped", "audit_exported": "Audit log exported",
    "sign_in": "Signed in", "sign_out": "Signed out", "sign_in_failed": "Sign-in failed",
    "sign_in_denied": "Sign-in held off", "access_denied": "Not allowed", "user_created": "User added",
    "user_changed": "User changed", "password_changed": "Password changed", "sessions_ended": "Sessions ended",
}


def draw(context: Context) -> None:
    """Draw the verdict, the filters and the events."""
    _verdict(context)
    with notices.refusals():
        _events(context)


def _verdict(context: Context) -> None:
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**A record that cannot be changed unnoticed**  \n:small[:gray[Each entry is sealed together with "
                    "the one before it. Checking reads them all and names the first that was altered, removed or "
                    "moved.]]", width="stretch")
        asked = st.button("Check the record", icon=":material/verified_user:", key="verify", type="primary")
        if context.actor.may(Action.MANAGE_USERS):
            st.download_button("Download", lambda: governance.audit_file(context.workbench, context.actor),
                               file_name="audit.csv", mime="text/csv", on_click="ignore", key="audit_csv",
                               icon=":material/download:")
    if asked:
        with notices.refusals():
            _told(governance.verify_audit(context.workbench, context.actor))


def _told(verdict: Any) -> None:
    if verdict.ok:
        st.success(f"All {words.counted(verdict.records, 'entry', 'entries')} are whole: none altered, removed or "
                   "moved.",
                   icon=":material/verified_user:")
    else:
        st.error(f"The first broken entry is number {verdict.broken_at}. {words.escape(verdict.reason or '')} "
                 "Keep a copy of the database and tell your administrator.",
                 title="The record has been tampered with.", icon=":material/gpp_bad:")


def _events(context: Context) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        action = st.selectbox("What", [None, *ACTION_WORDS], key="action", bind=IN_URL, width=240,
                              format_func=lambda name: ACTION_WORDS.get(name, "Everything"))
        person = st.text_input("Who", key="person", bind=IN_URL, placeholder="Anyone", width=240)
        everywhere = context.actor.may(Action.MANAGE_USERS) and st.toggle("Every client", key="everywhere", bind=IN_URL)
    number = _page_number()
    page = governance.audit_events(
        context.workbench, context.actor, client=None if everywhere else context.client, action=action,
        person=(person or "").strip() or None, limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE)
    if not len(page.frame) and page.total:
        st.session_state["entries"] = 1
        st.rerun()
    if page.total == 0:
        notices.empty_state("history", "No entries", "Take a filter off, or come back when something has happened.")
        return
    st.caption(words.counted(page.total, "entry", "entries") + ", newest first")
    _table(page.frame)
    pages = -(-page.total // PAGE_SIZE)
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.pagination(pages, key="entries", bind=IN_URL)


def _page_number() -> int:
    written = str(st.session_state.get("entries") or st.query_params.get("entries", "1"))
    return max(int(written), 1) if written.isdecimal() else 1


def _table(frame: pd.DataFrame) -> None:
    shown = frame.assign(
        what=[ACTION_WORDS.get(name, str(name).replace("_", " ").capitalize()) for name in frame["action"]],
        object=frame["object"].str.replace("batch:", "import ").str.replace(":", " "),
        detail=[_plain(value) for value in frame["detail"]], at=pd.to_datetime(frame["at"], utc=True))
    st.dataframe(
        shown, hide_index=True, placeholder=words.MISSING, alt="Audit entries, newest first",
        height=min(44 + 35 * len(shown), 660), column_order=["seq", "at", "actor", "what", "object", "detail"],
        column_config={
            "seq": st.column_config.NumberColumn("No.", width=64, format="localized"),
            "at": st.column_config.DatetimeColumn("When", width=170, format="D MMM YYYY, HH:mm:ss"),
            "actor": st.column_config.TextColumn("Who", width=100),
            "what": st.column_config.TextColumn("What", width=150),
            "object": st.column_config.TextColumn("On", width=90),
            "detail": st.column_config.TextColumn("Details", width="large")})


def _plain(detail: Any) -> str:
    """Write a detail as ``name: value, …``, before → after where both are there."""
    body = json.loads(detail) if isinstance(detail, str) and detail.startswith("{") else detail
    if not isinstance(body, dict):
        return str(body or "")
    parts = [f"{name.replace('_', ' ')}: {_value(value)}" for name, value in body.items()
             if name not in ("before", "after")]
    before, after = body.get("before"), body.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        parts += [f"{name.replace('_', ' ')}: {_value(before.get(name))} → {_value(value)}"
                  for name, value in after.items() if before.get(name) != value]
    return ", ".join(parts)[:DETAIL_CHARACTERS]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name} {_value(part)}" for name, part in value.items()) + ")"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


"""How the workbench itself is doing: its health, errors by the number people quote, speed, size, and backups."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.charts.operations import faults_by_day, seconds_text
from leadscore.services import faults, operations
from leadscore.services.operations import Check, State
from pages.shared import Context
from pages.widgets import notices, pictures, system_backups, words

SIGNS = {State.OK: ":green[:material/check_circle:]", State.WARN: ":orange[:material/warning:]",
         State.FAIL: ":red[:material/error:]"}
SUMS = {State.OK: "Everything the workbench needs is there.",
        State.WARN: "The workbench works; something needs a look.",
        State.FAIL: "Something the workbench needs is missing."}
PERIODS = {7: "7 days", 30: "30 days"}


def draw(context: Context) -> None:
    """Draw the tab."""
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        _health(context)
    with right, st.container(border=True, height="stretch"):
        _errors(context)
    if context.actor.may(Action.CONFIGURE):
        _figures(context)
        system_backups.draw(context)
    _speed(context)


def _health(context: Context) -> None:
    thorough = st.session_state.pop("system_thorough", False)
    with st.spinner("Reading the whole store …") if thorough else st.container():
        found = operations.health_of(context.workbench, thorough=thorough)
    st.markdown(f"**Health**  \n{SIGNS[found.state]} {SUMS[found.state]}")
    for check in found.checks:
        _check(check)
    if context.actor.may(Action.CONFIGURE):
        st.button("Look thoroughly", icon=":material/troubleshoot:", key="thorough", on_click=_want_thorough,
                  help="Reads the whole store for damage and tries to write; takes seconds for a large one.")


def _check(check: Check) -> None:
    st.markdown(f"{SIGNS[check.state]} **{check.label}** :gray[{words.escape(check.sentence)}]")


def _want_thorough() -> None:
    st.session_state["system_thorough"] = True


# --- errors ---------------------------------------------------------------------------------------------------


def _errors(context: Context) -> None:
    st.markdown("**Errors of the program**")
    number = st.text_input("Number", key="error", bind="query-params", placeholder="as it was told, such as 1f3a90c2",
                           icon=":material/search:")
    found = faults.list_faults(context.workbench, context.actor, client=context.client, number=number or "")
    if not found:
        st.caption("There is no error with this number." if number else "No error has been noted.")
    else:
        st.dataframe(pd.DataFrame([{"number": one.id, "at": one.at, "place": one.place, "kind": one.kind,
                                    "user": one.user} for one in found]),
                     hide_index=True, placeholder=words.MISSING, alt="Errors, newest first",
                     height=min(44 + 35 * len(found), 260), column_config={
                         "number": st.column_config.TextColumn("Number", width=90, pinned=True),
                         "at": st.column_config.DatetimeColumn("When", format="D MMM YYYY, HH:mm", width=140),
                         "place": st.column_config.TextColumn("Where"), "kind": st.column_config.TextColumn("What"),
                         "user": st.column_config.TextColumn("Who", width=100)})
    if found and context.actor.may(Action.CONFIGURE):
        _trace(context, [one.id for one in found])
    days = faults.faults_by_day(context.workbench, context.actor)
    if days["faults"].any():
        pictures.draw_inside(context, faults_by_day(days))


def _trace(context: Context, numbers: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.selectbox("Details of", numbers, key="error_details", width=160)
        asked = st.button("Show", key="show_error", icon=":material/visibility:",
                          help="May quote data of leads; that you looked is written down.")
    if asked and number:
        with notices.refusals():
            st.code(faults.fault_trace(context.workbench, context.actor, number=number), language="text", height=320)


# --- size and speed -------------------------------------------------------------------------------------------


def _figures(context: Context) -> None:
    found = operations.figures(context.workbench, context.actor)
    with st.container(border=True):
        st.markdown("**Size and work**")
        with st.container(horizontal=True):
            st.metric("Store", _mb(found.store_mb), help=f"{found.database}; what is not folded in yet: "
                      f"{_mb(found.log_mb)}.")
            st.metric("Models", _mb(found.models_mb))
            st.metric("Free on the disk", _mb(found.free_mb))
            st.metric("Waiting jobs", words.count(found.waiting), help=f"{found.running} running.")
            st.metric("Worker last heard of", words.minute(found.worker_at), help="UTC")
            st.metric("Program", found.program)


def _speed(context: Context) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Speed**", width="stretch")
            days = st.segmented_control("Period", list(PERIODS), default=7, format_func=PERIODS.__getitem__,
                                        key="speed_days", label_visibility="collapsed")
        found = operations.speed_of(context.workbench, context.actor, days=days or 7)
        if not found.measured:
            st.caption("Nothing has been measured yet; pages, jobs and commands are, from now on.")
            return
        for column, picture in zip(st.columns(len(found.pictures), gap="medium"), found.pictures, strict=True):
            with column:
                pictures.draw_inside(context, picture)
        _kinds(found.kinds)
        with st.expander("The slowest ones"):
            _slowest(found.slowest)


def _kinds(kinds: pd.DataFrame) -> None:
    shown = kinds.assign(**{name: [seconds_text(value) for value in kinds[name]] for name in ("p50", "p95", "longest")})
    st.dataframe(shown, hide_index=True, placeholder=words.MISSING, alt="How long each kind of work took",
                 height=min(44 + 35 * len(shown), 400), column_config={
                     "what": st.column_config.TextColumn("What", pinned=True),
                     "times": st.column_config.NumberColumn("Measured", format="localized"),
                     "p50": st.column_config.TextColumn("Half took less than"),
                     "p95": st.column_config.TextColumn("19 of 20 took less than"),
                     "longest": st.column_config.TextColumn("Longest"),
                     "rows": st.column_config.NumberColumn("Most rows", format="localized"),
                     "peak_mb": st.column_config.NumberColumn("Most memory (MB)", format="%.0f"),
                     "failed": st.column_config.NumberColumn("Failed")})


def _slowest(frame: pd.DataFrame) -> None:
    shown = frame.assign(seconds=[seconds_text(value) for value in frame["seconds"]])
    st.dataframe(shown, hide_index=True, placeholder=words.MISSING, alt="The slowest single pieces of work",
                 column_order=["at", "what", "seconds", "rows", "failed"], column_config={
                     "at": st.column_config.DatetimeColumn("When", format="D MMM YYYY, HH:mm"),
                     "what": st.column_config.TextColumn("What"), "seconds": st.column_config.TextColumn("Took"),
                     "rows": st.column_config.NumberColumn("Rows", format="localized"),
                     "failed": st.column_config.CheckboxColumn("Failed")})


def _mb(megabytes: float) -> str:
    return f"{megabytes / 1024:,.1f} GB" if megabytes >= 1024 else f"{megabytes:,.1f} MB"

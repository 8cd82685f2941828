"""Backups: those that are there, one more now, checking one, and making them by plan."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from leadscore.services import backups, jobs
from leadscore.services.backups import Backup, BackupPlan
from pages.shared import Context
from pages.widgets import notices, progress, words

KIND, WATCHED = "backup", "watched_backup"
SHOWN = 20


def draw(context: Context) -> None:
    """Draw the list and the plan side by side."""
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        _list(context)
    with right, st.container(border=True, height="stretch"):
        _plan(context)


def _list(context: Context) -> None:
    found = backups.list_backups(context.workbench, context.actor)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Backups**", width="stretch")
        st.button("Back up now", icon=":material/backup:", type="primary", key="backup_now", on_click=_begin,
                  args=(context,), disabled=bool(progress.running(context, KIND)))
    _progress(context)
    if not found:
        st.caption(f"None yet in {context.workbench.settings.backups}.")
        return
    st.dataframe(pd.DataFrame([{"made": one.made_at, "name": one.name, "size": words.size(one.bytes),
                                "sealed": one.sealed} for one in found[:SHOWN]]),
                 column_order=["made", "size", "sealed", "name"],
                 hide_index=True, alt="Backups, newest first", height=min(44 + 35 * len(found[:SHOWN]), 260),
                 column_config={"made": st.column_config.DatetimeColumn("Made (UTC)", format="D MMM YYYY, HH:mm"),
                                "name": st.column_config.TextColumn("File"),
                                "size": st.column_config.TextColumn("Size", width=90),
                                "sealed": st.column_config.CheckboxColumn("Passphrase", width=90)})
    st.caption(f"In {context.workbench.settings.backups}. The secret key and the list of erased persons are not in "
               "them: keep these two files of the data folder in another place.")
    _check(context, found)


def _check(context: Context, found: list[Backup]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Check", [one.name for one in found], key="checked_backup",
                            label_visibility="collapsed", width="stretch")
        asked = st.button("Check it", key="check_backup", icon=":material/fact_check:",
                          help="Unpacks it for a moment: checks every byte, the store, its counts and the log's end.")
    if asked and name:
        with notices.refusals(), st.spinner("Unpacking and checking …"):
            verdict = backups.verify_backup(context.workbench, context.actor, backup=name)
            st.success(f"It is whole: {words.counted(verdict['rows'], 'row')}, "
                       f"{words.counted(verdict['models'], 'model')}, the log up to record {verdict['audit_seq']:,}.",
                       icon=":material/verified:")


def _plan(context: Context) -> None:
    plan = backups.backup_settings(context.workbench, context.actor)
    st.markdown("**By plan**")
    with st.form("backup_plan", border=False):
        on = st.toggle("Make backups by themselves", value=plan.on, key="plan_on")
        every = st.number_input("Every … hours", 1, backups.MOST_HOURS, plan.every_hours, key="plan_hours")
        keep = st.number_input("Keep the newest …", 1, backups.MOST_KEPT, plan.keep, key="plan_keep")
        if st.form_submit_button("Save", key="plan_save"):
            with notices.refusals():
                backups.save_backup_settings(context.workbench, context.actor,
                                             wish=BackupPlan(on=on, every_hours=int(every), keep=int(keep)))
                notices.say_after_rerun("Saved when backups are made.")
                st.rerun()
    st.caption("Who was erased after a backup was made is erased again when it is restored, by the list of erased "
               "persons. `leadscore restore FILE` puts one back.")


def _begin(context: Context) -> None:
    with notices.refusals():
        st.session_state[WATCHED] = jobs.submit(context.workbench, context.actor, client=context.client, kind=KIND,
                                                arguments={})


def _progress(context: Context) -> None:
    """Draw the backup that is being made, or how the last one begun here ended."""
    at_work = progress.running(context, KIND)
    watched = at_work[0].id if at_work else st.session_state.pop(WATCHED, None)
    job = progress.watch(context, watched) if watched else None
    if job is not None and job.result:
        st.success(f"Backed up {words.counted(job.result['rows'], 'row')} and checked the file.",
                   icon=":material/check_circle:")

"""The versions of the policy saved so far: listed, compared, put back in force, and measured on the past."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.services import jobs, policies, policy_history
from pages.shared import Context
from pages.widgets import notices, policy_backtest, words
from pages.widgets.policy_effect import RESCORE_JOB

SHOWN_DIFFERENCES = 15


def draw(context: Context) -> None:
    """Draw the versions, newest first."""
    versions = policies.list_policies(context.workbench, context.actor, client=context.client)
    if not versions:
        return
    st.markdown("##### Versions")
    _list(versions)
    if len(versions) > 1:
        with st.expander("Compare two versions", icon=":material/compare_arrows:"):
            _compare(context, versions)
        if context.actor.may(Action.EDIT_POLICY):
            with st.expander("Put an earlier version back in force", icon=":material/restore:"), notices.refusals():
                _restore(context, versions)
    if context.actor.may(Action.TRAIN_MODEL):
        box = st.expander("Measure a version on the past", icon=":material/history:", key="backtest-open",
                          on_change="rerun")
        if box.open:
            with box, notices.refusals():
                policy_backtest.draw(context, versions)


def _list(versions: Sequence[policies.PolicySummary]) -> None:
    st.dataframe(
        pd.DataFrame([{"Version": v.version, "In force": v.active, "Comment": v.comment, "By": v.created_by,
                       "Saved": v.created_at} for v in versions]),
        hide_index=True, placeholder=words.MISSING, alt="Saved versions of the settings", column_config={
            "Version": st.column_config.NumberColumn(width=80), "In force": st.column_config.CheckboxColumn(width=90),
            "Comment": st.column_config.TextColumn(width=300), "By": st.column_config.TextColumn(width=140),
            "Saved": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm")})


def named(version: policies.PolicySummary) -> str:
    """Call a version by its number, its comment and whether it is in force."""
    comment = f": {version.comment}" if version.comment else ""
    return f"{version.version}{' (in force)' if version.active else ''}{comment}"


# --- comparing ----------------------------------------------------------------------------------------------


@st.fragment
def _compare(context: Context, versions: Sequence[policies.PolicySummary]) -> None:
    by_number = {version.version: version for version in versions}
    numbers = list(by_number)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.selectbox("From", numbers, 1, key="policy-first", format_func=lambda number: named(
            by_number[number]), width=320)
        second = st.selectbox("To", numbers, 0, key="policy-second", format_func=lambda number: named(
            by_number[number]), width=320)
        asked = st.button("Compare", key="policy-compare", disabled=first == second)
    chosen = (context.client, first, second)
    if asked:
        st.session_state["policies-compared"] = chosen
    # what was compared is shown as long as it is what is chosen
    if st.session_state.get("policies-compared") == chosen:
        with notices.refusals(), st.spinner("Scoring the leads with both …"):
            _compared(policy_history.compare_policies(
                context.workbench, context.actor, client=context.client, first=str(first), second=str(second)))


def _compared(found: policy_history.PolicyComparison) -> None:
    lines = [f"- {words.escape(difference.text)}" for difference in found.differences]
    st.markdown(f"**What version {found.second} says otherwise than version {found.first}**")
    st.markdown("\n".join(lines[:SHOWN_DIFFERENCES]) or "Nothing.")
    if len(lines) > SHOWN_DIFFERENCES:
        with st.expander(f"{len(lines) - SHOWN_DIFFERENCES} more"):
            st.markdown("\n".join(lines[SHOWN_DIFFERENCES:]))
    if found.on_leads is None or found.held_out is None:
        st.caption("Upload leads to see what that does to them.")
        return
    effect = found.on_leads
    st.markdown("**What that does to the leads**")
    with st.grid(4, min_column_width=110):
        for tier in words.TIER_COLORS:
            before, after = effect.tiers_before.get(tier, 0), effect.tiers_after.get(tier, 0)
            st.metric(tier, words.count(after), delta=after - before, delta_color="off")
        best = max(1, -(-found.leads // 5))
        st.metric("Same best 20 %", words.percent(1 - effect.entering / best, 0),
                  help="Share of the best 20 % that both versions agree on.")
    st.markdown("**What that does to known conversions**")
    st.markdown(words.escape(found.held_out.sentence))
    st.caption(words.escape(found.held_out.about))
    if found.held_out.figures:
        _figures(found)


def _figures(found: policy_history.PolicyComparison) -> None:
    names = {"capture": "Conversions found in the best 20 %", "precision": "Of the best 20 %, converted",
             "lift": "Times as many as chance"}
    figures = found.held_out.figures if found.held_out else {}
    rows = [{"": label, f"Version {found.first}": policy_backtest.figure(name, figures[name].before),
             f"Version {found.second}": policy_backtest.figure(name, figures[name].after),
             "Difference": policy_backtest.figure(name, figures[name].difference, signed=True)}
            for name, label in names.items() if name in figures]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Figures of both versions on known outcomes")


# --- restoring ----------------------------------------------------------------------------------------------


def _restore(context: Context, versions: Sequence[policies.PolicySummary]) -> None:
    older = {version.version: version for version in versions if not version.active}
    with st.form("restore_policy", border=False):
        version = st.selectbox("Version", list(older), key="restore-version",
                               format_func=lambda number: named(older[number]))
        comment = st.text_input("Why?", placeholder="For the history", key="restore-comment", max_chars=400)
        st.caption("Its content becomes a new version in force; no version is lost, so this can be taken back too.")
        asked = st.form_submit_button("Restore and score all leads again", key="restore-button")
    if asked:
        saved = policy_history.restore_policy(context.workbench, context.actor, client=context.client,
                                              version=str(version), comment=comment or "")
        st.session_state[RESCORE_JOB] = jobs.submit(context.workbench, context.actor, client=context.client,
                                                    kind="rescore", arguments={})
        notices.say_after_rerun(f"Version {version} is back in force as version {saved}.")
        st.rerun()

"""What a change of the policy would do, and the form that saves it: shared by everything that changes a policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from leadscore.access import Action
from leadscore.services import jobs, policies
from pages.shared import Context
from pages.widgets import notices, words
from pages.widgets.progress import watch

RESCORE_JOB = "rescore_job"
STEPS = {"group_weights": 1.0, "thresholds": 1.0, "alpha": 0.005, "top_share": 0.005}
"""Sliders of these move in steps of so much; a stored 33.4 that nobody touched is not a change."""
EXACT = 1e-9


def draw(context: Context, changes: Mapping[str, Any], *, key: str, disabled_reason: str = "") -> None:
    """Show what a set of changes would do to the leads, and the form that saves them as a new version.

    Parameters
    ----------
    context : Context
    changes : mapping
        Settings as plain values, as ``policies.save_policy`` takes them; those already in force are left aside.
    key : str
        Tells this place from others on the page.
    disabled_reason : str
        Why the changes can be neither tried nor saved as they stand; empty when they can.
    """
    st.markdown("##### What would change")
    if disabled_reason:
        st.caption(disabled_reason)
        return
    with notices.refusals():
        current = policies.current_policy(context.workbench, context.actor, client=context.client)
        changed = _changed(current.policy, changes)
        preview = _previewed(context, context.client, current.version, changed)
        if not preview.leads:
            st.caption("Upload leads to see what a change does to them.")
        else:
            _effect(preview, bool(changed))
        if context.actor.may(Action.EDIT_POLICY):
            _save(context, changed, key)
        else:
            st.caption(":material/lock: A manager or an administrator can save changes.")


def watch_rescoring(context: Context) -> None:
    """Show how far the scoring is that the last saved change began, wherever it was saved."""
    if job_id := st.session_state.get(RESCORE_JOB):
        job = watch(context, job_id)
        if job and job.state == "done":
            del st.session_state[RESCORE_JOB]
            st.success("Every lead has its new score.", icon=":material/check_circle:")


@st.cache_data(scope="session", max_entries=32, ttl=60, show_spinner="Trying it out …")
def _previewed(_context: Context, client: str, version: int,  # noqa: ARG001, it tells one answer from another
               changed: dict[str, Any]) -> policies.PolicyPreview:
    return policies.preview_policy(_context.workbench, _context.actor, client=client, changes=changed)


def _changed(policy: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings that differ from those in force."""
    body = policy.to_dict()
    return {name: value for name, value in changes.items()
            if not _same(body.get(name), value, STEPS.get(name, EXACT))}


def _same(before: Any, after: Any, step: float) -> bool:
    if isinstance(after, Mapping) and isinstance(before, Mapping):
        return before.keys() == after.keys() and all(_same(before[name], after[name], step) for name in after)
    if isinstance(after, list | tuple) and isinstance(before, list | tuple):
        return len(before) == len(after) and all(_same(*pair, step) for pair in zip(before, after, strict=True))
    if isinstance(after, int | float) and isinstance(before, int | float):
        return abs(before - after) < step
    return bool(before == after)


def _effect(preview: Any, differs: bool) -> None:
    with st.grid(3, min_column_width=70):
        for tier in words.TIER_COLORS:
            before, after = preview.tiers_before.get(tier, 0), preview.tiers_after.get(tier, 0)
            st.metric(tier, words.count(after), delta=after - before if differs else None, delta_color="off")
    if differs:
        st.markdown(f"In the top 20 %: **{preview.entering:,}** come in, **{preview.leaving:,}** drop out.")
    else:
        st.caption("As it is now. Move a slider to see its effect; nothing is saved until you say so.")
    frame = preview.histogram.rename(columns={"low": "Score", "before": "Now", "after": "With the change"})
    long = frame.melt("Score", ["Now", "With the change"] if differs else ["Now"], "Version", "Leads")
    st.bar_chart(pd.DataFrame(long), x="Score", y="Leads", color="Version", stack=False, height=220,
                 alt="Number of leads by score, now and with the change")


def _save(context: Context, changed: dict[str, Any], key: str) -> None:
    with st.form(f"save_{key}", border=False):
        comment = st.text_input("Why this change?", placeholder="For the history", key=f"{key}_comment", max_chars=500)
        saved = st.form_submit_button("Save and score all leads again", type="primary", key=f"save_{key}_button",
                                      disabled=not changed, width="stretch")
    if saved:
        version = policies.save_policy(context.workbench, context.actor, client=context.client, changes=changed,
                                       comment=(comment or "").strip())
        st.session_state[RESCORE_JOB] = jobs.submit(context.workbench, context.actor, client=context.client,
                                                      kind="rescore", arguments={})
        notices.say_after_rerun(f"Saved as version {version}.")
        st.rerun()

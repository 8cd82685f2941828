"""What a change of the policy would do, and the form that saves it: shared by everything that changes a policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from leadscore.access import Action
from leadscore.services import jobs, policies
from pages.shared import Context
from pages.widgets import effect_details, notices
from pages.widgets.progress import watch

RESCORE_JOB = "rescore_job"
STEPS = {"group_weights": 1.0, "thresholds": 1.0, "alpha": 0.005, "top_share": 0.005}
"""Sliders of these move in steps of so much; a stored 33.4 that nobody touched is not a change."""
EXACT = 1e-9


def draw(context: Context, changes: Mapping[str, Any], *, key: str,
         disabled_reason: str = "") -> policies.PolicyPreview | None:
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

    Returns
    -------
    PolicyPreview or None
        What was shown; None where the changes cannot be tried.
    """
    st.markdown("##### What would change")
    if disabled_reason:
        st.caption(disabled_reason)
        return None
    with notices.refusals():
        current = policies.current_policy(context.workbench, context.actor, client=context.client)
        changed = _changed(current.policy, changes)
        preview = _previewed(context, changed)
        if not preview.leads:
            st.caption("Upload leads to see what a change does to them.")
        else:
            effect_details.draw(preview, bool(changed), key)
        if context.actor.may(Action.EDIT_POLICY):
            _save(context, changed, key, current.version)
        else:
            st.caption(":material/lock: A manager or an administrator can save changes.")
        return preview
    return None


def watch_rescoring(context: Context) -> None:
    """Show how far the scoring is that the last saved change began, wherever it was saved."""
    if job_id := st.session_state.get(RESCORE_JOB):
        job = watch(context, job_id)
        if job and job.state == "done":
            del st.session_state[RESCORE_JOB]
            st.success("Every lead has its new score.", icon=":material/check_circle:")


def _previewed(context: Context, changed: dict[str, Any]) -> policies.PolicyPreview:
    """Try the changes out; the first time the leads are read, which is shown as it goes on."""
    place = st.empty()

    def tell(fraction: float, message: str) -> None:
        place.progress(min(max(fraction, 0.0), 1.0), text=f"{message} …")

    preview = policies.preview_policy(context.workbench, context.actor, client=context.client, changes=changed,
                                      progress=tell)
    place.empty()
    return preview


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


def _save(context: Context, changed: dict[str, Any], key: str, version: int) -> None:
    # whoever presses the button has seen the version of the drawing before this one
    seen = st.session_state.get(f"{key}_version_{context.client}", version)
    st.session_state[f"{key}_version_{context.client}"] = version
    if seen != version:
        st.caption(f":material/info: Version {version} has been saved since you last looked; what is shown here goes "
                   "on top of it.")
    with st.form(f"save_{key}", border=False):
        comment = st.text_input("Why this change?", placeholder="For the history", key=f"{key}_comment", max_chars=500)
        saved = st.form_submit_button("Save and score all leads again", type="primary", key=f"save_{key}_button",
                                      disabled=not changed, width="stretch")
    if saved:
        saved_as = policies.save_policy(context.workbench, context.actor, client=context.client, changes=changed,
                                        comment=(comment or "").strip(), based_on=seen)
        st.session_state[f"{key}_version_{context.client}"] = saved_as
        st.session_state[RESCORE_JOB] = jobs.submit(context.workbench, context.actor, client=context.client,
                                                      kind="rescore", arguments={})
        notices.say_after_rerun(f"Saved as version {saved_as}.")
        st.rerun()

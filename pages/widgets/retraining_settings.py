"""Automatic retraining: whether, how often, and why it is due or not."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.services import retraining
from pages.shared import Context
from pages.widgets import notices, report_words

MOST_DAYS = 365


def draw(context: Context) -> None:
    """Draw the switch, its settings and what the next check will say."""
    now = retraining.retraining_settings(context.workbench, context.actor, client=context.client)
    with st.container(border=True):
        st.markdown("**Train again by itself**  \n:small[:gray[A new version replaces the one in use only if it is not "
                    "worse on leads neither has learnt from.]]")
        if now.settings.on:
            st.markdown(f":material/schedule: {report_words.sentence(now.sentence)}")
        if context.actor.may(Action.DEPLOY_MODEL):
            _form(context, now.settings)


def _form(context: Context, settings: retraining.RetrainingSettings) -> None:
    with st.form("retraining", border=False):
        on = st.toggle("Train again by itself", value=settings.on, key="retraining_on")
        with st.container(horizontal=True):
            share = st.number_input("When so many outcomes are new, in %", 1, 100, round(100 * settings.share),
                                    key="retraining_share", width=260,
                                    help="Of those the newest version has learnt from.")
            days = st.number_input("Or after so many days", 1, MOST_DAYS, settings.days, key="retraining_days",
                                   width=200)
            least = st.number_input("But with at least so many new outcomes", 1, value=settings.least,
                                    key="retraining_least", width=260)
        on_drift = st.checkbox("Also when newer leads are found to differ from those it has learnt from",
                               value=settings.on_drift, key="retraining_on_drift",
                               help="The Drift tab of the Audit page tells when they do.")
        saved = st.form_submit_button("Save", key="retraining_save")
    if saved:
        with notices.refusals():
            retraining.save_retraining_settings(
                context.workbench, context.actor, client=context.client,
                changes={"on": on, "share": share / 100, "days": int(days), "least": int(least),
                         "on_drift": on_drift})
            notices.say_after_rerun("Saved.")
            st.rerun()

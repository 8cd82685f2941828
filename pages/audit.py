"""Audit: what happened, why a lead has its score, and whether data, models and people are treated as they should be."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from pages.shared import current
from pages.widgets import (
    alerts,
    audit_drift,
    audit_fairness,
    audit_lineage,
    audit_privacy,
    audit_quality,
    audit_reports,
    audit_system,
    audit_trail,
    notices,
)


def main() -> None:
    """Draw what somebody must look at, then the tabs."""
    context = current()
    notices.say_pending()
    st.title("Audit", anchor=False)
    if not context.actor.may(Action.VIEW_AUDIT):
        notices.empty_state("lock", "Your role does not see the audit log",
                            "An analyst, a manager or an administrator can look things up for you.")
        return
    alerts.draw(context)
    tabs = {
        "Trail": audit_trail.draw,
        "Lineage": audit_lineage.draw,
        "Data quality": audit_quality.draw,
        "Drift": audit_drift.draw,
        "Fairness": audit_fairness.draw,
        "Privacy": audit_privacy.draw,
        "Reports": audit_reports.draw,
        "System": audit_system.draw,
    }
    places = st.tabs(list(tabs), key="tab", on_change="rerun", bind="query-params")
    for place, name in zip(places, tabs, strict=True):
        # only what is looked at: a tab may take seconds to draw
        if place.open:
            with place, notices.refusals():
                tabs[name](context)


main()

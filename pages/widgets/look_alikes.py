"""Open leads that resemble the customers won so far, one click away from the ranked list."""

from __future__ import annotations

import streamlit as st

from leadscore.services import similar
from pages.shared import Context
from pages.widgets import lead_table, notices

SHOWN = 20


def draw(context: Context) -> None:
    """Draw the button that opens the list."""
    if st.button("Look-alikes", icon=":material/group_search:", key="look-alikes",
                 help="Open leads that resemble the customers you have won."):
        _dialog(context)


@st.dialog("Leads like your customers", width="large")
def _dialog(context: Context) -> None:
    with notices.refusals():
        table(similar.look_alikes(context.workbench, context.actor, client=context.client, count=SHOWN),
              key="look-alikes-table")


def table(found: similar.SimilarLeads, *, key: str) -> None:
    """Draw leads that are near to something, or why there are none."""
    st.caption(found.sentence)
    if found.frame.empty:
        return
    column = st.column_config
    lead_table.draw(found.frame, {
        "similarity": column.ProgressColumn("Closeness", width=110, min_value=0, max_value=1, format="%.2f"),
        "score": column.NumberColumn("Score", width=70, format="%.1f"), "tier": lead_table.levels("Tier"),
        "job_title": column.TextColumn("Role", width=170), "company": column.TextColumn("Company", width=150),
        "shared": column.TextColumn("In common", width=230), "outcome": lead_table.stages("Outcome"),
    }, key=key, label="Leads by closeness, nearest first")

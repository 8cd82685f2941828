"""The versions of the policy saved so far."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from leadscore.services import policies
from pages.shared import Context
from pages.widgets import words


def draw(context: Context) -> None:
    """Draw the versions, newest first."""
    versions = policies.list_policies(context.workbench, context.actor, client=context.client)
    if not versions:
        return
    st.markdown("##### Versions")
    st.dataframe(
        pd.DataFrame([{"Version": v.version, "In force": v.active, "Comment": v.comment, "By": v.created_by,
                       "Saved": v.created_at} for v in versions]),
        hide_index=True, placeholder=words.MISSING, alt="Saved versions of the settings", column_config={
            "Version": st.column_config.NumberColumn(width=80), "In force": st.column_config.CheckboxColumn(width=90),
            "Comment": st.column_config.TextColumn(width=300), "By": st.column_config.TextColumn(width=140),
            "Saved": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm")})

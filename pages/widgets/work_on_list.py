"""Who works the list, and whether people begin with the best leads."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from leadscore.services.insight import Adoption
from pages.widgets import words


def draw(adoption: Adoption) -> None:
    """Draw what each person did, and which share of the leads of each tier somebody has worked."""
    with st.container(border=True):
        st.markdown("**Who works the list**")
        if adoption.people.empty:
            st.caption("Nobody with an account has worked with these leads yet.")
        else:
            st.dataframe(
                adoption.people, hide_index=True, placeholder=words.MISSING, alt="What each person did with the leads",
                column_order=["person", "days", "opened", "outcomes", "exports", "last_seen"], column_config={
                    "person": "Person", "days": st.column_config.NumberColumn("Days with work"),
                    "opened": st.column_config.NumberColumn("Leads opened", format="localized"),
                    "outcomes": st.column_config.NumberColumn("Outcomes recorded", format="localized"),
                    "exports": st.column_config.NumberColumn("Exports", format="localized"),
                    "last_seen": st.column_config.DatetimeColumn("Last seen", format="D MMM YYYY, HH:mm")})
        st.caption(f"Since {words.day(datetime.fromisoformat(adoption.since))}.")
    with st.container(border=True):
        st.markdown("**Do people begin with the best leads?**")
        for tier, leads, worked in adoption.worked[["tier", "leads", "worked"]].itertuples(index=False):
            st.progress(worked / leads, text=f"{tier}: {worked:,} of {words.counted(int(leads), 'lead')} worked "
                                             f"({words.percent(worked / leads, 0)})")
        st.caption("Worked: contacted, qualified, converted or lost.")

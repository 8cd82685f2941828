"""The leads most like one, with what they share and how they ended; worked out when somebody asks."""

from __future__ import annotations

import streamlit as st

from leadscore.services import similar
from pages.shared import Context
from pages.widgets import notices, words

SHOWN = 5


@st.fragment
def draw(context: Context, lead_id: int) -> None:
    """Draw the section: a button, then the leads."""
    asked = f"similar-to-{lead_id}"
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Leads like this one**", width="stretch")
            if st.button("Show", icon=":material/group:", key=f"{asked}-show"):
                st.session_state[asked] = True
        if st.session_state.get(asked):
            with notices.refusals():
                _list(similar.similar_leads(context.workbench, context.actor, client=context.client, lead_id=lead_id,
                                            count=SHOWN))
        else:
            st.caption("Compares role, industry, interests and what was written, not names or addresses.")


def _list(found: similar.SimilarLeads) -> None:
    st.caption(found.sentence)
    for row in found.frame.to_dict("records"):
        name = words.first_known(row["name"], row["company"], f"Lead {row['lead_id']}")
        about = [words.escape(str(row[part])) for part in ("job_title", "company", "shared")
                 if not words.is_missing(row[part])]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{words.escape(name)}**  \n:small[:gray[{' · '.join(about)}]]",
                        width="stretch")
            stage = words.stage_badge(row["outcome"]) if not words.is_missing(row["outcome"]) else ""
            st.markdown(f"{stage} {row['similarity']:.2f}", width="content")
            st.page_link("lead.py", label="Open", icon=":material/arrow_forward:",
                         query_params={"lead": str(row["lead_id"])})

"""What a lead seems to want: its intent to buy what is offered, with the reasoning and who says so."""

from __future__ import annotations

import streamlit as st

from leadscore.services import offers
from pages.shared import Context
from pages.widgets import notices, words

MATCHES = {"exact": "industry is an ideal customer", "adjacent": "industry is next to an ideal customer",
           "other": "industry is not one of the ideal customers", None: "industry not known"}
LOCAL = "local"


def draw(context: Context, lead_id: int) -> None:
    """Draw the section; nothing where no offer is written down."""
    with notices.refusals():
        found = offers.lead_intent(context.workbench, context.actor, client=context.client, lead_id=lead_id)
        if found is None:
            return
        with st.container(border=True, gap="small"):
            st.markdown(f"**Intent to buy** {words.tier_badge(found.level)} :gray[for {words.escape(found.offer)}]")
            st.markdown(words.escape(found.reasoning[:1].upper() + found.reasoning[1:]))
            told = [MATCHES[found.industry_match], f"words close to the offer by {found.similarity:.2f}",
                    "profile complete" if found.complete else "profile incomplete", _who(found)]
            if not found.in_force:
                told.append("scores are not measured against this offer")
            st.caption(" · ".join(told))


def _who(found: offers.LeadIntent) -> str:
    if found.judged_by != LOCAL:
        return f"judged by the language model {words.escape(found.judged_by)}"
    sure = f", confidence {found.confidence:.2f}" if found.confidence is not None else ""
    return f"estimated on this machine{sure}"

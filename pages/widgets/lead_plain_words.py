"""The decision about a lead in plain words, as the person it is about may read it, and the notice to hand out."""

from __future__ import annotations

import streamlit as st

from leadscore.access import Action
from leadscore.services import compliance
from leadscore.services.compliance import Kind, Wish
from pages.shared import Context
from pages.widgets import audit_report_cards, notices, words


def draw(context: Context, lead_id: int) -> None:
    """Draw it closed; it is worked out when somebody opens it."""
    if not context.actor.may(Action.VIEW_PERSONAL_DATA):
        return
    box = st.expander("In plain words, for the person", icon=":material/record_voice_over:", on_change="rerun",
                      key="plain_words")
    if not box.open:
        return
    with box, notices.refusals():
        told = compliance.plain_decision(context.workbench, context.actor, client=context.client, lead_id=lead_id)
        for part in (told.decided, told.worked_out, told.counted, told.would_change, told.rights):
            st.markdown(words.escape(" ".join(part)))
        if context.actor.may(Action.VIEW_AUDIT):
            st.caption("The notice holds this with every fact, its points and where it came from. No legal advice.")
            audit_report_cards.files(context, Wish(Kind.NOTICE, lead_id=lead_id), key="notice")
